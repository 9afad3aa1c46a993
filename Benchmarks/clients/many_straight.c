/*
 * many_straight.c - many connections that only stay open, without a library
 *
 * What OpenSSL alone takes of the heap for a connection, with one context for all;
 * in the clear a connection takes none. With mode "released" it gives the buffers of
 * an idle connection back.
 */
#include "common.h"
#include "wire.h"

#include <stdlib.h>

int main(int argc, char **argv) {
  struct wire *wires;
  SSL_CTX *context;
  size_t before, idle;
  long index;

  read_arguments(argc, argv);
  allow_descriptors();
  context = wire_context(client.ca_file);
  if (context != NULL && is(client.mode, "released")) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  }
  wires = calloc((size_t)client.connections, sizeof *wires);
  if (wires == NULL) give_up(NULL);
  before = heap();
  for (index = 0; index < client.connections; index++) {
    wire_open(&wires[index], client.port, context);
  }
  idle = heap();
  for (index = 0; index < client.connections; index++) wire_close(&wires[index]);
  SSL_CTX_free(context);
  free(wires);
  free(message);
  print_report_of_many(idle - before, 0);
  return 0;
}
