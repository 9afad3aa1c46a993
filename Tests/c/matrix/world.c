/*
 * world.c - one connection, with every callback that there is, from its beginning to its end
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

struct world world;
int without_socket;

/* A certificate for tests, and its key: the password is "matrix". */
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhDCCASmgAwIBAgIUJDQaK2IkacbhXVZbgcJLE/nqtMswCgYIKoZIzj0EAwIw\n"
    "FjEUMBIGA1UEAwwLY2xpZW50LnRlc3QwIBcNMjYxMTMwMDcwNjA3WhgPMjEyNjEx\n"
    "MDYwNzA2MDdaMBYxFDASBgNVBAMMC2NsaWVudC50ZXN0MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEKkgi1VA413gOAENcrdF5CL3yPo7N3UYFjslUM8PjSGd1d/jF\n"
    "aUQz/3r8eLm++nQWjm4vPrHE+qWKjFINnCmImqNTMFEwHQYDVR0OBBYEFFwUgVO+\n"
    "L4fU0LvwOQimZeqDxu/vMB8GA1UdIwQYMBaAFFwUgVO+L4fU0LvwOQimZeqDxu/v\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAK/SgFi6QC8aBnfX\n"
    "69KvzX4kvHxuPrLg2j9hAPa61ZyyAiEAwBEfEcHhFVuiFcz+c6cDyny5JwqY/X0C\n"
    "95701MROZ7g=\n"
    "-----END CERTIFICATE-----\n";
static const char key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,1125D8CDC6659287170B2EFF83A9F75A\n"
    "\n"
    "C+azLMA7nnqoR/CLbNFkmYTKTp6e2Icuxmz839OOWw9oMiN7zlcpZtWqf8l2TSxk\n"
    "gabyC4RWjJXsYkjMar2Uh1Eds/dyX4T+gqikD8UrI5AJc9Pcdho6LTFGlX4DOYe1\n"
    "Ete2/Xaz2mrOgHxHFzKxOmJ5hCGb5K2ARWf6GhYcM58=\n"
    "-----END EC PRIVATE KEY-----\n";

void visit(enum visit place) {
  /* Whatever was freed is not spoken of again; what it was given comes back. */
  CHECK(!world.is_freed || place >= RELEASED_MESSAGE);
  world.calls[place]++;
  if (place != world.place || world.calls[place] != world.number || world.deed == NULL) return;
  world.deeds++;
  world.deed();
}

/* --- the callbacks ----------------------------------------------------------- */

#define DONE(name, place)                                                             \
  static void name(smtpconn *connection, const smtpconn_error *error, void *user) {   \
    (void)error;                                                                      \
    CHECK(connection != NULL && user == &world);                                      \
    visit(place);                                                                     \
  }
#define RELEASED(name, place)    \
  static void name(void *user) { \
    CHECK(user == &world);       \
    visit(place);                \
  }

DONE(on_connect, ON_CONNECT)
DONE(on_reset, ON_RESET)
DONE(on_quit, ON_QUIT)

static void on_replied(smtpconn *connection, const smtpconn_error *error,
                       const smtpconn_reply *reply, void *user) {
  CHECK(connection != NULL && user == &world);
  visit(ON_REPLIED);
  CHECK(error != NULL || smtpconn_reply_code(reply) == 250);
}

RELEASED(released_message, RELEASED_MESSAGE)
RELEASED(released_reader, RELEASED_READER)
RELEASED(released_token, RELEASED_TOKEN)
RELEASED(released_mechanism, RELEASED_MECHANISM)
RELEASED(released_password, RELEASED_PASSWORD)
RELEASED(released_context, RELEASED_CONTEXT)

static void on_login(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)error;
  CHECK(connection != NULL && user == &world);
  visit(ON_LOGIN);
  /* Valid until here. */
  world.exchange = NULL;
  world.request = NULL;
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)error;
  CHECK(connection != NULL && user == &world);
  visit(ON_SENT);
  CHECK_INT(smtpconn_result_count(result), 1); /* whatever was freed meanwhile */
}

static void on_reader_sent(smtpconn *connection, const smtpconn_error *error,
                           const smtpconn_result *result, void *user) {
  CHECK(connection != NULL && result != NULL && user == &world);
  visit(ON_READER_SENT);
  CHECK(error == NULL || smtpconn_error_message(error) != NULL);
}

void on_connected(smtpconn *connection, void *user) {
  CHECK(connection != NULL && user == &world);
  visit(ON_CONNECTED);
}

static void on_end(smtpconn *connection, void *user) {
  CHECK(connection != NULL && user == &world);
  visit(ON_END);
}

static void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  CHECK(connection != NULL && user == &world);
  visit(ON_ERROR);
  CHECK(smtpconn_error_message(error) != NULL);
}

void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
            void *user) {
  (void)level, (void)kind;
  CHECK(connection != NULL && user == &world);
  visit(ON_LOG);
  CHECK_INT(strlen(text), length);
}

static void on_new_token(smtpconn *connection, const char *token, uint64_t expires, void *user) {
  (void)expires;
  CHECK(connection != NULL && user == &world);
  visit(ON_NEW_TOKEN);
  CHECK_TEXT(token, "a-new-token");
}

static void on_progress(smtpconn *connection, uint64_t sent, uint64_t total, void *send_user,
                        void *user) {
  CHECK(connection != NULL && user == &world && sent <= total);
  CHECK(send_user == &world);
  visit(ON_PROGRESS);
}

void on_token(smtpconn_token_request *request, int renew, void *user) {
  int result;
  (void)renew;
  CHECK(user == &world);
  world.request = request;
  visit(ON_TOKEN);
  if (world.request == NULL) return;
  result = smtpconn_token_request_provide(world.request, "token", 0);
  CHECK(result == 0 || result == SMTPCONN_ESTATE);
  if (result == 0) world.request = NULL;
}

void on_exchange(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                 void *user) {
  int result;
  CHECK(user == &world);
  world.exchange = exchange;
  visit(challenge == NULL ? ON_BEGIN : ON_CHALLENGE);
  if (challenge == NULL || world.exchange == NULL) return;
  CHECK(length == 5 && memcmp(challenge, "hello", 5) == 0);
  result = smtpconn_exchange_respond(world.exchange, "there", 5);
  CHECK(result == 0 || result == SMTPCONN_ESTATE);
}

static ptrdiff_t on_read(uint8_t *buffer, size_t capacity, void *user) {
  CHECK(user == &world && capacity >= 3);
  visit(ON_READ);
  /* The room is ours until we return, whatever was freed. */
  memcpy(buffer, "x\r\n", 3);
  return world.reads++ == 0 ? 3 : SMTPCONN_READ_END;
}

ptrdiff_t on_password(char *buffer, size_t capacity, void *user) {
  CHECK(user == &world && capacity >= 6);
  visit(ON_PASSWORD);
  memcpy(buffer, "matrix", 6);
  return 6;
}

int on_context(void *ssl_ctx, void *user) {
  CHECK(ssl_ctx != NULL && user == &world);
  visit(ON_CONTEXT);
  return 0;
}

void on_extra_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)error;
  CHECK(connection != NULL && user == &world);
  CHECK(!world.is_freed);
  world.extra_called++;
}

void on_extra_sent(smtpconn *connection, const smtpconn_error *error,
                   const smtpconn_result *result, void *user) {
  CHECK(result != NULL);
  on_extra_done(connection, error, user);
}

void on_extra_replied(smtpconn *connection, const smtpconn_error *error,
                      const smtpconn_reply *reply, void *user) {
  CHECK(error != NULL || smtpconn_reply_line(reply, 0) != NULL);
  on_extra_done(connection, error, user);
}

void on_extra_release(void *user) {
  CHECK(user == &world);
  world.extra_released++;
}

ptrdiff_t on_extra_read(uint8_t *buffer, size_t capacity, void *user) {
  (void)buffer, (void)capacity;
  CHECK(user == &world);
  return SMTPCONN_READ_END;
}

/* --- making -------------------------------------------------------------------- */

static void make_options(enum course course) {
  smtpconn_options *options = world.options = smtpconn_options_new();
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, server_port);
  smtpconn_options_set_transaction_log(options, 1);
  /* Without a socket nobody knows that the server is on this machine. */
  smtpconn_options_set_allow_insecure_auth(options, without_socket);
  smtpconn_options_set_auth_method(options, course == MECHANISM ? "X-MINE" : "XOAUTH2");
  if (course == MECHANISM) {
    CHECK_INT(smtpconn_options_set_custom_mechanism(options, "X-MINE", on_exchange,
                                                    released_mechanism, &world),
              0);
    world.given[RELEASED_MECHANISM]++;
  }
  if (course == CONTEXT) {
    /* The store of the system would be read each time. */
    smtpconn_options_set_tls_ca(options, certificate);
    smtpconn_options_set_tls_certificate(options, certificate);
    smtpconn_options_set_tls_key(options, key);
    smtpconn_options_set_tls_key_password_callback(options, on_password, released_password,
                                                   &world);
    smtpconn_options_set_tls_context_callback(options, on_context, released_context, &world);
    world.given[RELEASED_PASSWORD]++;
    world.given[RELEASED_CONTEXT]++;
  }
}

static void make_auth(enum course course) {
  char url[64];
  world.auth = smtpconn_auth_new();
  smtpconn_auth_set_user(world.auth, "alice");
  if (course == ENDPOINT) {
    snprintf(url, sizeof url, "http://127.0.0.1:%d/token", token_port);
    CHECK_INT(smtpconn_auth_set_access_url(world.auth, url), 0);
    smtpconn_auth_set_refresh_token(world.auth, "refresh");
  } else {
    smtpconn_auth_set_token_callback(world.auth, on_token, released_token, &world);
    world.given[RELEASED_TOKEN]++;
  }
}

static void make_world(enum course course) {
  memset(&world, 0, sizeof world);
  world.loop = smtpconn_loop_new();
  make_options(course);
  make_auth(course);
  world.envelope = smtpconn_envelope_new();
  smtpconn_envelope_add_to(world.envelope,
                           course == DROPPED ? "drop@example.com" : "b@example.com");
  world.message = smtpconn_message_new_borrowed("borrowed", 8, released_message, &world);
  world.reader = smtpconn_message_new_reader(on_read, released_reader, &world);
  world.given[RELEASED_MESSAGE]++;
  world.given[RELEASED_READER]++;
  world.connection = without_socket ? smtpconn_new_without_socket(world.options)
                                    : smtpconn_new(world.options, world.loop);
  CHECK(world.connection != NULL);
  smtpconn_set_connect_callback(world.connection, on_connected, &world);
  smtpconn_set_error_callback(world.connection, on_error, &world);
  smtpconn_set_end_callback(world.connection, on_end, &world);
  smtpconn_set_log_callback(world.connection, on_log, &world);
  smtpconn_set_progress_callback(world.connection, on_progress, &world);
  smtpconn_set_token_callback(world.connection, on_new_token, &world);
}

static void note(enum visit operation, int result) {
  CHECK_INT(result, 0);
  if (result == 0) world.started[operation]++;
}

static void start_all(void) {
  smtpconn *connection = world.connection;
  note(ON_CONNECT, smtpconn_connect(connection, on_connect, &world));
  note(ON_LOGIN, smtpconn_login(connection, world.auth, on_login, &world));
  note(ON_SENT, smtpconn_send(connection, world.envelope, world.message, on_sent, &world));
  note(ON_READER_SENT,
       smtpconn_send(connection, world.envelope, world.reader, on_reader_sent, &world));
  note(ON_RESET, smtpconn_reset(connection, on_reset, &world));
  note(ON_REPLIED, smtpconn_noop(connection, on_replied, &world));
  note(ON_QUIT, smtpconn_quit(connection, on_quit, &world));
}

/* --- going ---------------------------------------------------------------------- */

/* As soon as they are used, objects may be freed: what is released is then released
 * inside the connection. */
static void free_used(void) {
  smtpconn_auth *auth = world.auth;
  smtpconn_message *message = world.message, *reader = world.reader;
  world.auth = NULL;
  world.message = world.reader = NULL;
  smtpconn_auth_free(auth);
  smtpconn_message_free(message);
  smtpconn_message_free(reader);
}

static void free_all(void) {
  smtpconn_options *options;
  smtpconn_envelope *envelope;
  smtpconn_loop *loop;
  smtpconn_free(world.connection);
  world.connection = NULL;
  world.is_freed = 1;
  options = world.options, world.options = NULL;
  envelope = world.envelope, world.envelope = NULL;
  smtpconn_options_free(options);
  smtpconn_envelope_free(envelope);
  free_used();
  loop = world.loop, world.loop = NULL;
  smtpconn_loop_free(loop);
}

/* A bound that only a loop that spins reaches. */
enum { MOST_TURNS = 2000 };

static void drive(void) {
  int turns = 0;
  if (without_socket) {
    pump();
    return;
  }
  while (world.loop != NULL && turns < MOST_TURNS) {
    turns++;
    if (smtpconn_loop_run_once(world.loop, 20000) != 1) break;
  }
  CHECK(turns < MOST_TURNS);
}

void go(enum course course, enum visit place, int number, deed deed, const char *name) {
  int before = check_failed(), index;
  make_world(course);
  world.place = place;
  world.number = number;
  world.deed = deed;
  start_all();
  if (course != CONTEXT) free_used();
  drive();
  free_all();
  for (index = 0; index <= ON_QUIT; index++) CHECK_INT(world.calls[index], world.started[index]);
  for (index = RELEASED_MESSAGE; index < VISITS; index++) {
    CHECK_INT(world.calls[index], world.given[index]);
  }
  CHECK_INT(world.extra_called, world.extra_started);
  CHECK_INT(world.extra_released, world.extra_given);
  /* A place that is not reached proves nothing. */
  if (deed != NULL) CHECK_INT(world.deeds, 1);
  if (check_failed() != before) {
    fprintf(stderr, "  in course %d%s, at visit %d of place %d: %s\n", course,
            without_socket ? " without a socket" : "", number, place, name);
  }
}
