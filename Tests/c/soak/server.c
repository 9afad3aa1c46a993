/*
 * server.c - speaks SMTP, most of the time
 */
#define _DEFAULT_SOURCE
#include "soak.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t process;

struct visitor {
  int peer;
  struct dice dice;
};

static int say(struct visitor *visitor, const char *text) {
  size_t length = strlen(text), cut = length;
  /* Sometimes in two pieces. */
  if (length > 1 && throw_dice(&visitor->dice, 8) == 0) {
    cut = 1 + (size_t)throw_dice(&visitor->dice, (int)length - 1);
  }
  if (send(visitor->peer, text, cut, MSG_NOSIGNAL) < 0) return 0;
  if (cut < length && send(visitor->peer, text + cut, length - cut, MSG_NOSIGNAL) < 0) return 0;
  return 1;
}

/* 0 when the connection is to end. */
static int misbehave(struct visitor *visitor) {
  static const char *const words[] = {
      "421 4.3.2 going down\r\n",     "450 4.2.0 later\r\n", "550 5.1.1 no\r\n",
      "250-more\r\n250 2.0.0 end\r\n", "250-ok\r\n550 no\r\n", "what?\r\n",
      "250 2.0.0 ok\r\n250 2.0.0 and again\r\n", "354 go on\r\n", "250\r\n", "220 hello\r\n",
      "334 aGVsbG8=\r\n", "552 5.3.4 too much\r\n", "250 2.0.0 no end",
  };
  struct linger at_once = {1, 0};
  char rest[4096];
  int kind = throw_dice(&visitor->dice, 16);
  if (kind < 13) return say(visitor, words[kind]);
  if (kind == 13) return 0;
  if (kind == 14) {
    setsockopt(visitor->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return 0;
  }
  /* Not another word. */
  while (recv(visitor->peer, rest, sizeof rest, 0) > 0) continue;
  return 0;
}

static int begins(const char *line, const char *verb) {
  return strncasecmp(line, verb, strlen(verb)) == 0;
}

static int take_content(FILE *input) {
  char line[4096];
  while (fgets(line, sizeof line, input) != NULL) {
    if (strcmp(line, ".\r\n") == 0) return 1;
  }
  return 0;
}

static int answer(struct visitor *visitor, FILE *input, const char *line) {
  char again[4096];
  if (throw_dice(&visitor->dice, 24) == 0) return misbehave(visitor);
  if (begins(line, "EHLO")) {
    return say(visitor, throw_dice(&visitor->dice, 2)
                            ? "250-test.local\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n"
                              "250 AUTH X-MINE PLAIN XOAUTH2\r\n"
                            : "250-test.local\r\n250 AUTH X-MINE PLAIN XOAUTH2\r\n");
  }
  if (begins(line, "AUTH X-MINE")) {
    if (!say(visitor, "334 aGVsbG8=\r\n") || fgets(again, sizeof again, input) == NULL) return 0;
    return say(visitor, again[0] == '*' ? "501 5.7.0 so be it\r\n" : "235 2.7.0 welcome\r\n");
  }
  if (begins(line, "AUTH")) return say(visitor, "235 2.7.0 welcome\r\n");
  if (begins(line, "DATA")) {
    if (!say(visitor, "354 go on\r\n") || !take_content(input)) return 0;
    if (throw_dice(&visitor->dice, 8) == 0) return misbehave(visitor);
    return say(visitor, "250 2.0.0 Ok: queued as 4F2A\r\n");
  }
  if (begins(line, "QUIT")) {
    say(visitor, "221 2.0.0 bye\r\n");
    return 0;
  }
  return say(visitor, "250 2.1.0 ok\r\n");
}

static void *serve(void *user) {
  struct visitor *visitor = user;
  FILE *input = fdopen(visitor->peer, "r");
  char line[4096];
  if (input == NULL) exit(1);
  if (throw_dice(&visitor->dice, 20) == 0 ? misbehave(visitor) : say(visitor, "220 test ESMTP\r\n")) {
    while (fgets(line, sizeof line, input) != NULL && answer(visitor, input, line)) continue;
  }
  fclose(input);
  free(visitor);
  return NULL;
}

static void accept_all(int listener, uint64_t seed) {
  struct dice dice;
  int yes = 1;
  throw_first(&dice, seed);
  for (;;) {
    pthread_t thread;
    struct visitor *visitor = malloc(sizeof *visitor);
    if (visitor == NULL) exit(1);
    visitor->peer = accept(listener, NULL, NULL);
    setsockopt(visitor->peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    throw_first(&visitor->dice, dice.state + (uint64_t)throw_dice(&dice, 1 << 30));
    if (visitor->peer < 0 || pthread_create(&thread, NULL, serve, visitor) != 0) exit(1);
    pthread_detach(thread);
  }
}

int start_server(uint64_t seed) {
  struct sockaddr_in address = {0};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0) return 0;
  if (getsockname(listener, (struct sockaddr *)&address, &size) != 0) return 0;
  process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    accept_all(listener, seed);
  }
  close(listener);
  return process < 0 ? 0 : ntohs(address.sin_port);
}

void stop_server(void) {
  kill(process, SIGKILL);
  waitpid(process, NULL, 0);
}
