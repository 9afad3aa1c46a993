/*
 * timers.c - timers of a loop: order, repetition, what counts as pending, and the end
 *
 *     timers
 */
#define _GNU_SOURCE
#define CHECK_MAIN
#include "check.h"

#include <smtpconn.h>

#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LATER = 3600000, MOST = 1000 };

struct alarm {
  int calls, order;
  void (*deed)(smtpconn_timer *timer);
};

static int order;

static void on_time(smtpconn_timer *timer, void *user) {
  struct alarm *alarm = user;
  alarm->calls++;
  alarm->order = ++order;
  if (alarm->deed != NULL) alarm->deed(timer);
}

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* One that runs once is waited for, and not called early. */
static void once(void) {
  struct alarm late = {0, 0, NULL}, soon = {0, 0, NULL}, never = {0, 0, NULL};
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_timer *first = smtpconn_timer_new(loop, on_time, &late);
  smtpconn_timer *second = smtpconn_timer_new(loop, on_time, &soon);
  smtpconn_timer *third = smtpconn_timer_new(loop, on_time, &never);
  long long begin = milliseconds();
  CHECK_INT(smtpconn_loop_run(loop), 0); /* none was started */
  CHECK_INT(smtpconn_timer_start(third, LATER, 0), 0);
  CHECK_INT(smtpconn_loop_run_once(loop, 0), 1);
  CHECK(smtpconn_loop_timeout(loop) > 0 && smtpconn_loop_timeout(loop) <= LATER);
  CHECK_INT(smtpconn_timer_stop(third), 0);
  CHECK_INT(smtpconn_timer_stop(third), 0);
  CHECK_INT(smtpconn_timer_start(second, LATER, 0), 0);
  CHECK_INT(smtpconn_timer_start(second, 10, 0), 0); /* instead */
  CHECK_INT(smtpconn_timer_start(first, 30, 0), 0);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  CHECK(milliseconds() >= begin + 30);
  CHECK_INT(late.calls, 1);
  CHECK_INT(soon.calls, 1);
  CHECK_INT(never.calls, 0);
  CHECK(soon.order < late.order);
  /* Again, with nothing to wait for. */
  CHECK_INT(smtpconn_timer_start(first, 0, 0), 0);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  CHECK_INT(late.calls, 2);
  smtpconn_timer_free(first), smtpconn_timer_free(second), smtpconn_timer_free(third);
  smtpconn_loop_free(loop);
}

/* One that repeats is not waited for, and goes on until it is stopped. */
static void again(void) {
  struct alarm repeats = {0, 0, NULL};
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_timer *timer = smtpconn_timer_new(loop, on_time, &repeats);
  struct pollfd watched = {smtpconn_loop_fd(loop), POLLIN, 0};
  CHECK_INT(smtpconn_timer_start(timer, 0, 1), 0);
  CHECK_INT(smtpconn_loop_run(loop), 0);
  while (repeats.calls < 3) {
    /* The descriptor becomes readable. */
    CHECK_INT(poll(&watched, 1, LATER), 1);
    CHECK_INT(smtpconn_loop_dispatch(loop), 0);
  }
  CHECK_INT(smtpconn_timer_stop(timer), 0);
  CHECK_INT(smtpconn_loop_timeout(loop), -1);
  /* As one that runs once it counts. */
  CHECK_INT(smtpconn_timer_start(timer, 0, 1), 0);
  CHECK_INT(smtpconn_timer_start(timer, LATER, 0), 0);
  CHECK_INT(smtpconn_loop_dispatch(loop), 1);
  smtpconn_timer_free(timer);
  CHECK_INT(smtpconn_loop_dispatch(loop), 0);
  smtpconn_loop_free(loop);
}

/* A loop that was busy makes nothing up for: each turn calls once. */
static void late(void) {
  struct alarm repeats = {0, 0, NULL};
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_timer *timer = smtpconn_timer_new(loop, on_time, &repeats);
  struct timespec busy = {0, 50000000};
  CHECK_INT(smtpconn_timer_start(timer, 0, 5), 0);
  nanosleep(&busy, NULL);
  CHECK_INT(smtpconn_loop_dispatch(loop), 0);
  CHECK_INT(repeats.calls, 1);
  smtpconn_timer_free(timer);
  smtpconn_loop_free(loop);
}

static void starts(smtpconn_timer *timer) { CHECK_INT(smtpconn_timer_start(timer, LATER, 0), 0); }
static void stops(smtpconn_timer *timer) { CHECK_INT(smtpconn_timer_stop(timer), 0); }

static smtpconn_loop *freed;
static void frees_loop(smtpconn_timer *timer) {
  (void)timer;
  smtpconn_loop_free(freed);
}

static void inside(void) {
  struct alarm alarm = {0, 0, starts};
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_timer *timer = smtpconn_timer_new(loop, on_time, &alarm);
  smtpconn_timer_start(timer, 0, 0);
  CHECK_INT(smtpconn_loop_dispatch(loop), 1);
  alarm.deed = stops;
  smtpconn_timer_start(timer, 0, 1);
  CHECK_INT(smtpconn_loop_dispatch(loop), 0);
  CHECK_INT(smtpconn_loop_timeout(loop), -1);
  alarm.deed = smtpconn_timer_free;
  smtpconn_timer_start(timer, 0, 1);
  CHECK_INT(smtpconn_loop_dispatch(loop), 0);
  CHECK_INT(alarm.calls, 3);
  CHECK_INT(smtpconn_loop_timeout(loop), -1);

  alarm.deed = frees_loop;
  freed = loop;
  timer = smtpconn_timer_new(loop, on_time, &alarm);
  smtpconn_timer_start(timer, 0, 1);
  CHECK(smtpconn_loop_dispatch(loop) <= 0);
  CHECK_INT(alarm.calls, 4);
  CHECK_INT(smtpconn_timer_start(timer, 0, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_timer_stop(timer), 0);
  smtpconn_timer_free(timer);
}

static void bounds(void) {
  smtpconn_loop *loop = smtpconn_loop_new();
  smtpconn_timer *timers[MOST];
  int index, child = 0;
  CHECK(smtpconn_timer_new(NULL, on_time, NULL) == NULL);
  CHECK(smtpconn_timer_new(loop, NULL, NULL) == NULL);
  CHECK_INT(smtpconn_timer_start(NULL, 0, 0), SMTPCONN_ESTATE);
  CHECK_INT(smtpconn_timer_stop(NULL), SMTPCONN_ESTATE);
  smtpconn_timer_free(NULL);
  for (index = 0; index < MOST; index++) {
    timers[index] = smtpconn_timer_new(loop, on_time, NULL);
    CHECK(timers[index] != NULL);
  }
  CHECK(smtpconn_timer_new(loop, on_time, NULL) == NULL);
  smtpconn_timer_free(timers[0]);
  timers[0] = smtpconn_timer_new(loop, on_time, NULL);
  CHECK(timers[0] != NULL);
  CHECK_INT(smtpconn_timer_start(timers[0], UINT32_MAX, UINT32_MAX), 0);
  CHECK(smtpconn_loop_timeout(loop) > LATER);
  child = fork();
  if (child == 0) _exit(smtpconn_timer_start(timers[1], 0, 0) == SMTPCONN_ESTATE ? 0 : 1);
  waitpid(child, &index, 0);
  CHECK_INT(index, 0);
  for (index = 0; index < MOST; index++) smtpconn_timer_free(timers[index]);
  smtpconn_loop_free(loop);
}

int main(void) {
  once();
  again();
  late();
  inside();
  bounds();
  return check_result();
}
