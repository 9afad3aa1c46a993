/*
 * straight.c - the limit: a loop of send and recv that knows what will be said
 *
 * The content is sent as it is: the file must have CRLF line ends and, but for mode
 * "bdat" and "flight", a dot more in front of each line that begins with one. Modes:
 *
 *     lockstep  one command at a time
 *     group     MAIL, RCPT and DATA in one write
 *     next      and the next envelope in the same write as the end of a message
 *     rset      the same with RSET in front of the envelope
 *     bdat      MAIL, RCPT, BDAT with the content and RSET in one write, up to 32
 *               messages in flight: a write for each
 *     flight    the same with one write for as many as there is room for, of messages
 *              that are ready in one buffer, which no program has
 */
#define _GNU_SOURCE
#include "common.h"
#include "wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_FLIGHT = 32, PIECE = 1 << 17 };

static struct wire wire;

struct text {
  char *octets;
  size_t length;
};

static void append(struct text *text, const char *octets, size_t length) {
  text->octets = realloc(text->octets, text->length + length);
  if (text->octets == NULL) give_up(NULL);
  memcpy(text->octets + text->length, octets, length);
  text->length += length;
}

static void append_line(struct text *text, const char *line) {
  append(text, line, strlen(line));
}

static void append_envelope(struct text *text) {
  long index;
  char line[128];
  append_line(text, "MAIL FROM:<" SENDER ">\r\n");
  for (index = 0; index < client.recipients; index++) {
    snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", recipient(index));
    append_line(text, line);
  }
}

static void say(const char *line) {
  wire_send(&wire, line, strlen(line));
  wire_expect(&wire, 1);
}

/* The content from where it comes, and then what follows it. */
static void send_content(const struct text *content, size_t from_source) {
  if (from_source > 0 && is(client.source, "descriptor")) {
    static char piece[PIECE];
    int descriptor = open(client.path, O_RDONLY | O_CLOEXEC);
    ssize_t count;
    while ((count = read(descriptor, piece, sizeof piece)) > 0) {
      wire_send(&wire, piece, (size_t)count);
    }
    close(descriptor);
  } else if (from_source > 0) {
    static char piece[PIECE];
    struct reader reader = {0, 0};
    size_t count;
    reader.limit = from_source;
    while ((count = read_piece(&reader, piece, sizeof piece)) > 0) wire_send(&wire, piece, count);
  }
  wire_send(&wire, content->octets, content->length);
}

static void in_lockstep(const struct text *content, size_t from_source, long count) {
  char line[128];
  for (; count > 0; count--) {
    long index;
    say("MAIL FROM:<" SENDER ">\r\n");
    for (index = 0; index < client.recipients; index++) {
      snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", recipient(index));
      say(line);
    }
    say("DATA\r\n");
    send_content(content, from_source);
    wire_expect(&wire, 1);
  }
}

static void in_groups(const struct text *content, size_t from_source, long count) {
  struct text envelope = {NULL, 0};
  append_envelope(&envelope);
  append_line(&envelope, "DATA\r\n");
  for (; count > 0; count--) {
    wire_send(&wire, envelope.octets, envelope.length);
    wire_expect(&wire, client.recipients + 2);
    send_content(content, from_source);
    wire_expect(&wire, 1);
  }
  free(envelope.octets);
}

static void with_next(const struct text *content, long count) {
  struct text envelope = {NULL, 0}, both = {NULL, 0};
  int resets = is(client.mode, "rset");
  append_envelope(&envelope);
  append_line(&envelope, "DATA\r\n");
  append(&both, content->octets, content->length);
  if (resets) append_line(&both, "RSET\r\n");
  append(&both, envelope.octets, envelope.length);
  wire_send(&wire, envelope.octets, envelope.length);
  wire_expect(&wire, client.recipients + 2);
  for (; count > 1; count--) {
    wire_send(&wire, both.octets, both.length);
    wire_expect(&wire, client.recipients + 3 + resets);
  }
  wire_send(&wire, content->octets, content->length);
  wire_expect(&wire, 1);
  free(envelope.octets);
  free(both.octets);
}

static void in_flight(const char *octets, size_t length, long count) {
  struct text many = {NULL, 0};
  char line[64];
  size_t one = 0;
  long index, started = 0, replies = 0, of_one = client.recipients + 3;
  int at_once = is(client.mode, "flight");
  snprintf(line, sizeof line, "BDAT %zu LAST\r\n", length);
  for (index = 0; index < IN_FLIGHT; index++) {
    append_envelope(&many);
    append_line(&many, line);
    append(&many, octets, length);
    append_line(&many, "RSET\r\n");
    if (index == 0) one = many.length;
  }
  while (replies < count * of_one) {
    long room = IN_FLIGHT - (started - replies / of_one);
    if (room > count - started) room = count - started;
    started += room;
    if (at_once && room > 0) wire_send(&wire, many.octets, (size_t)room * one);
    for (; !at_once && room > 0; room--) wire_send(&wire, many.octets, one);
    replies += wire_receive(&wire);
  }
  free(many.octets);
}

/* Sends what is in memory, or else what the source gives. */
static void send_all(const char *octets, size_t length, size_t from_source, long count) {
  struct text content = {NULL, 0};
  if (is(client.mode, "bdat") || is(client.mode, "flight")) {
    start_clock();
    in_flight(octets, length, count);
    stop_clock();
    return;
  }
  append(&content, octets, length);
  append_line(&content, ".\r\n");
  start_clock();
  if (is(client.mode, "lockstep")) in_lockstep(&content, from_source, count);
  else if (is(client.mode, "group")) in_groups(&content, from_source, count);
  else with_next(&content, count);
  stop_clock();
  free(content.octets);
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  wire_open(&wire, client.port, wire_context(client.ca_file));
  if (client.is_warm) send_all(message, head_length, 0, 1);
  if (is(client.source, "memory")) send_all(message, message_length, 0, client.count);
  else send_all("", 0, message_length, client.count);
  wire_close(&wire);
  free(message);
  print_report();
  return 0;
}
