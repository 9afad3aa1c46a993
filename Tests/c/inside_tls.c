/*
 * inside_tls.c - the caller's code that runs while TLS is prepared may end
 * everything: it has then ended
 *
 *     inside_tls FRIENDLY
 *
 * FRIENDLY is the port of a server that takes mail.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum way { CLOSE, CANCEL, FREE, WAYS };
enum target { NAME, PATH, CONNECTION, TARGETS };

static int port;
static smtpconn *connection;
static enum way chosen;
static int is_starting, calls, ended, code;

static void end_everything(void) {
  calls++;
  CHECK(!is_starting); /* no callback runs inside the call that starts something */
  switch (chosen) {
    case CLOSE: smtpconn_close(connection); break;
    case CANCEL: smtpconn_cancel(connection); break;
    default:
      smtpconn_free(connection);
      connection = NULL;
  }
}

static int change_context(void *ssl_ctx, void *user) {
  (void)ssl_ctx, (void)user;
  end_everything();
  return 0;
}

static void on_done(smtpconn *given, const smtpconn_error *error, void *user) {
  (void)given, (void)user;
  ended++;
  code = smtpconn_error_code(error);
}

static int connected_socket(void) {
  struct sockaddr_in address = {0};
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_INT(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
  return descriptor;
}

/* A listener that never answers. */
static int listening_at(const char *path) {
  struct sockaddr_un address = {0};
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  unlink(path);
  CHECK_INT(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_INT(listen(descriptor, 1), 0);
  return descriptor;
}

static void one(enum way way, enum target target) {
  const char *path = "/tmp/smtpconn-inside-tls.sock";
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_loop *loop = smtpconn_loop_new();
  int listener = -1, given = -1;
  chosen = way;
  calls = ended = code = 0;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_tls_context_callback(options, change_context, NULL, NULL);
  if (target == PATH) {
    listener = listening_at(path);
    CHECK_INT(smtpconn_options_set_socket_path(options, path), 0);
  } else if (target == CONNECTION) {
    given = connected_socket();
    CHECK_INT(smtpconn_options_set_connection(options, given), 0);
  }
  connection = smtpconn_new(options, loop);
  CHECK(connection != NULL);
  is_starting = 1;
  CHECK_INT(smtpconn_connect(connection, on_done, NULL), 0);
  is_starting = 0;
  CHECK(smtpconn_loop_run(loop) >= 0);
  CHECK_INT(calls, 1);
  CHECK_INT(ended, 1);
  CHECK_INT(code, SMTPCONN_ECANCELLED);
  if (connection != NULL) CHECK_INT(smtpconn_stage(connection), SMTPCONN_STAGE_CLOSED);
  smtpconn_free(connection);
  smtpconn_loop_free(loop);
  smtpconn_options_free(options);
  if (given >= 0) close(given);
  if (listener >= 0) {
    close(listener);
    unlink(path);
  }
}

int main(int argc, char **argv) {
  int way, target;
  if (argc != 2) {
    fprintf(stderr, "usage: inside_tls FRIENDLY\n");
    return 2;
  }
  port = atoi(argv[1]);
  for (way = 0; way < WAYS; way++) {
    for (target = 0; target < TARGETS; target++) one((enum way)way, (enum target)target);
  }
  return check_result();
}
