/*
 * pumps.c - connections without a socket, and the sockets that this program has for them
 *
 * A pump moves octets between a socket of its own and a connection without one, as an event
 * loop would that does its own input and output. How much it moves at a time is a kind:
 * "whole" what there is, "lines" a line in and seven octets out, "octets" one each.
 */
#define _POSIX_C_SOURCE 200809L
#include "drive.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 65536, FEW = 7 };

struct pump {
  smtpconn *connection; /* NULL once it was freed */
  int descriptor;
  char kind;
  int has_ended;                  /* the peer has closed */
  unsigned char in[ROOM], out[ROOM];
  size_t received, taken, sent;
};

static struct pump *pumps[MAX_OBJECTS];
static size_t pump_count;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int connected(int port) {
  struct sockaddr_in address;
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
      fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
    die("cannot connect", strerror(errno));
  }
  return descriptor;
}

/* pumped NAME OPTIONS PORT KIND */
void call_pumped(char **words, size_t count) {
  struct pump *pump;
  if (count < 5 || pump_count == MAX_OBJECTS) die("pumped", "what?");
  words[5] = words[4], words[4] = words[3], words[3] = NULL;
  call_new(words, count);
  pump = allocate(1, sizeof *pump);
  pump->connection = find(words[1], CONNECTION);
  pump->descriptor = connected(atoi(words[4]));
  pump->kind = words[5][0];
  pumps[pump_count++] = pump;
}

void forget_pump(const smtpconn *connection) {
  size_t index;
  for (index = 0; index < pump_count; index++) {
    if (pumps[index]->connection == connection) pumps[index]->connection = NULL;
  }
}

/* Hands in what was received, in pieces of its kind. */
static void feed(struct pump *pump) {
  size_t start = 0;
  while (start < pump->received && pump->connection != NULL) {
    size_t length = pump->received - start;
    const unsigned char *end = memchr(pump->in + start, '\n', length);
    ptrdiff_t fed;
    if (pump->kind == 'o') length = 1;
    if (pump->kind == 'l' && end != NULL) length = (size_t)(end - pump->in) + 1 - start;
    fed = smtpconn_feed(pump->connection, pump->in + start, length, now());
    if (fed < 0) die("feed", smtpconn_code_name((int)fed));
    if (fed == 0) break; /* after the next octets were taken */
    start += (size_t)fed;
  }
  memmove(pump->in, pump->in + start, pump->received - start);
  pump->received -= start;
}

static int receive(struct pump *pump) {
  ssize_t got;
  if (pump->has_ended || pump->received == ROOM) return 0;
  got = recv(pump->descriptor, pump->in + pump->received, ROOM - pump->received, 0);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got > 0) {
    pump->received += (size_t)got;
    feed(pump);
    return 1;
  }
  pump->has_ended = 1;
  if (smtpconn_feed_end(pump->connection, got == 0 ? 0 : errno, now()) != 0) die("end", "refused");
  return 1;
}

static int transmit(struct pump *pump) {
  static const size_t most[] = {ROOM, FEW, 1};
  size_t room = most[pump->kind == 'o' ? 2 : pump->kind == 'l' ? 1 : 0];
  ssize_t done;
  if (pump->sent == pump->taken) {
    ptrdiff_t taken;
    if (!smtpconn_wants_take(pump->connection)) return 0;
    taken = smtpconn_take(pump->connection, pump->out, room, now());
    if (taken < 0 || (size_t)taken > room) die("take", smtpconn_code_name((int)taken));
    pump->taken = (size_t)taken;
    pump->sent = 0;
    if (pump->connection != NULL && pump->received > 0) feed(pump);
    if (taken == 0) return 1;
  }
  done = send(pump->descriptor, pump->out + pump->sent, pump->taken - pump->sent, MSG_NOSIGNAL);
  if (done >= 0) {
    pump->sent += (size_t)done;
    return 1;
  }
  if (errno == EAGAIN) return 0;
  /* As a socket would: what the peer has said before is read first. */
  pump->sent = pump->taken;
  while (pump->connection != NULL && receive(pump)) continue;
  return 1;
}

/* Whether it did something. The callbacks may free the connection at any time. */
static int work(struct pump *pump) {
  if (receive(pump)) return 1;
  if (pump->connection == NULL) return 1;
  if (transmit(pump)) return 1;
  if (smtpconn_deadline(pump->connection) <= now()) {
    if (smtpconn_tick(pump->connection, now()) < 0) die("tick", "refused");
    return 1;
  }
  return 0;
}

static int is_over(const struct pump *pump) {
  return pump->connection == NULL ||
         (smtpconn_stage(pump->connection) == SMTPCONN_STAGE_CLOSED && pump->sent == pump->taken &&
          !smtpconn_wants_take(pump->connection));
}

int work_pumps(void) {
  size_t index;
  for (index = 0; index < pump_count; index++) {
    struct pump *pump = pumps[index];
    int did = pump->connection != NULL && work(pump);
    check_error_queue();
    if (is_over(pump)) {
      close(pump->descriptor);
      free(pump);
      pumps[index] = pumps[--pump_count];
      return 1;
    }
    if (did) return 1;
  }
  return 0;
}

size_t watch_pumps(struct pollfd *watched, int *timeout) {
  size_t index;
  *timeout = -1;
  for (index = 0; index < pump_count; index++) {
    uint64_t deadline = smtpconn_deadline(pumps[index]->connection), time = now();
    uint64_t rest = deadline > time ? deadline - time : 0;
    watched[index].fd = pumps[index]->descriptor;
    watched[index].events = (short)((pumps[index]->has_ended ? 0 : POLLIN) |
                                    (pumps[index]->sent < pumps[index]->taken ? POLLOUT : 0));
    if (rest < 100000000 && (*timeout < 0 || (int)rest < *timeout)) *timeout = (int)rest;
  }
  return pump_count;
}
