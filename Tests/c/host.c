/*
 * host.c - what the library does to the program that loads it: nothing
 *
 *     host LIBRARY FRIENDLY RUDE TLS
 *
 * LIBRARY is opened while the program runs, which shows what loading does.
 * FRIENDLY is the port of a server that takes mail, RUDE that of one that
 * breaks off the connection in the middle of a message, TLS that of one that
 * does so under TLS in the middle of a command.
 *
 * It is not linked with the library, and is therefore all the more a host.
 */
#define _GNU_SOURCE
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the library, by name --------------------------------------------------
 * A pointer to a function is not a pointer to an object in C; POSIX says how to
 * go from one to the other. */

static void *library;

static void look_up(const char *name, void *function) {
  void *found = dlsym(library, name);
  if (found == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  memcpy(function, &found, sizeof found);
}

static smtpconn_options *(*options_new)(void);
static void (*options_free)(smtpconn_options *);
static int (*options_set_host)(smtpconn_options *, const char *);
static int (*options_set_port)(smtpconn_options *, int);
static int (*options_set_secure)(smtpconn_options *, int);
static int (*options_set_tls_reject_unauthorized)(smtpconn_options *, int);
static smtpconn *(*connection_new)(smtpconn_options *, smtpconn_loop *);
static void (*connection_free)(smtpconn *);
static int (*start_connect)(smtpconn *, smtpconn_done_callback, void *);
static int (*start_send)(smtpconn *, const smtpconn_envelope *, smtpconn_message *,
                         smtpconn_send_callback, void *);
static int (*start_quit)(smtpconn *, smtpconn_done_callback, void *);
static int (*run)(smtpconn *);
static smtpconn_envelope *(*envelope_new)(void);
static void (*envelope_free)(smtpconn_envelope *);
static int (*envelope_add_to)(smtpconn_envelope *, const char *);
static smtpconn_message *(*message_new_copy)(const void *, size_t);
static void (*message_free)(smtpconn_message *);
static smtpconn_loop *(*loop_new)(void);
static void (*loop_free)(smtpconn_loop *);
static int (*loop_run)(smtpconn_loop *);
static int (*loop_run_once)(smtpconn_loop *, int);
static int (*loop_wakeup)(smtpconn_loop *);

static void look_up_all(void) {
  look_up("smtpconn_options_new", &options_new);
  look_up("smtpconn_options_free", &options_free);
  look_up("smtpconn_options_set_host", &options_set_host);
  look_up("smtpconn_options_set_port", &options_set_port);
  look_up("smtpconn_options_set_secure", &options_set_secure);
  look_up("smtpconn_options_set_tls_reject_unauthorized", &options_set_tls_reject_unauthorized);
  look_up("smtpconn_new", &connection_new);
  look_up("smtpconn_free", &connection_free);
  look_up("smtpconn_connect", &start_connect);
  look_up("smtpconn_send", &start_send);
  look_up("smtpconn_quit", &start_quit);
  look_up("smtpconn_run", &run);
  look_up("smtpconn_envelope_new", &envelope_new);
  look_up("smtpconn_envelope_free", &envelope_free);
  look_up("smtpconn_envelope_add_to", &envelope_add_to);
  look_up("smtpconn_message_new_copy", &message_new_copy);
  look_up("smtpconn_message_free", &message_free);
  look_up("smtpconn_loop_new", &loop_new);
  look_up("smtpconn_loop_free", &loop_free);
  look_up("smtpconn_loop_run", &loop_run);
  look_up("smtpconn_loop_run_once", &loop_run_once);
  look_up("smtpconn_loop_wakeup", &loop_wakeup);
}

/* --- what a process has ---------------------------------------------------- */

enum { SIGNALS = 65 };

struct state {
  struct sigaction actions[SIGNALS];
  stack_t stack;
  sigset_t mask;
  int threads, descriptors;
};

static int count_entries(const char *folder) {
  DIR *entries = opendir(folder);
  int count = -2; /* "." and ".." */
  if (entries == NULL) return -1;
  while (readdir(entries) != NULL) count++;
  closedir(entries);
  return count;
}

static void take_state(struct state *state) {
  int signal;
  memset(state, 0, sizeof *state);
  for (signal = 1; signal < SIGNALS; signal++) {
    /* Two numbers belong to the C library, which refuses to tell. */
    if (sigaction(signal, NULL, &state->actions[signal]) != 0) {
      state->actions[signal].sa_handler = SIG_DFL;
    }
  }
  sigaltstack(NULL, &state->stack);
  pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
  state->threads = count_entries("/proc/self/task");
  state->descriptors = count_entries("/proc/self/fd");
}

/* Only the signals count: the C library leaves the rest of a set as it was. */
static int same_set(const sigset_t *one, const sigset_t *other) {
  int signal;
  for (signal = 1; signal < SIGNALS; signal++) {
    if (sigismember(one, signal) != sigismember(other, signal)) return 0;
  }
  return 1;
}

static void check_same(const struct state *before, const char *when) {
  struct state after;
  int signal;
  take_state(&after);
  for (signal = 1; signal < SIGNALS; signal++) {
    if (before->actions[signal].sa_handler != after.actions[signal].sa_handler ||
        before->actions[signal].sa_flags != after.actions[signal].sa_flags ||
        !same_set(&before->actions[signal].sa_mask, &after.actions[signal].sa_mask)) {
      fprintf(stderr, "%s: the action of signal %d has changed\n", when, signal);
      CHECK(0);
    }
  }
  CHECK(before->stack.ss_sp == after.stack.ss_sp);
  CHECK_INT(after.stack.ss_size, before->stack.ss_size);
  CHECK_INT(after.stack.ss_flags, before->stack.ss_flags);
  CHECK(same_set(&before->mask, &after.mask));
  CHECK_INT(after.threads, before->threads);
  CHECK_INT(after.descriptors, before->descriptors);
}

/* --- a send ---------------------------------------------------------------- */

struct outcome {
  int calls, code;
};

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)error;
  ((struct outcome *)user)->calls++;
}

static int code_of_last_send;

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  int (*error_code)(const smtpconn_error *);
  (void)result;
  look_up("smtpconn_error_code", &error_code);
  code_of_last_send = error_code(error);
  on_done(connection, error, user);
}

static smtpconn *connection_to(int port, smtpconn_loop *loop, int secure) {
  smtpconn_options *options = options_new();
  smtpconn *connection;
  CHECK_INT(options_set_host(options, "127.0.0.1"), 0);
  CHECK_INT(options_set_port(options, port), 0);
  CHECK_INT(options_set_secure(options, secure), 0);
  CHECK_INT(options_set_tls_reject_unauthorized(options, 0), 0);
  connection = connection_new(options, loop);
  options_free(options);
  return connection;
}

/* Sends a message of this size; three callbacks must come. */
static int send_message(int port, size_t size, int secure) {
  smtpconn *connection = connection_to(port, NULL, secure);
  smtpconn_envelope *envelope = envelope_new();
  char *text = calloc(1, size);
  smtpconn_message *message;
  struct outcome outcome = {0, 0};
  memset(text, 'x', size);
  message = message_new_copy(text, size);
  free(text);
  envelope_add_to(envelope, "b@example.com");
  CHECK_INT(start_connect(connection, on_done, &outcome), 0);
  CHECK_INT(start_send(connection, envelope, message, on_sent, &outcome), 0);
  CHECK_INT(start_quit(connection, on_done, &outcome), 0);
  CHECK_INT(run(connection), 0);
  CHECK_INT(outcome.calls, 3);
  message_free(message);
  envelope_free(envelope);
  connection_free(connection);
  return code_of_last_send;
}

/* --- fork ------------------------------------------------------------------ */

/* The child frees what it has inherited; the parent must not notice. */
static void fork_and_free(int port) {
  smtpconn_loop *loop = loop_new();
  smtpconn *connection = connection_to(port, loop, 0);
  smtpconn_envelope *envelope = envelope_new();
  smtpconn_message *message = message_new_copy("x", 1);
  struct outcome outcome = {0, 0};
  int status = 0;
  pid_t child;
  envelope_add_to(envelope, "b@example.com");
  CHECK_INT(start_connect(connection, on_done, &outcome), 0);
  CHECK_INT(loop_run(loop), 0);
  CHECK_INT(outcome.calls, 1);
  child = fork();
  if (child == 0) {
    connection_free(connection);
    loop_free(loop);
    message_free(message);
    envelope_free(envelope);
    _exit(check_failures == 0 ? 0 : 1);
  }
  CHECK(child > 0);
  CHECK_INT(waitpid(child, &status, 0), child);
  CHECK_INT(status, 0);
  /* The connection is still in order: no QUIT, no close_notify came of that. */
  CHECK_INT(start_send(connection, envelope, message, on_sent, &outcome), 0);
  CHECK_INT(start_quit(connection, on_done, &outcome), 0);
  CHECK_INT(loop_run(loop), 0);
  CHECK_INT(outcome.calls, 3);
  CHECK_INT(code_of_last_send, 0);
  connection_free(connection);
  loop_free(loop);
  message_free(message);
  envelope_free(envelope);
}

/* --- wakeup from another thread --------------------------------------------- */

static void *wake(void *loop) {
  loop_wakeup(loop);
  return NULL;
}

/* The loop waits for ever, and the other thread ends that, whichever is first. */
static void wake_from_thread(void) {
  smtpconn_loop *loop = loop_new();
  pthread_t thread;
  CHECK_INT(pthread_create(&thread, NULL, wake, loop), 0);
  CHECK_INT(loop_run_once(loop, -1), 0);
  CHECK_INT(pthread_join(thread, NULL), 0);
  loop_free(loop);
}

int main(int argc, char **argv) {
  struct state before;
  int friendly, rude, tls, round;
  if (argc != 5) {
    fprintf(stderr, "usage: host LIBRARY FRIENDLY RUDE TLS\n");
    return 2;
  }
  friendly = atoi(argv[2]);
  rude = atoi(argv[3]);
  tls = atoi(argv[4]);

  /* A program is entitled to the default action, which ends it. */
  signal(SIGPIPE, SIG_DFL);
  take_state(&before);
  /* Or loading it would show nothing. */
  CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL);
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  look_up_all();
  check_same(&before, "loaded");

  CHECK_INT(send_message(friendly, 100, 0), 0);
  check_same(&before, "used");

  /* The server goes away while much is being written, and while TLS would still
   * say goodbye: writing to it could raise SIGPIPE. That we are still here is the
   * check; several rounds, since it depends on who is first. */
  for (round = 0; round < 6; round++) CHECK(send_message(rude, 20000000, 0) < 0);
  for (round = 0; round < 5; round++) CHECK(send_message(tls, 100, 1) < 0);
  check_same(&before, "after a reset");

  fork_and_free(friendly);
  check_same(&before, "after a fork");

  wake_from_thread();
  check_same(&before, "after a wakeup");

  /* Not to be unloaded: threads of its own may still run in it. */
  CHECK_INT(dlclose(library), 0);
  CHECK_INT(send_message(friendly, 100, 0), 0);
  return check_result();
}
