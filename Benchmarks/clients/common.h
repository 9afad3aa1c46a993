/* common.h - what the clients in C have in common: arguments, message, clock.
 *
 *     CLIENT PORT FILE COUNT [KEY=VALUE]...
 *
 * sends the message in FILE over one connection: its head once to warm up, then all
 * of it COUNT times, and prints one object: "seconds" from the end of the warm-up to
 * the end of the last, "cpu", what the process used of a processor meanwhile, and
 * "peak", the most memory that it ever had resident, in KiB.
 *
 *     mode=NAME          what each client makes of it
 *     source=NAME        where the message comes from: memory (the default), copy,
 *                        callback, descriptor
 *     tls=FILE           TLS, with this authority
 *     recipients=NUMBER  1 by default
 *     warm=0             no warm-up
 *     piece=NUMBER       a callback repeats so many octets, of which the file consists
 *     connections=NUMBER for the clients that have many
 */
#ifndef COMMON_H
#define COMMON_H

#include <stddef.h>
#include <stdint.h>

#define SENDER "sender@example.com"

struct client {
  int port;
  const char *path;
  long count;
  const char *mode, *source, *ca_file; /* mode is "" and ca_file NULL by default */
  long recipients, connections, piece;
  int is_warm;
};

extern struct client client;

/* The message; for a callback the piece that it repeats, for a descriptor the head. */
enum { HEAD = 1 << 10 };
extern char *message;
extern size_t message_length; /* of the whole message, however much is in memory */
extern size_t head_length;    /* whole lines, up to HEAD octets */

void give_up(const char *why);
int is(const char *value, const char *name);
void read_arguments(int argc, char **argv);
/* "recipient0@example.net" and so on; valid until the next call. */
const char *recipient(long index);

/* A message that is read piece by piece, from memory or by repeating it. */
struct reader {
  size_t offset, limit;
};
size_t read_piece(struct reader *reader, char *buffer, size_t capacity);

/* Seconds on the clock that every process of the machine shares. */
double now(void);
/* Octets that were allocated and are not free. */
size_t heap(void);
/* A line of /proc/self/status, in KiB. */
long status(const char *key);

void start_clock(void);
void stop_clock(void);
void print_report(void);

/* For the clients with many connections: as many descriptors as the system allows,
 * and a report with the heap for each connection besides. */
void allow_descriptors(void);
void print_report_of_many(size_t idle, size_t used);

#endif
