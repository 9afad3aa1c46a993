/*
 * credentials.c - who logs in, with what, and where tokens come from
 */
#include "drive.h"

#include <stdlib.h>
#include <string.h>

void call_auth(char **words, size_t count) {
  smtpconn_auth *auth = smtpconn_auth_new();
  (void)count;
  smtpconn_auth_set_user(auth, words[2]);
  smtpconn_auth_set_password(auth, words[3]);
  keep(words[1], AUTH, auth);
  reply(0);
}

/* A date; 0, which means not known, when it is missing. */
static uint64_t number(const char *word) { return word == NULL ? 0 : strtoull(word, NULL, 10); }

static int set_credential(smtpconn_auth *auth, const char *name, const char *value,
                          const char *second) {
  if (strcmp(name, "access_token") == 0) {
    return smtpconn_auth_set_access_token(auth, value, number(second));
  }
  if (strcmp(name, "authorization_identity") == 0) {
    return smtpconn_auth_set_authorization_identity(auth, value);
  }
  if (strcmp(name, "refresh_token") == 0) return smtpconn_auth_set_refresh_token(auth, value);
  if (strcmp(name, "scope") == 0) return smtpconn_auth_set_scope(auth, value);
  if (strcmp(name, "access_url") == 0) return smtpconn_auth_set_access_url(auth, value);
  if (strcmp(name, "client") == 0) return smtpconn_auth_set_client(auth, value, second);
  if (strcmp(name, "service_account") == 0) {
    return smtpconn_auth_set_service_account(auth, value, second);
  }
  die("no such credential", name);
}

void call_credential(char **words, size_t count) {
  (void)count;
  reply(set_credential(find(words[1], AUTH), words[2], words[3], words[4]));
}

/* --- the token callback ------------------------------------------------------ */

static void on_wanted(smtpconn_token_request *request, int renew, void *user) {
  set_question(user, request);
  begin_event("wanted", name_of(user));
  put_number("renew", renew);
  end_line();
  act(user);
}

/* ask AUTH TAG: the tag is that of the callback; "~" takes it away. */
void call_ask(char **words, size_t count) {
  smtpconn_auth *auth = find(words[1], AUTH);
  (void)count;
  if (words[2] == NULL) {
    reply(smtpconn_auth_set_token_callback(auth, NULL, NULL, NULL));
  } else {
    reply(smtpconn_auth_set_token_callback(auth, on_wanted, on_release, tag_named(words[2])));
  }
}

/* The request is valid until it was answered. */
static void reply_for_request(const char *tag, int result) {
  if (result == 0) set_question(tag_named(tag), NULL);
  reply(result);
}

void call_provide(char **words, size_t count) {
  smtpconn_token_request *request = question_of(words[1]);
  (void)count;
  reply_for_request(words[1],
                    smtpconn_token_request_provide(request, words[2], number(words[3])));
}

void call_withhold(char **words, size_t count) {
  (void)count;
  reply_for_request(words[1], smtpconn_token_request_fail(question_of(words[1]), words[2]));
}
