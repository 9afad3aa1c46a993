/*
 * credentials.c - who logs in, and with what
 */
#include "drive.h"

void call_auth(char **words, size_t count) {
  smtpconn_auth *auth = smtpconn_auth_new();
  (void)count;
  smtpconn_auth_set_user(auth, words[2]);
  smtpconn_auth_set_password(auth, words[3]);
  keep(words[1], AUTH, auth);
  reply(0);
}
