/*
 * random_octets.c - random programs that call a connection without a socket
 *
 *     random_octets FIRST COUNT
 *
 * A program is made from its seed alone: options, operations, octets of a server that is sometimes
 * right, takes of any size, times, and ends. Nothing may crash, each operation ends once, and no
 * call takes or gives more than it was asked to.
 */
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <stdint.h>
#include <stdlib.h>

enum { STEPS = 120, ROOM = 4096 };

static uint64_t state;

static unsigned random_below(unsigned limit) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned)((state >> 16) % limit);
}

static int started, ended, ends, is_freed;
static smtpconn *connection;
static uint64_t now;

static void act(void);

static void on_done(smtpconn *of, const smtpconn_error *error, void *user) {
  (void)user;
  CHECK(of != NULL);
  CHECK(error == NULL || smtpconn_error_message(error) != NULL);
  ended++;
  if (!is_freed && random_below(8) == 0) act();
}

static void on_sent(smtpconn *of, const smtpconn_error *error, const smtpconn_result *result,
                    void *user) {
  size_t accepted = smtpconn_result_accepted_count(result);
  CHECK(smtpconn_result_count(result) > 0);
  CHECK(error != NULL || accepted > 0);
  on_done(of, error, user);
}

static void on_end(smtpconn *of, void *user) {
  (void)of, (void)user;
  ends++;
}

static ptrdiff_t on_read(uint8_t *buffer, size_t capacity, void *user) {
  size_t count = random_below(3) == 0 ? capacity : random_below(300);
  (void)user;
  if (random_below(6) == 0) return (ptrdiff_t)random_below(4) - 3;
  memset(buffer, random_below(2) == 0 ? '.' : '\n', count);
  return (ptrdiff_t)count;
}

static smtpconn_message *any_message(void) {
  static char text[3000];
  if (random_below(3) == 0) return smtpconn_message_new_reader(on_read, NULL, NULL);
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\n';
  return smtpconn_message_new_copy(text, random_below(sizeof text));
}

static void starts_send(void) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message = any_message();
  unsigned count = 1 + random_below(3);
  while (count-- > 0) smtpconn_envelope_add_to(envelope, "b@example.com");
  if (smtpconn_send(connection, envelope, message, on_sent, NULL) == 0) started++;
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

static void starts_login(void) {
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn_auth_set_user(auth, "alice");
  smtpconn_auth_set_password(auth, "sesame");
  if (smtpconn_login(connection, auth, on_done, NULL) == 0) started++;
  smtpconn_auth_free(auth);
}

/* What may be done inside a callback too. */
static void act(void) {
  switch (random_below(10)) {
    case 0: case 1: case 2: starts_send(); break;
    case 3: starts_login(); break;
    case 4: if (smtpconn_reset(connection, on_done, NULL) == 0) started++; break;
    case 5:
      if (random_below(4) == 0 && smtpconn_quit(connection, on_done, NULL) == 0) started++;
      break;
    case 6: smtpconn_resume(connection); break;
    case 7: if (random_below(6) == 0) smtpconn_cancel(connection); break;
    case 8: if (random_below(10) == 0) smtpconn_close(connection); break;
    default:
      if (random_below(12) == 0) {
        is_freed = 1;
        smtpconn_free(connection);
      }
  }
}

/* Mostly what a server says, so that the program comes further. */
static size_t any_octets(unsigned char *octets) {
  static const char *const lines[] = {
      "220 test\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n", "354 go on\r\n",
      "250-test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
      "250-test\r\n250-PIPELINING\r\n250 SIZE 2000\r\n", "235 welcome\r\n", "334 VXNlcm5hbWU6\r\n",
      "450 later\r\n", "550-no\r\n550 no\r\n", "421 bye\r\n", "221 bye\r\n", "250", "\n",
  };
  size_t length = 0, count;
  if (random_below(20) == 0) {
    for (count = random_below(64); length < count; length++) {
      octets[length] = (unsigned char)random_below(256);
    }
    return length;
  }
  for (count = 1 + random_below(4); count > 0; count--) {
    const char *line = lines[random_below(sizeof lines / sizeof lines[0])];
    memcpy(octets + length, line, strlen(line));
    length += strlen(line);
  }
  return length;
}

/* One call from outside. */
static void step(void) {
  static unsigned char octets[ROOM];
  size_t length;
  ptrdiff_t count;
  switch (random_below(8)) {
    case 0: case 1:
      length = any_octets(octets);
      count = smtpconn_feed(connection, octets, length, now);
      CHECK(count >= 0 && (size_t)count <= length);
      break;
    case 2: case 3: case 4:
      length = random_below(2) == 0 ? sizeof octets : random_below(20);
      count = smtpconn_take(connection, octets, length, now);
      CHECK(count >= 0 && (size_t)count <= length);
      break;
    case 5:
      if (random_below(40) == 0) now = smtpconn_deadline(connection);
      now += random_below(1000);
      CHECK(smtpconn_tick(connection, now) >= 0);
      break;
    case 6:
      if (random_below(20) == 0) {
        CHECK_INT(smtpconn_feed_end(connection, (int)random_below(2) * 104, now), 0);
      }
      break;
    default: act();
  }
}

static void run(smtpconn_options *options) {
  int steps;
  started = 1, ended = ends = is_freed = 0;
  now = random_below(5) == 0 ? 0 : random_below(1000000);
  smtpconn_options_set_chunking(options, (int)random_below(3));
  connection = smtpconn_new_without_socket(options);
  CHECK(connection != NULL);
  smtpconn_set_end_callback(connection, on_end, NULL);
  CHECK_INT(smtpconn_connect(connection, on_done, NULL), 0);
  for (steps = 0; steps < STEPS && !is_freed; steps++) step();
  if (!is_freed) {
    is_freed = 1;
    smtpconn_free(connection);
  }
  CHECK_INT(ended, started);
  CHECK(ends <= 1);
}

int main(int argc, char **argv) {
  /* TLS from the first octet, the answer to which is never more than noise here; in the clear;
   * and in the clear with the dialogue recorded. */
  smtpconn_options *kinds[3];
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, last;
  int kind;
  for (kind = 0; kind < 3; kind++) {
    kinds[kind] = smtpconn_options_new();
    smtpconn_options_set_allow_insecure_auth(kinds[kind], 1);
    smtpconn_options_set_tls_reject_unauthorized(kinds[kind], 0);
    smtpconn_options_set_name(kinds[kind], "client.test");
  }
  smtpconn_options_set_secure(kinds[0], 1);
  smtpconn_options_set_debug(kinds[1], 1);
  for (last = seed + (argc > 2 ? strtoull(argv[2], NULL, 10) : 1); seed < last; seed++) {
    int before = check_failures;
    state = seed * 0x9E3779B97F4A7C15u + 1;
    run(kinds[random_below(16) == 0 ? 0 : 1 + random_below(2)]);
    if (check_failures != before) fprintf(stderr, "  seed %llu\n", (unsigned long long)seed);
  }
  for (kind = 0; kind < 3; kind++) smtpconn_options_free(kinds[kind]);
  return check_result();
}
