/*
 * urls.c - the URL form of options: what each part sets, and that a bad one sets nothing
 *
 *     urls
 *
 * bindings/python/tests/test_url_in_c.py has the whole table.
 */
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <stdlib.h>

static smtpconn_options *options;
static smtpconn_auth *auth;

static void wrong(const char *url, const char *reason) {
  int port = smtpconn_options_port(options);
  const char *message;
  CHECK_INT(smtpconn_options_set_url(options, url, auth), SMTPCONN_EOPTIONS);
  message = smtpconn_error_message(smtpconn_options_last_error(options));
  CHECK(message != NULL && strstr(message, reason) != NULL);
  CHECK(message != NULL && strstr(message, "sesame") == NULL);
  CHECK_INT(smtpconn_options_port(options), port);
  CHECK_TEXT(smtpconn_options_host(options), "mail.example.org");
}

static void every_octet(void) {
  char url[64] = "smtps://a:b@h:1";
  size_t at, length = strlen(url);
  int octet;
  for (at = 0; at < length; at++) {
    char kept = url[at];
    for (octet = 1; octet < 256; octet++) {
      url[at] = (char)octet;
      smtpconn_options_set_url(options, url, auth);
    }
    url[at] = kept;
  }
  CHECK_INT(smtpconn_options_set_url(options, url, auth), 0);
}

int main(void) {
  options = smtpconn_options_new();
  auth = smtpconn_auth_new();
  smtpconn_options_set_command_timeout(options, 2500);
  CHECK_INT(smtpconn_options_set_url(options, "smtps://ann:sesame@mail.example.org:8465", auth), 0);
  CHECK(smtpconn_options_last_error(options) == NULL);
  CHECK_INT(smtpconn_options_port(options), 8465);
  CHECK_INT(smtpconn_options_secure(options), 1);

  wrong(NULL, "must begin with a scheme");
  wrong("mail.example.org", "must begin with a scheme");
  wrong("http://h:sesame@h", "the scheme of the URL must be one of smtp, smtps");
  wrong("smtp://ann:sesame#@h", "percent-encode");
  wrong("smtp://ann:sesame @h", "blank");
  wrong("smtp://ann:%se@h", "\"%\" in the password of the URL");
  wrong("smtp://h:65536", "port of the URL");
  wrong("smtp://h:77?command_timeout=3", "set these options with their functions");
  wrong("smtp://h/?", "set these options with their functions");
  wrong("smtp+unix://h/run/s", "write three slashes");
  wrong("smtp://%00", "has a NUL");
  every_octet();

  /* Options that it does not name stay; a user needs credentials. */
  CHECK_INT(smtpconn_options_set_url(options, "lmtp+unix:///run/lmtp", NULL), 0);
  CHECK_TEXT(smtpconn_options_socket_path(options), "/run/lmtp");
  CHECK_INT(smtpconn_options_lmtp(options), 1);
  CHECK_INT(smtpconn_options_command_timeout(options), 2500);
  CHECK_INT(smtpconn_options_set_url(options, "smtp://ann@h", NULL), SMTPCONN_EOPTIONS);
  CHECK_INT(smtpconn_options_set_url(NULL, "smtp://h", auth), SMTPCONN_ESTATE);
  smtpconn_auth_free(auth);
  smtpconn_options_free(options);
  return check_result();
}
