/*
 * message.c - messages
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "surface.h"

static int releases;

static void release(void *user) {
  CHECK(user == &releases);
  releases++;
}

static ptrdiff_t end_at_once(uint8_t *buffer, size_t capacity, void *user) {
  (void)buffer, (void)capacity, (void)user;
  return SMTPCONN_READ_END;
}

void message(void) {
  smtpconn_message *message;
  int ends[2];
  int folder;
  CHECK(smtpconn_message_new_copy(NULL, 1) == NULL);
  CHECK(smtpconn_message_new_copy("x", SIZE_MAX) == NULL);
  CHECK(smtpconn_message_new_copy("x", SIZE_MAX / 2 + 1) == NULL);
  message = smtpconn_message_new_copy(NULL, 0);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  smtpconn_message_free(smtpconn_message_new_copy("x", 1));

  CHECK(smtpconn_message_new_borrowed(NULL, 1, release, &releases) == NULL);
  CHECK(smtpconn_message_new_borrowed("x", SIZE_MAX, release, &releases) == NULL);
  CHECK_INT(releases, 0); /* not called for what was not made */
  message = smtpconn_message_new_borrowed("x", 1, release, &releases);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  CHECK_INT(releases, 1);
  smtpconn_message_free(smtpconn_message_new_borrowed("x", 1, NULL, NULL));

  CHECK(smtpconn_message_new_reader(NULL, release, &releases) == NULL);
  CHECK_INT(releases, 1);
  message = smtpconn_message_new_reader(end_at_once, release, &releases);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  CHECK_INT(releases, 2);

  CHECK(smtpconn_message_new_descriptor(-1) == NULL);
  CHECK(pipe(ends) == 0);
  errno = 0;
  CHECK(smtpconn_message_new_descriptor(ends[1]) == NULL); /* nothing to read there */
  CHECK_INT(errno, EBADF);
  message = smtpconn_message_new_descriptor(ends[0]);
  CHECK(message != NULL);
  smtpconn_message_free(message);
  close(ends[0]);
  close(ends[1]);
  folder = open("/", O_RDONLY);
  CHECK(smtpconn_message_new_descriptor(folder) == NULL);
  CHECK_INT(errno, EISDIR);
  close(folder);
}
