/*
 * deeds.c - what a callback does: every function of the header but those that run callbacks,
 * which it finds refused
 */
#include "world.h"

#include <unistd.h>

#define WITH(object) if (world.object == NULL) return

/* --- the connection --------------------------------------------------------------- */

static void started(int result) {
  if (result == 0) world.extra_started++;
}

static void frees(void) {
  smtpconn_free(world.connection);
  world.connection = NULL;
  world.is_freed = 1;
  /* Whoever is called now still runs, the others have run. */
}

static void frees_twice(void) {
  smtpconn *connection = world.connection;
  WITH(connection);
  frees();
  (void)connection;
  smtpconn_free(world.connection);
}

static void closes(void) { smtpconn_close(world.connection); }
static void cancels(void) { smtpconn_cancel(world.connection); }
static void withdraws(void) { smtpconn_withdraw(world.connection, &world); }
static void cancels_and_frees(void) { cancels(), frees(); }
static void quits(void) { started(smtpconn_quit(world.connection, on_extra_done, &world)); }
static void resets(void) { started(smtpconn_reset(world.connection, on_extra_done, &world)); }
static void asks(void) {
  smtpconn *connection = world.connection;
  started(smtpconn_noop(connection, on_extra_replied, &world));
  started(smtpconn_hello(connection, on_extra_replied, &world));
  started(smtpconn_verify(connection, "ann", on_extra_replied, &world));
  started(smtpconn_expand(connection, "staff", on_extra_replied, &world));
  started(smtpconn_etrn(connection, "x.example", on_extra_replied, &world));
  started(smtpconn_command(connection, "HELP", 1, on_extra_replied, &world));
}
static void passes_on(void) {
  static const char *const attributes[] = {"NAME=x.example"};
  started(smtpconn_xforward(world.connection, attributes, 1, on_extra_replied, &world));
  started(smtpconn_xclient(world.connection, attributes, 1, on_extra_replied, &world));
}
static void connects(void) { started(smtpconn_connect(world.connection, on_extra_done, &world)); }
static void resumes(void) { smtpconn_resume(world.connection); }

static void logs_in(void) {
  smtpconn_auth *auth = smtpconn_auth_new();
  smtpconn_auth_set_user(auth, "alice");
  smtpconn_auth_set_token_callback(auth, on_token, on_extra_release, &world);
  world.extra_given++;
  started(smtpconn_login(world.connection, auth, on_extra_done, &world));
  smtpconn_auth_free(auth);
}

static void sends(smtpconn_message *message) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_envelope_add_to(envelope, "c@example.com");
  started(smtpconn_send(world.connection, envelope, message, on_extra_sent, &world));
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
}

static void sends_copy(void) { sends(smtpconn_message_new_copy("copy", 4)); }

static void sends_packed(void) {
  WITH(connection);
  started(smtpconn_send_packed(world.connection, NULL, "a@example.com\0c@example.com", 28, "mine", 4,
                               1, on_extra_sent, &world));
}

static void sends_borrowed(void) {
  world.extra_given++;
  sends(smtpconn_message_new_borrowed("mine", 4, on_extra_release, &world));
}

static void sends_reader(void) {
  world.extra_given++;
  sends(smtpconn_message_new_reader(on_extra_read, on_extra_release, &world));
}

static void sends_descriptor(void) {
  int ends[2];
  if (pipe(ends) != 0) return;
  close(ends[1]);
  sends(smtpconn_message_new_descriptor(ends[0]));
  close(ends[0]);
}

static void sends_and_cancels(void) { sends_copy(), cancels(); }
static void sends_and_withdraws(void) { sends_borrowed(), withdraws(); }
static void sends_and_frees(void) { sends_reader(), frees(); }

static void removes_events(void) {
  smtpconn_set_connect_callback(world.connection, NULL, NULL);
  smtpconn_set_error_callback(world.connection, NULL, NULL);
  smtpconn_set_end_callback(world.connection, NULL, NULL);
  smtpconn_set_log_callback(world.connection, NULL, NULL);
  smtpconn_set_token_callback(world.connection, NULL, NULL);
  smtpconn_set_progress_callback(world.connection, NULL, NULL);
}

static void replaces_events(void) {
  smtpconn_set_connect_callback(world.connection, on_connected, &world);
  smtpconn_set_log_callback(world.connection, on_log, &world);
}

static void looks(void) {
  smtpconn *connection = world.connection;
  size_t index;
  (void)smtpconn_stage(connection), (void)smtpconn_id(connection);
  (void)smtpconn_client_name(connection), (void)smtpconn_is_open(connection);
  (void)smtpconn_is_secure(connection), (void)smtpconn_is_authenticated(connection);
  (void)smtpconn_tls_version(connection), (void)smtpconn_tls_cipher(connection);
  (void)smtpconn_tls_peer_name(connection), (void)smtpconn_tls_resumed(connection);
  (void)smtpconn_tls_certificate_count(connection);
  (void)smtpconn_tls_certificate(connection, 0, &index);
  (void)smtpconn_tls_certificate_subject(connection, 0);
  (void)smtpconn_tls_certificate_issuer(connection, 0);
  (void)smtpconn_tls_certificate_names(connection, 0);
  (void)smtpconn_tls_certificate_not_before(connection, 0);
  (void)smtpconn_tls_certificate_not_after(connection, 0);
  (void)smtpconn_time(connection, SMTPCONN_TIME_TLS);
  (void)smtpconn_remote_address(connection), (void)smtpconn_last_response(connection);
  (void)smtpconn_last_error(connection), (void)smtpconn_has_capability(connection, "AUTH");
  (void)smtpconn_capability_parameters(connection, "AUTH");
  smtpconn_set_user(connection, &world);
  CHECK(smtpconn_user(connection) == (connection == NULL ? NULL : &world));
  smtpconn_error_free(smtpconn_error_copy(smtpconn_last_error(connection)));
  for (index = 0; index < smtpconn_capability_count(connection); index++) {
    CHECK(smtpconn_capability_line(connection, index) != NULL);
  }
}

/* --- the loop ----------------------------------------------------------------------- */

/* Inside the four that wait all of them are refused; smtpconn_free and the like may be
 * called outside of them, where there is nothing to prove. */
static void waits(void) {
  int result;
  WITH(connection);
  if (!smtpconn_is_open(world.connection)) return;
  result = smtpconn_run(world.connection);
  if (result != SMTPCONN_ESTATE) return;
  CHECK_INT(smtpconn_error_code(smtpconn_last_error(world.connection)), SMTPCONN_ESTATE);
  if (without_socket) return; /* the loop is nobody's */
  CHECK_INT(smtpconn_loop_run(world.loop), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_run_once(world.loop, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_dispatch(world.loop), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_loop_dispatch_records(world.loop, NULL, 0, NULL), SMTPCONN_ESTATE);
}

/* With a socket these are refused always; without one inside a callback, and outside of them
 * they do nothing here. */
static void moves(void) {
  smtpconn *connection = world.connection;
  unsigned char room[1];
  WITH(connection);
  (void)smtpconn_wants_take(connection);
  (void)smtpconn_deadline(connection);
  if (without_socket && smtpconn_tick(connection, 0) >= 0) return;
  CHECK_INT(smtpconn_tick(connection, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_feed(connection, "x", 1, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_feed_end(connection, 0, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_take(connection, room, sizeof room, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_error_code(smtpconn_last_error(connection)), SMTPCONN_ESTATE);
}

/* Another connection is not in the way. */
static void moves_another(void) {
  smtpconn *other = smtpconn_new_without_socket(NULL);
  unsigned char room[64];
  CHECK_INT(smtpconn_connect(other, NULL, NULL), 0);
  CHECK_INT(smtpconn_feed(other, "220 a\r\n", 7, 0), 7);
  CHECK(smtpconn_take(other, room, sizeof room, 0) > 0);
  smtpconn_free(other);
}

static void asks_loop(void) {
  (void)smtpconn_get_loop(world.connection);
  (void)smtpconn_loop_fd(world.loop);
  (void)smtpconn_loop_timeout(world.loop);
  CHECK_INT(smtpconn_loop_wakeup(world.loop), world.loop == NULL ? SMTPCONN_ESTATE : 0);
}

static void on_nothing(smtpconn_timer *timer, void *user) { (void)timer, (void)user; }

/* It is freed before its time, with the loop or without it. */
static void sets_timers(void) {
  smtpconn_timer *once = smtpconn_timer_new(world.loop, on_nothing, NULL);
  smtpconn_timer *again = smtpconn_timer_new(world.loop, on_nothing, NULL);
  int expected = world.loop == NULL ? SMTPCONN_ESTATE : 0;
  CHECK_INT(smtpconn_timer_start(once, 100000, 0), expected);
  CHECK_INT(smtpconn_timer_start(again, 0, 100000), expected);
  CHECK_INT(smtpconn_timer_stop(once), expected);
  smtpconn_timer_free(once), smtpconn_timer_free(again);
}

/* One too many is kept; what a small buffer has no room for stays for the next time. */
static void takes_records(void) {
  char buffer[64];
  WITH(connection);
  smtpconn_keep_done(world.connection, NULL, &world);
  smtpconn_keep_log(world.connection, 0, 0, "line", 4, &world);
  CHECK(smtpconn_take_records(world.connection, buffer, sizeof buffer, NULL) >= 0);
  if (world.loop == NULL) return;
  CHECK(smtpconn_loop_take_records(world.loop, buffer, sizeof buffer, NULL) >= 0);
}

static void frees_loop(void) {
  smtpconn_loop *loop = world.loop;
  world.loop = NULL;
  smtpconn_loop_free(loop);
}

static void frees_loop_and_connection(void) { frees_loop(), frees(); }
static void frees_connection_and_loop(void) { frees(), frees_loop(); }

/* --- options --------------------------------------------------------------------------- */

static void sets_mechanism(void) {
  smtpconn_options_set_custom_mechanism(world.options, "X-MINE", on_exchange, on_extra_release,
                                        &world);
  world.extra_given++;
}
static void adds_mechanism(void) {
  smtpconn_options_set_custom_mechanism(world.options, "X-OTHER", on_exchange, on_extra_release,
                                        &world);
  world.extra_given++;
}
static void takes_mechanism(void) {
  smtpconn_options_set_custom_mechanism(world.options, "X-MINE", NULL, NULL, NULL);
}
static void sets_bad_mechanism(void) {
  smtpconn_options_set_custom_mechanism(world.options, "not a name", on_exchange,
                                        on_extra_release, &world);
  world.extra_given++;
}
static void sets_password(void) {
  smtpconn_options_set_tls_key_password_callback(world.options, on_password, on_extra_release,
                                                 &world);
  world.extra_given++;
}
static void takes_password(void) {
  smtpconn_options_set_tls_key_password_callback(world.options, NULL, NULL, NULL);
}
static void sets_context(void) {
  smtpconn_options_set_tls_context_callback(world.options, on_context, on_extra_release, &world);
  world.extra_given++;
}
static void takes_context(void) {
  smtpconn_options_set_tls_context_callback(world.options, NULL, NULL, NULL);
}
static void on_key(const char *line, void *user) { (void)line, (void)user; }
static void sets_key_log(void) {
  smtpconn_options_set_tls_key_log_callback(world.options, on_key, on_extra_release, &world);
  world.extra_given++;
}
static void takes_key_log(void) {
  smtpconn_options_set_tls_key_log_callback(world.options, NULL, NULL, NULL);
}
static void sets_options(void) {
  char session[8];
  smtpconn_options_set_host(world.options, "localhost");
  smtpconn_options_set_tls_ca(world.options, "no certificate");
  smtpconn_options_set_dns_timeout(world.options, 1000);
  smtpconn_options_set_port(world.options, 70000);
  (void)smtpconn_options_last_error(world.options);
  (void)smtpconn_options_host(world.options);
  (void)smtpconn_options_take_tls_session(world.options, session, sizeof session);
}
static void frees_options(void) {
  smtpconn_options *options = world.options;
  world.options = NULL;
  smtpconn_options_free(options);
}
static void makes_connection(void) {
  smtpconn *other;
  WITH(loop);
  other = smtpconn_new(world.options, world.loop);
  if (other == NULL) return;
  started(smtpconn_connect(other, on_extra_done, &world));
  /* What is pending is called back now, by this connection and no other. */
  {
    int was_freed = world.is_freed;
    world.is_freed = 0;
    smtpconn_free(other);
    world.is_freed = was_freed;
  }
}

/* --- credentials, envelopes, messages, questions ------------------------------------------ */

static void sets_token(void) {
  smtpconn_auth_set_token_callback(world.auth, on_token, on_extra_release, &world);
  world.extra_given++;
}
static void takes_token(void) {
  smtpconn_auth_set_token_callback(world.auth, NULL, NULL, NULL);
}
static void sets_auth(void) {
  smtpconn_auth_set_user(world.auth, "bob");
  smtpconn_auth_set_password(world.auth, "password");
  smtpconn_auth_set_access_token(world.auth, "token", 1);
  smtpconn_auth_set_access_url(world.auth, "no url");
  (void)smtpconn_auth_last_error(world.auth);
}
static void frees_auth(void) {
  smtpconn_auth *auth = world.auth;
  world.auth = NULL;
  smtpconn_auth_free(auth);
}
static void sets_envelope(void) {
  smtpconn_envelope_add_to(world.envelope, "d@example.com");
  smtpconn_envelope_set_from(world.envelope, "not an address");
  (void)smtpconn_envelope_last_error(world.envelope);
  (void)smtpconn_envelope_to(world.envelope, 0);
}
static void frees_envelope(void) {
  smtpconn_envelope *envelope = world.envelope;
  world.envelope = NULL;
  smtpconn_envelope_free(envelope);
}
static void frees_messages(void) {
  smtpconn_message *message = world.message, *reader = world.reader;
  world.message = world.reader = NULL;
  smtpconn_message_free(message);
  smtpconn_message_free(reader);
}
static void provides(void) {
  if (smtpconn_token_request_provide(world.request, "token", 0) == 0) world.request = NULL;
}
static void fails_request(void) {
  if (smtpconn_token_request_fail(world.request, "no token") == 0) world.request = NULL;
}
static void responds(void) { smtpconn_exchange_respond(world.exchange, "there", 5); }
static void fails_exchange(void) { smtpconn_exchange_fail(world.exchange, "no answer"); }

static void frees_everything(void) {
  frees(), frees_options(), frees_auth(), frees_envelope(), frees_messages(), frees_loop();
}

#define DEED(name) {#name, name}
const struct named_deed deeds[] = {
    DEED(frees), DEED(frees_twice), DEED(closes), DEED(cancels), DEED(withdraws), DEED(cancels_and_frees),
    DEED(quits), DEED(resets), DEED(asks), DEED(passes_on), DEED(connects), DEED(resumes), DEED(logs_in), DEED(sends_copy),
    DEED(sends_borrowed), DEED(sends_packed), DEED(sends_reader), DEED(sends_descriptor), DEED(sends_and_cancels), DEED(sends_and_withdraws),
    DEED(sends_and_frees), DEED(removes_events), DEED(replaces_events), DEED(looks), DEED(waits),
    DEED(moves), DEED(moves_another),
    DEED(asks_loop), DEED(sets_timers), DEED(takes_records), DEED(frees_loop), DEED(frees_loop_and_connection),
    DEED(frees_connection_and_loop), DEED(sets_mechanism), DEED(adds_mechanism),
    DEED(takes_mechanism), DEED(sets_bad_mechanism), DEED(sets_password), DEED(takes_password),
    DEED(sets_context), DEED(takes_context), DEED(sets_key_log), DEED(takes_key_log),
    DEED(sets_options), DEED(frees_options),
    DEED(makes_connection), DEED(sets_token), DEED(takes_token), DEED(sets_auth),
    DEED(frees_auth), DEED(sets_envelope), DEED(frees_envelope), DEED(frees_messages),
    DEED(provides), DEED(fails_request), DEED(responds), DEED(fails_exchange),
    DEED(frees_everything),
};
const int deed_count = sizeof deeds / sizeof deeds[0];
