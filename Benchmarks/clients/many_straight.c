/*
 * many_straight.c - many connections without a library
 *
 * What OpenSSL alone takes of the heap for an idle connection, with one context for all
 * ("idle"); with mode "released" it gives the buffers of an idle connection back. In the
 * clear a connection takes none.
 *
 * Then each sends the message COUNT times, in the clear, the next envelope in the same
 * write as the end of the message before: what the kernel and the caches allow.
 */
#define _GNU_SOURCE
#include "common.h"
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char envelope[] =
    "MAIL FROM:<" SENDER ">\r\nRCPT TO:<recipient0@example.net>\r\nDATA\r\n";

struct sender {
  struct wire wire;
  long left;    /* messages whose content was not sent yet */
  long replies; /* that are still to come */
};

/* 0 when the connection has nothing left to say. */
static int say_next(struct sender *sender, const char *content, size_t length) {
  if (sender->left == 0) return 0;
  sender->left--;
  if (sender->left == 0) length -= sizeof envelope - 1;
  sender->replies = sender->left == 0 ? 1 : 4;
  wire_send(&sender->wire, content, length);
  return 1;
}

static void send_all(struct sender *senders) {
  size_t end = message_length + 3, length = end + sizeof envelope - 1;
  char *content = malloc(length);
  int set = epoll_create1(EPOLL_CLOEXEC);
  long index, open = client.connections;
  if (content == NULL || set < 0) give_up(NULL);
  memcpy(content, message, message_length);
  memcpy(content + message_length, ".\r\n", 3);
  memcpy(content + end, envelope, sizeof envelope - 1);
  start_clock();
  for (index = 0; index < client.connections; index++) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.ptr = &senders[index];
    epoll_ctl(set, EPOLL_CTL_ADD, senders[index].wire.fd, &event);
    senders[index].left = client.count;
    senders[index].replies = 3;
    wire_send(&senders[index].wire, envelope, sizeof envelope - 1);
  }
  while (open > 0) {
    struct epoll_event events[256];
    int number, count = epoll_wait(set, events, 256, -1);
    if (count < 0 && errno != EINTR) give_up("epoll_wait");
    for (number = 0; number < count; number++) {
      struct sender *sender = events[number].data.ptr;
      sender->replies -= wire_receive(&sender->wire);
      if (sender->replies == 0 && !say_next(sender, content, length)) open--;
    }
  }
  stop_clock();
  free(content);
  close(set);
}

int main(int argc, char **argv) {
  struct sender *senders;
  SSL_CTX *context;
  size_t before, idle;
  long index;

  read_arguments(argc, argv);
  allow_descriptors();
  context = wire_context(client.ca_file);
  if (context != NULL && is(client.mode, "released")) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  }
  senders = calloc((size_t)client.connections, sizeof *senders);
  if (senders == NULL) give_up(NULL);
  before = heap();
  for (index = 0; index < client.connections; index++) {
    wire_open(&senders[index].wire, client.port, context);
  }
  idle = heap();
  if (client.count > 0) send_all(senders);
  for (index = 0; index < client.connections; index++) wire_close(&senders[index].wire);
  SSL_CTX_free(context);
  free(senders);
  free(message);
  print_report_of_many(idle - before, idle - before);
  return 0;
}
