/*
 * setup.c - options, envelope and messages of the clients with smtpconn
 */
#define _GNU_SOURCE
#include "setup.h"

#include "common.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

smtpconn_options *new_options(void) {
  smtpconn_options *options = smtpconn_options_new();
  int chunking = is(client.mode, "chunking")     ? SMTPCONN_CHUNKING_ON
                 : is(client.mode, "optimistic") ? SMTPCONN_CHUNKING_OPTIMISTIC
                                                 : SMTPCONN_CHUNKING_OFF;
  if (smtpconn_options_set_host(options, "127.0.0.1") != 0 ||
      smtpconn_options_set_port(options, client.port) != 0 ||
      smtpconn_options_set_name(options, "client.test") != 0 ||
      smtpconn_options_set_chunking(options, chunking) != 0 ||
      smtpconn_options_set_secure(options, client.ca_file != NULL) != 0 ||
      smtpconn_options_set_tls_ca_file(options, client.ca_file) != 0) {
    give_up(smtpconn_error_message(smtpconn_options_last_error(options)));
  }
  return options;
}

smtpconn_envelope *new_envelope(void) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  long index;
  if (smtpconn_envelope_set_from(envelope, SENDER) != 0 ||
      smtpconn_envelope_set_size(envelope, message_length) != 0) {
    give_up("the sender is refused");
  }
  for (index = 0; index < client.recipients; index++) {
    if (smtpconn_envelope_add_to(envelope, recipient(index)) != 0) {
      give_up("a recipient is refused");
    }
  }
  return envelope;
}

void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection, (void)user;
  if (error != NULL) give_up(smtpconn_error_message(error));
}

static ptrdiff_t on_read(uint8_t *buffer, size_t capacity, void *user) {
  return (ptrdiff_t)read_piece(user, (char *)buffer, capacity);
}

static smtpconn_message *new_reader(void) {
  struct reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) give_up(NULL);
  reader->limit = message_length;
  return smtpconn_message_new_reader(on_read, free, reader);
}

static smtpconn_message *new_descriptor(void) {
  int descriptor = open(client.path, O_RDONLY | O_CLOEXEC);
  smtpconn_message *handle = smtpconn_message_new_descriptor(descriptor);
  close(descriptor);
  return handle;
}

smtpconn_message *new_message(void) {
  if (is(client.source, "copy")) return smtpconn_message_new_copy(message, message_length);
  if (is(client.source, "callback")) return new_reader();
  if (is(client.source, "descriptor")) return new_descriptor();
  return smtpconn_message_new_borrowed(message, message_length, NULL, NULL);
}

smtpconn_message *new_head(void) {
  return smtpconn_message_new_borrowed(message, head_length, NULL, NULL);
}

void start_send(smtpconn *connection, const smtpconn_envelope *envelope,
                smtpconn_message *handle, smtpconn_send_callback callback, void *user) {
  if (smtpconn_send(connection, envelope, handle, callback, user) != 0) {
    give_up(smtpconn_error_message(smtpconn_last_error(connection)));
  }
  smtpconn_message_free(handle);
}
