/*
 * world.h - what a cell of the matrix works with: one of everything, and how often each
 * function of this program was called
 */
#ifndef WORLD_H
#define WORLD_H

#include <smtpconn.h>

#include "../check.h"

/* The functions of ours that the library calls.  Those up to ON_QUIT end an operation. */
enum visit {
  ON_CONNECT, ON_LOGIN, ON_SENT, ON_READER_SENT, ON_RESET, ON_REPLIED, ON_QUIT,
  ON_CONNECTED, ON_END, ON_ERROR, ON_LOG, ON_NEW_TOKEN,
  ON_PROGRESS,
  ON_TOKEN, ON_BEGIN, ON_CHALLENGE, ON_READ, ON_PASSWORD, ON_CONTEXT,
  RELEASED_MESSAGE, RELEASED_READER, RELEASED_TOKEN, RELEASED_MECHANISM, RELEASED_PASSWORD,
  RELEASED_CONTEXT,
  VISITS
};

/* Which way a connection goes. */
enum course {
  MECHANISM, /* logs in with a mechanism of ours */
  QUESTION,  /* with a token that a callback gives */
  ENDPOINT,  /* with one that a token endpoint gives */
  CONTEXT,   /* reads a client's key and shows us its SSL_CTX */
  DROPPED,   /* the server goes away in the middle */
  COURSES
};

typedef void (*deed)(void);

struct world {
  smtpconn_loop *loop;
  smtpconn_options *options;
  smtpconn_auth *auth;
  smtpconn *connection;
  smtpconn_envelope *envelope;
  smtpconn_message *message, *reader;
  /* NULL when nothing is asked. */
  smtpconn_exchange *exchange;
  smtpconn_token_request *request;

  int calls[VISITS];
  int started[ON_QUIT + 1];
  int given[VISITS]; /* release callbacks that must come */
  int reads;
  /* Operations that a deed has started, and objects that it has given. */
  int extra_started, extra_called, extra_given, extra_released;
  int is_freed;

  enum visit place;
  int number; /* which of the visits there */
  deed deed;
  int deeds;
};

extern struct world world;

/* Worlds are made with a connection that has no socket: this program moves the octets. */
extern int without_socket;

/* How many checks have failed up to now. */
int check_failed(void);

/* Called first by every function of ours that the library calls. */
void visit(enum visit place);

/* Makes a world, goes a course to its end, and looks whether all was called. */
void go(enum course course, enum visit place, int number, deed deed, const char *name);

/* What a deed starts or gives, it starts or gives with these. */
void on_extra_done(smtpconn *connection, const smtpconn_error *error, void *user);
void on_extra_sent(smtpconn *connection, const smtpconn_error *error,
                   const smtpconn_result *result, void *user);
void on_extra_replied(smtpconn *connection, const smtpconn_error *error,
                      const smtpconn_reply *reply, void *user);
void on_extra_release(void *user);

/* The callbacks of the world that a deed sets again. */
void on_connected(smtpconn *connection, void *user);
void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length, void *user);
void on_exchange(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length, void *user);
void on_token(smtpconn_token_request *request, int renew, void *user);
ptrdiff_t on_password(char *buffer, size_t capacity, void *user);
int on_context(void *ssl_ctx, void *user);
ptrdiff_t on_extra_read(uint8_t *buffer, size_t capacity, void *user);

struct named_deed {
  const char *name;
  deed deed;
};
extern const struct named_deed deeds[];
extern const int deed_count;

/* Starts a server that takes mail and one that gives tokens; 0 when that is not possible. */
int start_server(void);
/* Moves octets between the server and a connection without a socket until it has ended. */
void pump(void);
extern int server_port, token_port;

#endif
