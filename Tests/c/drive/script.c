/*
 * script.c - a line and its words
 */
#define _POSIX_C_SOURCE 200809L
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(int digit) {
  return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* "~" is NULL, "=..." is percent-decoded, anything else is itself. */
static char *decode(char *word) {
  char *from, *to;
  if (strcmp(word, "~") == 0) return NULL;
  if (word[0] != '=') return word;
  for (from = to = word + 1; *from != 0; from++) {
    if (*from == '%') {
      *to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
      from += 2;
    } else {
      *to++ = *from;
    }
  }
  *to = 0;
  return word + 1;
}

unsigned char *octets_of(char *word, size_t *length) {
  unsigned char *octets = (unsigned char *)word;
  unsigned octet;
  for (*length = 0; word[2 * *length] != 0; octets[(*length)++] = (unsigned char)octet) {
    if (sscanf(word + 2 * *length, "%2x", &octet) != 1) die("no octets", word);
  }
  return octets;
}

void execute(char *line) {
  char **words;
  size_t blanks = 0, count = 0;
  char *word, *rest;
  if (strncmp(line, "on ", 3) == 0) {
    rest = strchr(line + 3, ' ');
    if (rest == NULL) die("on what?", line);
    *rest = 0;
    set_action(line + 3, rest + 1);
    return;
  }
  for (word = line; *word != 0; word++) blanks += *word == ' ';
  words = allocate(blanks + 9, sizeof *words); /* words that are missing are NULL */
  for (word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    words[count++] = decode(word);
  }
  if (count > 0) call(words, count);
  free(words);
}
