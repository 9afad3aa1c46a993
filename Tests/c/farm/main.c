/*
 * farm - pools against servers that fail: is each message delivered as it was reported?
 *
 *     farm SEED MESSAGES
 *
 * A pool for each server, all on one loop. When everything has ended, what the callbacks said of
 * each mailbox is compared with what the servers have done.
 */
#include "farm.h"

#include <smtpconn.h>

#define CHECK_MAIN
#include "../check.h"

#include <stdlib.h>

struct sending {
  unsigned first, count, callbacks; /* mailboxes, calls */
  int status[PER_MESSAGE];
  int tries;
};

static struct sending *sendings;
static unsigned message_count, ended;

static void on_sent(smtpconn_pool *pool, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  struct sending *sending = user;
  unsigned index;
  (void)pool;
  sending->callbacks++;
  sending->tries = smtpconn_result_tries(result);
  CHECK_INT(smtpconn_result_count(result), sending->count);
  for (index = 0; index < sending->count; index++) {
    sending->status[index] = smtpconn_result_status(result, index);
    if (error == NULL) CHECK(sending->status[index] != SMTPCONN_RECIPIENT_UNKNOWN);
  }
  ended++;
}

static smtpconn_pool *new_pool(enum manner manner, int port, smtpconn_loop *loop) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_pool *pool;
  smtpconn_options_set_host(options, "127.0.0.1");
  smtpconn_options_set_port(options, port);
  smtpconn_options_set_lmtp(options, manner == LMTP);
  if (manner == CHUNKS) smtpconn_options_set_chunking(options, SMTPCONN_CHUNKING_OPTIMISTIC);
  pool = smtpconn_pool_new(options, NULL, loop);
  smtpconn_options_free(options);
  smtpconn_pool_set_connections(pool, 5);
  smtpconn_pool_set_backoff(pool, 1, 4);
  smtpconn_pool_set_failures(pool, 1000000);
  smtpconn_pool_set_tries(pool, 20, 1, 3600000);
  return pool;
}

static void send_all(smtpconn_pool **pools, uint64_t seed) {
  smtpconn_message *message = smtpconn_message_new_copy("Subject: a\n\nhello\n", 18);
  unsigned number, index, mailbox = 0;
  for (number = 0; number < message_count; number++) {
    smtpconn_envelope *envelope = smtpconn_envelope_new();
    struct sending *sending = &sendings[number];
    sending->first = mailbox;
    sending->count = 1 + (unsigned)(farm_dice(&seed) % PER_MESSAGE);
    smtpconn_envelope_set_from(envelope, "news@example.com");
    for (index = 0; index < sending->count; index++) {
      char text[64];
      snprintf(text, sizeof text, "r%u@farm.test", mailbox++);
      smtpconn_envelope_add_to(envelope, text);
    }
    smtpconn_envelope_set_all_or_none(envelope, farm_dice(&seed) % 16 == 0);
    CHECK_INT(smtpconn_pool_send(pools[number % MANNERS], envelope, message, on_sent, sending), 0);
    smtpconn_envelope_free(envelope);
  }
  smtpconn_message_free(message);
}

/* What was said of a mailbox, against what was done. */
static void compare(const struct sending *sending, const struct mailbox *mailboxes,
                    unsigned *counts) {
  unsigned index;
  CHECK_INT(sending->callbacks, 1);
  for (index = 0; index < sending->count; index++) {
    const struct mailbox *mailbox = &mailboxes[sending->first + index];
    int status = sending->status[index];
    counts[status]++;
    if (status == SMTPCONN_RECIPIENT_ACCEPTED) CHECK_INT(mailbox->deliveries, 1);
    else if (status == SMTPCONN_RECIPIENT_UNKNOWN) CHECK(mailbox->deliveries <= 1);
    else CHECK_INT(mailbox->deliveries, 0);
    if (status == SMTPCONN_RECIPIENT_REJECTED) CHECK(mailbox->is_refused);
  }
}

int main(int count, char **words) {
  uint64_t seed = count == 3 ? strtoull(words[1], NULL, 10) : 0;
  struct mailbox *mailboxes;
  smtpconn_pool *pools[MANNERS];
  smtpconn_loop *loop = smtpconn_loop_new();
  unsigned counts[5] = {0}, number, total = 0;
  uint64_t sum = 0, again = 0, opened = 0;
  int ports[MANNERS], index;

  message_count = count == 3 ? (unsigned)strtoul(words[2], NULL, 10) : 0;
  if (message_count == 0) return 2;
  sendings = calloc(message_count, sizeof *sendings);
  mailboxes = calloc((size_t)message_count * PER_MESSAGE, sizeof *mailboxes);
  if (sendings == NULL || mailboxes == NULL ||
      !farm_start(seed, mailboxes, message_count * PER_MESSAGE, ports)) {
    return 2;
  }
  for (index = 0; index < MANNERS; index++) pools[index] = new_pool(index, ports[index], loop);
  send_all(pools, seed);
  for (index = 0; index < MANNERS; index++) smtpconn_pool_drain(pools[index], NULL, NULL);
  while (smtpconn_loop_run(loop) > 0) continue;
  for (index = 0; index < MANNERS; index++) {
    int which;
    for (which = SMTPCONN_POOL_SENT; which <= SMTPCONN_POOL_FAILED; which++) {
      sum += smtpconn_pool_count(pools[index], which);
    }
    again += smtpconn_pool_count(pools[index], SMTPCONN_POOL_TRIES_AGAIN);
    opened += smtpconn_pool_count(pools[index], SMTPCONN_POOL_OPENED);
    CHECK_INT(smtpconn_pool_count(pools[index], SMTPCONN_POOL_QUEUED), 0);
    CHECK_INT(smtpconn_pool_count(pools[index], SMTPCONN_POOL_ACTIVE), 0);
    CHECK_INT(smtpconn_pool_count(pools[index], SMTPCONN_POOL_CONNECTIONS), 0);
    smtpconn_pool_free(pools[index]);
  }
  smtpconn_loop_free(loop);
  farm_stop();

  CHECK_INT(ended, message_count);
  CHECK_INT(sum, message_count);
  for (number = 0; number < message_count; number++) compare(&sendings[number], mailboxes, counts);
  for (index = 0; index < 5; index++) total += counts[index];
  printf("seed %llu: %u messages, %u mailboxes: %u accepted, %u deferred, %u rejected, "
         "%u not tried, %u in doubt; %llu connections, %llu tries again\n",
         (unsigned long long)seed, message_count, total, counts[0], counts[1], counts[2], counts[3],
         counts[4], (unsigned long long)opened, (unsigned long long)again);
  /* Nothing above says that most went through, and that the servers were bad enough. */
  CHECK(counts[SMTPCONN_RECIPIENT_ACCEPTED] > total / 10 * 8);
  CHECK(counts[SMTPCONN_RECIPIENT_NOT_TRIED] < total / 50);
  CHECK(counts[SMTPCONN_RECIPIENT_UNKNOWN] > 0 && again > 0);
  free(sendings);
  free(mailboxes);
  return check_result();
}
