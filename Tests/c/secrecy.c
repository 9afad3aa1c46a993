/*
 * secrecy.c - one connection with secrets, which afterwards are nowhere: not in the memory of
 * this program, freed or not, in no line of the log and in no text of an error
 *
 *     secrecy WORD...
 *
 *     o:NAME=VALUE       an option
 *     a:NAME=VALUE       a part of the credentials
 *     ask=VALUE          the callback for access tokens gives this one
 *     custom=VALUE       the custom mechanism X-TEST responds with this
 *     repeated=1         the server repeats the secret: what it says may stay in memory
 *     code=NUMBER        what the login ends with; 0 if it is not here
 *     forbidden=VALUE    must be found nowhere
 *
 * A VALUE that begins with ~ is in hexadecimal and hidden (hidden.h), and is erased from the
 * arguments. The connection is closed after the login.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"
#include "hidden.h"

#include <smtpconn.h>

enum { MOST = 64 };

static struct hidden words[MOST];
static size_t word_count;
static int is_repeated;

static const struct {
  const char *name;
  int (*set)(smtpconn_options *options, const char *value);
} texts[] = {
    {"auth_method", smtpconn_options_set_auth_method},
    {"channel_binding", smtpconn_options_set_channel_binding},
    {"host", smtpconn_options_set_host},
    {"name", smtpconn_options_set_name},
    {"tls_ca_file", smtpconn_options_set_tls_ca_file},
    {"tls_certificate_file", smtpconn_options_set_tls_certificate_file},
    {"tls_key", smtpconn_options_set_tls_key},
};

static const struct {
  const char *name;
  int (*set)(smtpconn_options *options, int value);
} numbers[] = {
    {"port", smtpconn_options_set_port},
    {"secure", smtpconn_options_set_secure},
    {"debug", smtpconn_options_set_debug},
};

static const struct {
  const char *name;
  int (*set)(smtpconn_auth *auth, const char *value);
} credentials[] = {
    {"user", smtpconn_auth_set_user},
    {"password", smtpconn_auth_set_password},
    {"refresh_token", smtpconn_auth_set_refresh_token},
    {"access_url", smtpconn_auth_set_access_url},
};

static int digit(char letter) { return letter <= '9' ? letter - '0' : letter - 'a' + 10; }

/* The octets of a value, hidden as they are or in clear. */
static struct hidden octets_of(char *value) {
  struct hidden word;
  unsigned char *octets = malloc(strlen(value) + 1);
  size_t index, length = 0;
  if (*value == '~') {
    for (index = 1; value[index] != 0; index += 2) {
      octets[length++] = (unsigned char)(digit(value[index]) * 16 + digit(value[index + 1]));
    }
  } else {
    for (; value[length] != 0; length++) octets[length] = (unsigned char)(value[length] - 1);
  }
  word.octets = octets;
  word.length = length;
  return word;
}

/* Calls a setter with what a value stands for. */
#define WITH(value, text, call)             \
  do {                                      \
    struct hidden word_ = octets_of(value); \
    char *text = malloc(word_.length + 1);  \
    hidden_reveal(&word_, text);            \
    CHECK_INT(call, 0);                     \
    hidden_forget(text, word_.length);      \
    free(text);                             \
    free((void *)word_.octets);             \
  } while (0)

static void check_text_is_clean(const char *text, const char *what) {
  size_t index, length = text == NULL ? 0 : strlen(text);
  for (index = 0; index < word_count; index++) {
    if (length < words[index].length) continue;
    if (hidden_count((const unsigned char *)text, length, length, &words[index]) == 0) continue;
    CHECK(!"a secret is shown");
    fprintf(stderr, "word %zu is in %s\n", index, what);
  }
}

static void on_line(smtpconn *connection, int level, int kind, const char *text, size_t length,
                    void *user) {
  (void)connection, (void)level, (void)kind, (void)length;
  check_text_is_clean(text, "the log");
  ++*(int *)user;
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  check_text_is_clean(smtpconn_error_message(error), "the message of an error");
  check_text_is_clean(smtpconn_error_response(error), "the response of an error");
  check_text_is_clean(smtpconn_error_command(error), "the command of an error");
  check_text_is_clean(smtpconn_error_tls_reason(error), "the TLS reason of an error");
  *(int *)user = smtpconn_error_code(error);
}

static void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  int code;
  (void)user;
  on_done(connection, error, &code);
}

static void on_token_wanted(smtpconn_token_request *request, int renew, void *user) {
  (void)renew;
  WITH((char *)user, text, smtpconn_token_request_provide(request, text, 0));
}

static void on_challenge(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                         void *user) {
  (void)challenge, (void)length;
  WITH((char *)user, text, smtpconn_exchange_respond(exchange, text, strlen(text)));
}

static int set_option(smtpconn_options *options, const char *name, char *value) {
  size_t index;
  for (index = 0; index < sizeof numbers / sizeof numbers[0]; index++) {
    if (strcmp(name, numbers[index].name) != 0) continue;
    CHECK_INT(numbers[index].set(options, atoi(value)), 0);
    return 1;
  }
  for (index = 0; index < sizeof texts / sizeof texts[0]; index++) {
    if (strcmp(name, texts[index].name) != 0) continue;
    WITH(value, text, texts[index].set(options, text));
    return 1;
  }
  return 0;
}

static int set_credential(smtpconn_auth *auth, const char *name, char *value) {
  size_t index;
  if (strcmp(name, "access_token") == 0) {
    WITH(value, text, smtpconn_auth_set_access_token(auth, text, 0));
    return 1;
  }
  if (strcmp(name, "client_secret") == 0) {
    WITH(value, text, smtpconn_auth_set_client(auth, "id", text));
    return 1;
  }
  if (strcmp(name, "service_account") == 0) {
    WITH(value, text, smtpconn_auth_set_service_account(auth, "service", text));
    return 1;
  }
  for (index = 0; index < sizeof credentials / sizeof credentials[0]; index++) {
    if (strcmp(name, credentials[index].name) != 0) continue;
    WITH(value, text, credentials[index].set(auth, text));
    return 1;
  }
  return 0;
}

/* Reads one argument; 0 when it is none. */
static int take(char *argument, smtpconn_options *options, smtpconn_auth *auth, int *code) {
  char *value = strchr(argument, '=');
  if (value == NULL) return 0;
  *value++ = 0;
  if (strncmp(argument, "o:", 2) == 0) return set_option(options, argument + 2, value);
  if (strncmp(argument, "a:", 2) == 0) return set_credential(auth, argument + 2, value);
  if (strcmp(argument, "code") == 0) {
    *code = atoi(value);
  } else if (strcmp(argument, "repeated") == 0) {
    is_repeated = atoi(value);
  } else if (strcmp(argument, "ask") == 0) {
    CHECK_INT(smtpconn_auth_set_token_callback(auth, on_token_wanted, NULL, value), 0);
  } else if (strcmp(argument, "custom") == 0) {
    CHECK_INT(
        smtpconn_options_set_custom_mechanism(options, "X-TEST", on_challenge, NULL, value), 0);
  } else if (strcmp(argument, "forbidden") == 0 && word_count < MOST) {
    words[word_count++] = octets_of(value);
  } else {
    return 0;
  }
  return 1;
}

/* A search that finds nothing must be able to find something. */
static void check_search(void) {
  char *text = malloc(HIDDEN_LONGEST);
  size_t index;
  int before;
  for (index = 0; index < word_count; index++) {
    CHECK(words[index].length >= 8 && words[index].length < HIDDEN_LONGEST);
    /* What was given to the library is there already. */
    before = hidden_in_memory(&words[index]);
    hidden_reveal(&words[index], text);
    CHECK_INT(hidden_in_memory(&words[index]), before + 1);
    hidden_forget(text, words[index].length);
    CHECK_INT(hidden_in_memory(&words[index]), before);
  }
  free(text);
}

static void check_forgotten(const char *when) {
  size_t index;
  for (index = 0; index < word_count; index++) {
    int count = hidden_in_memory(&words[index]);
    CHECK_INT(count, 0);
    if (count != 0) fprintf(stderr, "word %zu is in memory %s\n", index, when);
  }
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn *connection;
  int index, code = 0, connected = 1, login = 1, ended = 1, lines = 0;
  for (index = 1; index < argc; index++) {
    if (!take(argv[index], options, auth, &code)) {
      fprintf(stderr, "secrecy: what is %s?\n", argv[index]);
      return 2;
    }
  }
  if (word_count == 0) return 2;
  check_search();
  connection = smtpconn_new(options, NULL);
  CHECK(connection != NULL);
  smtpconn_options_free(options);
  smtpconn_set_log_callback(connection, on_line, &lines);
  smtpconn_set_error_callback(connection, on_error, NULL);
  CHECK_INT(smtpconn_connect(connection, on_done, &connected), 0);
  CHECK_INT(smtpconn_login(connection, auth, on_done, &login), 0);
  CHECK_INT(smtpconn_quit(connection, on_done, &ended), 0);
  smtpconn_auth_free(auth);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(login, code);
  CHECK(lines > 0);
  smtpconn_free(connection);
  if (!is_repeated) check_forgotten("after everything was freed");
  return check_result();
}
