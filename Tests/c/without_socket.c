/*
 * without_socket.c - a connection without a socket: what it counts as sent, when, and what for
 *
 *     without_socket
 *
 * The server is a function of this program and the clock a number in it, so nothing happens but
 * what a test does, and no test needs a descriptor.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { LARGE = 3000000, ROOM = 65536, BLOCK = 131072 };

static uint64_t now; /* the time */

/* What callbacks were given. */
static int done, failed, retry, code, sent_errno, ended;

/* What a callback does, once. */
static void (*deed)(smtpconn *connection);

static void act(smtpconn *connection) {
  void (*next)(smtpconn *) = deed;
  deed = NULL;
  if (next != NULL) next(connection);
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)user;
  done++;
  if (error != NULL) {
    failed++;
    code = smtpconn_error_code(error);
    retry = smtpconn_error_retry(error);
    sent_errno = smtpconn_error_errno(error);
  }
  act(connection);
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  CHECK(result != NULL);
  on_done(connection, error, user);
}

static void on_end(smtpconn *connection, void *user) {
  (void)connection, (void)user;
  ended++;
}

/* --- the server ---------------------------------------------------------------------- */

static struct {
  char line[1024];
  size_t held;
  int in_content;
  size_t chunk; /* octets of a chunk still to come */
  size_t content; /* octets of content so far */
  int is_mute;
  char heard[512]; /* the commands, their verbs only */
} server;

static void say(smtpconn *connection, const char *text) {
  if (!server.is_mute) CHECK_INT(smtpconn_feed(connection, text, strlen(text), now), strlen(text));
}

static void answer(smtpconn *connection) {
  const char *line = server.line;
  if (server.in_content) {
    server.content += server.held;
    if (strcmp(line, ".\r\n") != 0) return;
    server.in_content = 0;
    say(connection, "250 2.0.0 queued as HAND1\r\n");
    return;
  }
  if (strlen(server.heard) + 5 < sizeof server.heard) {
    memcpy(server.heard + strlen(server.heard), line, 4);
  }
  if (strncmp(line, "EHLO", 4) == 0) {
    say(connection, "250-hand.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  } else if (strncmp(line, "DATA", 4) == 0) {
    server.in_content = 1;
    say(connection, "354 go on\r\n");
  } else if (strncmp(line, "BDAT", 4) == 0) {
    server.chunk = (size_t)atol(line + 5);
    if (server.chunk == 0) say(connection, "250 2.0.0 queued as HAND1\r\n");
  } else if (strncmp(line, "QUIT", 4) == 0) {
    say(connection, "221 bye\r\n");
  } else {
    say(connection, "250 ok\r\n");
  }
}

static void hear(smtpconn *connection, const unsigned char *octets, size_t length) {
  for (; length > 0; length--, octets++) {
    if (server.chunk > 0) {
      server.content++;
      if (--server.chunk == 0) say(connection, "250 2.0.0 queued as HAND1\r\n");
      continue;
    }
    server.line[server.held++] = (char)*octets;
    if (*octets != '\n' && server.held < sizeof server.line - 1) continue;
    server.line[server.held] = 0;
    answer(connection);
    server.held = 0;
  }
}

/* --- making and moving ---------------------------------------------------------------- */

static smtpconn *connection_with(smtpconn_options *options) {
  smtpconn *connection;
  memset(&server, 0, sizeof server);
  done = failed = code = sent_errno = ended = 0;
  retry = -1;
  now = 1000000;
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new_without_socket(options);
  CHECK(connection != NULL);
  smtpconn_options_free(options);
  smtpconn_set_end_callback(connection, on_end, NULL);
  CHECK_INT(smtpconn_connect(connection, on_done, NULL), 0);
  CHECK_INT(smtpconn_feed(connection, "220 hand.test ESMTP\r\n", 21, now), 21);
  return connection;
}

static smtpconn *new_connection(void) { return connection_with(smtpconn_options_new()); }

static void start_send(smtpconn *connection, smtpconn_message *message) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_envelope_set_from(envelope, "a@example.com");
  smtpconn_envelope_add_to(envelope, "b@example.com");
  CHECK_INT(smtpconn_send(connection, envelope, message, on_sent, NULL), 0);
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

/* Takes `most` octets in rooms of this size, and gives them to the server. Returns how many it
 * were, which is less when there are no more. */
static size_t move(smtpconn *connection, size_t room, size_t most) {
  static unsigned char octets[ROOM];
  size_t total = 0;
  while (total < most && smtpconn_wants_take(connection)) {
    size_t capacity = most - total < room ? most - total : room;
    ptrdiff_t count = smtpconn_take(connection, octets, capacity, now);
    CHECK(count >= 0 && (size_t)count <= capacity);
    if (count <= 0) continue;
    total += (size_t)count;
    hear(connection, octets, (size_t)count);
  }
  return total;
}

static smtpconn_message *message_of(size_t length) {
  char *text = malloc(length);
  smtpconn_message *message;
  memset(text, 'x', length);
  message = smtpconn_message_new_copy(text, length);
  free(text);
  return message;
}

static int descriptors(void) {
  DIR *entries = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(entries) != NULL) count++;
  closedir(entries);
  return count;
}

/* --- what is checked ------------------------------------------------------------------- */

/* However few octets are taken at a time, they are the same, and no descriptor is opened. */
static void rooms(void) {
  static const size_t sizes[] = {1, 2, 3, 7, 100, ROOM};
  size_t index, first = 0;
  for (index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
    int before = descriptors();
    smtpconn *connection = new_connection();
    size_t total;
    start_send(connection, message_of(100));
    CHECK_INT(smtpconn_reset(connection, on_done, NULL), 0);
    CHECK_INT(smtpconn_quit(connection, on_done, NULL), 0);
    total = move(connection, sizes[index], SIZE_MAX);
    if (index == 0) first = total;
    CHECK_INT(total, first);
    CHECK_TEXT(server.heard, "EHLOMAILRCPTDATARSETQUIT");
    CHECK_INT(server.content, 105);
    CHECK_INT(done, 4);
    CHECK_INT(failed, 0);
    CHECK_INT(ended, 1);
    CHECK_INT(descriptors(), before);
    CHECK_INT(smtpconn_stage(connection), SMTPCONN_STAGE_CLOSED);
    smtpconn_free(connection);
  }
}

static smtpconn *with_chunking(int chunking) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_options_set_chunking(options, chunking);
  return connection_with(options);
}

/* A message is in doubt from the moment when its last octet was taken, and no earlier. */
static void in_doubt(int chunking, size_t room) {
  size_t whole, cut;
  smtpconn *connection = with_chunking(chunking);
  start_send(connection, message_of(10));
  whole = move(connection, room, SIZE_MAX);
  CHECK_INT(failed, 0);
  CHECK_INT(done, 2);
  smtpconn_free(connection);
  for (cut = 0; cut <= whole; cut++) {
    connection = with_chunking(chunking);
    start_send(connection, message_of(10));
    CHECK_INT(move(connection, room, cut > 0 ? cut - 1 : 0), cut > 0 ? cut - 1 : 0);
    /* The last octet is taken, and nothing answers it. */
    server.is_mute = 1;
    CHECK_INT(move(connection, room, cut > 0 ? 1 : 0), cut > 0 ? 1 : 0);
    CHECK_INT(smtpconn_feed_end(connection, cut % 2 == 0 ? 0 : ECONNRESET, now), 0);
    CHECK_INT(code, SMTPCONN_ECONNECTION);
    CHECK_INT(sent_errno, cut % 2 == 0 ? 0 : ECONNRESET);
    CHECK_INT(retry, cut == whole ? SMTPCONN_RETRY_UNKNOWN : SMTPCONN_RETRY_SAFE);
    CHECK_INT(ended, 1);
    smtpconn_free(connection);
  }
}

/* A reply to a command of which a part was not taken was sent by nobody who has seen it. */
static void early_reply(void) {
  smtpconn *connection = new_connection();
  size_t length = strlen("EHLO client.test\r\n");
  server.is_mute = 1;
  CHECK_INT(move(connection, 1, length - 1), length - 1);
  CHECK_INT(smtpconn_feed(connection, "250 hand.test\r\n", 15, now), 15);
  CHECK_INT(code, SMTPCONN_EPROTOCOL);
  smtpconn_free(connection);
}

static size_t given;

static ptrdiff_t on_read(uint8_t *buffer, size_t capacity, void *user) {
  size_t length = LARGE - given < capacity ? LARGE - given : capacity;
  (void)user;
  memset(buffer, 'y', length);
  given += length;
  return (ptrdiff_t)length; /* 0 is the end */
}

/* Content is read as it is taken: at most two blocks are between the source and the program. */
static void backpressure(int chunking) {
  smtpconn *connection = with_chunking(chunking);
  given = 0;
  start_send(connection, smtpconn_message_new_reader(on_read, NULL, NULL));
  while (smtpconn_wants_take(connection)) {
    if (move(connection, 1000, 1000) == 0) break;
    CHECK(given <= server.content + server.held + 2 * BLOCK);
  }
  CHECK_INT(given, LARGE);
  CHECK(server.content >= LARGE);
  CHECK_INT(failed, 0);
  CHECK_INT(done, 2);
  smtpconn_free(connection);
}

/* A pipe without data pauses the message until resume: nobody watches it. */
static void paused(void) {
  smtpconn *connection = new_connection();
  int ends[2];
  CHECK_INT(pipe(ends), 0);
  start_send(connection, smtpconn_message_new_descriptor(ends[0]));
  move(connection, ROOM, SIZE_MAX);
  CHECK_INT(smtpconn_wants_take(connection), 0);
  CHECK_INT(write(ends[1], "hello\n", 6), 6);
  CHECK_INT(smtpconn_wants_take(connection), 0);
  CHECK_INT(smtpconn_resume(connection), 0);
  CHECK_INT(smtpconn_wants_take(connection), 1);
  move(connection, ROOM, SIZE_MAX);
  CHECK_INT(done, 1);
  close(ends[1]);
  CHECK_INT(smtpconn_resume(connection), 0);
  move(connection, ROOM, SIZE_MAX);
  CHECK_INT(smtpconn_resume(connection), SMTPCONN_ESTATE);
  CHECK_INT(done, 2);
  CHECK_INT(failed, 0);
  CHECK_INT(server.content, 10);
  close(ends[0]);
  smtpconn_free(connection);
}

/* Limits count from what was taken and fed, by the time that was given with it. */
static void deadlines(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_greeting_timeout(options, 70000);
  smtpconn_options_set_command_timeout(options, 50000);
  smtpconn_options_set_operation_timeout(options, 600000);
  connection = connection_with(options);
  CHECK(smtpconn_deadline(connection) == now + 50000);
  now += 10000;
  server.is_mute = 1;
  move(connection, ROOM, SIZE_MAX);
  CHECK(smtpconn_deadline(connection) == now + 50000);
  CHECK_INT(smtpconn_tick(connection, now + 49999), 1);
  CHECK(smtpconn_deadline(connection) == now + 50000);
  /* Time does not go back. */
  CHECK_INT(smtpconn_tick(connection, 0), 1);
  CHECK_INT(done, 0);
  CHECK_INT(smtpconn_tick(connection, now + 50000), 0);
  CHECK_INT(code, SMTPCONN_ETIMEDOUT);
  CHECK_INT(done, 1);
  CHECK_INT(ended, 1);
  CHECK(smtpconn_deadline(connection) == UINT64_MAX);
  smtpconn_free(connection);
}

/* The time before the first turn is nobody's: the clock was not known then. */
static void first_turn(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_operation_timeout(options, 5000);
  smtpconn_options_set_greeting_timeout(options, 3000);
  connection = smtpconn_new_without_socket(options);
  smtpconn_options_free(options);
  done = failed = 0;
  CHECK_INT(smtpconn_connect(connection, on_done, NULL), 0);
  CHECK_INT(smtpconn_tick(connection, 900000000000), 1);
  CHECK(smtpconn_deadline(connection) == 900000003000);
  CHECK_INT(failed, 0);
  smtpconn_free(connection);
  CHECK_INT(done, 1);
  CHECK_INT(code, SMTPCONN_ECANCELLED);
}

static void frees(smtpconn *connection) { smtpconn_free(connection); }
static void closes(smtpconn *connection) { smtpconn_close(connection); }
static void cancels(smtpconn *connection) { CHECK_INT(smtpconn_cancel(connection), 0); }

/* All of what runs callbacks is refused inside one. */
static void moves(smtpconn *connection) {
  unsigned char room[8];
  CHECK_INT(smtpconn_feed(connection, "250 ok\r\n", 8, now), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_feed_end(connection, 0, now), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_take(connection, room, sizeof room, now), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_tick(connection, now), SMTPCONN_ESTATE);
}

/* In the callback of connect, which runs inside feed, with octets that were not read yet. */
static void in_feed(void (*what)(smtpconn *)) {
  static const char hello[] = "250-hand.test\r\n250 PIPELINING\r\n";
  smtpconn *connection = new_connection();
  server.is_mute = 1;
  move(connection, ROOM, SIZE_MAX);
  start_send(connection, message_of(10));
  deed = what;
  CHECK_INT(smtpconn_feed(connection, hello, strlen(hello), now), strlen(hello));
  CHECK(deed == NULL);
  if (what == frees) {
    CHECK_INT(done, 2);
    CHECK_INT(failed, 1);
    return;
  }
  if (what == moves) CHECK_INT(smtpconn_stage(connection), SMTPCONN_STAGE_CONNECTED);
  if (what == closes || what == cancels) {
    CHECK_INT(smtpconn_tick(connection, now), 0);
    CHECK_INT(done, 2);
    CHECK_INT(code, SMTPCONN_ECANCELLED);
  }
  /* What was closed reads for ever, and keeps nothing. */
  if (what == closes) CHECK_INT(smtpconn_feed(connection, "250 ok\r\n", 8, now), 8);
  smtpconn_free(connection);
}

/* 421 ends the connection, and the messages behind it were not sent. */
static void shut_down(void) {
  smtpconn *connection = new_connection();
  server.is_mute = 1;
  move(connection, ROOM, SIZE_MAX);
  CHECK_INT(smtpconn_feed(connection, "250 hand.test\r\n", 15, now), 15);
  start_send(connection, message_of(10));
  move(connection, ROOM, SIZE_MAX);
  CHECK_INT(smtpconn_feed(connection, "421 4.3.2 later\r\nmore", 21, now), 21);
  CHECK_INT(done, 2);
  CHECK_INT(failed, 1);
  CHECK_INT(retry, SMTPCONN_RETRY_SAFE);
  CHECK_INT(ended, 1);
  CHECK_INT(smtpconn_take(connection, NULL, 0, now), 0);
  smtpconn_free(connection);
}

int main(void) {
  rooms();
  in_doubt(SMTPCONN_CHUNKING_OFF, 1);
  in_doubt(SMTPCONN_CHUNKING_OFF, ROOM);
  in_doubt(SMTPCONN_CHUNKING_ON, ROOM);
  in_doubt(SMTPCONN_CHUNKING_OPTIMISTIC, ROOM);
  early_reply();
  backpressure(SMTPCONN_CHUNKING_OFF);
  backpressure(SMTPCONN_CHUNKING_ON);
  paused();
  deadlines();
  first_turn();
  in_feed(frees);
  in_feed(closes);
  in_feed(cancels);
  in_feed(moves);
  in_feed(NULL);
  shut_down();
  return check_result();
}
