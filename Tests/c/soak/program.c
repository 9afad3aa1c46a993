/*
 * program.c - one random program
 */
#include "soak.h"

#include <dirent.h>
#include <stdlib.h>

static struct dice dice;

static int one_of(int sides) { return throw_dice(&dice, sides); }

/* --- what there is -------------------------------------------------------------------- */

struct client {
  smtpconn *connection;        /* NULL when it was freed */
  int is_being_freed, is_gone; /* smtpconn_free runs, has returned */
  int ended, connected, paused;
  smtpconn_token_request *request;
};

/* An operation, or something given; each comes back once. */
struct debt {
  struct client *client;
  int calls;
  int is_release;
  int reads;
  struct debt *next;
};

enum { MOST_CLIENTS = 3, MOST_DEEDS = 400, MOST_TURNS = 20000 };

static struct client clients[MOST_CLIENTS];
static struct debt *debts;
static smtpconn_loop *loop;
static smtpconn_options *options;
static int deeds;

static struct debt *owe(struct client *client, int is_release) {
  struct debt *debt = calloc(1, sizeof *debt);
  if (debt == NULL) exit(1);
  debt->client = client;
  debt->is_release = is_release;
  debt->next = debts;
  debts = debt;
  return debt;
}

/* The operation was not started. */
static void forget(struct debt *debt) { debt->calls = 1; }

static void act(struct client *client);

/* Every function of ours that the library calls for a connection begins with this. */
static void enter(struct client *client) {
  CHECK(!client->is_gone);
  if (one_of(4) == 0) act(client);
}

/* --- callbacks ---------------------------------------------------------------------------- */

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct debt *debt = user;
  (void)connection;
  debt->calls++;
  CHECK_INT(debt->calls, 1);
  CHECK(error == NULL || smtpconn_error_message(error) != NULL);
  enter(debt->client);
}

static void on_login(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct debt *debt = user;
  debt->client->request = NULL;
  on_done(connection, error, user);
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  struct debt *debt = user;
  size_t count = smtpconn_result_count(result);
  CHECK(count >= 1);
  CHECK(error != NULL || smtpconn_result_accepted_count(result) > 0);
  debt->client->paused = 0;
  on_done(connection, error, user);
  CHECK_INT(smtpconn_result_count(result), count);
}

static void on_release(void *user) {
  struct debt *debt = user;
  debt->calls++;
  CHECK_INT(debt->calls, 1);
  if (debt->client == NULL) return;
  if (one_of(3) == 0) act(debt->client);
}

static void on_connected(smtpconn *connection, void *user) {
  struct client *client = user;
  (void)connection;
  CHECK_INT(++client->connected, 1);
  enter(client);
}

static void on_end(smtpconn *connection, void *user) {
  struct client *client = user;
  (void)connection;
  CHECK_INT(++client->ended, 1);
  enter(client);
}

static void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  CHECK(smtpconn_error_code(error) != 0);
  enter(user);
}

static void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  (void)connection, (void)level, (void)kind;
  CHECK_INT(strlen(text), length);
  if (one_of(8) == 0) enter(user);
}

static ptrdiff_t on_read(uint8_t *buffer, size_t capacity, void *user) {
  struct debt *debt = user;
  size_t count = capacity < 5000 ? capacity : 5000;
  enter(debt->client);
  memset(buffer, 'r', count);
  switch (one_of(8)) {
    case 0:
      debt->client->paused = 1;
      return SMTPCONN_READ_PAUSE;
    case 1: return SMTPCONN_READ_ERROR;
    case 2: return (ptrdiff_t)count;
    default: return debt->reads++ < 3 ? 1 + one_of((int)count) : SMTPCONN_READ_END;
  }
}

static void on_exchange(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                        void *user) {
  (void)challenge, (void)length, (void)user;
  /* Which connection asks is not said; any of them may be given the answer. */
  switch (one_of(4)) {
    case 0: smtpconn_exchange_fail(exchange, "no"); break;
    case 1: smtpconn_exchange_respond(exchange, "", 0); break;
    default: smtpconn_exchange_respond(exchange, "there", 5);
  }
}

static void on_token(smtpconn_token_request *request, int renew, void *user) {
  struct debt *debt = user;
  (void)renew;
  enter(debt->client);
  switch (one_of(3)) {
    case 0: smtpconn_token_request_fail(request, "no"); break;
    case 1: smtpconn_token_request_provide(request, "token", 0); break;
    default: debt->client->request = debt->client->is_gone ? NULL : request;
  }
}

/* --- what is done ---------------------------------------------------------------------------- */

static void start(struct debt *debt, int result) {
  if (result != 0) forget(debt);
}

static void frees(struct client *client) {
  if (client->is_being_freed) {
    /* From a callback that the first call runs: does nothing. */
    smtpconn_free(client->connection);
    return;
  }
  if (client->connection == NULL) return;
  client->is_being_freed = 1;
  smtpconn_free(client->connection);
  client->is_being_freed = 0;
  client->connection = NULL;
  client->is_gone = 1;
  client->request = NULL;
}

static void logs_in(struct client *client) {
  struct debt *debt = owe(client, 0), *release;
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn_auth_set_user(auth, "alice");
  if (one_of(2)) {
    smtpconn_auth_set_password(auth, "secret");
  } else {
    release = owe(client, 1);
    smtpconn_auth_set_token_callback(auth, on_token, on_release, release);
  }
  start(debt, smtpconn_login(client->connection, auth, on_login, debt));
  smtpconn_auth_free(auth);
}

static void sends(struct client *client) {
  static char large[40000];
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message;
  struct debt *debt = owe(client, 0), *release = NULL;
  int recipients = one_of(4), kind = one_of(3);
  if (large[0] == 0) memset(large, 'm', sizeof large);
  for (; recipients >= 0; recipients--) smtpconn_envelope_add_to(envelope, "b@example.com");
  if (kind > 0) release = owe(client, 1);
  if (kind == 0) {
    message = smtpconn_message_new_copy("copy\r\n", 6);
  } else if (kind == 1) {
    message = smtpconn_message_new_borrowed(large, (size_t)one_of(sizeof large), on_release,
                                            release);
  } else {
    message = smtpconn_message_new_reader(on_read, on_release, release);
  }
  start(debt, smtpconn_send(client->connection, envelope, message, on_sent, debt));
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

static void changes_options(struct client *client) {
  struct debt *release;
  if (options == NULL) return;
  switch (one_of(3)) {
    case 0: smtpconn_options_set_custom_mechanism(options, "X-MINE", NULL, NULL, NULL); break;
    case 1:
      release = owe(client, 1);
      smtpconn_options_set_custom_mechanism(options, "X-MINE", on_exchange, on_release, release);
      break;
    default: smtpconn_options_set_tls_context_callback(options, NULL, NULL, NULL);
  }
}

static void act(struct client *client) {
  struct debt *debt;
  if (deeds++ > MOST_DEEDS || client->connection == NULL) return;
  switch (one_of(40)) {
    case 0: smtpconn_close(client->connection); break;
    case 1: smtpconn_cancel(client->connection); break;
    case 2: frees(client); break;
    case 3:
      debt = owe(client, 0);
      start(debt, smtpconn_quit(client->connection, on_done, debt));
      break;
    case 4:
    case 5:
      debt = owe(client, 0);
      start(debt, smtpconn_reset(client->connection, on_done, debt));
      break;
    case 6: logs_in(client); break;
    case 7: smtpconn_set_log_callback(client->connection, NULL, NULL); break;
    case 8:
    case 9: smtpconn_set_log_callback(client->connection, on_log, client); break;
    case 10: changes_options(client); break;
    case 11: act(&clients[one_of(MOST_CLIENTS)]); break;
    case 12: (void)smtpconn_resume(client->connection); break;
    case 13: (void)smtpconn_last_response(client->connection); break;
    case 14:
      debt = owe(client, 0);
      start(debt, smtpconn_connect(client->connection, on_done, debt));
      break;
    case 15: CHECK_INT(smtpconn_loop_wakeup(loop), 0); break;
    default: sends(client);
  }
}

/* --- the program -------------------------------------------------------------------------------- */

static void make_options(int port) {
  struct debt *release = owe(NULL, 1);
  options = smtpconn_options_new();
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_transaction_log(options, one_of(2));
  smtpconn_options_set_debug(options, one_of(4) == 0);
  /* A server that is silent costs no more than this. */
  smtpconn_options_set_greeting_timeout(options, 300);
  smtpconn_options_set_command_timeout(options, 300);
  smtpconn_options_set_final_reply_timeout(options, 300);
  smtpconn_options_set_socket_timeout(options, 1000);
  smtpconn_options_set_operation_timeout(options, 3000);
  if (one_of(2)) {
    smtpconn_options_set_custom_mechanism(options, "X-MINE", on_exchange, on_release, release);
  } else {
    forget(release);
  }
}

static void begin(struct client *client) {
  struct debt *debt = owe(client, 0);
  int count;
  client->connection = smtpconn_new(options, loop);
  smtpconn_set_connect_callback(client->connection, on_connected, client);
  smtpconn_set_end_callback(client->connection, on_end, client);
  smtpconn_set_error_callback(client->connection, on_error, client);
  if (one_of(2)) smtpconn_set_log_callback(client->connection, on_log, client);
  start(debt, smtpconn_connect(client->connection, on_done, debt));
  for (count = one_of(8); count > 0; count--) act(client);
}

/* What was left for later. */
static void answer_later(struct client *client) {
  if (client->paused && client->connection != NULL && one_of(2)) {
    client->paused = smtpconn_resume(client->connection) != 0;
  }
  if (client->request != NULL && one_of(2)) {
    smtpconn_token_request *request = client->request;
    client->request = NULL;
    smtpconn_token_request_provide(request, "token", 0);
  }
}

static void drive(void) {
  int turns, index, result = 1;
  for (turns = 0; turns < MOST_TURNS && result == 1; turns++) {
    result = smtpconn_loop_run_once(loop, 100);
    for (index = 0; index < MOST_CLIENTS; index++) {
      answer_later(&clients[index]);
      if (one_of(8) == 0) act(&clients[index]);
    }
  }
  CHECK(turns < MOST_TURNS);
}

static int open_descriptors(void) {
  DIR *entries = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(entries) != NULL) count++;
  closedir(entries);
  return count;
}

static void look_at_debts(void) {
  while (debts != NULL) {
    struct debt *debt = debts;
    CHECK_INT(debt->calls, 1);
    debts = debt->next;
    free(debt);
  }
}

void run_program(uint64_t seed, int port) {
  int index, count, descriptors = open_descriptors();
  smtpconn_options *last;
  throw_first(&dice, seed);
  memset(clients, 0, sizeof clients);
  deeds = 0;
  loop = smtpconn_loop_new();
  make_options(port);
  count = 1 + one_of(MOST_CLIENTS);
  for (index = 0; index < count; index++) begin(&clients[index]);
  drive();
  for (index = 0; index < MOST_CLIENTS; index++) frees(&clients[index]);
  last = options, options = NULL;
  smtpconn_options_free(last);
  smtpconn_loop_free(loop);
  look_at_debts();
  CHECK_INT(open_descriptors(), descriptors);
}
