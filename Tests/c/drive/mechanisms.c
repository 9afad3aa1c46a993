/*
 * mechanisms.c - SASL mechanisms of the caller's own
 */
#include "drive.h"

static void on_challenge(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                         void *user) {
  set_question(user, exchange);
  begin_event("challenge", name_of(user));
  put_octets("octets", challenge, length);
  end_line();
  act(user);
}

/* mechanism OPTIONS NAME TAG: the tag is that of the callback; "~" takes the
 * mechanism away. */
void call_mechanism(char **words, size_t count) {
  smtpconn_options *options = find(words[1], OPTIONS);
  int result;
  (void)count;
  if (words[3] == NULL) {
    result = smtpconn_options_set_custom_mechanism(options, words[2], NULL, NULL, NULL);
  } else {
    result = smtpconn_options_set_custom_mechanism(options, words[2], on_challenge, on_release,
                                                   tag_named(words[3]));
  }
  begin_reply(result);
  put_error("error", smtpconn_options_last_error(options));
  end_line();
}

/* respond TAG HEX: any octets. */
void call_respond(char **words, size_t count) {
  size_t length;
  unsigned char *octets = octets_of(words[2], &length);
  (void)count;
  reply(smtpconn_exchange_respond(question_of(words[1]), octets, length));
}

void call_give_up(char **words, size_t count) {
  (void)count;
  reply(smtpconn_exchange_fail(question_of(words[1]), words[2]));
}
