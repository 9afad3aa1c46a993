/*
 * newsletter.c - a message for each line of standard input, over a pool
 *
 *     newsletter HOST PORT FROM < addresses
 *
 * Four connections, what is safe is sent again, and a line for each address that got nothing.
 */
#include <smtpconn.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void on_sent(smtpconn_pool *pool, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)pool, (void)user;
  if (error == NULL) return;
  failures++;
  fprintf(stderr, "%s: %s%s\n", smtpconn_result_recipient(result, 0),
          smtpconn_error_retry(error) == SMTPCONN_RETRY_UNKNOWN ? "perhaps delivered: " : "",
          smtpconn_error_message(error));
}

static void send_to(smtpconn_pool *pool, const char *from, const char *to) {
  char text[1024];
  int length = snprintf(text, sizeof text,
                        "From: %s\nTo: %s\nSubject: News\n\nDear %s,\n\nthere is news.\n",
                        from, to, to);
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message =
      length < (int)sizeof text ? smtpconn_message_new_copy(text, (size_t)length) : NULL;
  if (smtpconn_envelope_set_from(envelope, from) != 0 ||
      smtpconn_envelope_add_to(envelope, to) != 0 ||
      smtpconn_pool_send(pool, envelope, message, on_sent, NULL) != 0) {
    fprintf(stderr, "%s: not an address\n", to);
    failures++;
  }
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_pool *pool = NULL;
  char line[400];
  if (argc != 4) return fprintf(stderr, "usage: newsletter HOST PORT FROM < addresses\n"), 2;
  if (smtpconn_options_set_host(options, argv[1]) == 0 &&
      smtpconn_options_set_port(options, atoi(argv[2])) == 0) {
    pool = smtpconn_pool_new(options, NULL, NULL);
  }
  if (pool == NULL) {
    fprintf(stderr, "%s\n", smtpconn_error_message(smtpconn_options_last_error(options)));
    return 1;
  }
  smtpconn_options_free(options);
  smtpconn_pool_set_connections(pool, 4);
  smtpconn_pool_set_tries(pool, 5, 10, 60000);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] != '\0') send_to(pool, argv[3], line);
  }
  smtpconn_pool_drain(pool, NULL, NULL);
  if (smtpconn_pool_run(pool) != 0) failures++;
  printf("%d sent, %d not\n", (int)smtpconn_pool_count(pool, SMTPCONN_POOL_SENT), failures);
  smtpconn_pool_free(pool);
  return failures != 0;
}
