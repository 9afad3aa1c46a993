/*
 * curl.c - the benchmark's client with libcurl
 *
 * The easy interface, one handle, which keeps the connection between messages.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <curl/curl.h>

static size_t offset;

static size_t read_message(char *buffer, size_t size, size_t number, void *user) {
  size_t length = size * number;
  (void)user;
  if (length > message_length - offset) length = message_length - offset;
  memcpy(buffer, message + offset, length);
  offset += length;
  return length;
}

static void send_one(CURL *handle) {
  CURLcode code;
  offset = 0;
  code = curl_easy_perform(handle);
  if (code != CURLE_OK) give_up(curl_easy_strerror(code));
}

int main(int argc, char **argv) {
  char url[64];
  struct curl_slist *recipients;
  CURL *handle;
  long index, connections = 0;

  read_arguments(argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  handle = curl_easy_init();
  recipients = curl_slist_append(NULL, "<" RECIPIENT ">");
  if (handle == NULL || recipients == NULL) give_up(NULL);
  snprintf(url, sizeof url, "smtp://127.0.0.1:%d/client.test", port);
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, "<" SENDER ">");
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message_length);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  send_one(handle);

  start_clock();
  for (index = 0; index < count; index++) {
    send_one(handle);
    curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &connections);
    if (connections != 0) give_up("libcurl made another connection");
  }
  stop_clock();

  curl_easy_cleanup(handle);
  curl_slist_free_all(recipients);
  curl_global_cleanup();
  free(message);
  return 0;
}
