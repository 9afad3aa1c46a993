/*
 * numbers.c - the port, which depends on other options, and descriptors
 */
#define _POSIX_C_SOURCE 200809L
#include "surface.h"

#include <fcntl.h>
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
  accepted(options, smtpconn_options_set_port(options, 465));
  CHECK_INT(smtpconn_options_secure(options), 0); /* it was set to 0 */
  smtpconn_options_free(options);

  options = smtpconn_options_new();
  accepted(options, smtpconn_options_set_port(options, 465));
  CHECK_INT(smtpconn_options_secure(options), 1); /* not set explicitly */
  accepted(options, smtpconn_options_set_port(options, 0));
  CHECK_INT(smtpconn_options_secure(options), 0);
  CHECK_INT(smtpconn_options_port(options), 25);
  smtpconn_options_free(options);
}

void option_descriptors(void) {
  smtpconn_options *options = smtpconn_options_new();
  int descriptor = open("/dev/null", O_RDWR);
  accepted(options, smtpconn_options_set_lmtp(options, 1));
  CHECK_INT(smtpconn_options_port(options), 24);
  refused(options, smtpconn_options_set_socket(options, descriptor), "socket");
  refused(options, smtpconn_options_set_connection(options, descriptor), "connection");
  close(descriptor);
  descriptor = socket(AF_INET, SOCK_STREAM, 0);
  accepted(options, smtpconn_options_set_socket(options, descriptor));
  CHECK_INT(smtpconn_options_socket(options), descriptor);
  accepted(options, smtpconn_options_set_socket(options, -1));
  CHECK_INT(smtpconn_options_socket(options), -1);
  close(descriptor);
  smtpconn_options_free(options);
}
