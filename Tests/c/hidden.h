/*
 * hidden.h - looks for secrets in the memory of this program, freed memory included
 *
 * Each octet of a hidden word is the one before that of the secret, so that the secret itself
 * is in no memory that is searched, but where the library has put it.
 */
#ifndef HIDDEN_H
#define HIDDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN_LONGEST = 512, HIDDEN_PART = 1 << 16 };

struct hidden {
  const unsigned char *octets;
  size_t length;
};

/* Ranges beyond this are what ASan keeps of its own, almost all of it never used. */
static const unsigned long hidden_widest = 1ul << 30;

static int hidden_is_here(const unsigned char *place, const struct hidden *word) {
  size_t index;
  for (index = 0; index < word->length; index++) {
    if (place[index] != (unsigned char)(word->octets[index] + 1)) return 0;
  }
  return 1;
}

/* How often a word occurs in these octets, of which the first `starts` may begin it. */
static int hidden_count(const unsigned char *octets, size_t length, size_t starts,
                        const struct hidden *word) {
  const unsigned char *place = octets;
  int count = 0;
  for (; place < octets + starts; place++) {
    size_t rest = (size_t)(octets + length - place);
    if (rest < word->length) break;
    place = memchr(place, (unsigned char)(word->octets[0] + 1), rest - word->length + 1);
    if (place == NULL || place >= octets + starts) break;
    count += hidden_is_here(place, word);
  }
  return count;
}

/* The same for a range of this program's memory. */
static int hidden_between(FILE *memory, unsigned long start, unsigned long end,
                          const struct hidden *word) {
  static unsigned char part[HIDDEN_PART + HIDDEN_LONGEST];
  int count = 0;
  for (; start < end; start += HIDDEN_PART) {
    size_t wanted = end - start < sizeof part ? (size_t)(end - start) : sizeof part;
    /* The search would find itself. */
    if (start < (unsigned long)(part + sizeof part) && start + wanted > (unsigned long)part) {
      continue;
    }
    if (fseek(memory, (long)start, SEEK_SET) != 0) break;
    count += hidden_count(part, fread(part, 1, wanted, memory), HIDDEN_PART, word);
  }
  return count;
}

static int hidden_in_memory(const struct hidden *word) {
  FILE *ranges = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "r");
  char line[512], access[8];
  unsigned long start, end;
  int count = 0;
  if (ranges == NULL || memory == NULL) abort();
  setvbuf(memory, NULL, _IONBF, 0);
  while (fgets(line, sizeof line, ranges) != NULL) {
    if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3) continue;
    if (end - start > hidden_widest || strncmp(access, "rw", 2) != 0) continue;
    count += hidden_between(memory, start, end, word);
  }
  fclose(memory);
  fclose(ranges);
  return count;
}

/* The secret itself, with a NUL, for a moment. */
static void hidden_reveal(const struct hidden *word, char *text) {
  size_t index;
  for (index = 0; index < word->length; index++) text[index] = (char)(word->octets[index] + 1);
  text[word->length] = 0;
}

static void hidden_forget(char *text, size_t length) {
  volatile char *octet = text;
  while (length-- > 0) *octet++ = 0;
}

#endif
