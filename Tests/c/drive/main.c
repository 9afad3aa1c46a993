/*
 * main.c - the library, driven line by line
 *
 * The scripted tests are written in Python, but the library should be called
 * as a C program calls it, and under valgrind. So this program does the
 * calling: it reads one call per line from standard input and writes one JSON
 * object per line to standard output, the answer to the call ("reply") and
 * the arguments of each callback ("event").
 *
 * It waits in its own poll() for its input and for every loop's descriptor,
 * and dispatches a loop only when that descriptor is readable. A time limit or
 * an operation that the descriptor fails to announce therefore hangs a test.
 *
 * A line is words separated by blanks. Names of objects are bare words; strings
 * are "=" and then percent-encoded text, and "~" is a NULL pointer.
 */
#define _POSIX_C_SOURCE 200809L
#include "drive.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Waits for input, a loop or a pump, and serves these two; 1 when there is input. */
static int wait_for_input(void) {
  static struct pollfd watched[2 * MAX_OBJECTS + 1];
  static smtpconn_loop *loops[MAX_OBJECTS];
  size_t index, pumps = 0, count = held ? 0 : collect_loops(loops);
  int timeout = -1, is_busy = !held && work_pumps();
  watched[0].fd = STDIN_FILENO;
  watched[0].events = POLLIN;
  for (index = 0; index < count; index++) {
    watched[index + 1].fd = smtpconn_loop_fd(loops[index]);
    watched[index + 1].events = POLLIN;
  }
  if (!held) pumps = watch_pumps(watched + count + 1, &timeout);
  if (is_busy) timeout = 0;
  if (poll(watched, (nfds_t)(count + pumps) + 1, timeout) < 0 && errno != EINTR) die("poll", strerror(errno));
  for (index = 0; index < count; index++) {
    if (watched[index + 1].revents != 0) {
      /* A callback may have freed other loops: look again afterwards. */
      int result = smtpconn_loop_dispatch(loops[index]);
      if (result < 0) die("dispatch", smtpconn_code_name(result));
      check_error_queue();
      break;
    }
  }
  /* A loop that always has something to do does not keep the input waiting. */
  return watched[0].revents != 0;
}

/* Standard input without stdio's buffer, which poll() could not see into. */
static char *read_line(void) {
  static char *buffer;
  static size_t length, capacity;
  static char *line;
  char *newline;
  free(line);
  line = NULL;
  for (;;) {
    ssize_t got;
    newline = length == 0 ? NULL : memchr(buffer, '\n', length);
    if (newline != NULL) {
      size_t size = (size_t)(newline - buffer) + 1;
      line = malloc(size);
      if (line == NULL) die("out of memory", NULL);
      memcpy(line, buffer, size);
      line[size - 1] = 0;
      memmove(buffer, buffer + size, length - size);
      length -= size;
      return line;
    }
    while (!wait_for_input()) continue;
    if (length == capacity) {
      capacity = capacity == 0 ? 65536 : capacity * 2;
      buffer = realloc(buffer, capacity);
      if (buffer == NULL) die("out of memory", NULL);
    }
    got = read(STDIN_FILENO, buffer + length, capacity - length);
    if (got <= 0) { /* the end of the script */
      free(buffer);
      buffer = NULL;
      return NULL;
    }
    length += (size_t)got;
  }
}

int main(void) {
  char *line;
  printf("{\"reply\":0");
  put_field("version", smtpconn_version());
  put_field("asan",
#ifdef __SANITIZE_ADDRESS__
            "yes"
#else
            NULL
#endif
  );
  end_line();
  while ((line = read_line()) != NULL) execute(line);
  free_everything();
  free_tags();
  return 0;
}
