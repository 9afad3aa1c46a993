/*
 * messages.c - the messages that are sent, and where they come from
 */
#define _POSIX_C_SOURCE 200809L
#include "drive.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A source of pieces. A piece "!pause" or "!error" is what it says, once. */
struct source {
  char name[64];
  char **pieces;
  size_t *lengths;
  size_t count, piece, offset;
};

static ptrdiff_t read_source(uint8_t *buffer, size_t capacity, void *user) {
  struct source *source = user;
  size_t left;
  if (capacity == 0) die("a reader was called with no room", source->name);
  if (source->piece == source->count) return SMTPCONN_READ_END;
  if (strcmp(source->pieces[source->piece], "!pause") == 0) {
    source->piece++;
    begin_event("pause", source->name);
    end_line();
    return SMTPCONN_READ_PAUSE;
  }
  if (strcmp(source->pieces[source->piece], "!error") == 0) return SMTPCONN_READ_ERROR;
  /* More than there is room for: the count of -3 and less, and above the
   * capacity, are a caller's mistakes that must not become damage. */
  if (strcmp(source->pieces[source->piece], "!toomuch") == 0) return (ptrdiff_t)capacity + 1;
  if (strcmp(source->pieces[source->piece], "!nonsense") == 0) return -77;
  left = source->lengths[source->piece] - source->offset;
  if (left > capacity) left = capacity;
  memcpy(buffer, source->pieces[source->piece] + source->offset, left);
  source->offset += left;
  if (source->offset == source->lengths[source->piece]) {
    source->piece++;
    source->offset = 0;
  }
  return (ptrdiff_t)left;
}

static void release_source(void *user) {
  struct source *source = user;
  size_t index;
  begin_event("release", source->name);
  end_line();
  for (index = 0; index < source->count; index++) free(source->pieces[index]);
  free(source->pieces);
  free(source->lengths);
  free(source);
}

/* The file's octets in memory of exactly their size, so that a read beyond them
 * is seen by valgrind and ASan. */
static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  long size;
  char *octets;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
    die("cannot read", path);
  }
  rewind(file);
  octets = malloc(size == 0 ? 1 : (size_t)size);
  if (octets == NULL || fread(octets, 1, (size_t)size, file) != (size_t)size) {
    die("cannot read", path);
  }
  fclose(file);
  *length = (size_t)size;
  return octets;
}

smtpconn_message *make_message(const char *name, const char *way, char **words, size_t count) {
  struct source *source;
  smtpconn_message *message;
  size_t index, length;
  char *octets;
  if (strcmp(way, "copy") == 0) {
    octets = read_file(words[0], &length);
    message = smtpconn_message_new_copy(octets, length);
    free(octets);
    return message;
  }
  if (strcmp(way, "descriptor") == 0) {
    int descriptor = open(words[0], O_RDONLY);
    message = smtpconn_message_new_descriptor(descriptor);
    close(descriptor);
    return message;
  }
  source = allocate(1, sizeof *source);
  snprintf(source->name, sizeof source->name, "%s", name);
  if (strcmp(way, "borrowed") == 0) {
    source->count = 1;
    source->pieces = allocate(1, sizeof *source->pieces);
    source->lengths = allocate(1, sizeof *source->lengths);
    source->pieces[0] = read_file(words[0], &source->lengths[0]);
    message = smtpconn_message_new_borrowed(source->pieces[0], source->lengths[0],
                                            release_source, source);
  } else if (strcmp(way, "reader") == 0) {
    source->count = count;
    source->pieces = allocate(source->count + 1, sizeof *source->pieces);
    source->lengths = allocate(source->count + 1, sizeof *source->lengths);
    for (index = 0; index < source->count; index++) {
      if (words[index][0] == '@') { /* a whole file as one piece */
        source->pieces[index] = read_file(words[index] + 1, &source->lengths[index]);
      } else {
        source->pieces[index] = strdup(words[index]);
        source->lengths[index] = strlen(words[index]);
      }
    }
    message = smtpconn_message_new_reader(read_source, release_source, source);
  } else {
    die("no such kind of message", way);
  }
  if (message == NULL) release_source(source);
  return message;
}

void call_message(char **words, size_t count) {
  smtpconn_message *message =
      make_message(words[1], words[2], words + 3, count < 3 ? 0 : count - 3);
  keep(words[1], MESSAGE, message);
  reply(message != NULL);
}
