/*
 * fairness.c - what a server sends under TLS is worked on in turn with everything
 *else, even when none of it is data
 *
 *     fairness CERTIFICATE KEY AUTHORITY
 *
 * The server is in this program, at the other end of a pair of sockets: what it sends
 * is there before the library looks, and how much one turn takes of it can be counted.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than a turn may read, and no more than a socket holds. */
enum { FLOOD = 100000, TURN = 20000 };

enum kind { LONG_HANDSHAKE, KEY_UPDATES, TICKETS, HELLO_REQUESTS, KINDS };

static const char *certificate, *key, *authority;

struct scene {
  SSL_CTX *context;
  SSL *server;
  BIO *in, *out;
  int ends[2];
  smtpconn_loop *loop;
  smtpconn *connection;
  int calls, code;
};

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct scene *scene = user;
  (void)connection;
  scene->calls++;
  scene->code = smtpconn_error_code(error);
}

static SSL_CTX *server_context(enum kind kind) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  int index;
  CHECK_INT(SSL_CTX_use_certificate_chain_file(context, certificate), 1);
  CHECK_INT(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), 1);
  if (kind == HELLO_REQUESTS) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (kind != LONG_HANDSHAKE) return context;
  /* A chain of 100 certificates, in small records. */
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_send_fragment(context, 512);
  for (index = 0; index < 100; index++) {
    SSL_CTX_add1_chain_cert(context, SSL_CTX_get0_certificate(context));
  }
  return context;
}

static void open_scene(struct scene *scene, enum kind kind) {
  smtpconn_options *options = smtpconn_options_new();
  memset(scene, 0, sizeof *scene);
  scene->context = server_context(kind);
  scene->server = SSL_new(scene->context);
  scene->in = BIO_new(BIO_s_mem());
  scene->out = BIO_new(BIO_s_mem());
  SSL_set_bio(scene->server, scene->in, scene->out);
  SSL_set_accept_state(scene->server);
  CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, scene->ends), 0);
  smtpconn_options_set_host(options, "localhost");
  smtpconn_options_set_secure(options, 1);
  smtpconn_options_set_connection(options, scene->ends[0]);
  smtpconn_options_set_tls_ca_file(options, authority);
  smtpconn_options_set_name(options, "client.test");
  /* What is counted here are turns; under valgrind they may take long. */
  smtpconn_options_set_connection_timeout(options, 600000);
  smtpconn_options_set_greeting_timeout(options, 600000);
  scene->loop = smtpconn_loop_new();
  scene->connection = smtpconn_new(options, scene->loop);
  smtpconn_options_free(options);
  CHECK_INT(smtpconn_connect(scene->connection, on_done, scene), 0);
}

static void close_scene(struct scene *scene) {
  smtpconn_free(scene->connection);
  smtpconn_loop_free(scene->loop);
  SSL_free(scene->server);
  SSL_CTX_free(scene->context);
  close(scene->ends[0]);
  close(scene->ends[1]);
}

/* What the client has sent goes to the server. */
static void hear(struct scene *scene) {
  char octets[4096];
  ssize_t count;
  while ((count = recv(scene->ends[1], octets, sizeof octets, MSG_DONTWAIT)) > 0) {
    BIO_write(scene->in, octets, (int)count);
  }
}

/* What the server has made is sent, in one piece; how much. */
static long tell(struct scene *scene) {
  char *octets;
  long length = BIO_get_mem_data(scene->out, &octets);
  if (length > 0) CHECK_INT(send(scene->ends[1], octets, (size_t)length, MSG_DONTWAIT), length);
  BIO_reset(scene->out);
  return length;
}

static int unread(const struct scene *scene) {
  int count = -1;
  CHECK_INT(ioctl(scene->ends[0], FIONREAD, &count), 0);
  return count;
}

/* Turns until the handshake is over on both sides. */
static void shake_hands(struct scene *scene) {
  int turns;
  for (turns = 0; turns < 100; turns++) {
    smtpconn_loop_dispatch(scene->loop);
    hear(scene);
    SSL_do_handshake(scene->server);
    tell(scene);
  }
  CHECK_INT(SSL_is_init_finished(scene->server), 1);
  CHECK_INT(smtpconn_is_secure(scene->connection), 1);
  CHECK_INT(unread(scene), 0);
}

/* A message without data, which costs its reader some work. */
static void add_message(struct scene *scene, enum kind kind) {
  switch (kind) {
    case KEY_UPDATES:
      CHECK_INT(SSL_key_update(scene->server, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
      break;
    case TICKETS: CHECK_INT(SSL_new_session_ticket(scene->server), 1); break;
    default: CHECK_INT(SSL_renegotiate(scene->server), 1);
  }
  SSL_do_handshake(scene->server);
}

/* The first turn takes a part; later ones take the rest. */
static void check_turns(struct scene *scene, long sent) {
  int turns = 0, left = unread(scene), before;
  CHECK_INT(left, sent);
  while (left > 0 && turns++ < 100) {
    before = left;
    smtpconn_loop_dispatch(scene->loop);
    left = unread(scene);
    CHECK(left < before && before - left <= TURN);
    if (left == before) break;
  }
  CHECK_INT(left, 0);
  CHECK(turns >= sent / TURN);
  CHECK_INT(scene->calls, 0);
}

/* The connection is as good as before. */
static void check_greeting(struct scene *scene) {
  int turns;
  SSL_write(scene->server, "220 mx.test ESMTP\r\n", 19);
  for (turns = 0; turns < 10; turns++) {
    tell(scene);
    smtpconn_loop_dispatch(scene->loop);
    hear(scene);
  }
  SSL_write(scene->server, "250 mx.test\r\n", 13);
  tell(scene);
  for (turns = 0; turns < 10; turns++) smtpconn_loop_dispatch(scene->loop);
  CHECK_INT(scene->calls, 1);
  CHECK_INT(scene->code, SMTPCONN_OK);
}

static void one(enum kind kind) {
  struct scene scene;
  long sent;
  char *octets;
  open_scene(&scene, kind);
  if (kind == LONG_HANDSHAKE) {
    smtpconn_loop_dispatch(scene.loop);
    hear(&scene);
    SSL_do_handshake(scene.server);
    sent = tell(&scene);
    CHECK(sent > 2 * TURN);
    check_turns(&scene, sent);
    shake_hands(&scene);
    check_greeting(&scene);
  } else {
    shake_hands(&scene);
    while (BIO_get_mem_data(scene.out, &octets) < FLOOD) add_message(&scene, kind);
    check_turns(&scene, tell(&scene));
    /* The answers to requests for a new handshake say no, and a server may leave. */
    if (kind != HELLO_REQUESTS) check_greeting(&scene);
  }
  close_scene(&scene);
}

int main(int argc, char **argv) {
  int kind;
  if (argc != 4) {
    fprintf(stderr, "usage: fairness CERTIFICATE KEY AUTHORITY\n");
    return 2;
  }
  certificate = argv[1];
  key = argv[2];
  authority = argv[3];
  for (kind = 0; kind < KINDS; kind++) one((enum kind)kind);
  return check_result();
}
