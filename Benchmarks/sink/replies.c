/*
 * replies.c - replies on their way: the simulated round trip, waits counted
 *
 * What is said about one read leaves with one write. With a delay it is held until
 * that long after the octets arrived; as every reply is held equally long, they are
 * due in the order in which they were made.
 *
 * Waits. Replies have a level. Input that arrives after replies were written may be
 * the client's answer to them, so replies to it are one level above the highest
 * that was written. The level of the last reply to a command of a message is then
 * how often the client had to wait: how many round trips it needed one after the
 * other. Greeting, EHLO and QUIT do not count. Without a delay a client that sends
 * in pieces, and waits for nothing, is answered between them: only with one the
 * number means what it says.
 */
#define _GNU_SOURCE
#include "sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

struct batch {
  struct batch *next;
  struct connection *connection;
  double due;
  uint64_t level;
  int is_for_message;
  size_t length;
  char octets[1];
};

static char output[OUTPUT];
static size_t filled;
static int is_for_message;

/* Held batches, the one that is due first in front. */
static struct batch *first, **last = &first;
static int timer = -1;

void reply(struct connection *connection, const char *text, size_t length) {
  (void)connection;
  memcpy(output + filled, text, length);
  filled += length;
}

void reply_for_message(struct connection *connection, const char *text, size_t length) {
  reply(connection, text, length);
  is_for_message = 1;
}

int replies_have_room(void) { return filled + 512 < OUTPUT; }

void replies_note_input(struct connection *connection) {
  connection->level = connection->written_level + 1;
}

/* Appends to what waits for room. */
static int keep(struct connection *connection, const char *octets, size_t length) {
  char *more = realloc(connection->unsent, connection->unsent_length + length);
  if (more == NULL) return 0;
  memcpy(more + connection->unsent_length, octets, length);
  connection->unsent = more;
  connection->unsent_length += length;
  connection->is_blocked = 1;
  watch(connection, 1);
  return 1;
}

static int write_out(struct connection *connection, const char *octets, size_t length) {
  if (connection->unsent_length > 0) return keep(connection, octets, length);
  while (length > 0) {
    ptrdiff_t count = channel_write(connection, octets, length);
    if (count == NOTHING_NOW) return keep(connection, octets, length);
    if (count < 0) return 0;
    octets += count;
    length -= (size_t)count;
  }
  if (connection->held > 0) return 1;
  if (connection->starts_tls) {
    connection->starts_tls = 0;
    return channel_start_tls(connection);
  }
  return !connection->is_leaving; /* QUIT was answered */
}

static void note_written(struct connection *connection, uint64_t level, int for_message) {
  if (!for_message) return;
  if (level > connection->written_level) connection->written_level = level;
  connection->end = now();
}

int replies_resume(struct connection *connection) {
  char *octets = connection->unsent;
  size_t length = connection->unsent_length;
  int result;
  connection->unsent = NULL;
  connection->unsent_length = 0;
  connection->is_blocked = 0;
  watch(connection, 0);
  result = write_out(connection, octets, length);
  free(octets);
  return result;
}

static void set_timer(double due) {
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  when.it_value.tv_sec = (time_t)due;
  when.it_value.tv_nsec = (long)((due - (double)when.it_value.tv_sec) * 1e9);
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static int hold(struct connection *connection) {
  struct batch *batch = malloc(sizeof *batch + filled);
  if (batch == NULL) return 0;
  batch->next = NULL;
  batch->connection = connection;
  batch->due = now() + settings.delay;
  batch->level = connection->level;
  batch->is_for_message = is_for_message;
  batch->length = filled;
  memcpy(batch->octets, output, filled);
  if (first == NULL) set_timer(batch->due);
  *last = batch;
  last = &batch->next;
  connection->held++;
  return 1;
}

int replies_send(struct connection *connection) {
  int result = 1;
  if (filled > 0) {
    if (settings.delay > 0) {
      result = hold(connection);
    } else {
      result = write_out(connection, output, filled);
      note_written(connection, connection->level, is_for_message);
    }
  } else if (connection->is_leaving && connection->held == 0) {
    result = 0; /* without a word */
  }
  filled = 0;
  is_for_message = 0;
  return result;
}

int replies_timer(void) {
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  return timer;
}

void replies_send_due(void) {
  while (first != NULL && first->due <= now()) {
    struct batch *batch = first;
    struct connection *connection = batch->connection;
    first = batch->next;
    if (first == NULL) last = &first;
    connection->held--;
    if (connection->is_gone) {
      drop(connection);
    } else {
      int goes_on = write_out(connection, batch->octets, batch->length);
      note_written(connection, batch->level, batch->is_for_message);
      if (!goes_on) drop(connection);
    }
    free(batch);
  }
  if (first != NULL) set_timer(first->due);
  else set_timer(0); /* Disarmed, and no longer readable. */
}
