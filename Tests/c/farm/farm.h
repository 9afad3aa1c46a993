/*
 * farm.h - servers that fail in many ways, and know what they have done with each mailbox
 */
#ifndef FARM_H
#define FARM_H

#include <stdint.h>

enum { PER_MESSAGE = 3 }; /* mailboxes "r<number>@farm.test" at most, of one message */

/* What a server has done with a mailbox. Written by the thread of the servers alone, and read
 * when that has ended. */
struct mailbox {
  unsigned deliveries, tries;
  int is_refused; /* for good */
};

enum manner { PLAIN = 0, CHUNKS = 1, LMTP = 2, MANNERS = 3 };

/* Starts one server for each manner, in a thread; 0 when that is not possible. */
int farm_start(uint64_t seed, struct mailbox *mailboxes, unsigned count, int ports[MANNERS]);
void farm_stop(void);

uint64_t farm_dice(uint64_t *state);

#endif
