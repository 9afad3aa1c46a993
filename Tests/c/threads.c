/*
 * threads.c - loops in threads of their own, and connections on all of them that were
 * made from the same options: they share a context of TLS, and its sessions
 *
 *     threads RESUMING CA
 *
 * RESUMING is the port of a server with TLS that resumes sessions, CA the file with its
 * authority.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 2, CONNECTIONS = 6, LARGEST = 16384 };

struct worker {
  pthread_t thread;
  smtpconn_loop *loop;
  smtpconn *connections[CONNECTIONS];
  int opened, failed, resumed;
};

static void on_connected(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct worker *worker = user;
  if (error == NULL) {
    worker->opened++;
    worker->resumed += smtpconn_tls_resumed(connection);
  } else {
    worker->failed++;
    fprintf(stderr, "%s\n", smtpconn_error_message(error));
  }
}

/* One connection after the other, so that each finds what those before it have left. */
static void *work(void *argument) {
  struct worker *worker = argument;
  int index;
  for (index = 0; index < CONNECTIONS; index++) {
    smtpconn *connection = worker->connections[index];
    smtpconn_connect(connection, on_connected, worker);
    smtpconn_quit(connection, NULL, NULL);
    if (smtpconn_loop_run(worker->loop) != 0) worker->failed++;
    smtpconn_free(connection);
  }
  smtpconn_loop_free(worker->loop);
  return NULL;
}

int main(int argc, char **argv) {
  static unsigned char octets[LARGEST];
  static struct worker workers[THREADS];
  smtpconn_options *options = smtpconn_options_new();
  int number, index, opened = 0, failed = 0, resumed = 0;
  if (argc != 3) {
    fprintf(stderr, "usage: threads RESUMING CA\n");
    return 2;
  }
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, atoi(argv[1]));
  smtpconn_options_set_secure(options, 1);
  smtpconn_options_set_name(options, "client.test");
  smtpconn_options_set_tls_ca_file(options, argv[2]);
  for (number = 0; number < THREADS; number++) {
    workers[number].loop = smtpconn_loop_new();
    for (index = 0; index < CONNECTIONS; index++) {
      workers[number].connections[index] = smtpconn_new(options, workers[number].loop);
    }
  }
  for (number = 0; number < THREADS; number++) {
    CHECK_INT(pthread_create(&workers[number].thread, NULL, work, &workers[number]), 0);
  }
  /* Options belong to this thread, whatever connections do meanwhile. */
  for (index = 0; index < 100; index++) {
    size_t length = smtpconn_options_take_tls_session(options, octets, sizeof octets);
    CHECK(length < sizeof octets);
    if (length > 0) CHECK_INT(smtpconn_options_add_tls_session(options, octets, length), 0);
  }
  for (number = 0; number < THREADS; number++) {
    CHECK_INT(pthread_join(workers[number].thread, NULL), 0);
    opened += workers[number].opened;
    failed += workers[number].failed;
    resumed += workers[number].resumed;
  }
  CHECK_INT(opened, THREADS * CONNECTIONS);
  CHECK_INT(failed, 0);
  /* Each thread's first may find nothing, and another may be taken out just then. */
  CHECK(resumed >= CONNECTIONS);
  smtpconn_options_free(options);
  return check_result();
}
