/*
 * forked.c - sockets that the caller gave, and a child that has them as well
 *
 *     forked FRIENDLY TLS
 *
 * FRIENDLY is the port of a server that takes mail, TLS that of one that does so
 * under TLS from the first octet.
 *
 * A program forks, and the child inherits the socket, the library's copy of it, and
 * the connection. Whatever of it the child closes or frees, the parent goes on.
 */
#define _POSIX_C_SOURCE 200809L
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* When the program forks. */
enum moment { OPTIONS_MADE, CONNECTION_MADE, CONNECTED, SENDING, MOMENTS };

/* What the child does: closes the descriptor and becomes another program, which the
 * library's own do not survive, or frees what it has inherited. */
enum deed { EXECS, FREES, DEEDS };

struct program {
  int descriptor; /* the caller's own */
  smtpconn_options *options;
  smtpconn *connection;
  smtpconn_envelope *envelope;
  smtpconn_message *message;
  int pauses, calls, failures, released;
};

static int make_socket(int port, int connects) {
  struct sockaddr_in address = {0};
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(descriptor >= 0);
  if (connects) {
    CHECK_INT(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
  }
  return descriptor;
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  struct program *program = user;
  (void)connection;
  program->calls++;
  if (error != NULL) program->failures++;
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)result;
  on_done(connection, error, user);
}

static void on_release(void *user) { ((struct program *)user)->released++; }

/* Pauses once in the middle, so that the program can fork there. */
static ptrdiff_t read_slowly(uint8_t *buffer, size_t capacity, void *user) {
  struct program *program = user;
  CHECK(capacity > 3);
  switch (program->pauses++) {
    case 0: memcpy(buffer, "a\r\n", 3); return 3;
    case 1: return SMTPCONN_READ_PAUSE;
    case 2: memcpy(buffer, "b\r\n", 3); return 3;
    default: return SMTPCONN_READ_END;
  }
}

static void free_all(struct program *program) {
  smtpconn_free(program->connection);
  smtpconn_options_free(program->options);
  smtpconn_envelope_free(program->envelope);
  smtpconn_message_free(program->message);
}

/* What is pending continues in the parent: the child gets no callback for it, and gets back
 * what it has given. */
static int child(struct program *program, enum deed deed) {
  int calls = program->calls, failed = check_failures, given = program->message != NULL;
  close(program->descriptor);
  if (deed == EXECS) {
    execl("/bin/true", "true", (char *)NULL);
    return 1;
  }
  free_all(program);
  CHECK_INT(program->calls - calls, 0);
  CHECK_INT(program->failures, 0);
  CHECK_INT(program->released, given);
  return check_failures != failed;
}

static void fork_now(struct program *program, enum deed deed) {
  int status = -1;
  pid_t process = fork();
  if (process == 0) _exit(child(program, deed));
  CHECK(process > 0);
  CHECK_INT(waitpid(process, &status, 0), process);
  CHECK_INT(status, 0);
}

static void parent_goes_on(int port, int secure, int connects, enum moment moment,
                           enum deed deed) {
  struct program program = {0};
  program.descriptor = make_socket(port, connects);
  program.options = smtpconn_options_new();
  smtpconn_options_set_host(program.options, "127.0.0.1");
  smtpconn_options_set_port(program.options, port);
  smtpconn_options_set_secure(program.options, secure);
  smtpconn_options_set_tls_reject_unauthorized(program.options, 0);
  CHECK_INT(connects ? smtpconn_options_set_connection(program.options, program.descriptor)
                     : smtpconn_options_set_socket(program.options, program.descriptor),
            0);
  if (moment == OPTIONS_MADE) fork_now(&program, deed);

  program.connection = smtpconn_new(program.options, NULL);
  CHECK(program.connection != NULL);
  if (moment == CONNECTION_MADE) fork_now(&program, deed);

  CHECK_INT(smtpconn_connect(program.connection, on_done, &program), 0);
  CHECK_INT(smtpconn_run(program.connection), 0);
  CHECK_INT(smtpconn_is_open(program.connection), 1);
  CHECK_INT(smtpconn_is_secure(program.connection), secure);
  if (moment == CONNECTED) fork_now(&program, deed);

  program.envelope = smtpconn_envelope_new();
  smtpconn_envelope_add_to(program.envelope, "b@example.com");
  program.message = smtpconn_message_new_reader(read_slowly, on_release, &program);
  if (smtpconn_send(program.connection, program.envelope, program.message, on_sent, &program)) {
    program.failures++; /* the connection is over; without a send nothing pauses */
  }
  while (program.pauses < 2 && program.failures == 0) {
    CHECK_INT(smtpconn_loop_run_once(smtpconn_get_loop(program.connection), 20000), 1);
  }
  CHECK_INT(program.pauses, 2);
  if (moment == SENDING) fork_now(&program, deed);

  CHECK_INT(smtpconn_resume(program.connection), 0);
  CHECK_INT(smtpconn_quit(program.connection, on_done, &program), 0);
  CHECK_INT(smtpconn_run(program.connection), 0);
  CHECK_INT(program.calls, 3);
  CHECK_INT(program.failures, 0);
  close(program.descriptor);
  free_all(&program);
  CHECK_INT(program.released, 1);
}

int main(int argc, char **argv) {
  int moment, deed;
  if (argc != 3) {
    fprintf(stderr, "usage: forked FRIENDLY TLS\n");
    return 2;
  }
  for (moment = 0; moment < MOMENTS; moment++) {
    for (deed = 0; deed < DEEDS; deed++) {
      parent_goes_on(atoi(argv[1]), 0, 0, (enum moment)moment, (enum deed)deed);
      parent_goes_on(atoi(argv[1]), 0, 1, (enum moment)moment, (enum deed)deed);
      parent_goes_on(atoi(argv[2]), 1, 1, (enum moment)moment, (enum deed)deed);
    }
  }
  return check_result();
}
