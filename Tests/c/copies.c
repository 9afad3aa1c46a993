/*
 * copies.c - errors, results and replies that are kept after their callbacks
 *
 *     copies
 *
 * The server is what this program says.
 */
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

static smtpconn_error *error_copy, *recipient_error, *none;
static smtpconn_result *result_copy;
static smtpconn_reply *reply_copy;
static int envelope_time;

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)error, (void)user;
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)connection, (void)user;
  /* Read before, so that there is something to share. */
  CHECK_TEXT(smtpconn_error_command(error), "RCPT TO");
  CHECK_TEXT(smtpconn_result_recipient(result, 0), "b@example.com");
  error_copy = smtpconn_error_copy(error);
  recipient_error = smtpconn_error_copy(smtpconn_result_error(result, 1));
  envelope_time = smtpconn_result_time(result, SMTPCONN_TIME_ENVELOPE);
  result_copy = smtpconn_result_copy(result);
  CHECK(error_copy != error && result_copy != result);
  CHECK(smtpconn_error_message(error_copy) != smtpconn_error_message(error));
}

static void on_reply(smtpconn *connection, const smtpconn_error *error,
                     const smtpconn_reply *reply, void *user) {
  (void)connection, (void)user;
  none = smtpconn_error_copy(error);
  reply_copy = smtpconn_reply_copy(reply);
  CHECK(reply_copy != reply);
}

static void say(smtpconn *connection, const char *text) {
  static char octets[4096];
  while (smtpconn_wants_take(connection)) {
    CHECK(smtpconn_take(connection, octets, sizeof octets, 1) >= 0);
  }
  CHECK_INT(smtpconn_feed(connection, text, strlen(text), 1), strlen(text));
}

int main(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  static const char addresses[] = "a@example.com\0b@example.com\0c@example.com";
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new_without_socket(options);
  smtpconn_options_free(options);
  smtpconn_connect(connection, on_done, NULL);
  say(connection, "220 hand.test\r\n");
  say(connection, "250-hand.test\r\n250 ENHANCEDSTATUSCODES\r\n");
  CHECK_INT(smtpconn_send_packed(connection, NULL, addresses, sizeof addresses, "x\r\n", 3, 0,
                                 on_sent, NULL), 0);
  say(connection, "250 2.1.0 ok\r\n");
  say(connection, "550 5.1.1 no b\r\n");
  say(connection, "450 4.2.1 no c\r\n");
  CHECK_INT(smtpconn_noop(connection, on_reply, NULL), 0);
  say(connection, "250 2.0.0 reset\r\n");
  say(connection, "250-2.0.0 first\r\n250 2.0.0 second\r\n");
  say(connection, "");
  smtpconn_free(connection);

  CHECK(none == NULL);
  CHECK_INT(smtpconn_error_code(error_copy), SMTPCONN_EENVELOPE);
  CHECK_TEXT(smtpconn_error_command(error_copy), "RCPT TO");
  CHECK_INT(smtpconn_error_retry(error_copy), SMTPCONN_RETRY_SAFE);
  CHECK_TEXT(smtpconn_error_recipient(recipient_error), "c@example.com");
  CHECK_TEXT(smtpconn_error_enhanced(recipient_error), "4.2.1");
  CHECK_INT(smtpconn_result_count(result_copy), 2);
  CHECK_INT(smtpconn_result_rejected_count(result_copy), 2);
  CHECK_TEXT(smtpconn_result_recipient(result_copy, 0), "b@example.com");
  CHECK_TEXT(smtpconn_result_recipient_response(result_copy, 0), "550 5.1.1 no b");
  CHECK_TEXT(smtpconn_error_message(smtpconn_result_error(result_copy, 1)),
             smtpconn_error_message(recipient_error));
  CHECK_TEXT(smtpconn_result_response(result_copy), "450 4.2.1 no c");
  CHECK_INT(smtpconn_result_time(result_copy, SMTPCONN_TIME_ENVELOPE), envelope_time);
  CHECK_INT(smtpconn_reply_code(reply_copy), 250);
  CHECK_INT(smtpconn_reply_line_count(reply_copy), 2);
  CHECK_TEXT(smtpconn_reply_line(reply_copy, 1), "2.0.0 second");
  CHECK_TEXT(smtpconn_reply_enhanced(reply_copy), "2.0.0");
  smtpconn_error_free(error_copy), smtpconn_error_free(recipient_error);
  smtpconn_result_free(result_copy), smtpconn_reply_free(reply_copy);

  smtpconn_error_free(NULL), smtpconn_result_free(NULL), smtpconn_reply_free(NULL);
  CHECK(smtpconn_error_copy(NULL) == NULL && smtpconn_result_copy(NULL) == NULL);
  CHECK(smtpconn_reply_copy(NULL) == NULL);

  /* The last error of a handle too. */
  options = smtpconn_options_new();
  CHECK(smtpconn_options_set_port(options, -1) != 0);
  error_copy = smtpconn_error_copy(smtpconn_options_last_error(options));
  smtpconn_options_free(options);
  CHECK_INT(smtpconn_error_code(error_copy), SMTPCONN_EOPTIONS);
  CHECK(strstr(smtpconn_error_message(error_copy), "port") != NULL);
  smtpconn_error_free(error_copy);
  return check_result();
}
