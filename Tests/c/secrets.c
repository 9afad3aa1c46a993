/*
 * secrets.c - what a login was done with is nowhere in memory any more once
 * everything is freed
 *
 *     secrets FRIENDLY ENDPOINT REPEATING CERTIFICATE KEY SOCKS HTTP
 *
 * FRIENDLY is the port of a server that takes every login, ENDPOINT the URL of a
 * token endpoint that gives "access-token-0123456789", and REPEATING that of one that
 * refuses and repeats the request; CERTIFICATE and KEY are PEM files; SOCKS and HTTP are
 * the ports of proxies.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"
#include "hidden.h"

#include <smtpconn.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LONGEST = 64 };

/* See hidden.h. */
static const char *const passwords[] = {"o`rrvnqc,/012345678", NULL};
static const char *const tokens[] = {"qdeqdrg,snjdm,/012345678", "bkhdms,rdbqds,/012345678",
                                     "`bbdrr,snjdm,/012345678", NULL};

/* The password, and with the user in base64. */
static const char *const proxy_logins[] = {"o`rrvnqc,/012345678",
                                           "XVwoX1T5bFEyb2cublPsLCDxLyP0Mib3NP<<", NULL};

static struct hidden hidden(const char *letters) {
  struct hidden word;
  word.octets = (const unsigned char *)letters;
  word.length = strlen(letters);
  return word;
}

static void reveal(char *word, const char *letters) {
  struct hidden secret = hidden(letters);
  hidden_reveal(&secret, word);
}

static void forget(char *word) { hidden_forget(word, strlen(word)); }

static int is_hidden_here(const char *place, const char *letters) {
  struct hidden secret = hidden(letters);
  return hidden_is_here((const unsigned char *)place, &secret);
}

static int count_in_memory(const char *letters) {
  struct hidden secret = hidden(letters);
  return hidden_in_memory(&secret);
}

static void check_forgotten(const char *const *words) {
  for (; *words != NULL; words++) CHECK_INT(count_in_memory(*words), 0);
}

/* A search that finds nothing must be able to find something. */
static void check_search(void) {
  char *word = malloc(LONGEST);
  reveal(word, passwords[0]);
  CHECK_INT(count_in_memory(passwords[0]), 1);
  forget(word);
  CHECK_INT(count_in_memory(passwords[0]), 0);
  free(word);
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  *(int *)user = smtpconn_error_code(error);
}

static int given;

static void on_token(smtpconn *connection, const char *token, uint64_t expires, void *user) {
  unsigned char records[1024], *record = records + 40;
  uint32_t text;
  /* Kept between two others, and taken. */
  smtpconn_keep_done(connection, NULL, user);
  smtpconn_keep_token(connection, token, expires, user);
  smtpconn_keep_done(connection, NULL, user);
  CHECK(smtpconn_take_records(connection, records, sizeof records, NULL) > 120);
  memcpy(&text, record + 48, sizeof text);
  CHECK(is_hidden_here((char *)record + text, tokens[2]));
  hidden_forget((char *)records, sizeof records);
  CHECK(is_hidden_here(token, tokens[2]));
  given++;
}

/* Logs in once with these credentials, which are freed. */
static int login(int port, smtpconn_auth *auth) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  int connected = 1, result = 1, ended = 1;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new(options, NULL);
  smtpconn_options_free(options);
  smtpconn_set_token_callback(connection, on_token, NULL);
  CHECK_INT(smtpconn_connect(connection, on_done, &connected), 0);
  CHECK_INT(smtpconn_login(connection, auth, on_done, &result), 0);
  CHECK_INT(smtpconn_quit(connection, on_done, &ended), 0);
  smtpconn_auth_free(auth);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(connected, 0);
  CHECK_INT(ended, 0);
  smtpconn_free(connection);
  return result;
}

static void on_replied(smtpconn *connection, const smtpconn_error *error,
                       const smtpconn_reply *reply, void *user) {
  (void)connection, (void)error;
  *(int *)user = smtpconn_reply_code(reply);
}

/* Sends the word in a command that is hidden. */
static void command(int port) {
  static const char verb[] = "XLOGIN alice ";
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  int connected = 1, code = 0, ended = 1;
  char line[sizeof verb + LONGEST];
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new(options, NULL);
  smtpconn_options_free(options);
  memcpy(line, verb, sizeof verb);
  CHECK_INT(smtpconn_connect(connection, on_done, &connected), 0);
  reveal(line + sizeof verb - 1, passwords[0]);
  CHECK_INT(smtpconn_command(connection, line, 1, on_replied, &code), 0);
  forget(line + sizeof verb - 1);
  CHECK(count_in_memory(passwords[0]) > 0);
  CHECK_INT(smtpconn_quit(connection, on_done, &ended), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(connected, 0);
  CHECK(code >= 200);
  CHECK_INT(ended, 0);
  smtpconn_free(connection);
}

static smtpconn_auth *with_password(void) {
  smtpconn_auth *auth = smtpconn_auth_new();
  char word[LONGEST];
  smtpconn_auth_set_user(auth, "alice");
  reveal(word, passwords[0]);
  smtpconn_auth_set_password(auth, word);
  forget(word);
  return auth;
}

static smtpconn_auth *with_refresh_token(const char *url) {
  smtpconn_auth *auth = smtpconn_auth_new();
  char word[LONGEST];
  smtpconn_auth_set_user(auth, "alice");
  smtpconn_auth_set_access_url(auth, url);
  reveal(word, tokens[0]);
  smtpconn_auth_set_refresh_token(auth, word);
  forget(word);
  reveal(word, tokens[1]);
  smtpconn_auth_set_client(auth, "id", word);
  forget(word);
  return auth;
}

/* A key in PEM: its first line of base64, hidden like the words above. */
static char key_line[LONGEST + 1];
static const char *const keys[] = {key_line, NULL};

/* Reads a file without leaving it anywhere else; returns where it ends. */
static char *read_file(const char *path, char *start, size_t room) {
  int descriptor = open(path, O_RDONLY);
  ssize_t count = read(descriptor, start, room);
  CHECK(count > 0 && (size_t)count < room);
  close(descriptor);
  start[count < 0 ? 0 : count] = 0;
  return start + (count < 0 ? 0 : count);
}

enum key_form { KEY_TEXT, KEY_FILE, KEY_WITH_CERTIFICATE, KEY_REFUSED, KEY_FORMS };

/* Connects and quits, and frees the options. */
static void visit(smtpconn_options *options, int port) {
  smtpconn *connection;
  int connected = 1, ended = 1;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_name(options, "client.test");
  connection = smtpconn_new(options, NULL);
  smtpconn_options_free(options);
  CHECK_INT(smtpconn_connect(connection, on_done, &connected), 0);
  CHECK_INT(smtpconn_quit(connection, on_done, &ended), 0);
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(connected, 0);
  CHECK_INT(ended, 0);
  smtpconn_free(connection);
}

/* Connects with a client's key, which is used before anything is sent. */
static void show_key(int port, enum key_form form, const char *certificate, const char *key) {
  static char text[1 << 14];
  smtpconn_options *options = smtpconn_options_new();
  char *line, *end;
  size_t index;
  if (form == KEY_FILE) {
    smtpconn_options_set_tls_key_file(options, key);
  } else {
    end = read_file(key, text, sizeof text);
    line = strchr(text, '\n') + 1;
    for (index = 0; index < LONGEST - 4 && line[index] != '\n'; index++) {
      key_line[index] = (char)(line[index] - 1);
    }
    CHECK(index > 40);
    if (form == KEY_WITH_CERTIFICATE) {
      end = read_file(certificate, end, (size_t)(text + sizeof text - end));
      CHECK_INT(smtpconn_options_set_tls_certificate(options, text), 0);
      CHECK_TEXT(smtpconn_options_tls_certificate(options), text);
    } else {
      CHECK_INT(smtpconn_options_set_tls_key(options, text), 0);
    }
    if (form == KEY_REFUSED) {
      text[0] = 0;
      CHECK_INT(smtpconn_options_set_tls_key(options, text), SMTPCONN_EOPTIONS);
    }
    for (line = text; line < end; line++) *(volatile char *)line = 0;
    /* It is there, and can be found. */
    CHECK(count_in_memory(key_line) > 0);
  }
  if (form != KEY_WITH_CERTIFICATE) {
    smtpconn_options_set_tls_certificate_file(options, certificate);
  }
  visit(options, port);
  check_forgotten(keys);
}

/* Connects through a proxy: its password is in the URL, or apart. */
static void pass_proxy(int port, const char *scheme, const char *proxy, int apart) {
  smtpconn_options *options = smtpconn_options_new();
  char url[4 * LONGEST], word[LONGEST];
  strcpy(url, scheme);
  strcat(url, "://alice");
  if (apart) {
    reveal(word, proxy_logins[0]);
    CHECK_INT(smtpconn_options_set_proxy_password(options, word), 0);
    forget(word);
  } else {
    strcat(url, ":");
    reveal(url + strlen(url), proxy_logins[0]);
  }
  strcat(url, "@127.0.0.1:");
  strcat(url, proxy);
  CHECK_INT(smtpconn_options_set_proxy(options, url), 0);
  forget(url);
  CHECK(count_in_memory(proxy_logins[0]) > 0);
  visit(options, port);
  check_forgotten(proxy_logins);
}

int main(int argc, char **argv) {
  int port, form;
  if (argc != 8) {
    fprintf(stderr, "usage: secrets FRIENDLY ENDPOINT REPEATING CERTIFICATE KEY SOCKS HTTP\n");
    return 2;
  }
  port = atoi(argv[1]);
  check_search();
  CHECK_INT(login(port, with_password()), 0);
  check_forgotten(passwords);
  command(port);
  check_forgotten(passwords);
  CHECK_INT(login(port, with_refresh_token(argv[2])), 0);
  CHECK_INT(given, 1);
  check_forgotten(tokens);
  CHECK_INT(login(port, with_refresh_token(argv[3])), SMTPCONN_EOAUTH2);
  CHECK_INT(given, 1);
  check_forgotten(tokens);
  for (form = 0; form < KEY_FORMS; form++) {
    show_key(port, (enum key_form)form, argv[4], argv[5]);
  }
  for (form = 0; form < 2; form++) {
    pass_proxy(port, "socks5h", argv[6], form);
    pass_proxy(port, "http", argv[7], form);
  }
  return check_result();
}
