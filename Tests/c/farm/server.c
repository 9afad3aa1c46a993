/*
 * server.c - one thread, one poll: as much of SMTP and LMTP as the pool speaks, and its ends
 *
 * A mailbox is refused for good, or at its first try only, by its number; everything else
 * happens by chance. What a server says and what it has done are two things: it may have stored
 * a message and be gone before it says so.
 */
#define _GNU_SOURCE
#include "farm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { VISITORS = 64, INPUT = 65536, RECIPIENTS = 16, AT_A_TIME = 3 };

struct visitor {
  int fd, manner, messages_left, is_content, is_last, is_over;
  size_t length, chunk_left;
  unsigned recipients[RECIPIENTS], count;
  int has_sender;
  char input[INPUT];
};

static struct visitor *visitors[VISITORS];
static int listeners[MANNERS], stopper[2];
static struct mailbox *boxes;
static unsigned box_count;
static uint64_t dice;
static pthread_t thread;

uint64_t farm_dice(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t value = *state;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

static int one_in(unsigned many) { return farm_dice(&dice) % many == 0; }

static void say(struct visitor *visitor, const char *text) {
  if (send(visitor->fd, text, strlen(text), MSG_NOSIGNAL) < 0) visitor->is_over = 1;
}

/* Gone, in an orderly way or at once. */
static void vanish(struct visitor *visitor) {
  struct linger at_once = {1, 0};
  if (one_in(2)) {
    setsockopt(visitor->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  visitor->is_over = 1;
}

static int has_verb(const char *line, const char *verb) {
  return strncasecmp(line, verb, strlen(verb)) == 0;
}

static void end_transaction(struct visitor *visitor) {
  visitor->has_sender = 0;
  visitor->count = 0;
}

/* The end of the content: stored, refused for now, or nobody knows. */
static void end_of_message(struct visitor *visitor) {
  unsigned replies = visitor->manner == LMTP ? visitor->count : 1, each;
  int is_stored = !one_in(300);
  if (!is_stored && one_in(2)) {
    vanish(visitor);
    return;
  }
  for (each = 0; each < visitor->count && is_stored; each++) {
    /* With LMTP each mailbox has a reply of its own. */
    if (visitor->manner == LMTP && one_in(100)) {
      say(visitor, "452 4.2.2 this one is full\r\n");
      continue;
    }
    boxes[visitor->recipients[each]].deliveries++;
    if (visitor->manner == LMTP) {
      if (one_in(300)) {
        vanish(visitor);
        break;
      }
      say(visitor, "250 2.1.5 stored\r\n");
    }
  }
  if (!is_stored) {
    for (each = 0; each < replies; each++) say(visitor, "451 4.3.0 not now\r\n");
  } else if (visitor->manner != LMTP) {
    if (one_in(200)) {
      vanish(visitor);
    } else {
      say(visitor, "250 2.0.0 stored\r\n");
    }
  }
  end_transaction(visitor);
}

static void take_recipient(struct visitor *visitor, const char *line) {
  unsigned number = (unsigned)strtoul(line + strlen("RCPT TO:<r"), NULL, 10);
  if (number >= box_count || visitor->count == RECIPIENTS) {
    say(visitor, "550 5.1.1 who?\r\n");
  } else if (number % 41 == 7) {
    boxes[number].is_refused = 1;
    say(visitor, "550 5.1.1 unknown\r\n");
  } else if (boxes[number].tries++ == 0 && number % 10 == 3) {
    say(visitor, "451 4.7.1 greylisted\r\n");
  } else {
    visitor->recipients[visitor->count++] = number;
    say(visitor, "250 2.1.5 ok\r\n");
  }
}

static void obey(struct visitor *visitor, const char *line) {
  if (one_in(700)) {
    vanish(visitor);
  } else if (has_verb(line, "EHLO") || has_verb(line, "LHLO")) {
    say(visitor, visitor->manner == CHUNKS
                     ? "250-farm.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
                     : one_in(3) ? "250 farm.test\r\n" : "250-farm.test\r\n250 PIPELINING\r\n");
  } else if (has_verb(line, "MAIL") && visitor->messages_left-- == 0) {
    say(visitor, "421 4.7.0 enough for now\r\n");
    visitor->is_over = 1;
  } else if (has_verb(line, "MAIL")) {
    end_transaction(visitor);
    visitor->has_sender = 1;
    say(visitor, "250 2.1.0 ok\r\n");
  } else if (has_verb(line, "RCPT") && visitor->has_sender) {
    take_recipient(visitor, line);
  } else if (has_verb(line, "DATA") && visitor->count > 0) {
    visitor->is_content = 1;
    say(visitor, "354 go on\r\n");
  } else if (has_verb(line, "BDAT ") && visitor->manner == CHUNKS) {
    visitor->chunk_left = strtoul(line + 5, NULL, 10);
    visitor->is_last = strstr(line, "LAST") != NULL;
  } else if (has_verb(line, "RSET")) {
    end_transaction(visitor);
    say(visitor, "250 2.0.0 ok\r\n");
  } else if (has_verb(line, "QUIT")) {
    say(visitor, "221 2.0.0 bye\r\n");
    visitor->is_over = 1;
  } else {
    say(visitor, "503 5.5.1 not now\r\n");
  }
}

static void end_chunk(struct visitor *visitor) {
  if (visitor->count == 0) {
    say(visitor, "503 5.5.1 no recipient\r\n");
  } else if (visitor->is_last) {
    end_of_message(visitor);
  } else {
    say(visitor, "250 2.0.0 more\r\n");
  }
  visitor->is_last = 0;
}

/* Takes a line, or octets of a chunk, from the beginning; 0 when there is none. */
static size_t take(struct visitor *visitor, char *from, size_t length) {
  char *end;
  if (visitor->chunk_left > 0) {
    size_t taken = length < visitor->chunk_left ? length : visitor->chunk_left;
    visitor->chunk_left -= taken;
    if (taken > 0 && visitor->chunk_left == 0) end_chunk(visitor);
    return taken;
  }
  end = memchr(from, '\n', length);
  if (end == NULL) return 0;
  *end = 0;
  if (visitor->is_content) {
    if (strcmp(from, ".\r") == 0) {
      visitor->is_content = 0;
      end_of_message(visitor);
    } else if (one_in(2000)) {
      vanish(visitor);
    }
  } else {
    obey(visitor, from);
  }
  return (size_t)(end - from) + 1;
}

static void serve(struct visitor *visitor) {
  size_t used = 0, taken;
  ssize_t count =
      recv(visitor->fd, visitor->input + visitor->length, INPUT - visitor->length, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    visitor->is_over = 1;
    return;
  }
  visitor->length += (size_t)count;
  while (!visitor->is_over && used < visitor->length) {
    taken = take(visitor, visitor->input + used, visitor->length - used);
    if (taken == 0) break;
    used += taken;
  }
  visitor->length -= used;
  memmove(visitor->input, visitor->input + used, visitor->length);
}

static void welcome(int manner) {
  int fd = accept4(listeners[manner], NULL, NULL, SOCK_CLOEXEC), index, free_place = -1, on = 1;
  int of_this = 0;
  struct visitor *visitor;
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (index = 0; index < VISITORS; index++) {
    if (visitors[index] == NULL) free_place = index;
    else if (visitors[index]->manner == manner) of_this++;
  }
  visitor = calloc(1, sizeof *visitor);
  if (visitor == NULL || free_place < 0) exit(1);
  visitor->fd = fd;
  visitor->manner = manner;
  visitor->messages_left = 1 + (int)(farm_dice(&dice) % 200);
  visitors[free_place] = visitor;
  if (of_this >= AT_A_TIME) {
    say(visitor, "421 4.7.0 too many connections\r\n");
    visitor->is_over = 1;
  } else if (one_in(30)) {
    say(visitor, "421 4.3.2 busy\r\n");
    visitor->is_over = 1;
  } else if (one_in(30)) {
    vanish(visitor);
  } else {
    say(visitor, "220 farm.test\r\n");
  }
}

static void *run(void *unused) {
  struct pollfd set[MANNERS + 1 + VISITORS];
  struct visitor *of[MANNERS + 1 + VISITORS];
  (void)unused;
  for (;;) {
    nfds_t count = 0, each;
    int index;
    for (index = 0; index < MANNERS; index++) set[count++].fd = listeners[index];
    set[count++].fd = stopper[0];
    for (index = 0; index < VISITORS; index++) {
      struct visitor *visitor = visitors[index];
      if (visitor != NULL && visitor->is_over) {
        close(visitor->fd);
        free(visitor);
        visitors[index] = NULL;
      } else if (visitor != NULL) {
        of[count] = visitor;
        set[count++].fd = visitor->fd;
      }
    }
    for (each = 0; each < count; each++) set[each].events = POLLIN;
    if (poll(set, count, -1) < 0) continue;
    if (set[MANNERS].revents != 0) return NULL;
    for (each = MANNERS + 1; each < count; each++) {
      if (set[each].revents != 0) serve(of[each]);
    }
    for (index = 0; index < MANNERS; index++) {
      if (set[index].revents != 0) welcome(index);
    }
  }
}

int farm_start(uint64_t seed, struct mailbox *mailboxes, unsigned count, int ports[MANNERS]) {
  int index;
  dice = seed;
  boxes = mailboxes;
  box_count = count;
  for (index = 0; index < MANNERS; index++) {
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listeners[index] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listeners[index] < 0 ||
        bind(listeners[index], (struct sockaddr *)&address, size) != 0 ||
        listen(listeners[index], VISITORS) != 0 ||
        getsockname(listeners[index], (struct sockaddr *)&address, &size) != 0) {
      return 0;
    }
    ports[index] = ntohs(address.sin_port);
  }
  return pipe(stopper) == 0 && pthread_create(&thread, NULL, run, NULL) == 0;
}

void farm_stop(void) {
  int index;
  close(stopper[1]);
  pthread_join(thread, NULL);
  close(stopper[0]);
  for (index = 0; index < MANNERS; index++) close(listeners[index]);
  for (index = 0; index < VISITORS; index++) {
    if (visitors[index] != NULL) close(visitors[index]->fd);
    free(visitors[index]);
    visitors[index] = NULL;
  }
}
