/*
 * check.h - assertions for test programs
 *
 * A check that fails says where and what, and the program goes on, so that one
 * run shows all. main() ends with `return check_result();`, and its file defines
 * CHECK_MAIN before it includes this one.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

#define CHECK(condition) check_true((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_INT(actual, expected) \
  check_int((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), #actual, __FILE__, __LINE__)

void check_true(int holds, const char *text, const char *file, int line);
void check_int(long long actual, long long expected, const char *text, const char *file, int line);

/* NULL is a value like any other. */
void check_text(const char *actual, const char *expected, const char *text, const char *file,
                int line);

/* What main() returns. */
int check_result(void);

#ifdef CHECK_MAIN

static int check_count, check_failures;

void check_true(int holds, const char *text, const char *file, int line) {
  check_count++;
  if (holds) return;
  check_failures++;
  fprintf(stderr, "%s:%d: %s does not hold\n", file, line, text);
}

void check_int(long long actual, long long expected, const char *text, const char *file,
               int line) {
  check_count++;
  if (actual == expected) return;
  check_failures++;
  fprintf(stderr, "%s:%d: %s is %lld and not %lld\n", file, line, text, actual, expected);
}

void check_text(const char *actual, const char *expected, const char *text, const char *file,
                int line) {
  check_count++;
  if (actual == expected) return;
  if (actual != NULL && expected != NULL && strcmp(actual, expected) == 0) return;
  check_failures++;
  fprintf(stderr, "%s:%d: %s is \"%s\" and not \"%s\"\n", file, line, text,
          actual == NULL ? "(null)" : actual, expected == NULL ? "(null)" : expected);
}

int check_result(void) {
  printf("%d checks, %d failed\n", check_count, check_failures);
  if (check_count == 0) fprintf(stderr, "nothing was checked\n");
  return check_failures != 0 || check_count == 0;
}

#endif /* CHECK_MAIN */

#endif /* CHECK_H */
