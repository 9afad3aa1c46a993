/*
 * sessions.c - TLS sessions, taken out of options and added to others
 */
#include "drive.h"

#include <stdlib.h>
#include <string.h>

/* take_session OPTIONS: its octets, null without one. On the way, room that is too small:
 * nothing may be written there, and nothing taken. */
void call_take_session(char **words, size_t count) {
  smtpconn_options *options = find(words[1], OPTIONS);
  size_t length = smtpconn_options_take_tls_session(options, NULL, 100000);
  unsigned char *octets = allocate(length + 1, 1);
  (void)count;
  if (length > 0) {
    if (smtpconn_options_take_tls_session(options, octets, length - 1) != length) {
      die("take_session", "the length has changed");
    }
    if (octets[0] != 0 || memcmp(octets, octets + 1, length) != 0) {
      die("take_session", "written where there was no room");
    }
    if (smtpconn_options_take_tls_session(options, octets, (size_t)-1) != length) {
      die("take_session", "the session has gone");
    }
    if (octets[length] != 0) die("take_session", "written after the end");
  }
  begin_reply((long long)length);
  put_octets("octets", length == 0 ? NULL : octets, length);
  end_line();
  free(octets);
}

/* add_session OPTIONS HEX */
void call_add_session(char **words, size_t count) {
  smtpconn_options *options = find(words[1], OPTIONS);
  size_t length;
  unsigned char *octets = octets_of(words[2], &length);
  (void)count;
  begin_reply(smtpconn_options_add_tls_session(options, octets, length));
  put_error("error", smtpconn_options_last_error(options));
  end_line();
}
