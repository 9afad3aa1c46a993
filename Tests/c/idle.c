/*
 * idle.c - what a connection under TLS costs that has nothing to do
 *
 *     idle RESUMING CA
 *
 * As in threads.c. Under valgrind and with ASan the memory is not the C library's, and
 * nothing is measured.
 */
#define _GNU_SOURCE
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <malloc.h>
#include <stdlib.h>

/* With OpenSSL's own objects. Octets. */
enum { CONNECTIONS = 20, LIMIT = 40 * 1024 };

static size_t memory_in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void on_connected(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  if (error == NULL) ++*(int *)user;
}

static void measure(smtpconn_options *options) {
  smtpconn *connections[CONNECTIONS + 1];
  smtpconn_loop *loop = smtpconn_loop_new();
  size_t before = 0, after;
  int index, opened = 0;
  for (index = 0; index <= CONNECTIONS; index++) {
    /* What all have in common comes with the first. */
    if (index == 1) before = memory_in_use();
    connections[index] = smtpconn_new(options, loop);
    smtpconn_connect(connections[index], on_connected, &opened);
    CHECK_INT(smtpconn_loop_run(loop), 0);
  }
  after = memory_in_use();
  CHECK_INT(opened, CONNECTIONS + 1);
  CHECK(after - before <= (size_t)CONNECTIONS * LIMIT);
  fprintf(stderr, "%zu octets for each\n", (after - before) / CONNECTIONS);
  for (index = 0; index <= CONNECTIONS; index++) smtpconn_free(connections[index]);
  smtpconn_loop_free(loop);
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  if (argc != 3) {
    fprintf(stderr, "usage: idle RESUMING CA\n");
    return 2;
  }
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, atoi(argv[1]));
  smtpconn_options_set_secure(options, 1);
  smtpconn_options_set_name(options, "client.test");
  smtpconn_options_set_tls_ca_file(options, argv[2]);
  measure(options);
  /* With full handshakes, of which more stays. */
  smtpconn_options_set_tls_resumption(options, 0);
  measure(options);
  smtpconn_options_free(options);
  return check_result();
}
