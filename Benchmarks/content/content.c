/*
 * content.c - the content pass alone, beside memcpy
 *
 * What the library does with the octets of a message before they leave: line ends
 * repaired, dots escaped. Each way the same text of 76 columns goes piece by piece
 * into the same memory. Prints octets a second: "memcpy", "crlf" for a text with CRLF,
 * "lf" with LF.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LENGTH = 1 << 25, PIECE = 1 << 16, ROUNDS = 9, COLUMNS = 76, KINDS = 3 };

/* In content.swift, compiled with the core. */
long encode_text(const unsigned char *text, long length, long piece);

static unsigned char *text(const char *end_of_line) {
  unsigned char *octets = malloc(LENGTH);
  size_t index, end = strlen(end_of_line);
  if (octets == NULL) exit(1);
  memset(octets, 'x', LENGTH);
  for (index = COLUMNS; index + end <= LENGTH; index += COLUMNS + end) {
    memcpy(octets + index, end_of_line, end);
  }
  return octets;
}

static void copy_text(const unsigned char *octets) {
  static unsigned char output[PIECE];
  size_t from;
  for (from = 0; from < LENGTH; from += PIECE) {
    memcpy(output, octets + from, PIECE);
    /* Or the compiler would remove the unused result. */
    __asm__ volatile("" : : "r"(output) : "memory");
  }
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(void) {
  static const char *names[KINDS] = {"memcpy", "crlf", "lf"};
  static double taken[KINDS][ROUNDS];
  unsigned char *texts[KINDS];
  int round, kind;
  texts[0] = texts[1] = text("\r\n");
  texts[2] = text("\n");
  for (round = 0; round < ROUNDS; round++) {
    for (kind = 0; kind < KINDS; kind++) {
      double start = seconds();
      if (kind == 0) copy_text(texts[kind]);
      else if (encode_text(texts[kind], LENGTH, PIECE) < LENGTH) return 1;
      taken[kind][round] = seconds() - start;
    }
  }
  for (kind = 0; kind < KINDS; kind++) {
    qsort(taken[kind], ROUNDS, sizeof taken[kind][0], ascending);
    printf("%s\"%s\": %.0f", kind == 0 ? "{" : ", ", names[kind],
           LENGTH / taken[kind][ROUNDS / 2]);
  }
  printf("}\n");
  return 0;
}
