/*
 * progress.c - how much of a message has left, as it is reported
 *
 *     progress
 *
 * The server is a function of this program, so nothing leaves but what a test takes.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#define RECORD_MAIN
#include "check.h"
#include "record.h"

#include <smtpconn.h>

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { LARGE = 1000000, ROOM = 50000, UNTOUCHED = 77 };

static int calls, sent_calls, code, refuses_data, in_content;
static uint64_t last, last_total;
static size_t content_taken; /* octets after the 354, the final dot and all */
static size_t held;          /* of the line that has come so far */
static void *last_user;
static void (*deed)(smtpconn *connection);

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)user;
  CHECK(error == NULL);
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)connection, (void)result, (void)user;
  sent_calls++;
  code = smtpconn_error_code(error);
}

static void on_progress(smtpconn *connection, uint64_t sent, uint64_t total, void *send_user,
                        void *user) {
  CHECK(user == &calls);
  CHECK(smtpconn_user(connection) == &last);
  CHECK(sent > last || calls == 0);
  CHECK(sent <= total);
  calls++;
  last = sent, last_total = total, last_user = send_user;
  if (deed != NULL) deed(connection);
}

/* The server says what it says to these octets. */
static void answer(smtpconn *connection, const char *octets, size_t count) {
  static char line[2048];
  size_t at;
  for (at = 0; at < count; at++) {
    const char *reply = "250 ok\r\n";
    if (in_content) content_taken++;
    if (held < sizeof line - 1) line[held++] = octets[at];
    if (octets[at] != '\n') continue;
    line[held] = 0;
    held = 0;
    if (in_content && strcmp(line, ".\r\n") != 0) continue;
    in_content = 0;
    if (strncmp(line, "EHLO", 4) == 0) reply = "250-hand.test\r\n250 PIPELINING\r\n";
    if (strcmp(line, "DATA\r\n") == 0) {
      in_content = !refuses_data;
      reply = refuses_data ? "554 no\r\n" : "354 go\r\n";
    }
    CHECK(smtpconn_feed(connection, reply, strlen(reply), 1) > 0);
  }
}

/* Takes once, and answers. */
static void move(smtpconn *connection) {
  static char octets[ROOM];
  ptrdiff_t count = smtpconn_take(connection, octets, sizeof octets, 1);
  CHECK(count >= 0);
  answer(connection, octets, (size_t)count);
}

static void move_all(smtpconn *connection) {
  while (smtpconn_wants_take(connection)) move(connection);
}

static smtpconn *ready(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  held = in_content = 0;
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new_without_socket(options);
  smtpconn_options_free(options);
  CHECK_INT(smtpconn_connect(connection, on_done, NULL), 0);
  CHECK_INT(smtpconn_feed(connection, "220 hand.test\r\n", 15, 1), 15);
  move_all(connection);
  CHECK_INT(smtpconn_is_open(connection), 1);
  CHECK(smtpconn_user(connection) == NULL);
  smtpconn_set_user(connection, &last);
  smtpconn_set_progress_callback(connection, on_progress, &calls);
  calls = sent_calls = refuses_data = 0;
  last = last_total = content_taken = 0;
  code = UNTOUCHED;
  deed = NULL;
  return connection;
}

static void start(smtpconn *connection, smtpconn_message *message, void *user) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_envelope_set_from(envelope, "a@example.com");
  smtpconn_envelope_add_to(envelope, "b@example.com");
  CHECK_INT(smtpconn_send(connection, envelope, message, on_sent, user), 0);
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

/* `unit` again and again, LARGE octets of it. */
static char *content(const char *unit) {
  char *octets = malloc(LARGE);
  size_t length = strlen(unit), at;
  if (octets == NULL) abort();
  for (at = 0; at < LARGE; at++) octets[at] = unit[at % length];
  return octets;
}

static void before_the_callback(smtpconn *connection) {
  (void)connection;
  CHECK_INT(sent_calls, 0);
}

static void small(void) {
  int first, second;
  smtpconn *connection = ready();
  deed = before_the_callback;
  start(connection, smtpconn_message_new_copy("line\n", 5), &first);
  move_all(connection);
  CHECK_INT(calls, 1);
  CHECK_INT(last, 5);
  CHECK_INT(last_total, 5);
  CHECK(last_user == &first);
  CHECK_INT(sent_calls, 1);
  /* Two at a time. */
  calls = 0, deed = NULL;
  start(connection, smtpconn_message_new_copy("one\n", 4), &first);
  start(connection, smtpconn_message_new_copy("three\n", 6), &second);
  move_all(connection);
  CHECK_INT(calls, 2);
  CHECK_INT(last, 6);
  CHECK(last_user == &second);
  CHECK_INT(sent_calls, 3);
  smtpconn_free(connection);
}

static void never_too_large(smtpconn *connection) {
  (void)connection;
  CHECK(last <= content_taken + ROOM);
  CHECK_INT(sent_calls, 0);
}

static void large(const char *unit) {
  char *octets = content(unit);
  smtpconn *connection = ready();
  deed = never_too_large;
  start(connection, smtpconn_message_new_copy(octets, LARGE), NULL);
  move_all(connection);
  CHECK(calls >= LARGE / ROOM / 2);
  CHECK_INT(last, LARGE);
  CHECK_INT(last_total, LARGE);
  CHECK_INT(sent_calls, 1);
  CHECK_INT(code, 0);
  smtpconn_free(connection);
  free(octets);
}

static size_t given;

static ptrdiff_t read_content(uint8_t *buffer, size_t capacity, void *user) {
  (void)user;
  if (capacity > LARGE - given) capacity = LARGE - given;
  memset(buffer, 'x', capacity);
  if (capacity > 0) buffer[capacity - 1] = '\n';
  given += capacity;
  return (ptrdiff_t)capacity;
}

static int unknown_totals;

static void is_unknown(smtpconn *connection) {
  (void)connection;
  if (last_total == UINT64_MAX) unknown_totals++;
}

static void from_a_callback(void) {
  smtpconn *connection = ready();
  given = 0, unknown_totals = 0;
  deed = is_unknown;
  start(connection, smtpconn_message_new_reader(read_content, NULL, NULL), NULL);
  move_all(connection);
  CHECK(calls > 1);
  CHECK_INT(unknown_totals, calls - 1);
  CHECK_INT(last, LARGE);
  CHECK_INT(last_total, LARGE);
  smtpconn_free(connection);
}

static void of_a_file(void) {
  char *octets = content("a line of a file\n");
  FILE *file = tmpfile();
  smtpconn *connection = ready();
  unknown_totals = 0;
  CHECK(file != NULL);
  CHECK_INT(fwrite(octets, 1, LARGE, file), LARGE);
  rewind(file);
  deed = is_unknown;
  start(connection, smtpconn_message_new_descriptor(dup(fileno(file))), NULL);
  move_all(connection);
  CHECK(calls > 1);
  CHECK_INT(unknown_totals, 0);
  CHECK_INT(last, LARGE);
  CHECK_INT(last_total, LARGE);
  smtpconn_free(connection);
  fclose(file);
  free(octets);
}

/* What does not leave to its end has no last call. */
static void refused(void) {
  smtpconn *connection = ready();
  refuses_data = 1;
  start(connection, smtpconn_message_new_copy("line\n", 5), NULL);
  move_all(connection);
  CHECK_INT(calls, 0);
  CHECK_INT(sent_calls, 1);
  CHECK_INT(code, SMTPCONN_EENVELOPE);
  smtpconn_free(connection);
}

static void lost(void) {
  char *octets = content("line\n");
  smtpconn *connection = ready();
  int index;
  start(connection, smtpconn_message_new_copy(octets, LARGE), NULL);
  for (index = 0; index < 8; index++) move(connection);
  CHECK(calls > 0);
  CHECK(last < LARGE);
  CHECK_INT(smtpconn_feed_end(connection, 0, 1), 0);
  CHECK_INT(sent_calls, 1);
  CHECK(last < LARGE);
  smtpconn_free(connection);
  free(octets);
}

static void removes(smtpconn *connection) {
  smtpconn_set_progress_callback(connection, NULL, NULL);
}

static void removed(void) {
  char *octets = content("line\n");
  smtpconn *connection = ready();
  deed = removes;
  start(connection, smtpconn_message_new_copy(octets, LARGE), NULL);
  move_all(connection);
  CHECK_INT(calls, 1);
  CHECK_INT(code, 0);
  smtpconn_free(connection);
  free(octets);
}

/* One record for one send, with the latest numbers, until it is taken. */
static void records(void) {
  char *octets = content("line\n");
  smtpconn *connection = ready();
  unsigned char *taken;
  size_t count;
  smtpconn_set_progress_callback(connection, smtpconn_keep_progress, &given);
  start(connection, smtpconn_message_new_copy(octets, LARGE), &count);
  move_all(connection);
  taken = take_all(connection, &count);
  CHECK_INT(count, 64);
  CHECK_INT(record_32(taken), 64);
  CHECK_INT(record_16(taken + 6), SMTPCONN_RECORD_PROGRESS);
  CHECK(record_64(taken + 8) == (uintptr_t)&given);
  CHECK(record_64(taken + 16) == (uintptr_t)connection);
  CHECK_INT(record_64(taken + 40), LARGE);
  CHECK_INT(record_64(taken + 48), LARGE);
  CHECK(record_64(taken + 56) == (uintptr_t)&count);
  free(taken);
  /* What was taken is not changed, nor what is of another send or user. */
  smtpconn_keep_progress(connection, 1, 9, &count, &given);
  smtpconn_keep_progress(connection, 2, 9, &count, &given);
  smtpconn_keep_progress(connection, 3, 9, NULL, &given);
  smtpconn_keep_progress(connection, 4, 9, NULL, NULL);
  smtpconn_keep_ended(connection, NULL);
  smtpconn_keep_progress(connection, 5, 9, NULL, NULL);
  taken = take_all(connection, &count);
  CHECK_INT(count, 4 * 64 + 40);
  CHECK_INT(record_64(taken + 40), 2);
  CHECK_INT(record_64(taken + 64 + 40), 3);
  CHECK_INT(record_64(taken + 128 + 40), 4);
  CHECK_INT(record_64(taken + 232 + 40), 5);
  free(taken);
  smtpconn_free(connection);
  free(octets);
}

int main(void) {
  small();
  large("line\r\n"); /* leaves as it is */
  large("line\n");   /* is longer when it leaves */
  large(".\n");
  from_a_callback();
  of_a_file();
  refused();
  lost();
  removed();
  records();
  return check_result();
}
