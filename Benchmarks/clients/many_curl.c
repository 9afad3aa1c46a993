/*
 * many_curl.c - many connections of libcurl, as many.c
 *
 * The multi interface with its sockets in an epoll set, which is how libcurl serves
 * many. A handle sends one message after the other, each over whichever of the
 * connections is free. It connects only to send, so there is no "idle".
 */
#define _GNU_SOURCE
#include "common.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct sender {
  CURL *handle;
  struct reader reader;
  long left;
};

static CURLM *multi;
static int set;
static long timeout = -1;

static size_t read_message(char *buffer, size_t size, size_t number, void *user) {
  return read_piece(user, buffer, size * number);
}

static int on_socket(CURL *handle, curl_socket_t fd, int what, void *user, void *known) {
  struct epoll_event event;
  (void)handle, (void)user;
  memset(&event, 0, sizeof event);
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  event.data.fd = fd;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
    curl_multi_assign(multi, fd, NULL);
  } else {
    epoll_ctl(set, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(multi, fd, &set);
  }
  return 0;
}

static int on_timer(CURLM *of, long milliseconds, void *user) {
  (void)of, (void)user;
  timeout = milliseconds;
  return 0;
}

static void begin(struct sender *sender, size_t length) {
  sender->left--;
  sender->reader.offset = 0;
  sender->reader.limit = length;
  curl_easy_setopt(sender->handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)length);
  curl_multi_add_handle(multi, sender->handle);
}

/* Goes on with the handles whose message was sent; returns how many there were. */
static long collect(void) {
  long ended = 0;
  CURLMsg *entry;
  int left;
  while ((entry = curl_multi_info_read(multi, &left)) != NULL) {
    CURL *handle = entry->easy_handle;
    CURLcode code = entry->data.result;
    struct sender *sender;
    if (code != CURLE_OK) give_up(curl_easy_strerror(code));
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, (char **)&sender);
    curl_multi_remove_handle(multi, handle);
    ended++;
    if (sender->left > 0) begin(sender, message_length);
  }
  return ended;
}

static void run(long wanted) {
  int running;
  while (wanted > 0) {
    struct epoll_event events[256];
    int index, count = epoll_wait(set, events, 256, (int)timeout);
    if (count < 0 && errno != EINTR) give_up("epoll_wait");
    if (count == 0) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    for (index = 0; index < count; index++) {
      int what = (events[index].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (events[index].events & ~(uint32_t)EPOLLOUT ? CURL_CSELECT_IN : 0);
      curl_multi_socket_action(multi, events[index].data.fd, what, &running);
    }
    wanted -= collect();
  }
}

static CURL *new_handle(struct sender *sender, struct curl_slist *recipients) {
  char url[64];
  CURL *handle = curl_easy_init();
  if (handle == NULL) give_up(NULL);
  snprintf(url, sizeof url, "smtp%s://127.0.0.1:%d/client.test",
           client.ca_file == NULL ? "" : "s", client.port);
  curl_easy_setopt(handle, CURLOPT_URL, url);
  if (client.ca_file != NULL) curl_easy_setopt(handle, CURLOPT_CAINFO, client.ca_file);
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, SENDER);
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(handle, CURLOPT_READDATA, &sender->reader);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, sender);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  return handle;
}

int main(int argc, char **argv) {
  struct sender *senders;
  struct curl_slist *recipients;
  size_t before, used;
  long index;

  read_arguments(argc, argv);
  allow_descriptors();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  set = epoll_create1(EPOLL_CLOEXEC);
  senders = calloc((size_t)client.connections, sizeof *senders);
  recipients = curl_slist_append(NULL, recipient(0));
  if (multi == NULL || set < 0 || senders == NULL || recipients == NULL) give_up(NULL);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, client.connections + 1);

  before = heap();
  for (index = 0; index < client.connections; index++) {
    senders[index].left = 1;
    senders[index].handle = new_handle(&senders[index], recipients);
    begin(&senders[index], head_length);
  }
  run(client.connections);
  used = heap();

  start_clock();
  for (index = 0; client.count > 0 && index < client.connections; index++) {
    senders[index].left = client.count;
    begin(&senders[index], message_length);
  }
  run(client.connections * client.count);
  stop_clock();

  for (index = 0; index < client.connections; index++) curl_easy_cleanup(senders[index].handle);
  curl_multi_cleanup(multi);
  curl_slist_free_all(recipients);
  curl_global_cleanup();
  free(senders);
  free(message);
  print_report_of_many(0, used - before);
  return 0;
}
