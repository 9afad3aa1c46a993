/*
 * soak.h - random programs against a server that misbehaves at random
 *
 * All that is random comes from one seed.  What the two sides do in the same moment may
 * still differ between runs, so a seed that failed is worth more than one try.
 */
#ifndef SOAK_H
#define SOAK_H

#include <smtpconn.h>

#include "../check.h"

struct dice {
  uint64_t state;
};

void throw_first(struct dice *dice, uint64_t seed);
/* 0 to `sides` - 1. */
int throw_dice(struct dice *dice, int sides);

/* Serves in a process of its own; returns the port, 0 when that is not possible. */
int start_server(uint64_t seed);
void stop_server(void);

/* One program: connections on one loop, what they start, and what callbacks do. */
void run_program(uint64_t seed, int port);

int check_failed(void);

#endif
