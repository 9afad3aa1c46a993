/*
 * lifetime.c - whatever is freed, closed or cancelled, and whenever: each
 * callback comes exactly once, and nothing is left
 *
 *     lifetime FRIENDLY SILENT
 *
 * FRIENDLY is the port of a server that takes mail, SILENT that of one that
 * accepts connections and never says a word.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static int friendly, silent;

static int open_descriptors(void) {
  DIR *entries = opendir("/proc/self/fd");
  int count = -3; /* ".", ".." and this one */
  while (readdir(entries) != NULL) count++;
  closedir(entries);
  return count;
}

/* --- what callbacks do ----------------------------------------------------- */

enum action { NOTHING, FREE, CLOSE, CANCEL, SEND_AGAIN };

struct story {
  int calls[6]; /* of connect, send, send, reset, quit, send again */
  int codes[6];
  int connected, errors, ended, released, reads;
  enum action action;
  int actor; /* which of the callbacks acts */
  smtpconn **connection;
  const smtpconn_envelope *envelope;
  smtpconn_message *message;
};

struct call {
  struct story *story;
  int number;
};

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user);

static void act(smtpconn *connection, struct story *story) {
  static struct call again;
  switch (story->action) {
    case NOTHING: break;
    case FREE:
      smtpconn_free(connection);
      *story->connection = NULL;
      break;
    case CLOSE: smtpconn_close(connection); break;
    case CANCEL: CHECK_INT(smtpconn_cancel(connection), 0); break;
    case SEND_AGAIN:
      again.story = story;
      again.number = 5;
      if (smtpconn_send(connection, story->envelope, story->message, on_sent, &again) != 0) {
        story->calls[5]++; /* refused, which is an answer as well */
        story->codes[5] = smtpconn_error_code(smtpconn_last_error(connection));
      }
      break;
  }
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct call *call = user;
  call->story->calls[call->number]++;
  call->story->codes[call->number] = smtpconn_error_code(error);
  /* The connection may be read, even while it is being freed. */
  (void)smtpconn_is_open(connection);
  (void)smtpconn_last_response(connection);
  if (call->number == call->story->actor && call->story->calls[call->number] == 1) {
    act(connection, call->story);
  }
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  CHECK(result != NULL);
  CHECK_INT(smtpconn_result_count(result), 1);
  if (error != NULL) CHECK_INT(smtpconn_result_accepted_count(result), 0);
  on_done(connection, error, user);
}

static void on_connect(smtpconn *connection, void *user) {
  (void)connection;
  ((struct story *)user)->connected++;
}

static void on_end(smtpconn *connection, void *user) {
  struct story *story = user;
  (void)connection;
  story->ended++;
  if (story->actor == -1) act(connection, story);
}

static void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  CHECK(error != NULL);
  ((struct story *)user)->errors++;
}

static void on_release(void *user) { ((struct story *)user)->released++; }

/* Three octets and the end; `reads` counts the calls. */
static ptrdiff_t on_read(uint8_t *buffer, size_t capacity, void *user) {
  struct story *story = user;
  CHECK(capacity > 0);
  if (story->reads++ > 0) return SMTPCONN_READ_END;
  memcpy(buffer, "x\r\n", 3);
  return 3;
}

/* --- one connection with everything started -------------------------------- */

struct start {
  smtpconn *connection;
  smtpconn_envelope *envelope;
  smtpconn_message *message, *reader;
  struct call calls[5];
};

static smtpconn *new_connection(int port, smtpconn_loop *loop) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  connection = smtpconn_new(options, loop);
  smtpconn_options_free(options);
  CHECK(connection != NULL);
  return connection;
}

static void start_all(struct start *start, struct story *story, int port, smtpconn_loop *loop) {
  int number;
  smtpconn *connection = new_connection(port, loop);
  start->connection = connection;
  start->envelope = smtpconn_envelope_new();
  start->message = smtpconn_message_new_borrowed("borrowed", 8, on_release, story);
  start->reader = smtpconn_message_new_reader(on_read, on_release, story);
  smtpconn_envelope_add_to(start->envelope, "b@example.com");
  story->connection = &start->connection;
  story->envelope = start->envelope;
  story->message = start->message;
  for (number = 0; number < 5; number++) {
    start->calls[number].story = story;
    start->calls[number].number = number;
  }
  smtpconn_set_connect_callback(connection, on_connect, story);
  smtpconn_set_error_callback(connection, on_error, story);
  smtpconn_set_end_callback(connection, on_end, story);
  CHECK_INT(smtpconn_connect(connection, on_done, &start->calls[0]), 0);
  CHECK_INT(smtpconn_send(connection, start->envelope, start->message, on_sent, &start->calls[1]),
            0);
  CHECK_INT(smtpconn_send(connection, start->envelope, start->reader, on_sent, &start->calls[2]),
            0);
  CHECK_INT(smtpconn_reset(connection, on_done, &start->calls[3]), 0);
  CHECK_INT(smtpconn_quit(connection, on_done, &start->calls[4]), 0);
}

static void finish(struct start *start) {
  smtpconn_free(start->connection);
  smtpconn_message_free(start->message);
  smtpconn_message_free(start->reader);
  smtpconn_envelope_free(start->envelope);
}

/* --- the cases -------------------------------------------------------------- */

/* The callback of each operation, or the end event (-1), does each thing. */
static void inside_callbacks(enum action action, int actor) {
  struct story story = {{0}, {0}, 0, 0, 0, 0, 0, NOTHING, 0, NULL, NULL, NULL};
  struct start start;
  smtpconn_loop *loop = smtpconn_loop_new();
  int number, descriptors = open_descriptors();
  story.action = action;
  story.actor = actor;
  start_all(&start, &story, friendly, loop);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  for (number = 0; number < 5; number++) CHECK_INT(story.calls[number], 1);
  if (action == SEND_AGAIN) CHECK_INT(story.calls[5], 1);
  if (action == FREE && actor >= 0) {
    CHECK_INT(story.ended, 0); /* events are not delivered any more */
    for (number = actor + 1; number < 5; number++) {
      /* Whatever happens after QUIT was sent is no error. */
      if (number == 4 && story.codes[4] == 0) continue;
      CHECK_INT(story.codes[number], SMTPCONN_ECANCELLED);
    }
  } else {
    CHECK_INT(story.ended, 1);
  }
  CHECK_INT(story.errors, 0);
  finish(&start);
  CHECK_INT(story.released, 2);
  CHECK_INT(open_descriptors(), descriptors);
  smtpconn_loop_free(loop);
}

enum ending { FREED, CLOSED, CANCELLED };

/* The caller ends before the loop has run at all, or after so many rounds. */
static void outside(int port, enum ending ending, int rounds) {
  struct story story = {{0}, {0}, 0, 0, 0, 0, 0, NOTHING, -2, NULL, NULL, NULL};
  struct start start;
  smtpconn_loop *loop = smtpconn_loop_new();
  int number, descriptors = open_descriptors();
  start_all(&start, &story, port, loop);
  CHECK_INT(smtpconn_loop_timeout(loop), 0); /* there is something to start */
  /* A silent server makes a round without limit wait for ever. */
  for (number = 0; number < rounds; number++) smtpconn_loop_run_once(loop, 5);
  if (port == silent && rounds > 1) {
    /* The limit of the greeting is the next thing to come. */
    CHECK(smtpconn_loop_timeout(loop) > 0);
    CHECK(smtpconn_loop_timeout(loop) <= 30000);
  }
  if (ending == FREED) {
    smtpconn_free(start.connection);
    start.connection = NULL;
  } else {
    if (ending == CLOSED) smtpconn_close(start.connection);
    if (ending == CANCELLED) CHECK_INT(smtpconn_cancel(start.connection), 0);
    CHECK_INT(smtpconn_loop_run(loop), 0);
    CHECK_INT(story.ended, 1);
  }
  CHECK_INT(smtpconn_loop_run(loop), 0); /* nothing is pending any more */
  for (number = 0; number < 5; number++) {
    CHECK_INT(story.calls[number], 1);
    CHECK(story.codes[number] == 0 || story.codes[number] == SMTPCONN_ECANCELLED);
  }
  CHECK_INT(story.errors, 0);
  finish(&start);
  CHECK_INT(story.released, 2);
  CHECK_INT(open_descriptors(), descriptors);
  smtpconn_loop_free(loop);
}

/* Cancelled while it was not begun, the connection goes on. */
static void cancel_queue_and_go_on(void) {
  struct story story = {{0}, {0}, 0, 0, 0, 0, 0, NOTHING, -2, NULL, NULL, NULL};
  struct call first = {NULL, 0}, second = {NULL, 1}, third = {NULL, 4};
  smtpconn *connection = new_connection(friendly, NULL);
  first.story = second.story = third.story = &story;
  CHECK_INT(smtpconn_connect(connection, on_done, &first), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(story.codes[0], 0);
  CHECK_INT(smtpconn_reset(connection, on_done, &second), 0);
  CHECK_INT(smtpconn_cancel(connection), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(story.calls[1], 1);
  CHECK_INT(story.codes[1], SMTPCONN_ECANCELLED);
  CHECK_INT(smtpconn_is_open(connection), 1);
  CHECK_INT(smtpconn_quit(connection, on_done, &third), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(story.codes[4], 0);
  smtpconn_free(connection);
}

/* Without callbacks. */
static void without_callbacks(void) {
  smtpconn *connection = new_connection(friendly, NULL);
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = smtpconn_message_new_copy("x", 1);
  smtpconn_envelope_add_to(envelope, "b@example.com");
  if (smtpconn_connect(connection, NULL, NULL) == 0) {
    CHECK_INT(smtpconn_send(connection, envelope, message, NULL, NULL), 0);
    CHECK_INT(smtpconn_quit(connection, NULL, NULL), 0);
    CHECK_INT(smtpconn_run(connection), 0);
  } else {
    CHECK_INT(smtpconn_error_code(smtpconn_last_error(connection)), SMTPCONN_ESTATE);
  }
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_free(connection);
}

/* The loop goes first, which is the wrong order and must not be worse. */
static void loop_first(int port, int rounds) {
  struct story story = {{0}, {0}, 0, 0, 0, 0, 0, NOTHING, -2, NULL, NULL, NULL};
  struct start start;
  smtpconn_loop *loop = smtpconn_loop_new();
  int number;
  start_all(&start, &story, port, loop);
  for (number = 0; number < rounds; number++) smtpconn_loop_run_once(loop, 5);
  smtpconn_loop_free(loop);
  if (start.connection != NULL) {
    CHECK(smtpconn_reset(start.connection, on_done, &start.calls[3]) != 0);
  }
  finish(&start);
  for (number = 0; number < 5; number++) CHECK_INT(story.calls[number], 1);
  CHECK_INT(story.released, 2);
}

int main(int argc, char **argv) {
  static const enum action actions[] = {NOTHING, FREE, CLOSE, CANCEL, SEND_AGAIN};
  int before, actor, rounds;
  size_t index;
  if (argc != 3) {
    fprintf(stderr, "usage: lifetime FRIENDLY SILENT\n");
    return 2;
  }
  friendly = atoi(argv[1]);
  silent = atoi(argv[2]);
  before = open_descriptors();
  for (index = 0; index < sizeof actions / sizeof actions[0]; index++) {
    for (actor = -1; actor < 5; actor++) inside_callbacks(actions[index], actor);
  }
  for (rounds = 0; rounds < 12; rounds++) {
    outside(friendly, FREED, rounds);
    outside(friendly, CLOSED, rounds);
    outside(friendly, CANCELLED, rounds);
    loop_first(friendly, rounds);
  }
  for (rounds = 0; rounds < 3; rounds++) {
    outside(silent, FREED, rounds);
    outside(silent, CLOSED, rounds);
    outside(silent, CANCELLED, rounds);
    loop_first(silent, rounds);
  }
  cancel_queue_and_go_on();
  without_callbacks();
  CHECK_INT(open_descriptors(), before);
  return check_result();
}
