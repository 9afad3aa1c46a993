/* sink.h - what the parts of the sink share: a connection, and who does what with it.
 *
 *     main.c     arguments, the port, the one loop
 *     channel.c  octets in and out, with TLS or without
 *     session.c  commands
 *     content.c  where the content of DATA ends
 *     replies.c  replies on their way: the simulated round trip, waits counted */
#ifndef SINK_H
#define SINK_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

/* What one read may bring: small enough to stay in the processor's cache. */
enum { INPUT = 1 << 18, OUTPUT = 1 << 16 };

enum state { HANDSHAKE, COMMAND, CONTENT, CHUNK };

/* Replies that are held back until they are due. */
struct batch;

struct connection {
  int fd;
  SSL *ssl; /* NULL in the clear */
  enum state state;
  int is_leaving; /* after QUIT */
  int starts_tls; /* after STARTTLS */
  int is_gone;    /* closed, but some of its replies are still held */
  int is_blocked; /* the client takes no replies, so nothing is read from it */

  /* The transaction. */
  int has_sender, has_recipient;
  int is_last_chunk;
  uint64_t chunk_left;

  /* Input that is not used up: the beginning of a line, or octets that may be the
   * beginning of the end of the content. */
  char *rest;
  size_t rest_length;

  /* Replies that the socket did not take. */
  char *unsent;
  size_t unsent_length;

  size_t held; /* batches */

  /* The level of the replies that were made last and of those written last: see
   * replies.c. */
  uint64_t level, written_level;

  /* What is printed at the end. */
  uint64_t messages, octets, commands;
  double hello, begin, end;
};

struct settings {
  int has_pipelining, has_chunking, has_8bitmime, has_starttls;
  uint64_t size_limit; /* 0: SIZE is not offered */
  double delay;        /* seconds */
  SSL_CTX *tls;
  int is_tls_first;
  uint64_t defer, recipients; /* every so many of all recipients is refused for now */
  uint64_t messages;          /* of a connection, which is ended then; 0: any number */
  int is_cut;                 /* without 421 */
};

extern struct settings settings;

/* Seconds on the clock that every process of the machine shares. */
double now(void);

/* main.c: the connection is over. */
void drop(struct connection *connection);
/* main.c: waits for room in the socket, or for octets. */
void watch(struct connection *connection, int for_room);

/* channel.c */
enum { GONE = -1, NOTHING_NOW = -2 };
void channel_use_certificate(const char *certificate, const char *key);
int channel_start_tls(struct connection *connection);
/* 1 when it is done, or one of the above. */
int channel_handshake(struct connection *connection);
/* How many octets, or one of the above. */
ptrdiff_t channel_read(struct connection *connection, char *octets, size_t capacity);
ptrdiff_t channel_write(struct connection *connection, const char *octets, size_t length);
/* Whether there is more to read of what has left the socket. */
int channel_has_more(const struct connection *connection);

/* session.c: uses up input as far as it goes and as the replies find room; what is
 * left begins where it says. */
const char *session_take(struct connection *connection, const char *input, const char *end);
void session_greet(struct connection *connection);

/* content.c: the first CRLF . CRLF, or NULL. */
const char *content_end(const char *from, const char *limit);

/* replies.c */
void reply(struct connection *connection, const char *text, size_t length);
void reply_for_message(struct connection *connection, const char *text, size_t length);
int replies_have_room(void);
/* Octets of the client arrived, which may be its answer to what was written. */
void replies_note_input(struct connection *connection);
/* Sends what was said since the last call, now or when it is due. 0 when the client
 * is gone. */
int replies_send(struct connection *connection);
/* Tries again with what the socket did not take. 0 when the client is gone. */
int replies_resume(struct connection *connection);
/* A descriptor that is readable when held replies are due, and what is then to do. */
int replies_timer(void);
void replies_send_due(void);

#endif
