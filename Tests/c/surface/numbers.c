/*
 * numbers.c - options that are numbers, switches, durations and descriptors
 */
#define _POSIX_C_SOURCE 200809L
#include "surface.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

void option_numbers(void) {
  smtpconn_options *options = smtpconn_options_new();
  CHECK_INT(smtpconn_options_port(options), 25);
  accepted(options, smtpconn_options_set_secure(options, 1));
  CHECK_INT(smtpconn_options_secure(options), 1);
  CHECK_INT(smtpconn_options_port(options), 465);
  accepted(options, smtpconn_options_set_secure(options, 0));
  CHECK_INT(smtpconn_options_port(options), 25);
  accepted(options, smtpconn_options_set_port(options, 65535));
  CHECK_INT(smtpconn_options_port(options), 65535);
  refused(options, smtpconn_options_set_port(options, 65536), "port");
  refused(options, smtpconn_options_set_port(options, -1), "port");
  refused(options, smtpconn_options_set_port(options, INT_MIN), "port");
  refused(options, smtpconn_options_set_port(options, INT_MAX), "port");
  CHECK_INT(smtpconn_options_port(options), 65535);
  accepted(options, smtpconn_options_set_port(options, 465));
  CHECK_INT(smtpconn_options_secure(options), 0); /* it was set to 0 */
  smtpconn_options_free(options);

  options = smtpconn_options_new();
  accepted(options, smtpconn_options_set_port(options, 465));
  CHECK_INT(smtpconn_options_secure(options), 1); /* not set explicitly */
  accepted(options, smtpconn_options_set_port(options, 0));
  CHECK_INT(smtpconn_options_secure(options), 0);
  CHECK_INT(smtpconn_options_port(options), 25);

#define SWITCH(option, standard)                                              \
  do {                                                                        \
    CHECK_INT(smtpconn_options_##option(options), standard);                  \
    accepted(options, smtpconn_options_set_##option(options, !(standard)));   \
    CHECK_INT(smtpconn_options_##option(options), !(standard));               \
    accepted(options, smtpconn_options_set_##option(options, standard));      \
    CHECK_INT(smtpconn_options_##option(options), standard);                  \
  } while (0)
  SWITCH(ignore_tls, 0);
  SWITCH(require_tls, 0);
  SWITCH(allow_insecure_auth, 0);
  SWITCH(tls_reject_unauthorized, 1);
  SWITCH(tls_resumption, 1);
  SWITCH(transaction_log, 0);
  SWITCH(debug, 0);
  SWITCH(opportunistic_tls, 0);
  SWITCH(lmtp, 0);
  SWITCH(secured, 0);
  SWITCH(hello_after_login, 0);

  CHECK_INT(smtpconn_options_initial_response(options), -1);
  accepted(options, smtpconn_options_set_initial_response(options, 1));
  CHECK_INT(smtpconn_options_initial_response(options), 1);
  refused(options, smtpconn_options_set_initial_response(options, 2), "initial_response");
  refused(options, smtpconn_options_set_initial_response(options, -2), "initial_response");
  CHECK_INT(smtpconn_options_initial_response(options), 1); /* as it was */
  accepted(options, smtpconn_options_set_initial_response(options, 0));
  CHECK_INT(smtpconn_options_initial_response(options), 0);
  accepted(options, smtpconn_options_set_initial_response(options, -1));
  CHECK_INT(smtpconn_options_initial_response(options), -1);

  CHECK_INT(smtpconn_options_chunking(options), SMTPCONN_CHUNKING_OFF);
  accepted(options, smtpconn_options_set_chunking(options, SMTPCONN_CHUNKING_OPTIMISTIC));
  CHECK_INT(smtpconn_options_chunking(options), SMTPCONN_CHUNKING_OPTIMISTIC);
  accepted(options, smtpconn_options_set_chunking(options, SMTPCONN_CHUNKING_ON));
  refused(options, smtpconn_options_set_chunking(options, 3), "chunking");
  refused(options, smtpconn_options_set_chunking(options, -1), "chunking");
  refused(options, smtpconn_options_set_chunking(options, INT_MIN), "chunking");
  refused(options, smtpconn_options_set_chunking(options, INT_MAX), "chunking");
  CHECK_INT(smtpconn_options_chunking(options), SMTPCONN_CHUNKING_ON); /* as it was */
  accepted(options, smtpconn_options_set_chunking(options, SMTPCONN_CHUNKING_OFF));
  CHECK_INT(smtpconn_options_chunking(options), SMTPCONN_CHUNKING_OFF);

#define DURATION(option, standard)                                                \
  do {                                                                            \
    CHECK_INT(smtpconn_options_##option(options), standard);                      \
    accepted(options, smtpconn_options_set_##option(options, 1));                 \
    CHECK_INT(smtpconn_options_##option(options), 1);                             \
    accepted(options, smtpconn_options_set_##option(options, 86400000));          \
    refused(options, smtpconn_options_set_##option(options, 86400001), #option);  \
    refused(options, smtpconn_options_set_##option(options, UINT32_MAX), #option); \
    CHECK_INT(smtpconn_options_##option(options), 86400000);                      \
    accepted(options, smtpconn_options_set_##option(options, 0));                 \
    CHECK_INT(smtpconn_options_##option(options), standard);                      \
  } while (0)
  DURATION(dns_timeout, 30000);
  DURATION(connection_timeout, 120000);
  DURATION(greeting_timeout, 30000);
  DURATION(socket_timeout, 600000);
  DURATION(command_timeout, 300000);
  DURATION(final_reply_timeout, 600000);
  DURATION(quit_timeout, 5000);
  DURATION(operation_timeout, 3600000);
  smtpconn_options_free(options);
}

void option_descriptors(void) {
  smtpconn_options *options = smtpconn_options_new();
  int descriptor = open("/dev/null", O_RDWR);
  accepted(options, smtpconn_options_set_lmtp(options, 1));
  CHECK_INT(smtpconn_options_port(options), 24);
  accepted(options, smtpconn_options_set_local_port(options, 65535));
  CHECK_INT(smtpconn_options_local_port(options), 65535);
  refused(options, smtpconn_options_set_local_port(options, 65536), "local_port");
  refused(options, smtpconn_options_set_local_port(options, -1), "local_port");
  CHECK_INT(smtpconn_options_local_port(options), 65535);
  CHECK_INT(smtpconn_options_socket(options), -1);
  CHECK_INT(smtpconn_options_connection(options), -1);
  refused(options, smtpconn_options_set_socket(options, descriptor), "socket");
  refused(options, smtpconn_options_set_connection(options, descriptor), "connection");
  refused(options, smtpconn_options_set_socket(options, INT_MAX), "socket");
  close(descriptor);
  descriptor = socket(AF_INET, SOCK_STREAM, 0);
  accepted(options, smtpconn_options_set_socket(options, descriptor));
  CHECK_INT(smtpconn_options_socket(options), descriptor);
  accepted(options, smtpconn_options_set_socket(options, -1));
  CHECK_INT(smtpconn_options_socket(options), -1);
  close(descriptor);
  smtpconn_options_free(options);
}
