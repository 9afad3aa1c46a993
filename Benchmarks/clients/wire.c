/*
 * wire.c - a connection without a library
 */
#define _GNU_SOURCE
#include "wire.h"

#include "common.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

SSL_CTX *wire_context(const char *ca_file) {
  SSL_CTX *context;
  if (ca_file == NULL) return NULL;
  context = SSL_CTX_new(TLS_client_method());
  if (context == NULL || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1) {
    give_up("the authority cannot be read");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  return context;
}

static void start_tls(struct wire *wire, SSL_CTX *context) {
  wire->ssl = SSL_new(context);
  if (wire->ssl == NULL || SSL_set_fd(wire->ssl, wire->fd) != 1 ||
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(wire->ssl), "127.0.0.1") != 1 ||
      SSL_connect(wire->ssl) != 1) {
    give_up("no TLS");
  }
}

void wire_open(struct wire *wire, int port, SSL_CTX *context) {
  struct sockaddr_in address;
  int on = 1;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  wire->ssl = NULL;
  wire->filled = 0;
  wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (wire->fd < 0 || connect(wire->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    give_up("no connection");
  }
  if (context != NULL) start_tls(wire, context);
  wire_expect(wire, 1);
  wire_send(wire, "EHLO client.test\r\n", 18);
  wire_expect(wire, 1);
}

void wire_send(struct wire *wire, const char *octets, size_t length) {
  if (wire->ssl != NULL) {
    if (SSL_write(wire->ssl, octets, (int)length) != (int)length) give_up("TLS: not sent");
    return;
  }
  while (length > 0) {
    ssize_t count = send(wire->fd, octets, length, MSG_NOSIGNAL);
    if (count < 0) give_up("not sent");
    octets += count;
    length -= (size_t)count;
  }
}

long wire_receive(struct wire *wire) {
  char *line = wire->input, *end, *newline;
  long replies = 0;
  size_t room = sizeof wire->input - wire->filled;
  ssize_t count = wire->ssl != NULL
                      ? SSL_read(wire->ssl, wire->input + wire->filled, (int)room)
                      : recv(wire->fd, wire->input + wire->filled, room, 0);
  if (count <= 0) give_up("the server is gone");
  end = wire->input + wire->filled + count;
  while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
    if (newline - line < 4 || (*line != '2' && *line != '3')) give_up("refused");
    if (line[3] == ' ') replies++;
    line = newline + 1;
  }
  wire->filled = (size_t)(end - line);
  memmove(wire->input, line, wire->filled);
  return replies;
}

void wire_expect(struct wire *wire, long replies) {
  while (replies > 0) replies -= wire_receive(wire);
  if (replies < 0) give_up("more replies than commands");
}

void wire_close(struct wire *wire) {
  wire_send(wire, "QUIT\r\n", 6);
  wire_expect(wire, 1);
  SSL_free(wire->ssl);
  close(wire->fd);
}
