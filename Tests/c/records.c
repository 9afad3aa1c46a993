/*
 * records.c - records instead of callbacks: which, in which order, and until when they are kept
 *
 *     records FRIENDLY
 *
 * What is in a record is compared with the functions that read errors and results by the drive
 * program, in every callback of every scripted test.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#define RECORD_MAIN
#include "check.h"
#include "record.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 100000, LINE = 300000, RECIPIENTS = 2000 };

static void *user(size_t number) { return (void *)(uintptr_t)number; }

static smtpconn *socketless(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new_without_socket(options);
  CHECK(connection != NULL);
  smtpconn_options_free(options);
  return connection;
}

/* --- taking them ------------------------------------------------------------------------ */

static size_t left_of(smtpconn *connection) {
  size_t left = 1;
  CHECK_INT(smtpconn_take_records(connection, NULL, 0, &left), 0);
  return left;
}

static void as_many_as_fit(void) {
  unsigned char buffer[200];
  size_t left = 7;
  smtpconn *connection = socketless();
  CHECK_INT(left_of(connection), 0);
  smtpconn_keep_done(connection, NULL, user(1));
  smtpconn_keep_done(connection, NULL, user(2));
  smtpconn_keep_ended(connection, user(3));
  CHECK_INT(left_of(connection), 120);

  memset(buffer, 0x55, sizeof buffer);
  /* A size of 0 where the records end, and nothing else is written. */
  CHECK_INT(smtpconn_take_records(connection, buffer, 3, &left), 0);
  CHECK_INT(record_32(buffer), 0x55555555);
  CHECK_INT(smtpconn_take_records(connection, buffer, 39, &left), 0);
  CHECK_INT(left, 120);
  CHECK_INT(record_32(buffer), 0);
  CHECK_INT(record_32(buffer + 4), 0x55555555);
  CHECK_INT(smtpconn_take_records(connection, buffer, 79, NULL), 40);
  CHECK_INT(record_64(buffer + 8), 1);
  CHECK_INT(record_32(buffer + 40), 0);
  CHECK_INT(record_32(buffer + 44), 0x55555555);
  smtpconn_keep_connected(connection, user(4));
  CHECK_INT(smtpconn_take_records(connection, buffer, 80, &left), 80);
  CHECK_INT(left, 40);
  CHECK_INT(record_64(buffer + 8), 2);
  CHECK_INT(record_16(buffer + 40 + 6), SMTPCONN_RECORD_ENDED);
  CHECK_INT(record_64(buffer + 40 + 8), 3);
  CHECK_INT(smtpconn_take_records(connection, buffer, SIZE_MAX, &left), 40);
  CHECK_INT(record_16(buffer + 6), SMTPCONN_RECORD_CONNECTED);
  CHECK_INT(left, 0);
  CHECK_INT(smtpconn_take_records(connection, buffer, sizeof buffer, &left), 0);
  CHECK_INT(record_32(buffer), 0);

  CHECK_INT(smtpconn_take_records(connection, NULL, 1, &left), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_take_records(NULL, buffer, sizeof buffer, &left), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_take_records(NULL, buffer, sizeof buffer, &left), SMTPCONN_ESTATE);
  smtpconn_keep_done(NULL, NULL, NULL);
  smtpconn_free(connection);
}

/* Taken in pieces of every size while others are added: none is lost, cut or out of order. */
static void many(void) {
  static unsigned char buffer[70000];
  smtpconn *connection = socketless();
  size_t kept = 0, next = 0, left = 0, room = 0, at;
  ptrdiff_t taken;
  while (next < MANY) {
    for (at = 0; at < 700 && kept < MANY; at++) smtpconn_keep_done(connection, NULL, user(kept++));
    room = (room * 31 + 977) % sizeof buffer;
    taken = smtpconn_take_records(connection, buffer, room, &left);
    CHECK(taken >= 0 && taken % 40 == 0 && (size_t)taken <= room);
    CHECK(left == 0 || room - (size_t)taken < 40);
    for (at = 0; at < (size_t)taken; at += 40) {
      if (record_32(buffer + at) != 40 || record_64(buffer + at + 8) != next++) CHECK(0);
    }
    CHECK_INT(left, 40 * (kept - next));
  }
  smtpconn_free(connection);
}

/* One that is larger than everything before it. */
static void a_large_one(void) {
  char *line = malloc(LINE + 1);
  unsigned char small[64], *all;
  size_t left = 0, octets;
  smtpconn *connection = socketless();
  memset(line, 'x', LINE);
  line[LINE] = 0;
  smtpconn_keep_done(connection, NULL, user(1));
  smtpconn_keep_log(connection, 2, 3, line, LINE, user(2));
  smtpconn_keep_done(connection, NULL, user(3));
  CHECK_INT(smtpconn_take_records(connection, small, sizeof small, &left), 40);
  CHECK_INT(smtpconn_take_records(connection, small, sizeof small, &left), 0);
  CHECK(left > LINE);
  all = take_all(connection, &octets);
  CHECK_INT(octets, left);
  CHECK_TEXT(record_text(all, 48), line);
  CHECK_INT(record_64(all + record_32(all) + 8), 3);
  free(all);
  free(line);
  smtpconn_free(connection);
}

/* Lines of the log are the only records without a bound. */
static void lines_that_are_dropped(void) {
  enum { LINES = 40000, OCTETS = 100 };
  char line[OCTETS + 1];
  unsigned char *all;
  size_t octets, at, number, lines = 0, dropped = 0, others = 0;
  smtpconn *connection = socketless();
  memset(line, 'x', OCTETS);
  line[OCTETS] = 0;
  for (number = 0; number < LINES; number++) {
    smtpconn_keep_log(connection, 0, 3, line, OCTETS, NULL);
    if (number % 100 == 0) smtpconn_keep_done(connection, NULL, NULL);
  }
  all = take_all(connection, &octets);
  CHECK(octets < 2 << 20);
  for (at = 0; at < octets; at += record_32(all + at)) {
    if (record_16(all + at + 6) == SMTPCONN_RECORD_DONE) others++;
    if (record_16(all + at + 6) == SMTPCONN_RECORD_LOG) {
      lines++;
      CHECK_INT(record_32(all + at + 56), 0);
    }
  }
  free(all);
  CHECK_INT(others, LINES / 100);
  CHECK(lines > 4000 && lines < LINES);
  /* The next line says how many were dropped, and the one after it none. */
  for (number = 0; number < 2; number++) {
    smtpconn_keep_log(connection, 0, 3, "next", 4, NULL);
    all = take_all(connection, &octets);
    dropped += record_32(all + 56);
    free(all);
    CHECK_INT(dropped, LINES - lines);
  }
  smtpconn_free(connection);
}

/* --- a dialogue ------------------------------------------------------------------------- */

/* The kind, user and code of each record, "sent 3 ok", with commas between them. */
static const char *story_of(const unsigned char *records, size_t octets) {
  static const char *const kinds[] = {"?",         "done",  "sent",  "reply", "connected",
                                      "ended", "error", "log", "token"};
  static char story[4096];
  size_t at, end = 0;
  story[0] = 0;
  for (at = 0; at < octets && end < 4000; at += record_32(records + at)) {
    const unsigned char *record = records + at;
    int is_plain = record_32(record + 24) == SMTPCONN_RECORD_PLAIN;
    end += (size_t)sprintf(story + end, "%s%s %d %s", at == 0 ? "" : ", ",
                           kinds[record_16(record + 6)], (int)record_64(record + 8),
                           is_plain ? "plain" : smtpconn_code_name(record_int(record + 28)));
  }
  return story;
}

static void tells(smtpconn *connection, const char *expected) {
  size_t octets;
  unsigned char *records = take_all(connection, &octets);
  CHECK_TEXT(story_of(records, octets), expected);
  free(records);
}

static void says(smtpconn *connection, const char *text) {
  static char sink[65536];
  CHECK_INT(smtpconn_feed(connection, text, strlen(text), 1), strlen(text));
  while (smtpconn_wants_take(connection)) CHECK(smtpconn_take(connection, sink, 65536, 1) >= 0);
}

static void keep_events(smtpconn *connection) {
  smtpconn_set_connect_callback(connection, smtpconn_keep_connected, user(91));
  smtpconn_set_end_callback(connection, smtpconn_keep_ended, user(92));
  smtpconn_set_error_callback(connection, smtpconn_keep_error, user(93));
}

static smtpconn *ready(void) {
  smtpconn *connection = socketless();
  keep_events(connection);
  CHECK_INT(smtpconn_connect(connection, smtpconn_keep_done, user(1)), 0);
  says(connection, "220 hand.test\r\n");
  tells(connection, "");
  says(connection, "250 hand.test\r\n");
  tells(connection, "done 1 plain, connected 91 plain");
  return connection;
}

static void start_send(smtpconn *connection, int recipients, size_t number) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_copy("x\r\n", 3);
  char name[32];
  smtpconn_envelope_set_from(envelope, "a@example.com");
  while (recipients-- > 0) {
    snprintf(name, sizeof name, "to%d@example.com", recipients);
    smtpconn_envelope_add_to(envelope, name);
  }
  CHECK_INT(smtpconn_send(connection, envelope, message, smtpconn_keep_sent, user(number)), 0);
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

static void a_dialogue(void) {
  smtpconn *connection = ready();
  start_send(connection, 1, 2);
  start_send(connection, 2, 3);
  CHECK_INT(smtpconn_noop(connection, smtpconn_keep_reply, user(4)), 0);
  CHECK_INT(smtpconn_reset(connection, smtpconn_keep_done, user(5)), 0);
  CHECK_INT(smtpconn_quit(connection, smtpconn_keep_done, user(6)), 0);
  CHECK_INT(smtpconn_withdraw(connection, user(5)), 1);
  says(connection, "");
  says(connection, "250 ok\r\n"), says(connection, "250 ok\r\n");
  says(connection, "354 go\r\n"), says(connection, "250 queued as 4F2A\r\n");
  tells(connection, "done 5 ECANCELLED, sent 2 plain");
  says(connection, "250 ok\r\n"), says(connection, "250 ok\r\n");
  says(connection, "550 5.1.1 who?\r\n");
  says(connection, "354 go\r\n"), says(connection, "250 queued as 4F2B\r\n");
  /* One recipient of two: no error, and not plain. */
  tells(connection, "sent 3 OK");
  says(connection, "250-one\r\n250 2.0.0 two\r\n");
  tells(connection, "reply 4 plain");
  says(connection, "221 bye\r\n");
  tells(connection, "done 6 plain, ended 92 plain");
  smtpconn_free(connection);
}

/* The last ones of a connection without a socket. */
static void closed_and_ticked(void) {
  smtpconn *connection = ready();
  start_send(connection, 1, 2);
  smtpconn_close(connection);
  CHECK_INT(smtpconn_tick(connection, 2), 0);
  tells(connection, "sent 2 ECANCELLED, ended 92 plain");
  smtpconn_free(connection);
  /* Those that nobody takes are freed with it. */
  connection = ready();
  start_send(connection, 1, 2);
  smtpconn_free(connection);
}

static void lost(void) {
  smtpconn *connection = ready();
  start_send(connection, 1, 2);
  says(connection, "");
  CHECK_INT(smtpconn_feed_end(connection, 0, 3), 0);
  tells(connection, "sent 2 ECONNECTION, error 93 ECONNECTION, ended 92 plain");
  smtpconn_free(connection);
}

/* Thousands that were not tried because of one long reply: it is there twice, and not for each. */
static void one_reason(void) {
  static char reply[60000];
  size_t octets, at = 0, index;
  unsigned char *record;
  uint32_t place, reason;
  smtpconn *connection = ready();
  while (at < sizeof reply - 600) {
    at += (size_t)sprintf(reply + at, "550-5.7.1 %0500d\r\n", (int)at);
  }
  sprintf(reply + at, "550 5.7.1 no\r\n");
  start_send(connection, RECIPIENTS, 2);
  says(connection, "");
  says(connection, reply);
  record = take_all(connection, &octets);
  CHECK_TEXT(story_of(record, octets), "sent 2 EENVELOPE");
  CHECK(octets < RECIPIENTS * 80 + 8 * sizeof reply);
  CHECK_INT(record_32(record + 40), RECIPIENTS);
  place = record_32(record + 44);
  reason = record_32(record + place + 8);
  CHECK(reason != 0);
  CHECK_TEXT(record_text(record, reason + 64), NULL);
  CHECK_TEXT(record_text(record, reason + 40), "5.7.1");
  for (index = 0; index < RECIPIENTS; index++) {
    CHECK_INT(record_int(record + place + 48 * index), SMTPCONN_RECIPIENT_NOT_TRIED);
    CHECK_INT(record_32(record + place + 48 * index + 8), reason);
  }
  free(record);
  smtpconn_free(connection);
}

/* --- with a loop ------------------------------------------------------------------------ */

static smtpconn *connected(int port, smtpconn_loop *loop, size_t number) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new(options, loop);
  CHECK(connection != NULL);
  smtpconn_options_free(options);
  CHECK_INT(smtpconn_connect(connection, smtpconn_keep_done, user(number)), 0);
  return connection;
}

static const char *story_of_loop(smtpconn_loop *loop) {
  static unsigned char buffer[65536];
  size_t left;
  ptrdiff_t octets = smtpconn_loop_take_records(loop, buffer, sizeof buffer, &left);
  CHECK(octets >= 0);
  CHECK_INT(left, 0);
  return story_of(buffer, (size_t)octets);
}

/* Those of all connections of a loop are in one queue, which outlives them. */
static void of_a_loop(int port) {
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *first = connected(port, loop, 1), *second;
  CHECK_INT(smtpconn_loop_run(loop), 0);
  second = connected(port, loop, 2);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  start_send(second, 1, 3);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  CHECK_TEXT(story_of_loop(loop), "done 1 plain, done 2 plain, sent 3 plain");

  start_send(first, 1, 4);
  CHECK_INT(smtpconn_quit(first, smtpconn_keep_done, user(5)), 0);
  smtpconn_free(first);
  CHECK_TEXT(story_of_loop(loop), "sent 4 ECANCELLED, done 5 ECANCELLED");

  /* By way of a connection of the loop, those of another one too. */
  first = connected(port, loop, 6);
  smtpconn_free(first);
  tells(second, "done 6 ECANCELLED");

  start_send(second, 1, 7);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  smtpconn_loop_free(loop);
  tells(second, "");
  smtpconn_free(second);
}

static void dispatched_and_taken(int port) {
  unsigned char buffer[4096];
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn *connection = connected(port, loop, 1);
  size_t left = 0;
  ptrdiff_t octets = 0;
  start_send(connection, 1, 2);
  CHECK_INT(smtpconn_loop_dispatch_records(loop, NULL, 1, &left), SMTPCONN_ESTATE);
  while (octets == 0) {
    struct pollfd ready = {smtpconn_loop_fd(loop), POLLIN, 0};
    poll(&ready, 1, -1);
    octets = smtpconn_loop_dispatch_records(loop, buffer, sizeof buffer, &left);
  }
  CHECK_INT(left, 0);
  CHECK(strncmp(story_of(buffer, (size_t)octets), "done 1 plain", 12) == 0);
  /* With less room than there are records they wait for the next call. */
  CHECK_INT(smtpconn_loop_run(loop), 0);
  smtpconn_keep_done(connection, NULL, user(3));
  octets = smtpconn_loop_dispatch_records(loop, buffer, 0, &left);
  CHECK_INT(octets, 0);
  CHECK(left >= 40);
  octets = smtpconn_loop_dispatch_records(loop, buffer, sizeof buffer, &left);
  CHECK_INT(record_64(buffer + octets - 40 + 8), 3);
  smtpconn_free(connection);
  smtpconn_loop_free(loop);
}

static void of_a_loop_of_its_own(int port) {
  smtpconn *connection = connected(port, NULL, 1);
  CHECK_INT(smtpconn_run(connection), 0);
  start_send(connection, 1, 2);
  smtpconn_set_end_callback(connection, smtpconn_keep_ended, user(92));
  smtpconn_close(connection);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_TEXT(story_of_loop(smtpconn_get_loop(connection)),
             "done 1 plain, sent 2 ECANCELLED, ended 92 plain");
  smtpconn_free(connection);
}

/* --- inside callbacks -------------------------------------------------------------------- */

static int taken_inside;

static void takes(smtpconn *connection, const smtpconn_error *error, void *given) {
  (void)error, (void)given;
  tells(connection, "done 1 plain");
  smtpconn_keep_done(connection, error, given);
  tells(connection, "done 2 plain");
  CHECK_INT(smtpconn_loop_dispatch_records(smtpconn_get_loop(connection), NULL, 0, NULL),
            SMTPCONN_ESTATE);
  taken_inside++;
}

static void inside_a_callback(int port) {
  smtpconn *connection = connected(port, NULL, 1);
  CHECK_INT(smtpconn_reset(connection, takes, user(2)), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(taken_inside, 1);
  smtpconn_free(connection);
}

int main(int argc, char **argv) {
  int port;
  if (argc != 2) {
    fprintf(stderr, "usage: records FRIENDLY\n");
    return 2;
  }
  port = atoi(argv[1]);
  as_many_as_fit();
  many();
  a_large_one();
  lines_that_are_dropped();
  a_dialogue();
  closed_and_ticked();
  lost();
  one_reason();
  of_a_loop(port);
  dispatched_and_taken(port);
  of_a_loop_of_its_own(port);
  inside_a_callback(port);
  return check_result();
}
