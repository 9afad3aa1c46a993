/*
 * channel.c - octets in and out, with TLS or without
 */
#define _GNU_SOURCE
#include "sink.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

void channel_use_certificate(const char *certificate, const char *key) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (context == NULL || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    exit(1);
  }
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  /* One system call brings several records. The memory goes back between them:
   * thousands of connections would need 64 KiB each. */
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 1 << 16);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  settings.tls = context;
}

int channel_start_tls(struct connection *connection) {
  connection->ssl = SSL_new(settings.tls);
  if (connection->ssl == NULL || SSL_set_fd(connection->ssl, connection->fd) != 1) return 0;
  SSL_set_accept_state(connection->ssl);
  connection->state = HANDSHAKE;
  return 1;
}

static int what_failed(struct connection *connection, int result) {
  int error = SSL_get_error(connection->ssl, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? NOTHING_NOW : GONE;
}

int channel_handshake(struct connection *connection) {
  int result = SSL_do_handshake(connection->ssl);
  return result == 1 ? 1 : what_failed(connection, result);
}

ptrdiff_t channel_read(struct connection *connection, char *octets, size_t capacity) {
  ssize_t count;
  if (connection->ssl != NULL) {
    int result = SSL_read(connection->ssl, octets, (int)capacity);
    return result > 0 ? result : what_failed(connection, result);
  }
  count = recv(connection->fd, octets, capacity, MSG_DONTWAIT);
  if (count > 0) return count;
  return count < 0 && (errno == EAGAIN || errno == EINTR) ? NOTHING_NOW : GONE;
}

ptrdiff_t channel_write(struct connection *connection, const char *octets, size_t length) {
  ssize_t count;
  if (connection->ssl != NULL) {
    int result = SSL_write(connection->ssl, octets, (int)length);
    return result > 0 ? result : what_failed(connection, result);
  }
  do {
    count = send(connection->fd, octets, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return count;
  return errno == EAGAIN ? NOTHING_NOW : GONE;
}

int channel_has_more(const struct connection *connection) {
  return connection->ssl != NULL && SSL_has_pending(connection->ssl);
}
