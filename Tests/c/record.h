/*
 * record.h - reading records, and whether one says what its callback was given
 *
 * The file that has main() defines RECORD_MAIN before it includes this one.
 */
#ifndef RECORD_H
#define RECORD_H

#include <smtpconn.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

uint16_t record_16(const unsigned char *at);
uint32_t record_32(const unsigned char *at);
uint64_t record_64(const unsigned char *at);
int32_t record_int(const unsigned char *at);

/* The text at this place of a record; NULL for none. */
const char *record_text(const unsigned char *record, size_t place);

/* Takes the records of a connection, which the caller frees; `octets` gets their number. */
unsigned char *take_all(smtpconn *connection, size_t *octets);

/* The same of a loop. */
unsigned char *take_all_of_loop(smtpconn_loop *loop, size_t *octets);

/* What smtpconn_keep_... is given. */
struct kept {
  int kind;
  smtpconn *connection;
  smtpconn_pool *pool; /* instead of a connection; NULL without one */
  const smtpconn_error *error;
  const smtpconn_result *result;
  const smtpconn_reply *reply;
  int level, log_kind;
  const char *text;
  size_t length;
  uint64_t expires;
  void *user;
};

/* Keeps it and takes the record again. Returns NULL when it says the same as the functions that
 * read errors, results and replies; else what is different. */
const char *difference_of_record(const struct kept *kept);

#ifdef RECORD_MAIN

uint16_t record_16(const unsigned char *at) {
  uint16_t number;
  memcpy(&number, at, sizeof number);
  return number;
}

uint32_t record_32(const unsigned char *at) {
  uint32_t number;
  memcpy(&number, at, sizeof number);
  return number;
}

uint64_t record_64(const unsigned char *at) {
  uint64_t number;
  memcpy(&number, at, sizeof number);
  return number;
}

int32_t record_int(const unsigned char *at) {
  int32_t number;
  memcpy(&number, at, sizeof number);
  return number;
}

const char *record_text(const unsigned char *record, size_t place) {
  uint32_t offset = record_32(record + place), length = record_32(record + place + 4);
  const char *text = (const char *)record + offset;
  if (offset == 0) return length == 0 ? NULL : "a length without an offset";
  if (offset + (size_t)length >= record_32(record)) return "a text beyond the record";
  return strlen(text) == length ? text : "a text of another length";
}

unsigned char *take_all(smtpconn *connection, size_t *octets) {
  unsigned char *buffer;
  size_t left = 0;
  ptrdiff_t taken = smtpconn_take_records(connection, NULL, 0, &left);
  *octets = left;
  buffer = malloc(left + 1);
  if (taken != 0 || buffer == NULL) abort();
  taken = smtpconn_take_records(connection, buffer, left, &left);
  if (taken < 0 || (size_t)taken != *octets || left != 0) abort();
  return buffer;
}

unsigned char *take_all_of_loop(smtpconn_loop *loop, size_t *octets) {
  unsigned char *buffer;
  size_t left = 0;
  if (smtpconn_loop_take_records(loop, NULL, 0, &left) != 0) abort();
  *octets = left;
  buffer = malloc(left + 1);
  if (buffer == NULL) abort();
  if (smtpconn_loop_take_records(loop, buffer, left, &left) != (ptrdiff_t)*octets) abort();
  return buffer;
}

static int same(const char *left, const char *right) {
  if (left == NULL || right == NULL) return left == right;
  return strcmp(left, right) == 0;
}

#define SAME(condition, name) \
  if (!(condition)) return name

/* `recipient`: the recipient whose error it is, NULL for that of the operation. */
static const char *difference_of_error(const unsigned char *record, uint32_t place,
                                       const smtpconn_error *error, const char *recipient) {
  const char *of;
  if (error == NULL) return place == 0 ? NULL : "an error that there is not";
  SAME(place != 0 && place % 8 == 0 && place + 96 <= record_32(record), "place of an error");
  of = record_text(record, place + 64);
  SAME(record_int(record + place) == smtpconn_error_code(error), "error code");
  SAME(record_int(record + place + 4) == smtpconn_error_kind(error), "error kind");
  SAME(record_int(record + place + 8) == smtpconn_error_retry(error), "error retry");
  SAME(record_int(record + place + 12) == smtpconn_error_errno(error), "error errno");
  SAME(record_int(record + place + 16) == smtpconn_error_response_code(error), "error reply");
  SAME(record_32(record + place + 20) == 0, "error, what is reserved");
  SAME(same(record_text(record, place + 24), smtpconn_error_message(error)), "error message");
  SAME(same(record_text(record, place + 32), smtpconn_error_response(error)), "error response");
  SAME(same(record_text(record, place + 40), smtpconn_error_enhanced(error)), "error enhanced");
  SAME(same(record_text(record, place + 48), smtpconn_error_command(error)), "error command");
  SAME(same(record_text(record, place + 56), smtpconn_error_phase(error)), "error phase");
  SAME(same(of == NULL ? recipient : of, smtpconn_error_recipient(error)), "error recipient");
  SAME(same(record_text(record, place + 72), smtpconn_error_tls_reason(error)), "TLS reason");
  SAME(same(record_text(record, place + 80), smtpconn_error_certificate_names(error)), "names");
  SAME(same(record_text(record, place + 88), smtpconn_error_address(error)), "error address");
  return NULL;
}

static const char *difference_of_recipient(const unsigned char *record, uint32_t place,
                                           const smtpconn_result *result, size_t index) {
  const char *name = smtpconn_result_recipient(result, index);
  SAME(record_int(record + place) == smtpconn_result_status(result, index), "status");
  SAME(record_int(record + place + 4) == smtpconn_result_response_code(result, index), "reply");
  SAME(record_32(record + place + 12) == 0, "recipient, what is reserved");
  SAME(same(record_text(record, place + 16), name), "recipient");
  SAME(same(record_text(record, place + 24), smtpconn_result_recipient_response(result, index)),
       "recipient response");
  SAME(same(record_text(record, place + 32), smtpconn_result_enhanced(result, index)),
       "recipient enhanced");
  SAME(same(record_text(record, place + 40), smtpconn_result_command(result, index)),
       "recipient command");
  return difference_of_error(record, record_32(record + place + 8),
                             smtpconn_result_error(result, index), name);
}

static const char *difference_of_result(const unsigned char *record,
                                        const smtpconn_result *result) {
  size_t count = smtpconn_result_count(result), index;
  uint32_t place = record_32(record + 44);
  const char *difference = NULL;
  SAME(record_32(record + 40) == count, "count");
  SAME(place % 8 == 0 && place + 48 * count <= record_32(record), "place of recipients");
  SAME(record_32(record + 48) == smtpconn_result_accepted_count(result), "accepted");
  SAME(record_32(record + 52) == smtpconn_result_rejected_count(result), "rejected");
  SAME(record_int(record + 60) == smtpconn_result_time(result, SMTPCONN_TIME_ENVELOPE), "time");
  SAME(record_int(record + 64) == smtpconn_result_time(result, SMTPCONN_TIME_CONTENT), "content");
  SAME(record_int(record + 68) == smtpconn_result_time(result, SMTPCONN_TIME_VERDICT), "verdict");
  SAME(record_64(record + 72) == smtpconn_result_envelope_time(result), "envelope time");
  SAME(record_64(record + 80) == smtpconn_result_message_time(result), "message time");
  SAME(record_64(record + 88) == smtpconn_result_message_size(result), "message size");
  SAME(same(record_text(record, 96), smtpconn_result_response(result)), "response");
  SAME(same(record_text(record, 104), smtpconn_result_queue_id(result)), "queue id");
  SAME(record_int(record + 112) == smtpconn_result_tries(result), "tries");
  difference = difference_of_error(record, record_32(record + 116),
                                   smtpconn_result_retry_error(result), NULL);
  if (difference != NULL) return difference;
  /* The code of a reply is that of its last line. */
  const char *reply = smtpconn_result_response(result);
  const char *line = reply == NULL ? NULL : strrchr(reply, '\n');
  SAME(record_int(record + 56) == (reply == NULL ? 0 : atoi(line == NULL ? reply : line + 1)),
       "response code");
  for (index = 0; index < count && difference == NULL; index++) {
    difference =
        difference_of_recipient(record, place + 48 * (uint32_t)index, result, index);
  }
  return difference;
}

static const char *difference_of_reply(const unsigned char *record, const smtpconn_reply *reply) {
  size_t count = smtpconn_reply_line_count(reply), index;
  uint32_t place = record_32(record + 68);
  SAME(record_int(record + 40) == smtpconn_reply_code(reply), "reply code");
  SAME(record_32(record + 44) == 0, "reply, what is reserved");
  SAME(same(record_text(record, 48), smtpconn_reply_enhanced(reply)), "reply enhanced");
  SAME(same(record_text(record, 56), smtpconn_reply_response(reply)), "reply response");
  SAME(record_32(record + 64) == count, "line count");
  for (index = 0; index < count; index++) {
    SAME(same(record_text(record, place + 8 * index), smtpconn_reply_line(reply, index)), "line");
  }
  return NULL;
}

static void keep_it(const struct kept *kept) {
  smtpconn *connection = kept->connection;
  void *user = kept->user;
  switch (kept->kind) {
    case SMTPCONN_RECORD_DONE: smtpconn_keep_done(connection, kept->error, user); break;
    case SMTPCONN_RECORD_SENT:
      if (kept->pool != NULL) {
        smtpconn_pool_keep_sent(kept->pool, kept->error, kept->result, user);
      } else {
        smtpconn_keep_sent(connection, kept->error, kept->result, user);
      }
      break;
    case SMTPCONN_RECORD_REPLY:
      smtpconn_keep_reply(connection, kept->error, kept->reply, user);
      break;
    case SMTPCONN_RECORD_CONNECTED: smtpconn_keep_connected(connection, user); break;
    case SMTPCONN_RECORD_ENDED: smtpconn_keep_ended(connection, user); break;
    case SMTPCONN_RECORD_ERROR: smtpconn_keep_error(connection, kept->error, user); break;
    case SMTPCONN_RECORD_LOG:
      smtpconn_keep_log(connection, kept->level, kept->log_kind, kept->text, kept->length, user);
      break;
    case SMTPCONN_RECORD_TOKEN:
      smtpconn_keep_token(connection, kept->text, kept->expires, user);
      break;
    default: abort();
  }
}

static int is_plain(const struct kept *kept) {
  return kept->error == NULL &&
         smtpconn_result_accepted_count(kept->result) == smtpconn_result_count(kept->result);
}

static const char *difference(const unsigned char *record, size_t octets,
                              const struct kept *kept) {
  const char *found;
  SAME(octets >= 40 && octets % 8 == 0 && record_32(record) == octets, "size");
  SAME(record_16(record + 4) == SMTPCONN_RECORD_VERSION, "version");
  SAME(record_16(record + 6) == kept->kind, "kind");
  SAME(record_64(record + 8) == (uintptr_t)kept->user, "user");
  SAME(record_64(record + 16) == (kept->pool != NULL ? (uintptr_t)kept->pool
                                                     : (uintptr_t)kept->connection),
       "connection");
  SAME(record_32(record + 24) == (is_plain(kept) ? SMTPCONN_RECORD_PLAIN : 0), "flags");
  SAME(record_int(record + 28) == smtpconn_error_code(kept->error), "code");
  SAME(record_32(record + 36) == 0, "what is reserved");
  found = difference_of_error(record, record_32(record + 32), kept->error, NULL);
  if (found != NULL) return found;
  switch (kept->kind) {
    case SMTPCONN_RECORD_SENT: return difference_of_result(record, kept->result);
    case SMTPCONN_RECORD_REPLY: return difference_of_reply(record, kept->reply);
    case SMTPCONN_RECORD_LOG:
      SAME(record_int(record + 40) == kept->level, "level");
      SAME(record_int(record + 44) == kept->log_kind, "kind of a line");
      SAME(same(record_text(record, 48), kept->text), "line of the log");
      SAME(record_64(record + 56) == 0, "lines that were dropped");
      return NULL;
    case SMTPCONN_RECORD_TOKEN:
      SAME(record_64(record + 40) == kept->expires, "expires");
      SAME(same(record_text(record, 48), kept->text), "token");
      return NULL;
    default: return NULL;
  }
}

const char *difference_of_record(const struct kept *kept) {
  size_t octets;
  unsigned char *record;
  const char *found;
  keep_it(kept);
  record = kept->pool != NULL ? take_all_of_loop(smtpconn_pool_get_loop(kept->pool), &octets)
                              : take_all(kept->connection, &octets);
  found = difference(record, octets, kept);
  free(record);
  return found;
}

#endif /* RECORD_MAIN */

#endif /* RECORD_H */
