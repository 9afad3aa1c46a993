/*
 * common.c - arguments, message and clock of the clients in C
 */
#define _GNU_SOURCE
#include "common.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct client client = {0, NULL, 0, "", "memory", NULL, 1, 1, 0, 1};
char *message;
size_t message_length, head_length;

static double wall_start, cpu_start, wall, cpu;

void give_up(const char *why) {
  fprintf(stderr, "%s\n", why == NULL ? "out of memory" : why);
  exit(1);
}

int is(const char *value, const char *name) { return strcmp(value, name) == 0; }

/* What follows `key`, and NULL when the argument is another one. */
static const char *value_of(const char *argument, const char *key) {
  size_t length = strlen(key);
  return strncmp(argument, key, length) == 0 ? argument + length : NULL;
}

static void read_option(const char *argument) {
  const char *value;
  if ((value = value_of(argument, "mode=")) != NULL) client.mode = value;
  else if ((value = value_of(argument, "source=")) != NULL) client.source = value;
  else if ((value = value_of(argument, "tls=")) != NULL) client.ca_file = value;
  else if ((value = value_of(argument, "recipients=")) != NULL) client.recipients = atol(value);
  else if ((value = value_of(argument, "connections=")) != NULL) client.connections = atol(value);
  else if ((value = value_of(argument, "piece=")) != NULL) client.piece = atol(value);
  else if ((value = value_of(argument, "warm=")) != NULL) client.is_warm = atoi(value);
  else give_up("an argument is not known");
}

/* All of it, or as much as its source needs. */
static void read_message(void) {
  FILE *file = fopen(client.path, "rb");
  size_t wanted, index;
  long length;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0 ||
      fseek(file, 0, SEEK_SET) != 0) {
    give_up("the message cannot be read");
  }
  message_length = wanted = (size_t)length;
  if (client.piece > 0 && is(client.source, "callback")) wanted = (size_t)client.piece;
  if (wanted > HEAD && is(client.source, "descriptor")) wanted = HEAD;
  message = malloc(wanted + 1);
  if (message == NULL || fread(message, 1, wanted, file) != wanted) {
    give_up("the message cannot be read");
  }
  fclose(file);
  for (index = 0; index < wanted && index < HEAD; index++) {
    if (message[index] == '\n') head_length = index + 1;
  }
}

void read_arguments(int argc, char **argv) {
  int index;
  if (argc < 4) give_up("usage: CLIENT PORT FILE COUNT [KEY=VALUE]...");
  client.port = atoi(argv[1]);
  client.path = argv[2];
  client.count = atol(argv[3]);
  for (index = 4; index < argc; index++) read_option(argv[index]);
  read_message();
}

const char *recipient(long index) {
  static char address[64];
  snprintf(address, sizeof address, "recipient%ld@example.net", index);
  return address;
}

size_t read_piece(struct reader *reader, char *buffer, size_t capacity) {
  size_t from = reader->offset, available = reader->limit - reader->offset;
  if (client.piece > 0) {
    from %= (size_t)client.piece;
    if (available > (size_t)client.piece - from) available = (size_t)client.piece - from;
  }
  if (capacity > available) capacity = available;
  memcpy(buffer, message + from, capacity);
  reader->offset += capacity;
  return capacity;
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double now(void) { return seconds(CLOCK_MONOTONIC); }

size_t heap(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

long status(const char *key) {
  char line[256];
  long value = -1;
  FILE *file = fopen("/proc/self/status", "r");
  if (file == NULL) give_up("/proc is not there");
  while (fgets(line, sizeof line, file) != NULL) {
    const char *found = value_of(line, key);
    if (found != NULL && *found == ':') value = atol(found + 1);
  }
  fclose(file);
  return value;
}

void start_clock(void) {
  wall_start = now();
  cpu_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

void stop_clock(void) {
  wall = now() - wall_start;
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
}

void print_report(void) {
  printf("{\"seconds\": %.9f, \"cpu\": %.9f, \"peak\": %ld}\n", wall, cpu, status("VmHWM"));
}

void allow_descriptors(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

void print_report_of_many(size_t idle, size_t used) {
  double each = 1.0 / (double)client.connections;
  printf("{\"seconds\": %.9f, \"cpu\": %.9f, \"peak\": %ld, \"idle\": %.1f, \"used\": %.1f}\n",
         wall, cpu, status("VmHWM"), (double)idle * each, (double)used * each);
}
