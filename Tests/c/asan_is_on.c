/*
 * asan_is_on.c - a program with a mistake, which ASan and valgrind must find
 *
 * Built without ASan it returns 0. So would every other program that was meant
 * to be built with it and was not, without a failure.
 */
#include <smtpconn.h>

#include <stdlib.h>

int main(void) {
  char *text = calloc(1, 16);
  char *volatile hidden = text; /* from the compiler, which would warn */
  smtpconn_message *message = smtpconn_message_new_copy(text, 16);
  smtpconn_message_free(message);
  free(text);
  return *hidden == 'x';
}
