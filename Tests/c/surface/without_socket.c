/*
 * without_socket.c - bad arguments of a connection without a socket, and what it refuses
 */
#include "surface.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static void contradicts(smtpconn_options *options, int result, const char *option) {
  CHECK_INT(result, 0);
  CHECK(smtpconn_new_without_socket(options) == NULL);
  CHECK(strstr(smtpconn_error_message(smtpconn_options_last_error(options)), option) != NULL);
  CHECK_INT(smtpconn_error_code(smtpconn_options_last_error(options)), SMTPCONN_EOPTIONS);
}

/* What says how to connect would be ignored. */
static void options_refused(void) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn *connection;
  contradicts(options, smtpconn_options_set_socket_path(options, "/run/lmtp"), "socket_path");
  smtpconn_options_set_socket_path(options, NULL);
  contradicts(options, smtpconn_options_set_proxy(options, "socks5://127.0.0.1"), "proxy");
  smtpconn_options_set_proxy(options, NULL);
  contradicts(options, smtpconn_options_set_proxy_from_environment(options, 1), "proxy_from");
  smtpconn_options_set_proxy_from_environment(options, 0);
  contradicts(options, smtpconn_options_set_local_address(options, "127.0.0.1"), "local_address");
  smtpconn_options_set_local_address(options, NULL);
  contradicts(options, smtpconn_options_set_dns_timeout(options, 1), "dns_timeout");
  smtpconn_options_set_dns_timeout(options, 0);
  contradicts(options, smtpconn_options_set_address_family(options, SMTPCONN_FAMILY_IPV4), "address_family");
  smtpconn_options_set_address_family(options, 0);
  contradicts(options, smtpconn_options_set_tcp_keepalive_idle(options, 60), "keepalive_idle");
  smtpconn_options_set_tcp_keepalive_idle(options, 0);
  contradicts(options, smtpconn_options_set_tcp_keepalive_interval(options, 60), "_interval");
  smtpconn_options_set_tcp_keepalive_interval(options, 0);
  contradicts(options, smtpconn_options_set_tcp_keepalive_count(options, 6), "keepalive_count");
  smtpconn_options_set_tcp_keepalive_count(options, 0);
  contradicts(options, smtpconn_options_set_receive_buffer_size(options, 65536), "receive_buffer");
  smtpconn_options_set_receive_buffer_size(options, 0);
  contradicts(options, smtpconn_options_set_send_buffer_size(options, 65536), "send_buffer");
  smtpconn_options_set_send_buffer_size(options, 0);
  /* These have a meaning without a socket too. */
  CHECK_INT(smtpconn_options_set_host(options, "mail.example.com"), 0);
  CHECK_INT(smtpconn_options_set_port(options, 587), 0);
  CHECK_INT(smtpconn_options_set_secured(options, 1), 0);
  CHECK(smtpconn_new(options, NULL) == NULL);
  connection = smtpconn_new_without_socket(options);
  CHECK(connection != NULL);
  smtpconn_free(connection);
  smtpconn_options_free(options);
}

static void refused_call(smtpconn *connection, ptrdiff_t result) {
  CHECK_INT(result, SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_error_code(smtpconn_last_error(connection)), SMTPCONN_ESTATE);
}

static void arguments(void) {
  smtpconn *connection = smtpconn_new_without_socket(NULL);
  smtpconn_auth *auth = smtpconn_auth_new();
  unsigned char room[64];
  /* What a call that is to be repeated fails with, and no number of errno. */
  static const int no_end[] = {-1, EAGAIN, EWOULDBLOCK, EINTR, EINPROGRESS, EALREADY};
  size_t index;
  CHECK(smtpconn_get_loop(connection) == NULL);
  refused_call(connection, smtpconn_run(connection));
  CHECK_INT(smtpconn_stage(connection), SMTPCONN_STAGE_NEW);

  refused_call(connection, smtpconn_feed(connection, "x", 1, 0)); /* before connect */
  refused_call(connection, smtpconn_feed_end(connection, 0, 0));
  CHECK_INT(smtpconn_take(connection, room, sizeof room, 0), 0);
  CHECK_INT(smtpconn_tick(connection, 0), 0);
  CHECK_INT(smtpconn_wants_take(connection), 0);
  CHECK(smtpconn_deadline(connection) == UINT64_MAX);

  CHECK_INT(smtpconn_connect(connection, NULL, NULL), 0);
  CHECK_INT(smtpconn_wants_take(connection), 1);
  CHECK(smtpconn_deadline(connection) != UINT64_MAX);
  refused_call(connection, smtpconn_feed(connection, NULL, 1, 0));
  refused_call(connection, smtpconn_feed(connection, "x", SIZE_MAX, 0));
  for (index = 0; index < sizeof no_end / sizeof *no_end; index++) {
    refused_call(connection, smtpconn_feed_end(connection, no_end[index], 0));
    CHECK(strstr(smtpconn_error_message(smtpconn_last_error(connection)), "error must be 0") != NULL);
  }
  refused_call(connection, smtpconn_take(connection, NULL, 1, 0));
  CHECK_INT(smtpconn_feed(connection, NULL, 0, 0), 0);
  CHECK_INT(smtpconn_take(connection, NULL, 0, 0), 0);
  /* There is no more than this, whatever the room is said to be. */
  CHECK_INT(smtpconn_feed(connection, "220 a\r\n", 7, 0), 7);
  CHECK(smtpconn_take(connection, room, SIZE_MAX, 0) < (ptrdiff_t)sizeof room);
  CHECK(memcmp(room, "EHLO ", 5) == 0);
  CHECK_TEXT(smtpconn_remote_address(connection), NULL);

  /* A token endpoint would need a socket. */
  smtpconn_auth_set_user(auth, "alice");
  smtpconn_auth_set_refresh_token(auth, "refresh");
  CHECK_INT(smtpconn_login(connection, auth, NULL, NULL), SMTPCONN_EAUTH);
  smtpconn_auth_free(auth);

  /* The end of time is no end of the library's arithmetic. */
  CHECK_INT(smtpconn_tick(connection, UINT64_MAX), 0);
  CHECK_INT(smtpconn_stage(connection), SMTPCONN_STAGE_CLOSED);
  CHECK_INT(smtpconn_tick(connection, 0), 0);
  CHECK_INT(smtpconn_feed(connection, "later", 5, 0), 5);
  CHECK_INT(smtpconn_feed_end(connection, 104, 0), 0);
  CHECK_INT(smtpconn_take(connection, room, sizeof room, 0), 0);
  CHECK(smtpconn_deadline(connection) == UINT64_MAX);
  smtpconn_free(connection);
}

/* Where a socket moves the octets, nobody else may. */
static void with_socket(void) {
  smtpconn *connection = smtpconn_new(NULL, NULL);
  unsigned char room[1];
  refused_call(connection, smtpconn_feed(connection, "x", 1, 0));
  refused_call(connection, smtpconn_feed_end(connection, 0, 0));
  refused_call(connection, smtpconn_take(connection, room, sizeof room, 0));
  refused_call(connection, smtpconn_tick(connection, 0));
  CHECK_INT(smtpconn_wants_take(connection), 0);
  CHECK(smtpconn_deadline(connection) == UINT64_MAX);
  smtpconn_free(connection);
}

void without_socket(void) {
  options_refused();
  arguments();
  with_socket();
}
