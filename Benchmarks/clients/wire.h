/* wire.h - a connection without a library: send and recv, or OpenSSL's own calls. */
#ifndef WIRE_H
#define WIRE_H

#include <openssl/ssl.h>
#include <stddef.h>

struct wire {
  int fd;
  SSL *ssl; /* NULL in the clear */
  size_t filled;
  char input[1 << 14];
};

/* NULL in the clear. */
SSL_CTX *wire_context(const char *ca_file);
/* Connected, greeted, and introduced with EHLO. */
void wire_open(struct wire *wire, int port, SSL_CTX *context);
void wire_send(struct wire *wire, const char *octets, size_t length);
/* Waits for octets and returns how many replies they completed; each must be a good
 * one. */
long wire_receive(struct wire *wire);
/* Waits for so many replies, and no more may come. */
void wire_expect(struct wire *wire, long replies);
void wire_close(struct wire *wire);

#endif
