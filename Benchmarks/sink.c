/*
 * sink.c - a server that takes every message and keeps none
 *
 *     sink [--no-pipelining]
 *
 * Listens on a port of the loopback that the kernel chooses and prints
 * "ready PORT". At the end of each connection it prints "closed MESSAGES OCTETS",
 * the octets of content as they came, so that who measures can see that
 * everything arrived.
 *
 * One thread, one epoll set. It is to cost much less than any client, so: what
 * one read brings is answered with one write, and content is only searched for
 * dots.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT = 1 << 18, OUTPUT = 1 << 16, LONGEST_REPLY = 256, END = 5 };

struct client {
  int fd;
  int in_content;
  int is_leaving;
  uint64_t messages, octets;
  size_t begin, end; /* of the input that is not used up */
  size_t sent, filled;
  char input[INPUT];
  char output[OUTPUT];
};

static const char *greeting = "220 sink.test ESMTP\r\n";
static const char *offer = "250-sink.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n"
                           "250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n";
static int set;

static void say(struct client *client, const char *reply) {
  size_t length = strlen(reply);
  memcpy(client->output + client->filled, reply, length);
  client->filled += length;
}

static int is_verb(const char *line, size_t length, const char *verb) {
  size_t wanted = strlen(verb);
  return length >= wanted && strncasecmp(line, verb, wanted) == 0;
}

static void obey(struct client *client, const char *line, size_t length) {
  if (is_verb(line, length, "MAIL FROM:")) {
    say(client, "250 2.1.0 Ok\r\n");
  } else if (is_verb(line, length, "RCPT TO:")) {
    say(client, "250 2.1.5 Ok\r\n");
  } else if (is_verb(line, length, "DATA")) {
    say(client, "354 End data with <CR><LF>.<CR><LF>\r\n");
    client->in_content = 1;
  } else if (is_verb(line, length, "RSET") || is_verb(line, length, "NOOP")) {
    say(client, "250 2.0.0 Ok\r\n");
  } else if (is_verb(line, length, "EHLO")) {
    say(client, offer);
  } else if (is_verb(line, length, "HELO")) {
    say(client, "250 sink.test\r\n");
  } else if (is_verb(line, length, "QUIT")) {
    say(client, "221 2.0.0 Bye\r\n");
    client->is_leaving = 1;
  } else {
    say(client, "500 5.5.2 What?\r\n");
  }
}

/* Takes a command line; 0 when there is no complete one. */
static int take_line(struct client *client) {
  char *line = client->input + client->begin;
  char *newline = memchr(line, '\n', client->end - client->begin);
  if (newline == NULL) return 0;
  client->begin = (size_t)(newline + 1 - client->input);
  obey(client, line, (size_t)(newline - line));
  /* The line end before the content: a dot may follow at once. */
  if (client->in_content) client->begin -= 2;
  return 1;
}

/* Takes content up to its end; 0 when the end is not there yet. The octets that
 * may be the beginning of the end stay in the input. */
static int take_content(struct client *client) {
  const char *from = client->input + client->begin + 2;
  const char *limit = client->input + client->end;
  const char *dot;
  while (from + 2 < limit && (dot = memchr(from, '.', (size_t)(limit - from) - 2)) != NULL) {
    if (memcmp(dot - 2, "\r\n.\r\n", END) == 0) {
      char reply[LONGEST_REPLY];
      size_t next = (size_t)(dot + 3 - client->input);
      client->octets += next - client->begin - END;
      client->begin = next;
      client->in_content = 0;
      snprintf(reply, sizeof reply, "250 2.0.0 Ok: queued as %llX\r\n",
               (unsigned long long)++client->messages);
      say(client, reply);
      return 1;
    }
    from = dot + 1;
  }
  if (client->end - client->begin > END - 1) {
    client->octets += client->end - (END - 1) - client->begin;
    client->begin = client->end - (END - 1);
  }
  return 0;
}

static void watch(struct client *client, int operation, uint32_t events) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = events;
  event.data.ptr = client;
  epoll_ctl(set, operation, client->fd, &event);
}

static void drop(struct client *client) {
  printf("closed %llu %llu\n", (unsigned long long)client->messages,
         (unsigned long long)client->octets);
  fflush(stdout);
  close(client->fd);
  free(client);
}

/* Writes what is due; 0 when the client does not take it, -1 when it is gone. */
static int answer(struct client *client) {
  while (client->sent < client->filled) {
    ssize_t count = send(client->fd, client->output + client->sent,
                         client->filled - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? 0 : -1;
    client->sent += (size_t)count;
  }
  client->sent = client->filled = 0;
  return client->is_leaving ? -1 : 1;
}

static int is_answerable(const struct client *client) {
  return client->filled + LONGEST_REPLY < OUTPUT && !client->is_leaving;
}

/* 0 when the client is gone. */
static int work(struct client *client) {
  int state;
  do {
    while (is_answerable(client) && (client->in_content ? take_content(client) : take_line(client))) {
    }
    state = answer(client);
    /* More may be in the input when the output was full. */
  } while (state > 0 && !is_answerable(client));
  if (state == 0) watch(client, EPOLL_CTL_MOD, EPOLLOUT);
  return state >= 0;
}

static int serve(struct client *client, uint32_t events) {
  ssize_t count;
  if (events & EPOLLOUT) {
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
    return work(client);
  }
  if (client->begin > 0) {
    memmove(client->input, client->input + client->begin, client->end - client->begin);
    client->end -= client->begin;
    client->begin = 0;
  }
  if (client->end == INPUT) return 0; /* a line without end */
  count = recv(client->fd, client->input + client->end, INPUT - client->end, MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return 0;
  client->end += (size_t)count;
  return work(client);
}

static void welcome(int listener) {
  int on = 1;
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  struct client *client;
  if (fd < 0) return;
  client = malloc(sizeof *client);
  if (client == NULL) {
    close(fd);
    return;
  }
  memset(client, 0, offsetof(struct client, input));
  client->fd = fd;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  watch(client, EPOLL_CTL_ADD, EPOLLIN);
  say(client, greeting);
  if (answer(client) < 0) drop(client);
}

int main(int argc, char **argv) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  struct epoll_event event;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (argc == 2 && strcmp(argv[1], "--no-pipelining") == 0) {
    offer = "250-sink.test\r\n250-SIZE 104857600\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n";
  } else if (argc != 1) {
    fprintf(stderr, "usage: sink [--no-pipelining]\n");
    return 2;
  }

  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  set = epoll_create1(EPOLL_CLOEXEC);
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN; /* no client: the listener */
  if (listener < 0 || set < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
      listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
      epoll_ctl(set, EPOLL_CTL_ADD, listener, &event) != 0) {
    perror("sink");
    return 1;
  }
  printf("ready %d\n", ntohs(address.sin_port));
  fflush(stdout);

  for (;;) {
    struct epoll_event events[64];
    int index, count = epoll_wait(set, events, 64, -1);
    if (count < 0 && errno != EINTR) return 1;
    for (index = 0; index < count; index++) {
      struct client *client = events[index].data.ptr;
      if (client == NULL) {
        welcome(listener);
      } else if (!serve(client, events[index].events)) {
        drop(client);
      }
    }
  }
}
