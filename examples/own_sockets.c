/*
 * own_sockets.c - the library in an event loop that has sockets of its own
 *
 *     own_sockets HOST PORT CAFILE FROM TO < message
 *
 * This program makes the connection and does all of the input and output: poll(), recv()
 * and send() stand for whatever an event loop offers. The library gets the octets that came,
 * gives those that are to be sent, and names the next deadline. TLS is done by the library,
 * in the same octets.
 */
#define _POSIX_C_SOURCE 200809L
#include <smtpconn.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int failed;

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  if (error != NULL) {
    fprintf(stderr, "%s: %s\n", (const char *)user, smtpconn_error_message(error));
    failed = 1;
  }
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  on_done(connection, error, user);
  if (error == NULL) printf("%s\n", smtpconn_result_response(result));
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int connected(const char *host, const char *port) {
  struct addrinfo hints, *found, *each;
  int descriptor = -1;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
  for (each = found; each != NULL && descriptor < 0; each = each->ai_next) {
    descriptor = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
    if (descriptor >= 0 && connect(descriptor, each->ai_addr, each->ai_addrlen) != 0) {
      close(descriptor);
      descriptor = -1;
    }
  }
  freeaddrinfo(found);
  return descriptor;
}

/* Octets that came, and of them those that the library could not read yet. */
static unsigned char in[16384];
static size_t received;

/* Octets that were taken, and how many of them have left. */
static unsigned char out[16384];
static size_t taken, sent;

/* In this direction the library may want to wait until octets were taken. */
static void feed(smtpconn *connection) {
  ptrdiff_t read = smtpconn_feed(connection, in, received, now());
  if (read <= 0) return;
  received -= (size_t)read;
  memmove(in, in + read, received);
}

static void receive(smtpconn *connection, int descriptor) {
  ssize_t count = recv(descriptor, in + received, sizeof in - received, 0);
  if (count > 0) {
    received += (size_t)count;
    feed(connection);
  } else {
    smtpconn_feed_end(connection, count == 0 ? 0 : errno, now());
  }
}

/* What was taken counts as sent: so nothing more is taken before all of it has left. */
static void transmit(smtpconn *connection, int descriptor) {
  while (sent < taken || smtpconn_wants_take(connection)) {
    ssize_t count;
    if (sent == taken) {
      ptrdiff_t more = smtpconn_take(connection, out, sizeof out, now());
      if (more < 0) return;
      if (more == 0) continue;
      taken = (size_t)more;
      sent = 0;
      if (received > 0) feed(connection);
    }
    count = send(descriptor, out + sent, taken - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return; /* poll() reports when there is room, or what is wrong */
    sent += (size_t)count;
  }
}

/* Milliseconds for poll(). */
static int wait_time(smtpconn *connection) {
  uint64_t deadline = smtpconn_deadline(connection), time = now();
  if (deadline <= time) return 0;
  return deadline - time > 60000 ? 60000 : (int)(deadline - time);
}

static void run(smtpconn *connection, int descriptor) {
  struct pollfd watched;
  watched.fd = descriptor;
  for (;;) {
    transmit(connection, descriptor);
    if (smtpconn_stage(connection) == SMTPCONN_STAGE_CLOSED && sent == taken) return;
    watched.events = (short)(POLLIN | (sent < taken ? POLLOUT : 0));
    if (poll(&watched, 1, wait_time(connection)) < 0) return;
    if (watched.revents & (POLLIN | POLLHUP | POLLERR)) receive(connection, descriptor);
    if (smtpconn_deadline(connection) <= now()) smtpconn_tick(connection, now());
  }
}

int main(int argc, char **argv) {
  static char text[65536];
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  smtpconn_message *message;
  smtpconn *connection;
  int descriptor;

  /* The library does not connect: the host is the name that the certificate must have. */
  if (argc != 6 || smtpconn_options_set_host(options, argv[1]) != 0 ||
      smtpconn_options_set_require_tls(options, 1) != 0 ||
      smtpconn_options_set_tls_ca_file(options, argv[3]) != 0 ||
      smtpconn_envelope_set_from(envelope, argv[4]) != 0 ||
      smtpconn_envelope_add_to(envelope, argv[5]) != 0) {
    fprintf(stderr, "usage: own_sockets HOST PORT CAFILE FROM TO < message\n");
    return 2;
  }
  descriptor = connected(argv[1], argv[2]);
  if (descriptor < 0) {
    perror("cannot connect");
    return 1;
  }
  message = smtpconn_message_new_copy(text, fread(text, 1, sizeof text, stdin));
  connection = smtpconn_new_without_socket(options);
  if (connection == NULL || smtpconn_connect(connection, on_done, "connect") != 0 ||
      smtpconn_send(connection, envelope, message, on_sent, "send") != 0 ||
      smtpconn_quit(connection, on_done, "quit") != 0) {
    return 1;
  }
  run(connection, descriptor);
  close(descriptor);

  smtpconn_free(connection);
  smtpconn_message_free(message);
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
  return failed;
}
