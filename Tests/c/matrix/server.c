/*
 * server.c - a server on threads of its own: SMTP, and a token endpoint; and what moves octets
 * to it and from it
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int server_port, token_port;

static int begins(const char *line, const char *verb) {
  return strncasecmp(line, verb, strlen(verb)) == 0;
}

/* MSG_NOSIGNAL: the client may be gone. */
static void say(int peer, const char *text) {
  if (send(peer, text, strlen(text), MSG_NOSIGNAL) < 0) return;
}

static void give_token(int peer, FILE *input) {
  static const char body[] = "{\"access_token\":\"a-new-token\",\"expires_in\":3600}";
  char line[4096], head[256];
  while (fgets(line, sizeof line, input) != NULL && strcmp(line, "\r\n") != 0) continue;
  snprintf(head, sizeof head,
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
           "Connection: close\r\n\r\n",
           strlen(body));
  say(peer, head);
  say(peer, body);
}

static void content(FILE *input) {
  char line[4096];
  while (fgets(line, sizeof line, input) != NULL && strcmp(line, ".\r\n") != 0) continue;
}

/* 0 when the connection is over. */
static int answer(int peer, FILE *input, const char *line) {
  char again[4096];
  if (begins(line, "EHLO")) {
    say(peer, "250-test.local\r\n250-PIPELINING\r\n250-ETRN\r\n"
              "250-XCLIENT NAME\r\n250-XFORWARD NAME\r\n250 AUTH X-MINE XOAUTH2\r\n");
  } else if (begins(line, "AUTH X-MINE")) {
    say(peer, "334 aGVsbG8=\r\n");
    if (fgets(again, sizeof again, input) == NULL) return 0;
    say(peer, again[0] == '*' ? "501 5.7.0 as you wish\r\n" : "235 2.7.0 welcome\r\n");
  } else if (begins(line, "AUTH")) {
    say(peer, "235 2.7.0 welcome\r\n");
  } else if (begins(line, "RCPT TO:<drop")) {
    return 0;
  } else if (begins(line, "DATA")) {
    say(peer, "354 go on\r\n");
    content(input);
    say(peer, "250 2.0.0 Ok: queued as 4F2A\r\n");
  } else if (begins(line, "QUIT")) {
    say(peer, "221 2.0.0 bye\r\n");
    return 0;
  } else {
    say(peer, "250 2.1.0 ok\r\n");
  }
  return 1;
}

static void *serve(void *user) {
  int peer = (int)(intptr_t)user;
  FILE *input = fdopen(peer, "r");
  char line[4096];
  if (input == NULL) {
    close(peer);
    return NULL;
  }
  say(peer, "220 test.local ESMTP\r\n");
  while (fgets(line, sizeof line, input) != NULL && answer(peer, input, line)) continue;
  fclose(input);
  return NULL;
}

static void *serve_token(void *user) {
  int peer = (int)(intptr_t)user;
  FILE *input = fdopen(peer, "r");
  if (input == NULL) {
    close(peer);
    return NULL;
  }
  give_token(peer, input);
  fclose(input);
  return NULL;
}

struct listener {
  int descriptor;
  void *(*serve)(void *);
};

static void *accept_all(void *user) {
  struct listener *listener = user;
  for (;;) {
    pthread_t thread;
    int peer = accept(listener->descriptor, NULL, NULL), yes = 1;
    if (peer < 0) return NULL;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (pthread_create(&thread, NULL, listener->serve, (void *)(intptr_t)peer) != 0) {
      close(peer);
    } else {
      pthread_detach(thread);
    }
  }
}

static int listen_with(struct listener *listener) {
  struct sockaddr_in address = {0};
  socklen_t size = sizeof address;
  pthread_t thread;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener->descriptor, (struct sockaddr *)&address, size) != 0) return 0;
  if (listen(listener->descriptor, 64) != 0) return 0;
  if (getsockname(listener->descriptor, (struct sockaddr *)&address, &size) != 0) return 0;
  if (pthread_create(&thread, NULL, accept_all, listener) != 0) return 0;
  pthread_detach(thread);
  return ntohs(address.sin_port);
}

int start_server(void) {
  static struct listener mail = {-1, serve}, token = {-1, serve_token};
  server_port = listen_with(&mail);
  token_port = listen_with(&token);
  return server_port != 0 && token_port != 0;
}

/* --- the other end of a connection without a socket -------------------------------------- */

static int connected(void) {
  struct sockaddr_in address;
  int peer = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)server_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_INT(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
  return peer;
}

/* A bound that only a connection that spins reaches. */
enum { MOST_STEPS = 20000 };

void pump(void) {
  char octets[512];
  int steps = 0, peer = connected();
  /* Each call may free the connection. */
  while (world.connection != NULL && steps++ < MOST_STEPS) {
    ptrdiff_t count;
    if (smtpconn_wants_take(world.connection)) {
      count = smtpconn_take(world.connection, octets, sizeof octets, 0);
      CHECK(count >= 0);
      if (count > 0 && send(peer, octets, (size_t)count, MSG_NOSIGNAL) < 0) continue;
    } else if (smtpconn_stage(world.connection) == SMTPCONN_STAGE_CLOSED ||
               smtpconn_tick(world.connection, 0) == 0) {
      break;
    } else {
      count = recv(peer, octets, sizeof octets, 0);
      if (count > 0) {
        CHECK_INT(smtpconn_feed(world.connection, octets, (size_t)count, 0), count);
      } else {
        CHECK_INT(smtpconn_feed_end(world.connection, 0, 0), 0);
      }
    }
  }
  CHECK(steps < MOST_STEPS);
  close(peer);
}
