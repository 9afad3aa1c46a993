/*
 * connections.c - connections, what is done with them, and what they say
 */
#include "drive.h"

#include <stdio.h>
#include <string.h>

void call_new(char **words, size_t count) {
  smtpconn_options *options = find(words[2], OPTIONS);
  smtpconn *connection = strcmp(words[0], "pumped") == 0
                             ? smtpconn_new_without_socket(options)
                             : smtpconn_new(options, find(words[3], LOOP));
  char event[64];
  (void)count;
  begin_reply(connection != NULL);
  put_error("error", connection == NULL ? smtpconn_options_last_error(options) : NULL);
  end_line();
  if (connection == NULL) return;
  keep(words[1], CONNECTION, connection);
  snprintf(event, sizeof event, "%.32s.connect", words[1]);
  smtpconn_set_connect_callback(connection, on_event, tag_named(event));
  snprintf(event, sizeof event, "%.32s.error", words[1]);
  smtpconn_set_error_callback(connection, on_error, tag_named(event));
  snprintf(event, sizeof event, "%.32s.end", words[1]);
  smtpconn_set_end_callback(connection, on_event, tag_named(event));
  snprintf(event, sizeof event, "%.32s.log", words[1]);
  smtpconn_set_log_callback(connection, on_log, tag_named(event));
  snprintf(event, sizeof event, "%.32s.token", words[1]);
  smtpconn_set_token_callback(connection, on_token, tag_named(event));
}

static void reply_for_connection(smtpconn *connection, int result) {
  begin_reply(result);
  put_error("error", result < 0 ? smtpconn_last_error(connection) : NULL);
  end_line();
}

int call_connection(char **words) {
  const char *verb = words[0];
  smtpconn *connection;
  int result;
  if (strcmp(verb, "connect") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_connect(connection, on_done, tag_named(words[2]));
  } else if (strcmp(verb, "login") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_login(connection, find(words[3], AUTH), on_done, tag_named(words[2]));
  } else if (strcmp(verb, "send") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_send(connection, find(words[3], ENVELOPE), find(words[4], MESSAGE), on_sent,
                           tag_named(words[2]));
  } else if (strcmp(verb, "reset") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_reset(connection, on_done, tag_named(words[2]));
  } else if (strcmp(verb, "quit") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_quit(connection, on_done, tag_named(words[2]));
  } else if (strcmp(verb, "cancel") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_cancel(connection);
  } else if (strcmp(verb, "withdraw") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_withdraw(connection, tag_named(words[2]));
  } else if (strcmp(verb, "resume") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_resume(connection);
  } else if (strcmp(verb, "run") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_run(connection);
  } else if (strcmp(verb, "close") == 0) {
    connection = find(words[1], CONNECTION);
    smtpconn_close(connection);
    result = 0;
  } else if (is_command(verb)) {
    connection = find(words[1], CONNECTION);
    result = start_command(connection, words);
  } else {
    return 0;
  }
  reply_for_connection(connection, result);
  return 1;
}

static void put_certificate(const smtpconn *connection, size_t index) {
  size_t length = 0;
  const unsigned char *octets = smtpconn_tls_certificate(connection, index, &length);
  if (index > 0) putchar(',');
  printf("{\"number\":%zu", index);
  put_octets("der", octets, length);
  put_field("subject", smtpconn_tls_certificate_subject(connection, index));
  put_field("issuer", smtpconn_tls_certificate_issuer(connection, index));
  put_field("names", smtpconn_tls_certificate_names(connection, index));
  put_field("not_before", smtpconn_tls_certificate_not_before(connection, index));
  put_field("not_after", smtpconn_tls_certificate_not_after(connection, index));
  putchar('}');
  /* As long-lived as the connection, whatever is read after it. */
  if (octets != smtpconn_tls_certificate(connection, index, NULL)) {
    die("certificate", "is elsewhere the second time");
  }
}

static void put_certificates(const smtpconn *connection) {
  size_t index, count = smtpconn_tls_certificate_count(connection);
  fputs(",\"certificates\":[", stdout);
  for (index = 0; index < count; index++) put_certificate(connection, index);
  putchar(']');
  if (smtpconn_tls_certificate(connection, count, &index) != NULL || index != count ||
      smtpconn_tls_certificate_subject(connection, (size_t)-1) != NULL) {
    die("certificate", "there is one beyond the last");
  }
}

static void put_connection(const smtpconn *connection) {
  size_t index;
  put_number("stage", smtpconn_stage(connection));
  put_field("id", smtpconn_id(connection));
  put_field("client_name", smtpconn_client_name(connection));
  put_number("open", smtpconn_is_open(connection));
  put_number("secure", smtpconn_is_secure(connection));
  put_number("authenticated", smtpconn_is_authenticated(connection));
  put_field("tls_version", smtpconn_tls_version(connection));
  put_field("tls_cipher", smtpconn_tls_cipher(connection));
  put_field("tls_peer_name", smtpconn_tls_peer_name(connection));
  put_number("tls_resumed", smtpconn_tls_resumed(connection));
  put_certificates(connection);
  for (int part = SMTPCONN_TIME_RESOLVE; part <= SMTPCONN_TIME_VERDICT; part++) {
    char name[16];
    snprintf(name, sizeof name, "time%d", part);
    put_number(name, smtpconn_time(connection, part));
  }
  put_field("remote_address", smtpconn_remote_address(connection));
  put_field("last_response", smtpconn_last_response(connection));
  fputs(",\"capabilities\":[", stdout);
  for (index = 0; index < smtpconn_capability_count(connection); index++) {
    if (index > 0) putchar(',');
    put_string(smtpconn_capability_line(connection, index));
  }
  putchar(']');
}

void call_info(char **words, size_t count) {
  (void)count;
  begin_reply(0);
  put_connection(find(words[1], CONNECTION));
  end_line();
}

void call_capability(char **words, size_t count) {
  smtpconn *connection = find(words[1], CONNECTION);
  (void)count;
  begin_reply(smtpconn_has_capability(connection, words[2]));
  put_field("parameters", smtpconn_capability_parameters(connection, words[2]));
  end_line();
}
