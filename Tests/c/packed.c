/*
 * packed.c - smtpconn_send_packed: what it takes, what it refuses, and what is sent
 *
 *     packed
 *
 * The server is a function of this program that agrees to everything and keeps what it is sent.
 */
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20 };

static char heard[ROOM]; /* all that was sent after EHLO */
static size_t heard_count;
static int sent, code;
static size_t accepted;

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)user;
  CHECK(error == NULL);
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)connection;
  CHECK(user == &sent);
  sent++;
  code = smtpconn_error_code(error);
  accepted = smtpconn_result_accepted_count(result);
}

/* Gives what is to be sent to the server, and the answers back. */
static void move(smtpconn *connection) {
  static char octets[ROOM];
  static int in_content;
  char line[2048];
  size_t held = 0;
  ptrdiff_t count, at;
  while (smtpconn_wants_take(connection)) {
    count = smtpconn_take(connection, octets, sizeof octets, 1);
    CHECK(count >= 0);
    for (at = 0; at < count; at++) {
      const char *answer = "250 ok\r\n";
      if (heard_count < sizeof heard - 1) heard[heard_count++] = octets[at];
      heard[heard_count] = 0;
      if (held < sizeof line - 1) line[held++] = octets[at];
      if (octets[at] != '\n') continue;
      line[held] = 0;
      held = 0;
      if (in_content && strcmp(line, ".\r\n") != 0) continue;
      in_content = strcmp(line, "DATA\r\n") == 0;
      if (in_content) answer = "354 go\r\n";
      CHECK(smtpconn_feed(connection, answer, strlen(answer), 1) > 0);
    }
  }
}

static smtpconn *ready(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new_without_socket(options);
  smtpconn_options_free(options);
  CHECK_INT(smtpconn_connect(connection, on_done, NULL), 0);
  CHECK_INT(smtpconn_feed(connection, "220 hand.test\r\n", 15, 1), 15);
  move(connection);
  CHECK_INT(smtpconn_is_open(connection), 1);
  return connection;
}

#define PACKED(connection, envelope, addresses, content, borrowed)                         \
  smtpconn_send_packed(connection, envelope, addresses, sizeof addresses - 1, content,     \
                       strlen(content), borrowed, on_sent, &sent)

static void sends(smtpconn *connection, const char *expected, size_t recipients) {
  sent = 0, heard_count = 0;
  move(connection);
  CHECK_INT(sent, 1);
  CHECK_INT(code, 0);
  CHECK_INT(accepted, recipients);
  CHECK_TEXT(heard, expected);
}

static void what_is_sent(void) {
  smtpconn *connection = ready();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  char copied[] = "one\r\n", lent[] = "two\r\n";
  CHECK_INT(PACKED(connection, NULL, "a@example.com\0b@example.com\0", copied, 0), 0);
  memset(copied, 'x', 3);
  sends(connection,
        "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\none\r\n.\r\n", 1);

  /* The null reverse-path, blanks, several recipients; and what is lent is read when it leaves. */
  CHECK_INT(PACKED(connection, NULL, "\0 b@example.com \0postmaster\0", lent, 1), 0);
  memset(lent, 'x', 3);
  sends(connection,
        "MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<postmaster>\r\nDATA\r\nxxx\r\n.\r\n",
        2);
  CHECK_INT(PACKED(connection, NULL, "<>\0b@example.com\0", "", 0), 0);
  sends(connection, "MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n.\r\n", 1);

  /* The addresses of the envelope are used when there are no others, and stay as they are. */
  smtpconn_envelope_set_from(envelope, "own@example.com");
  smtpconn_envelope_add_to(envelope, "to@example.com");
  CHECK_INT(smtpconn_send_packed(connection, envelope, NULL, 0, "x\r\n", 3, 0, on_sent, &sent), 0);
  sends(connection,
        "MAIL FROM:<own@example.com>\r\nRCPT TO:<to@example.com>\r\nDATA\r\nx\r\n.\r\n", 1);
  CHECK_INT(PACKED(connection, envelope, "a@example.com\0b@example.com\0", "x\r\n", 0), 0);
  sends(connection, "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nx\r\n.\r\n", 1);
  CHECK_TEXT(smtpconn_envelope_from(envelope), "own@example.com");
  CHECK_INT(smtpconn_envelope_to_count(envelope), 1);
  CHECK_TEXT(smtpconn_envelope_to(envelope, 0), "to@example.com");
  smtpconn_envelope_free(envelope);
  smtpconn_free(connection);
}

/* Other fields hold for these addresses: this one needs what the server does not offer. */
static void other_fields(void) {
  smtpconn *connection = ready();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  CHECK_INT(smtpconn_envelope_set_require_tls(envelope, 1), 0);
  CHECK_INT(PACKED(connection, envelope, "a@example.com\0b@example.com\0", "x\r\n", 0), 0);
  smtpconn_envelope_free(envelope);
  sent = 0;
  move(connection);
  CHECK_INT(sent, 1);
  CHECK_INT(code, SMTPCONN_EREQUIRETLS);
  smtpconn_free(connection);
}

static void refused(smtpconn *connection, int result, int expected, const char *part) {
  const smtpconn_error *error = smtpconn_last_error(connection);
  CHECK_INT(result, expected);
  CHECK_INT(smtpconn_error_code(error), expected);
  if (error == NULL || strstr(smtpconn_error_message(error), part) == NULL) {
    CHECK_TEXT(error == NULL ? NULL : smtpconn_error_message(error), part); /* shows both */
  }
}

static int with(smtpconn *connection, const char *addresses, size_t length, const void *content,
                size_t content_length, int borrowed) {
  return smtpconn_send_packed(connection, NULL, addresses, length, content, content_length,
                              borrowed, on_sent, &sent);
}

static void what_is_refused(void) {
  smtpconn *connection = ready(), *closed = ready();
  static const char good[] = "a@example.com\0b@example.com";
  enum { SENVELOPE = SMTPCONN_EENVELOPE, SMESSAGE = SMTPCONN_EMESSAGE };
  size_t length;
  refused(connection, with(connection, NULL, 0, "x", 1, 0), SENVELOPE, "no recipient (to)");
  refused(connection, with(connection, NULL, 1, "x", 1, 0), SENVELOPE, "addresses are missing");
  refused(connection, with(connection, good, 0, "x", 1, 0), SENVELOPE, "do not end with a NUL");
  refused(connection, with(connection, good, SIZE_MAX, "x", 1, 0), SENVELOPE, "missing");
  refused(connection, with(connection, "a@example.com", 14, "x", 1, 0), SENVELOPE, "no recipient");
  refused(connection, with(connection, "a@b@c\0b@example.com", 20, "x", 1, 0), SENVELOPE,
          "\"a@b@c\" (from)");
  refused(connection, with(connection, "a@example.com\0b\xc2\xa0@example.com", 30, "x", 1, 0),
          SENVELOPE, "(to)");
  refused(connection, with(connection, "a@example.com\0\0", 15, "x", 1, 0), SENVELOPE, "(to)");
  refused(connection, with(connection, "a@example.com\0alice", 20, "x", 1, 0), SENVELOPE,
          "\"alice\" (to)");
  refused(connection, with(connection, "a@example.com\0b@example.com\r\nRSET", 34, "x", 1, 0),
          SENVELOPE, "(to)");
  /* Every length but the right ones: cut in an address, or without its NUL. */
  for (length = 1; length < sizeof good; length++) {
    refused(connection, with(connection, good, length, "x", 1, 1), SENVELOPE,
            length == 14 ? "no recipient" : "NUL");
  }
  refused(connection, with(connection, good, sizeof good, NULL, 1, 0), SMESSAGE, "content");
  refused(connection, with(connection, good, sizeof good, NULL, 1, 1), SMESSAGE, "content");
  refused(connection, with(connection, good, sizeof good, "x", SIZE_MAX, 0), SMESSAGE, "content");
  CHECK_INT(smtpconn_send_packed(NULL, NULL, good, sizeof good, "x", 1, 0, on_sent, &sent),
            SMTPCONN_ESTATE);
  smtpconn_close(closed);
  refused(closed, with(closed, good, sizeof good, "x", 1, 0), SMTPCONN_ESTATE, "over");
  smtpconn_free(closed);

  /* After all of these the connection is as before. */
  sent = 0;
  move(connection);
  CHECK_INT(sent, 0);
  CHECK_INT(with(connection, good, sizeof good, "x\r\n", 3, 0), 0);
  sends(connection, "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nx\r\n.\r\n", 1);
  smtpconn_free(connection);
}

static void without_a_callback(void) {
  smtpconn *connection = ready();
  CHECK_INT(smtpconn_send_packed(connection, NULL, "a@example.com\0b@example.com", 28, "x", 1, 0,
                                 NULL, NULL),
            0);
  move(connection);
  CHECK_INT(smtpconn_tick(connection, 1), 0);
  CHECK_INT(smtpconn_withdraw(connection, NULL), 0);
  CHECK_INT(smtpconn_send_packed(connection, NULL, "a@example.com\0b@example.com", 28, "x", 1, 0,
                                 on_sent, &sent),
            0);
  sent = 0;
  CHECK_INT(smtpconn_withdraw(connection, &sent), 1);
  move(connection);
  CHECK_INT(sent, 1);
  CHECK_INT(code, SMTPCONN_ECANCELLED);
  smtpconn_free(connection);
}

int main(void) {
  what_is_sent();
  other_fields();
  what_is_refused();
  without_a_callback();
  return check_result();
}
