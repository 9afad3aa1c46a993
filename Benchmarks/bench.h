/* bench.h - what the clients in C have in common: arguments, message, clock.
 *
 *     CLIENT PORT FILE COUNT [MODE]
 *
 * sends the message in FILE over one connection: once to warm up, then COUNT
 * times, and prints "SECONDS CPU_SECONDS", the time from the end of the first to
 * the end of the last and what the process used of a processor meanwhile. */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SENDER "sender@example.com"
#define RECIPIENT "recipient@example.net"

static int port;
static long count;
static const char *mode;
static char *message;
static size_t message_length;

static double wall_start, cpu_start;

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start_clock(void) {
  wall_start = seconds(CLOCK_MONOTONIC);
  cpu_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void stop_clock(void) {
  double wall = seconds(CLOCK_MONOTONIC) - wall_start;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
  printf("%.9f %.9f\n", wall, cpu);
}

static void give_up(const char *why) {
  fprintf(stderr, "%s\n", why == NULL ? "out of memory" : why);
  exit(1);
}

static void read_arguments(int argc, char **argv) {
  FILE *file;
  long length;
  if (argc != 4 && argc != 5) give_up("usage: CLIENT PORT FILE COUNT [MODE]");
  port = atoi(argv[1]);
  count = atol(argv[3]);
  mode = argc == 5 ? argv[4] : "";
  file = fopen(argv[2], "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0 ||
      fseek(file, 0, SEEK_SET) != 0) {
    give_up("the message cannot be read");
  }
  message_length = (size_t)length;
  message = malloc(message_length + 1);
  if (message == NULL || fread(message, 1, message_length, file) != message_length) {
    give_up("the message cannot be read");
  }
  fclose(file);
}

#endif
