/*
 * sink - a server that takes every message and keeps none
 *
 *     sink [--delay MS] [--without KEYWORD]... [--tls | --starttls CERTIFICATE KEY]
 *          [--defer N] [--limit N | --cut N]
 *
 * Listens on a port of the loopback that the kernel chooses and prints
 * {"port": PORT}. Offers PIPELINING, CHUNKING, 8BITMIME and SIZE, but for what it is
 * to be without. With a delay every reply is held that long, as if the client were
 * that far away. It refuses every N-th recipient for now, and ends a connection after N
 * messages, with 421 or without a word. At the end of each connection it prints what it received, one
 * object a line, so that who measures can see that everything arrived:
 *
 *     messages, octets of content as they came, commands
 *     waits    how often the client had to wait for replies to go on (replies.c)
 *     hello    when the first command arrived, on the clock CLOCK_MONOTONIC
 *     seconds  from the first MAIL to the last reply to a message
 *
 * Ends when its standard input does.
 *
 * One thread, one epoll set. It is to cost much less than any client, so: what one
 * read brings is answered with one write, content is only searched for its end, and
 * all connections share one buffer, which stays in the cache.
 */
#define _GNU_SOURCE
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, BACKLOG = 4096 };

struct settings settings = {1, 1, 1, 0, (uint64_t)1 << 40, 0, NULL, 0, 0, 0, 0, 0};

static char input[INPUT];
static int set, listener, timer;
/* What an event is about, when it is not about a connection. */
static char of_listener, of_timer, of_parent;

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int observe(int operation, int fd, uint32_t events, void *what) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = events;
  event.data.ptr = what;
  return epoll_ctl(set, operation, fd, &event);
}

void watch(struct connection *connection, int for_room) {
  observe(EPOLL_CTL_MOD, connection->fd, for_room ? EPOLLOUT : EPOLLIN, connection);
}

static void report(const struct connection *connection) {
  printf("{\"messages\": %llu, \"octets\": %llu, \"commands\": %llu, \"waits\": %llu, "
         "\"hello\": %.9f, \"seconds\": %.9f}\n",
         (unsigned long long)connection->messages, (unsigned long long)connection->octets,
         (unsigned long long)connection->commands,
         (unsigned long long)connection->written_level, connection->hello,
         connection->end - connection->begin);
  fflush(stdout);
}

void drop(struct connection *connection) {
  if (!connection->is_gone) {
    report(connection);
    if (connection->ssl != NULL) {
      SSL_shutdown(connection->ssl);
      SSL_free(connection->ssl);
    }
    close(connection->fd);
    free(connection->rest);
    free(connection->unsent);
    connection->rest = connection->unsent = NULL;
    connection->is_gone = 1;
  }
  if (connection->held == 0) free(connection);
}

/* Keeps what is not used up. 0 without memory. */
static int keep_rest(struct connection *connection, const char *from, size_t length) {
  free(connection->rest);
  connection->rest = NULL;
  connection->rest_length = length;
  if (length == 0) return 1;
  connection->rest = malloc(length);
  if (connection->rest == NULL) return 0;
  memcpy(connection->rest, from, length);
  return 1;
}

/* Does what the input says. 0 when the connection is over. */
static int work(struct connection *connection, const char *end) {
  const char *begin = input, *next;
  int goes_on;
  do {
    next = session_take(connection, begin, end);
    goes_on = replies_send(connection);
    if (next == begin) break;
    begin = next;
  } while (goes_on && begin < end && !connection->is_blocked);
  return goes_on && keep_rest(connection, begin, (size_t)(end - begin));
}

/* Reads and does what is there. 0 when the connection is over. */
static int take_in(struct connection *connection) {
  ptrdiff_t count;
  do {
    size_t filled = connection->rest_length;
    if (filled == INPUT) return 0; /* a line without end */
    if (filled > 0) memcpy(input, connection->rest, filled);
    count = channel_read(connection, input + filled, INPUT - filled);
    if (count < 0) return count == NOTHING_NOW;
    filled += (size_t)count;
    /* One write for all that one record after the other brought. */
    while (filled < INPUT && channel_has_more(connection)) {
      count = channel_read(connection, input + filled, INPUT - filled);
      if (count < 0) break;
      filled += (size_t)count;
    }
    replies_note_input(connection);
    if (!work(connection, input + filled)) return 0;
  } while (count > 0 && channel_has_more(connection) && !connection->is_blocked);
  return 1;
}

static int shake_hands(struct connection *connection) {
  int result = channel_handshake(connection);
  if (result < 0) return result == NOTHING_NOW;
  connection->state = COMMAND;
  if (settings.is_tls_first) session_greet(connection);
  return replies_send(connection);
}

static int serve(struct connection *connection, uint32_t events) {
  if (events & EPOLLOUT) {
    size_t length = connection->rest_length;
    if (!replies_resume(connection)) return 0;
    if (connection->is_blocked) return 1;
    if (length > 0) memcpy(input, connection->rest, length);
    if (!work(connection, input + length)) return 0;
  } else if (connection->state == HANDSHAKE) {
    if (!shake_hands(connection)) return 0;
  } else {
    return take_in(connection);
  }
  /* The socket does not tell of what has left it already. */
  return !channel_has_more(connection) || take_in(connection);
}

static void welcome(void) {
  int on = 1;
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  struct connection *connection;
  if (fd < 0) return;
  connection = calloc(1, sizeof *connection);
  if (connection == NULL) {
    close(fd);
    return;
  }
  connection->fd = fd;
  connection->state = COMMAND;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  observe(EPOLL_CTL_ADD, fd, EPOLLIN, connection);
  if (settings.is_tls_first) {
    if (!channel_start_tls(connection)) drop(connection);
  } else {
    session_greet(connection);
    if (!replies_send(connection)) drop(connection);
  }
}

static void go_without(const char *keyword) {
  if (strcasecmp(keyword, "PIPELINING") == 0) settings.has_pipelining = 0;
  else if (strcasecmp(keyword, "CHUNKING") == 0) settings.has_chunking = 0;
  else if (strcasecmp(keyword, "8BITMIME") == 0) settings.has_8bitmime = 0;
  else if (strcasecmp(keyword, "SIZE") == 0) settings.size_limit = 0;
}

static int read_arguments(int argc, char **argv) {
  int index = 1;
  while (index < argc) {
    const char *argument = argv[index];
    int values = argc - index - 1;
    if (strcmp(argument, "--delay") == 0 && values >= 1) {
      settings.delay = atof(argv[index + 1]) / 1000;
      index += 2;
    } else if (strcmp(argument, "--defer") == 0 && values >= 1) {
      settings.defer = strtoul(argv[index + 1], NULL, 10);
      index += 2;
    } else if ((strcmp(argument, "--limit") == 0 || strcmp(argument, "--cut") == 0) &&
               values >= 1) {
      settings.is_cut = strcmp(argument, "--cut") == 0;
      settings.messages = strtoul(argv[index + 1], NULL, 10);
      index += 2;
    } else if (strcmp(argument, "--without") == 0 && values >= 1) {
      go_without(argv[index + 1]);
      index += 2;
    } else if ((strcmp(argument, "--tls") == 0 || strcmp(argument, "--starttls") == 0) &&
               values >= 2) {
      settings.is_tls_first = strcmp(argument, "--tls") == 0;
      settings.has_starttls = !settings.is_tls_first;
      channel_use_certificate(argv[index + 1], argv[index + 2]);
      index += 3;
    } else {
      return 0;
    }
  }
  return 1;
}

static int start(void) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  struct rlimit files;

  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  set = epoll_create1(EPOLL_CLOEXEC);
  timer = replies_timer();
  if (listener < 0 || set < 0 || timer < 0 ||
      bind(listener, (struct sockaddr *)&address, length) != 0 ||
      listen(listener, BACKLOG) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
      observe(EPOLL_CTL_ADD, listener, EPOLLIN, &of_listener) != 0 ||
      observe(EPOLL_CTL_ADD, timer, EPOLLIN, &of_timer) != 0) {
    return 0;
  }
  /* Not possible with a file: then the parent ends it. */
  observe(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, &of_parent);
  printf("{\"port\": %d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return 1;
}

int main(int argc, char **argv) {
  if (!read_arguments(argc, argv)) {
    fprintf(stderr, "usage: sink [--delay MS] [--without KEYWORD]... "
                    "[--tls | --starttls CERTIFICATE KEY]\n"
                    "            [--defer N] [--limit N | --cut N]\n");
    return 2;
  }
  if (!start()) {
    perror("sink");
    return 1;
  }
  for (;;) {
    struct epoll_event events[EVENTS];
    int index, count = epoll_wait(set, events, EVENTS, -1);
    int is_due = 0;
    if (count < 0 && errno != EINTR) return 1;
    for (index = 0; index < count; index++) {
      void *what = events[index].data.ptr;
      if (what == &of_parent) return 0;
      if (what == &of_listener) {
        welcome();
      } else if (what == &of_timer) {
        is_due = 1;
      } else if (!serve(what, events[index].events)) {
        drop(what);
      }
    }
    /* Last, because it may end connections that an event here is about. */
    if (is_due) replies_send_due();
  }
}
