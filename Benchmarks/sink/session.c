/*
 * session.c - commands
 *
 * As much of a server as shows that a client speaks properly: a command out of its
 * order is refused. Content is counted and forgotten.
 */
#define _GNU_SOURCE
#include "sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { END = 5 }; /* CRLF . CRLF */

static void say(struct connection *connection, const char *text) {
  reply_for_message(connection, text, strlen(text));
}

static int is_verb(const char *line, size_t length, const char *verb) {
  size_t wanted = strlen(verb);
  return length >= wanted && strncasecmp(line, verb, wanted) == 0;
}

void session_greet(struct connection *connection) {
  static const char greeting[] = "220 sink.test ESMTP\r\n";
  reply(connection, greeting, sizeof greeting - 1);
}

static void offer(struct connection *connection) {
  char text[512];
  size_t length = (size_t)snprintf(
      text, sizeof text, "250-sink.test\r\n%s%s%s%s",
      settings.has_pipelining ? "250-PIPELINING\r\n" : "",
      settings.has_chunking ? "250-CHUNKING\r\n" : "",
      settings.has_8bitmime ? "250-8BITMIME\r\n" : "",
      settings.has_starttls && connection->ssl == NULL ? "250-STARTTLS\r\n" : "");
  if (settings.size_limit > 0) {
    length += (size_t)snprintf(text + length, sizeof text - length, "250-SIZE %llu\r\n",
                               (unsigned long long)settings.size_limit);
  }
  length += (size_t)snprintf(text + length, sizeof text - length, "250 ENHANCEDSTATUSCODES\r\n");
  reply(connection, text, length);
}

static void end_transaction(struct connection *connection) {
  connection->has_sender = connection->has_recipient = 0;
}

/* Not printf: a reply is made for every message. */
static void accept_message(struct connection *connection) {
  static const char digits[] = "0123456789ABCDEF";
  char text[] = "250 2.0.0 Ok: queued as 00000000\r\n";
  uint64_t number = ++connection->messages;
  char *digit = text + sizeof text - 4;
  int left;
  for (left = 8; left > 0; left--, number >>= 4) *digit-- = digits[number & 15];
  reply_for_message(connection, text, sizeof text - 1);
  end_transaction(connection);
}

static void begin_chunk(struct connection *connection, const char *line, size_t length) {
  char *after;
  connection->chunk_left = strtoull(line + 5, &after, 10);
  connection->is_last_chunk = is_verb(after, (size_t)(line + length - after), " LAST");
  connection->state = CHUNK;
}

static void end_chunk(struct connection *connection) {
  connection->state = COMMAND;
  if (!connection->has_recipient) {
    say(connection, "503 5.5.1 No transaction\r\n");
  } else if (connection->is_last_chunk) {
    accept_message(connection);
  } else {
    say(connection, "250 2.0.0 Ok\r\n");
  }
}

static void obey_other(struct connection *connection, const char *line, size_t length) {
  if (is_verb(line, length, "EHLO")) {
    offer(connection);
  } else if (is_verb(line, length, "HELO")) {
    reply(connection, "250 sink.test\r\n", 15);
  } else if (is_verb(line, length, "QUIT")) {
    reply(connection, "221 2.0.0 Bye\r\n", 15);
    connection->is_leaving = 1;
  } else if (is_verb(line, length, "STARTTLS") && settings.has_starttls &&
             connection->ssl == NULL) {
    reply(connection, "220 2.0.0 Ready\r\n", 17);
    connection->starts_tls = 1;
  } else {
    say(connection, "500 5.5.2 What?\r\n");
  }
}

/* Whether the connection is at its end, as the settings want it. */
static int is_enough(struct connection *connection) {
  if (settings.messages > 0 && connection->messages >= settings.messages) {
    if (!settings.is_cut) say(connection, "421 4.7.0 Enough\r\n");
    connection->is_leaving = 1;
  }
  return connection->is_leaving;
}

static void take_recipient(struct connection *connection) {
  if (settings.defer > 0 && ++settings.recipients % settings.defer == 0) {
    say(connection, "451 4.2.0 Later\r\n");
    return;
  }
  connection->has_recipient = 1;
  say(connection, "250 2.1.5 Ok\r\n");
}

static void obey(struct connection *connection, const char *line, size_t length) {
  connection->commands++;
  if (is_verb(line, length, "MAIL FROM:") && is_enough(connection)) return;
  if (is_verb(line, length, "MAIL FROM:") && !connection->has_sender) {
    if (connection->begin == 0) connection->begin = now();
    connection->has_sender = 1;
    say(connection, "250 2.1.0 Ok\r\n");
  } else if (is_verb(line, length, "RCPT TO:") && connection->has_sender) {
    take_recipient(connection);
  } else if (is_verb(line, length, "DATA") && connection->has_recipient) {
    connection->state = CONTENT;
    say(connection, "354 End data with <CR><LF>.<CR><LF>\r\n");
  } else if (is_verb(line, length, "BDAT ") && settings.has_chunking) {
    begin_chunk(connection, line, length);
  } else if (is_verb(line, length, "RSET")) {
    end_transaction(connection);
    say(connection, "250 2.0.0 Ok\r\n");
  } else if (is_verb(line, length, "NOOP")) {
    say(connection, "250 2.0.0 Ok\r\n");
  } else if (is_verb(line, length, "MAIL FROM:") || is_verb(line, length, "RCPT TO:") ||
             is_verb(line, length, "DATA")) {
    say(connection, "503 5.5.1 Not now\r\n");
  } else {
    obey_other(connection, line, length);
  }
}

/* Where the next command or the content begins; NULL without a complete line. */
static const char *take_line(struct connection *connection, const char *input,
                             const char *end) {
  const char *newline = memchr(input, '\n', (size_t)(end - input));
  if (newline == NULL) return NULL;
  if (connection->hello == 0) connection->hello = now();
  obey(connection, input, (size_t)(newline - input));
  /* The line end in front of the content is looked at too: a dot may follow at once. */
  return connection->state == CONTENT ? newline - 1 : newline + 1;
}

/* Begins two octets before the content that was not counted yet, and leaves as many
 * octets as the beginning of the end may have. */
static const char *take_content(struct connection *connection, const char *input,
                                const char *end) {
  const char *found = content_end(input, end);
  const char *next = found != NULL ? found + END : end - (END - 1);
  if (next <= input) return input;
  if (found == NULL) {
    connection->octets += (uint64_t)(next - input);
    return next;
  }
  connection->octets += (uint64_t)(found - input);
  connection->state = COMMAND;
  accept_message(connection);
  return next;
}

static const char *take_chunk(struct connection *connection, const char *input,
                              const char *end) {
  uint64_t taken = (uint64_t)(end - input);
  if (taken > connection->chunk_left) taken = connection->chunk_left;
  connection->octets += taken;
  connection->chunk_left -= taken;
  if (connection->chunk_left == 0) end_chunk(connection);
  return input + taken;
}

const char *session_take(struct connection *connection, const char *input, const char *end) {
  while (input < end && replies_have_room() && !connection->is_leaving &&
         !connection->starts_tls) {
    if (connection->state == CHUNK) {
      input = take_chunk(connection, input, end);
    } else if (connection->state == CONTENT) {
      input = take_content(connection, input, end);
      if (connection->state == CONTENT) break;
    } else {
      const char *next = take_line(connection, input, end);
      if (next == NULL) break;
      input = next;
      /* A chunk without octets is complete. */
      if (connection->state == CHUNK && connection->chunk_left == 0) end_chunk(connection);
    }
  }
  return input;
}
