/*
 * main.c - random programs, as many as are wanted
 *
 *     soak SEED COUNT [SECONDS]
 *
 * Runs the programs of SEED, SEED + 1 and so on: COUNT of them, or with a COUNT of 0 as
 * many as SECONDS allow.  The seed of one that fails is printed; `soak SEED 1` runs it
 * again.
 */
#define _DEFAULT_SOURCE
#define CHECK_MAIN
#include "soak.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Of a program that does not end by itself. */
enum { MOST_SECONDS = 120 };

static char seed_text[64];

int check_failed(void) { return check_failures; }

void throw_first(struct dice *dice, uint64_t seed) {
  dice->state = seed * 0x9E3779B97F4A7C15u + 0x2545F4914F6CDD1Du;
}

int throw_dice(struct dice *dice, int sides) {
  /* Marsaglia's xorshift, followed by a multiplication. */
  dice->state ^= dice->state >> 12;
  dice->state ^= dice->state << 25;
  dice->state ^= dice->state >> 27;
  return (int)((dice->state * 0x2545F4914F6CDD1Du >> 33) % (uint64_t)sides);
}

static void say_seed(void) {
  if (write(STDERR_FILENO, seed_text, strlen(seed_text)) < 0) return;
}

/* Nothing but the seed; then what would have happened. */
static void on_signal(int number) {
  say_seed();
  signal(number, SIG_DFL);
  raise(number);
}

/* Called by ASan before it ends the program. */
void __asan_on_error(void);
void __asan_on_error(void) { say_seed(); }

int main(int argc, char **argv) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGALRM};
  uint64_t seed;
  long count, done;
  time_t end;
  size_t index;
  if (argc < 3) {
    fprintf(stderr, "usage: soak SEED COUNT [SECONDS]\n");
    return 2;
  }
  seed = strtoull(argv[1], NULL, 10);
  count = atol(argv[2]);
  end = time(NULL) + (argc > 3 ? atol(argv[3]) : 0);
  for (index = 0; index < sizeof signals / sizeof signals[0]; index++) {
    signal(signals[index], on_signal);
  }
  for (done = 0; count > 0 ? done < count : time(NULL) < end; done++, seed++) {
    int before = check_failures, port = start_server(seed);
    if (port == 0) return 2;
    snprintf(seed_text, sizeof seed_text, "seed %llu\n", (unsigned long long)seed);
    alarm(MOST_SECONDS);
    run_program(seed, port);
    alarm(0);
    stop_server();
    if (check_failures != before) say_seed();
  }
  printf("%ld programs\n", done);
  return check_result();
}
