/*
 * commands.c - operations with one reply
 */
#include "drive.h"

#include <string.h>

static const char *const verbs[] = {"noop", "hello",   "verify", "expand",  "etrn",
                                    "command", "hidden", "xclient", "xforward"};

int is_command(const char *verb) {
  size_t index;
  for (index = 0; index < sizeof verbs / sizeof verbs[0]; index++) {
    if (strcmp(verbs[index], verb) == 0) return 1;
  }
  return 0;
}

int start_command(smtpconn *connection, char **words) {
  const char *verb = words[0], *argument = words[3];
  const char *const *attributes = (const char *const *)words + 3;
  struct tag *tag = tag_named(words[2]);
  size_t count = 0;
  while (attributes[count] != NULL) count++;
  if (strcmp(verb, "noop") == 0) return smtpconn_noop(connection, on_replied, tag);
  if (strcmp(verb, "hello") == 0) return smtpconn_hello(connection, on_replied, tag);
  if (strcmp(verb, "verify") == 0) return smtpconn_verify(connection, argument, on_replied, tag);
  if (strcmp(verb, "expand") == 0) return smtpconn_expand(connection, argument, on_replied, tag);
  if (strcmp(verb, "etrn") == 0) return smtpconn_etrn(connection, argument, on_replied, tag);
  if (strcmp(verb, "xclient") == 0) {
    return smtpconn_xclient(connection, attributes, count, on_replied, tag);
  }
  if (strcmp(verb, "xforward") == 0) {
    return smtpconn_xforward(connection, attributes, count, on_replied, tag);
  }
  return smtpconn_command(connection, argument, strcmp(verb, "hidden") == 0, on_replied, tag);
}
