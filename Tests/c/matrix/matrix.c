/*
 * matrix.c - every callback does everything
 *
 * Wherever the library calls a function of ours, release functions included, it may call
 * any function of the header but those that run callbacks. Afterwards each operation has had its
 * callback once, whatever was given was released once, and nothing is left.
 */
#define CHECK_MAIN
#include "world.h"

#include "include/matrix.h"

int check_failed(void) { return check_failures; }

/* Which course passes a place, and at which of its visits. */
static const struct place {
  enum course course;
  enum visit place;
  int number;
} places[] = {
    {QUESTION, ON_CONNECT, 1}, {QUESTION, ON_LOGIN, 1}, {MECHANISM, ON_LOGIN, 1},
    {ENDPOINT, ON_LOGIN, 1}, {QUESTION, ON_SENT, 1}, {QUESTION, ON_READER_SENT, 1},
    {DROPPED, ON_READER_SENT, 1}, {QUESTION, ON_RESET, 1}, {QUESTION, ON_REPLIED, 1}, {DROPPED, ON_REPLIED, 1},
    {QUESTION, ON_QUIT, 1},
    {DROPPED, ON_QUIT, 1}, {QUESTION, ON_CONNECTED, 1}, {QUESTION, ON_END, 1},
    {DROPPED, ON_ERROR, 1}, {QUESTION, ON_PROGRESS, 1}, {QUESTION, ON_PROGRESS, 2},
    {QUESTION, ON_LOG, 1}, {QUESTION, ON_LOG, 7}, {DROPPED, ON_LOG, 15},
    {ENDPOINT, ON_NEW_TOKEN, 1}, {QUESTION, ON_TOKEN, 1}, {MECHANISM, ON_BEGIN, 1},
    {MECHANISM, ON_CHALLENGE, 1}, {QUESTION, ON_READ, 1}, {QUESTION, ON_READ, 2},
    {CONTEXT, ON_PASSWORD, 1}, {CONTEXT, ON_CONTEXT, 1}, {QUESTION, RELEASED_MESSAGE, 1},
    {CONTEXT, RELEASED_MESSAGE, 1}, {QUESTION, RELEASED_READER, 1},
    {DROPPED, RELEASED_READER, 1}, {QUESTION, RELEASED_TOKEN, 1}, {DROPPED, RELEASED_TOKEN, 1},
    {CONTEXT, RELEASED_TOKEN, 1}, {MECHANISM, RELEASED_TOKEN, 1},
    {MECHANISM, RELEASED_MECHANISM, 1}, {CONTEXT, RELEASED_PASSWORD, 1},
    {CONTEXT, RELEASED_CONTEXT, 1},
};

/* A token endpoint needs a socket. */
static int is_possible(enum course course) { return !without_socket || course != ENDPOINT; }

static void go_everywhere(void) {
  size_t place;
  int course, deed;
  for (course = 0; course < COURSES; course++) {
    if (is_possible((enum course)course)) go((enum course)course, VISITS, 0, NULL, "nothing");
  }
  for (place = 0; place < sizeof places / sizeof places[0]; place++) {
    if (!is_possible(places[place].course)) continue;
    for (deed = 0; deed < deed_count; deed++) {
      go(places[place].course, places[place].place, places[place].number, deeds[deed].deed,
         deeds[deed].name);
    }
  }
}

int matrix_run(void) {
  if (!start_server()) return 2;
  for (without_socket = 0; without_socket <= 1; without_socket++) go_everywhere();
  return check_result();
}
