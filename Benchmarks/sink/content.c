/*
 * content.c - where the content of DATA ends
 *
 * A block at a time, without a branch for each octet: the compiler makes vectors of
 * it. A block is inspected only when LF . CR is in it.
 */
#include "sink.h"

#include <string.h>

enum { BLOCK = 64, END = 5 };

static int may_hold_end(const char *from) {
  unsigned char hits = 0;
  int index;
  for (index = 0; index < BLOCK; index++) {
    hits |= (unsigned char)((from[index] == '\n') & (from[index + 1] == '.') &
                            (from[index + 2] == '\r'));
  }
  return hits;
}

static const char *search(const char *from, const char *limit) {
  for (; from + END <= limit; from++) {
    if (memcmp(from, "\r\n.\r\n", END) == 0) return from;
  }
  return NULL;
}

const char *content_end(const char *from, const char *limit) {
  /* A block ends in front of what is found in the next one: LF, dot and CR are one
   * octet after the CR that the end begins with. */
  while (limit - from >= BLOCK + END) {
    if (may_hold_end(from + 1)) {
      const char *found = search(from, from + BLOCK + END);
      if (found != NULL) return found;
    }
    from += BLOCK;
  }
  return search(from, limit);
}
