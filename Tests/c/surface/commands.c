/*
 * commands.c - commands with one reply that are never started
 */
#include "surface.h"

#include <string.h>

static void never_replied(smtpconn *connection, const smtpconn_error *error,
                          const smtpconn_reply *reply, void *user) {
  (void)reply;
  never_done(connection, error, user);
}

void null_commands(void) {
  const char *attributes[] = {"NAME=x"};
  CHECK_INT(smtpconn_noop(NULL, never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_hello(NULL, never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_verify(NULL, "a", never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_expand(NULL, "a", never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_etrn(NULL, "a", never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_command(NULL, "A", 0, never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_xclient(NULL, attributes, 1, never_replied, NULL), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_xforward(NULL, attributes, 1, never_replied, NULL), SMTPCONN_ESTATE);

  CHECK_INT(smtpconn_reply_code(NULL), 0);
  CHECK_TEXT(smtpconn_reply_enhanced(NULL), NULL);
  CHECK_TEXT(smtpconn_reply_response(NULL), NULL);
  CHECK_INT(smtpconn_reply_line_count(NULL), 0);
  CHECK_TEXT(smtpconn_reply_line(NULL, 0), NULL);
}

/* The connection says why it does nothing. */
static void refused_command(smtpconn *connection, int result, int code, const char *why) {
  const smtpconn_error *error = smtpconn_last_error(connection);
  CHECK_INT(result, code);
  CHECK_INT(smtpconn_error_code(error), code);
  CHECK_TEXT(smtpconn_error_command(error), "API");
  CHECK(error != NULL && strstr(smtpconn_error_message(error), why) != NULL);
  if (error == NULL || strstr(smtpconn_error_message(error), why) == NULL) {
    fprintf(stderr, "  %s: %s\n", why, error == NULL ? "no error" : smtpconn_error_message(error));
  }
}

typedef int (*named)(smtpconn *, const char *, smtpconn_reply_callback, void *);
typedef int (*passing)(smtpconn *, const char *const *, size_t, smtpconn_reply_callback, void *);

static int command(smtpconn *connection, const char *line, smtpconn_reply_callback callback,
                   void *user) {
  return smtpconn_command(connection, line, 0, callback, user);
}

static int hidden(smtpconn *connection, const char *line, smtpconn_reply_callback callback,
                  void *user) {
  return smtpconn_command(connection, line, 1, callback, user);
}

/* So many letters after a beginning. */
static const char *long_text(const char *start, size_t length) {
  static char text[4096];
  memset(text, 'a', sizeof text);
  memcpy(text, start, strlen(start));
  text[length] = 0;
  return text;
}

static void texts(smtpconn *connection) {
  static const struct {
    named start;
    const char *argument;
    size_t room; /* octets of the longest that fits */
  } all[] = {
      {smtpconn_verify, "text", 496},
      {smtpconn_expand, "list", 496},
      {smtpconn_etrn, "node", 505},
      {command, "line", 510},
      {hidden, "line", 510},
  };
  size_t index;
  for (index = 0; index < sizeof all / sizeof all[0]; index++) {
    named start = all[index].start;
    const char *what = all[index].argument;
#define BAD(text) \
  refused_command(connection, start(connection, text, never_replied, NULL), SMTPCONN_ECOMMAND, what)
    BAD(NULL);
    BAD("");
    BAD("a\r\nRCPT TO:<x@y.example>");
    BAD("a\nb");
    BAD("a\rb");
    BAD("a\tb");
    BAD("a\177");
    BAD("a \303"); /* half a character */
    BAD(long_text("A ", all[index].room + 1));
    BAD(long_text("A ", 4000));
#undef BAD
    /* Everything else is wrong with it, and not this. */
    refused_command(connection,
                    start(connection, long_text("A", all[index].room), never_replied, NULL),
                    SMTPCONN_ESTATE, "not connected");
  }
  refused_command(connection, smtpconn_etrn(connection, "a b", never_replied, NULL),
                  SMTPCONN_ECOMMAND, "A-label");
  refused_command(connection, smtpconn_etrn(connection, "s\303\270.example", never_replied, NULL),
                  SMTPCONN_ECOMMAND, "A-label");
}

/* What has a function of its own, in any case, and what is no command. */
static void lines(smtpconn *connection) {
  static const struct {
    const char *line, *instead;
  } all[] = {
      {"MAIL FROM:<a@x.example>", "send"}, {"rcpt TO:<a@x.example>", "send"},
      {"Data", "send"},                    {"BDAT 3 LAST", "send"},
      {"BURL imap://x", "send"},           {"SEND FROM:<>", "send"},
      {"SOML FROM:<>", "send"},            {"SAML FROM:<>", "send"},
      {"EHLO x", "hello"},                 {"helo x", "hello"},
      {"LHLO x", "hello"},                 {"RSET", "reset"},
      {"QUIT", "quit"},                    {"AUTH PLAIN x", "login"},
      {"X-EXPS GSSAPI", "login"},          {"XCLIENT NAME=x", "xclient"},
      {"STARTTLS", "require_tls"},         {"X-AnonymousTLS", "require_tls"},
      {"TURN", "server"},                  {"ATRN x.example", "server"},
      {" NOOP", "begin with a word"},      {"*", "begin with a word"},
      {"DATA:", "begin with a word"},      {"MAIL_X", "begin with a word"},
      {"\303\270", "begin with a word"},   {" ", "begin with a word"},
  };
  size_t index;
  for (index = 0; index < sizeof all / sizeof all[0]; index++) {
    refused_command(connection, command(connection, all[index].line, never_replied, NULL),
                    SMTPCONN_ECOMMAND, all[index].instead);
    refused_command(connection, hidden(connection, all[index].line, never_replied, NULL),
                    SMTPCONN_ECOMMAND, all[index].instead);
  }
  refused_command(connection, smtpconn_command(connection, "HELP", 2, never_replied, NULL),
                  SMTPCONN_ECOMMAND, "hidden");
  refused_command(connection, smtpconn_command(connection, "HELP", -1, never_replied, NULL),
                  SMTPCONN_ECOMMAND, "hidden");
  /* They only look like one of them. */
  refused_command(connection, command(connection, "DATAX", never_replied, NULL), SMTPCONN_ESTATE,
                  "not connected");
  refused_command(connection, command(connection, "X-AUTH", never_replied, NULL), SMTPCONN_ESTATE,
                  "not connected");
}

static void attributes(smtpconn *connection, passing start) {
  static const struct {
    const char *attribute, *why;
  } all[] = {
      {NULL, "NAME=value"},         {"", "NAME=value"},         {"NAME", "NAME=value"},
      {"=x", "NAME=value"},         {"A B=x", "NAME=value"},    {"NAME=", "UNAVAILABLE"},
      {"NAME=a\r\nb", "control"},   {"NAME=a\303", "not UTF-8"},
  };
  const char *many[65], *one[1];
  size_t index;
  for (index = 0; index < sizeof all / sizeof all[0]; index++) {
    one[0] = all[index].attribute;
    refused_command(connection, start(connection, one, 1, never_replied, NULL), SMTPCONN_ECOMMAND,
                    all[index].why);
  }
  for (index = 0; index < 65; index++) many[index] = "NAME=x";
  refused_command(connection, start(connection, many, 65, never_replied, NULL), SMTPCONN_ECOMMAND,
                  "more than 64");
  refused_command(connection, start(connection, many, SIZE_MAX, never_replied, NULL),
                  SMTPCONN_ECOMMAND, "more than 64");
  refused_command(connection, start(connection, many, 0, never_replied, NULL), SMTPCONN_ECOMMAND,
                  "no attributes");
  refused_command(connection, start(connection, NULL, 1, never_replied, NULL), SMTPCONN_ECOMMAND,
                  "no attributes");
  refused_command(connection, start(connection, many, 64, never_replied, NULL), SMTPCONN_ESTATE,
                  "not connected");
  one[0] = long_text("NAME=", 5 + 256);
  refused_command(connection, start(connection, one, 1, never_replied, NULL), SMTPCONN_ECOMMAND,
                  "255 octets");
  one[0] = long_text("NAME=", 5 + 255);
  refused_command(connection, start(connection, one, 1, never_replied, NULL), SMTPCONN_ESTATE,
                  "not connected");
  { /* each octet becomes three */
    static char wide[300];
    memset(wide, '+', sizeof wide - 1);
    memcpy(wide, "NAME=", 5);
    wide[5 + 200] = 0;
    one[0] = wide;
  }
  refused_command(connection, start(connection, one, 1, never_replied, NULL), SMTPCONN_ECOMMAND,
                  "encoded");
}

void commands(void) {
  smtpconn *connection = smtpconn_new(NULL, NULL);
  const char *bare[] = {"addr=2001:db8::1"}, *written[] = {"ADDR=ipv6:2001:db8::1"};
  refused_command(connection, smtpconn_noop(connection, never_replied, NULL), SMTPCONN_ESTATE,
                  "not connected");
  refused_command(connection, smtpconn_hello(connection, never_replied, NULL), SMTPCONN_ESTATE,
                  "not connected");
  texts(connection);
  lines(connection);
  attributes(connection, smtpconn_xclient);
  attributes(connection, smtpconn_xforward);
  refused_command(connection, smtpconn_xclient(connection, bare, 1, never_replied, NULL),
                  SMTPCONN_ECOMMAND, "IPV6:");
  refused_command(connection, smtpconn_xclient(connection, written, 1, never_replied, NULL),
                  SMTPCONN_ESTATE, "not connected");
  /* There it may be no IP address at all. */
  refused_command(connection, smtpconn_xforward(connection, bare, 1, never_replied, NULL),
                  SMTPCONN_ESTATE, "not connected");
  smtpconn_free(connection);
}
