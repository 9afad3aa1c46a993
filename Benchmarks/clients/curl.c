/*
 * curl.c - the benchmark's client with libcurl
 *
 * The easy interface, one handle, which keeps the connection between messages. With
 * mode "lf" libcurl makes CRLF of the line ends.
 */
#define _GNU_SOURCE
#include "common.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static CURL *handle;
static struct reader reader;
static int descriptor = -1;

static size_t read_message(char *buffer, size_t size, size_t number, void *user) {
  (void)user;
  if (descriptor >= 0) {
    ssize_t count = read(descriptor, buffer, size * number);
    return count < 0 ? CURL_READFUNC_ABORT : (size_t)count;
  }
  return read_piece(&reader, buffer, size * number);
}

static void send_one(size_t length) {
  CURLcode code;
  reader.offset = 0;
  reader.limit = length;
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)length);
  code = curl_easy_perform(handle);
  if (code != CURLE_OK) give_up(curl_easy_strerror(code));
}

/* Each is opened anew, as smtpconn's client does. */
static void send_message(void) {
  if (is(client.source, "descriptor")) descriptor = open(client.path, O_RDONLY | O_CLOEXEC);
  send_one(message_length);
  if (descriptor >= 0) close(descriptor);
}

static struct curl_slist *recipients(void) {
  struct curl_slist *list = NULL;
  long index;
  for (index = 0; index < client.recipients; index++) {
    list = curl_slist_append(list, recipient(index));
    if (list == NULL) give_up(NULL);
  }
  return list;
}

int main(int argc, char **argv) {
  char url[64];
  struct curl_slist *list;
  long index, connections = 0;

  read_arguments(argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  handle = curl_easy_init();
  if (handle == NULL) give_up(NULL);
  list = recipients();
  snprintf(url, sizeof url, "smtp%s://127.0.0.1:%d/client.test",
           client.ca_file == NULL ? "" : "s", client.port);
  curl_easy_setopt(handle, CURLOPT_URL, url);
  if (client.ca_file != NULL) curl_easy_setopt(handle, CURLOPT_CAINFO, client.ca_file);
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, SENDER);
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, list);
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  if (is(client.mode, "lf")) curl_easy_setopt(handle, CURLOPT_CRLF, 1L);
  if (client.is_warm) send_one(head_length);

  start_clock();
  for (index = 0; index < client.count; index++) {
    send_message();
    curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &connections);
    if (connections != 0 && (client.is_warm || index > 0)) {
      give_up("libcurl made another connection");
    }
  }
  stop_clock();

  curl_easy_cleanup(handle);
  curl_slist_free_all(list);
  curl_global_cleanup();
  free(message);
  print_report();
  return 0;
}
