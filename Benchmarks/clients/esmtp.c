/*
 * esmtp.c - the benchmark's client with libESMTP
 *
 * A session sends all of its messages and ends, so the clock starts inside it. TLS is
 * by STARTTLS, as it has no other, and TLS 1.2: with the tickets of TLS 1.3 it waits
 * for the server to speak first, until its time is up.
 */
#define _GNU_SOURCE /* libesmtp.h needs it */
#include "common.h"

#include <openssl/ssl.h>

#include <libesmtp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static long ended, wanted;
static size_t handed_out;

static const char *read_piece_of(size_t limit, int *length) {
  /* Everything at once, then the end; a call without `length` starts again. */
  if (length == NULL) {
    handed_out = 0;
    return NULL;
  }
  *length = handed_out == 0 ? (int)limit : 0;
  handed_out = limit;
  return message;
}

static const char *read_head(void **buffer, int *length, void *user) {
  (void)buffer, (void)user;
  return read_piece_of(head_length, length);
}

static const char *read_all(void **buffer, int *length, void *user) {
  (void)buffer, (void)user;
  return read_piece_of(message_length, length);
}

static void on_event(smtp_session_t session, int event, void *user, ...) {
  (void)session, (void)user;
  if (event != SMTP_EV_MESSAGESENT) return;
  if (++ended == client.is_warm) start_clock();
  if (ended == wanted) stop_clock();
}

static void add_message(smtp_session_t session, smtp_messagecb_t callback, size_t length) {
  smtp_message_t item = smtp_add_message(session);
  long index;
  smtp_set_reverse_path(item, SENDER);
  for (index = 0; index < client.recipients; index++) {
    smtp_add_recipient(item, recipient(index));
  }
  smtp_set_messagecb(item, callback, NULL);
  smtp_size_set_estimate(item, (unsigned long)length);
  wanted++;
}

static void use_tls(smtp_session_t session) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (context == NULL || SSL_CTX_load_verify_locations(context, client.ca_file, NULL) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) != 1 ||
      !smtp_starttls_set_ctx(session, context) ||
      !smtp_starttls_enable(session, Starttls_REQUIRED)) {
    give_up("libESMTP cannot use TLS");
  }
}

int main(int argc, char **argv) {
  char server[32], why[128];
  smtp_session_t session;
  long index;

  read_arguments(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  session = smtp_create_session();
  /* By name, as its certificate is only looked at for names. */
  snprintf(server, sizeof server, "%s:%d", client.ca_file == NULL ? "127.0.0.1" : "localhost",
           client.port);
  smtp_set_server(session, server);
  smtp_set_hostname(session, "client.test");
  smtp_set_eventcb(session, on_event, NULL);
  if (client.ca_file != NULL) use_tls(session);
  if (client.is_warm) add_message(session, read_head, head_length);
  for (index = 0; index < client.count; index++) add_message(session, read_all, message_length);
  if (!smtp_start_session(session) || ended != wanted) {
    fprintf(stderr, "libESMTP: %s\n", smtp_strerror(smtp_errno(), why, sizeof why));
    give_up("not everything was sent");
  }
  smtp_destroy_session(session);
  free(message);
  print_report();
  return 0;
}
