/*
 * clock.c - the time that the library sees
 *
 * The library calls these functions of the C library through the dynamic linker, which
 * finds the ones here first. "advance" puts the monotonic clock forward: a test of a
 * limit waits for nothing, and does not depend on how fast the machine is.
 */
#define _GNU_SOURCE
#include "drive.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ALARMS = 4096, THOUSAND = 1000 };

static const long long second = 1000000000;

/* How far ahead of the system's clock, in nanoseconds. */
static long long ahead;

/* When each timer descriptor is to fire, by the clock that the library sees; 0 for a
 * descriptor that is none. */
static long long alarms[MAX_ALARMS];

static long long real_time(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * second + now.tv_nsec;
}

static struct timespec as_timespec(long long time) {
  struct timespec parts;
  parts.tv_sec = (time_t)(time / second);
  parts.tv_nsec = (long)(time % second);
  return parts;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (clock != CLOCK_MONOTONIC) return (int)syscall(SYS_clock_gettime, clock, now);
  *now = as_timespec(real_time() + ahead);
  return 0;
}

int timerfd_create(int clock, int flags) {
  int alarm = (int)syscall(SYS_timerfd_create, clock, flags);
  if (alarm >= MAX_ALARMS) die("too many descriptors", NULL);
  if (alarm >= 0) alarms[alarm] = 0;
  return alarm;
}

/* Sets a timer descriptor by the system's clock. A time of 0 would disarm it. */
static int set_alarm(int alarm) {
  long long time = alarms[alarm] - ahead;
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  when.it_value = as_timespec(time > 0 ? time : 1);
  return (int)syscall(SYS_timerfd_settime, alarm, TFD_TIMER_ABSTIME, &when, NULL);
}

int timerfd_settime(int alarm, int flags, const struct itimerspec *when,
                    struct itimerspec *before) {
  if (flags != TFD_TIMER_ABSTIME || before != NULL) die("timerfd_settime", "other arguments");
  alarms[alarm] = when->it_value.tv_sec * second + when->it_value.tv_nsec;
  return set_alarm(alarm);
}

/* advance MILLISECONDS: what is due then is ready when this is answered, and is
 * dispatched before the next call. */
void call_advance(char **words, size_t count) {
  long long now;
  int alarm;
  (void)count;
  ahead += strtoll(words[1], NULL, 10) * THOUSAND * THOUSAND;
  now = real_time() + ahead;
  for (alarm = 0; alarm < MAX_ALARMS; alarm++) {
    struct pollfd fired;
    if (alarms[alarm] == 0) continue;
    if (set_alarm(alarm) < 0) { /* it was closed */
      alarms[alarm] = 0;
      continue;
    }
    if (alarms[alarm] > now) continue;
    fired.fd = alarm;
    fired.events = POLLIN;
    if (poll(&fired, 1, -1) < 0) die("poll", "advance");
  }
  reply(0);
}
