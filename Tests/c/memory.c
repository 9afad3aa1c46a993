/*
 * memory.c - what is too large for memory is refused, and does not end the program
 *
 *     memory FRIENDLY
 *
 * FRIENDLY is the port of a server that takes mail.
 */
#define _DEFAULT_SOURCE
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LARGE = 300 << 20 };

/* ASan gives NULL as malloc does, if it is asked to. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1:max_allocation_size_mb=64";
}

static int is_checked_by_tool(void) {
#if defined(__SANITIZE_ADDRESS__)
  return 1;
#else
  return getenv("LD_PRELOAD") != NULL && strstr(getenv("LD_PRELOAD"), "vgpreload") != NULL;
#endif
}

static void on_release(void *user) { ++*(int *)user; }

static void exchange(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                     void *user) {
  (void)challenge, (void)length;
  CHECK_INT(smtpconn_exchange_respond(exchange, *(char **)user, LARGE - 1), SMTPCONN_EAUTH);
  CHECK_INT(smtpconn_exchange_fail(exchange, "no memory"), 0);
}

static void on_refused(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  ++*(int *)user;
  CHECK_INT(smtpconn_error_code(error), SMTPCONN_EAUTH);
}

static void mechanism(char *text, int port) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn *connection;
  int refused = 0;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_auth_method(options, "PLAIN");
  smtpconn_options_set_custom_mechanism(options, "PLAIN", exchange, NULL, &text);
  connection = smtpconn_new(options, NULL);
  smtpconn_connect(connection, NULL, NULL);
  CHECK_INT(smtpconn_login(connection, auth, on_refused, &refused), 0);
  smtpconn_quit(connection, NULL, NULL);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(refused, 1);
  smtpconn_free(connection);
  smtpconn_auth_free(auth);
  smtpconn_options_free(options);
}

/* Everything that copies what it is given. */
static void too_large(char *text, int port) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  CHECK(smtpconn_message_new_copy(text, LARGE - 1) == NULL);
  CHECK_INT(smtpconn_options_set_host(options, text), SMTPCONN_EOPTIONS);
  CHECK_TEXT(smtpconn_options_host(options), "localhost");
  CHECK_INT(smtpconn_options_set_name(options, text), SMTPCONN_EOPTIONS);
  CHECK_INT(smtpconn_options_set_auth_method(options, text), SMTPCONN_EOPTIONS);
  CHECK_INT(smtpconn_options_set_ignored_capabilities(options, text), SMTPCONN_EOPTIONS);
  CHECK_INT(smtpconn_options_set_socket_path(options, text), SMTPCONN_EOPTIONS);
  CHECK_INT(smtpconn_envelope_set_from(envelope, text), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_add_to(envelope, text), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_envelope_set_dsn_envid(envelope, text), SMTPCONN_EENVELOPE);
  CHECK_INT(smtpconn_auth_set_access_url(auth, text), SMTPCONN_EAUTH);
  mechanism(text, port);
  smtpconn_options_free(options);
  smtpconn_auth_free(auth);
  smtpconn_envelope_free(envelope);
}

/* In a process whose address space is as large as it is now, and a little. */
static void under_a_limit(char *text, int port) {
  struct rlimit limit;
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  CHECK(statm != NULL && fscanf(statm, "%ld", &pages) == 1);
  if (statm != NULL) fclose(statm);
  limit.rlim_cur = limit.rlim_max = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (100 << 20);
  CHECK_INT(setrlimit(RLIMIT_AS, &limit), 0);
  too_large(text, port);
}

int main(int argc, char **argv) {
  char *text;
  int released = 0;
  smtpconn_message *message;
  if (argc != 2) {
    fprintf(stderr, "usage: memory FRIENDLY\n");
    return 2;
  }
  /* Not from malloc, of which tools keep an account. */
  text = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(text != MAP_FAILED);
  memset(text, 'a', LARGE - 1);
  /* What is not copied needs no memory. */
  message = smtpconn_message_new_borrowed(text, LARGE - 1, on_release, &released);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  CHECK_INT(released, 1);
  if (!is_checked_by_tool()) {
    under_a_limit(text, atoi(argv[1]));
  }
#if defined(__SANITIZE_ADDRESS__)
  too_large(text, atoi(argv[1]));
#endif
  munmap(text, LARGE);
  return check_result();
}
