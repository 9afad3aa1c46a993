/*
 * open.c - loads a library as a program does that knows it by name, and sends one
 * message
 *
 *     open PORT FILE 1 mode=PATH-OF-THE-LIBRARY
 *
 * Prints "start", when it began to load it, on the clock that the sink tells the time
 * of the first command by, and the resident memory in KiB before that ("before") and
 * after the message was sent ("after").
 */
#define _GNU_SOURCE
#include "common.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <smtpconn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *library;

/* ISO C has no way from an object pointer to a function. */
static void find(const char *name, void *function) {
  void *address = dlsym(library, name);
  if (address == NULL) give_up(dlerror());
  memcpy(function, &address, sizeof address);
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)connection, (void)result, (void)user;
  if (error != NULL) give_up("not sent");
}

static void send_with_smtpconn(void) {
  smtpconn_options *(*options_new)(void);
  int (*set_host)(smtpconn_options *, const char *);
  int (*set_port)(smtpconn_options *, int);
  int (*set_name)(smtpconn_options *, const char *);
  smtpconn *(*new)(smtpconn_options *, smtpconn_loop *);
  int (*connect)(smtpconn *, smtpconn_done_callback, void *);
  smtpconn_envelope *(*envelope_new)(void);
  int (*set_from)(smtpconn_envelope *, const char *);
  int (*add_to)(smtpconn_envelope *, const char *);
  smtpconn_message *(*message_new)(const void *, size_t, smtpconn_release_callback, void *);
  int (*send)(smtpconn *, const smtpconn_envelope *, smtpconn_message *, smtpconn_send_callback,
              void *);
  int (*run)(smtpconn *);
  smtpconn_options *options;
  smtpconn_envelope *envelope;
  smtpconn *connection;

  find("smtpconn_options_new", &options_new);
  find("smtpconn_options_set_host", &set_host);
  find("smtpconn_options_set_port", &set_port);
  find("smtpconn_options_set_name", &set_name);
  find("smtpconn_new", &new);
  find("smtpconn_connect", &connect);
  find("smtpconn_envelope_new", &envelope_new);
  find("smtpconn_envelope_set_from", &set_from);
  find("smtpconn_envelope_add_to", &add_to);
  find("smtpconn_message_new_borrowed", &message_new);
  find("smtpconn_send", &send);
  find("smtpconn_run", &run);
  options = options_new();
  set_host(options, "127.0.0.1");
  set_port(options, client.port);
  set_name(options, "client.test");
  envelope = envelope_new();
  set_from(envelope, SENDER);
  add_to(envelope, recipient(0));
  connection = new(options, NULL);
  connect(connection, NULL, NULL);
  send(connection, envelope, message_new(message, message_length, NULL, NULL), on_sent, NULL);
  run(connection);
}

static size_t read_message(char *buffer, size_t size, size_t number, void *user) {
  return read_piece(user, buffer, size * number);
}

static void send_with_libcurl(void) {
  CURLcode (*global_init)(long);
  CURL *(*init)(void);
  CURLcode (*setopt)(CURL *, CURLoption, ...);
  CURLcode (*perform)(CURL *);
  struct curl_slist *(*append)(struct curl_slist *, const char *);
  struct reader reader = {0, 0};
  CURL *handle;
  char url[64];

  find("curl_global_init", &global_init);
  find("curl_easy_init", &init);
  find("curl_easy_setopt", &setopt);
  find("curl_easy_perform", &perform);
  find("curl_slist_append", &append);
  global_init(CURL_GLOBAL_DEFAULT);
  handle = init();
  reader.limit = message_length;
  snprintf(url, sizeof url, "smtp://127.0.0.1:%d/client.test", client.port);
  (setopt)(handle, CURLOPT_URL, url);
  (setopt)(handle, CURLOPT_MAIL_FROM, SENDER);
  (setopt)(handle, CURLOPT_MAIL_RCPT, append(NULL, recipient(0)));
  (setopt)(handle, CURLOPT_UPLOAD, 1L);
  (setopt)(handle, CURLOPT_READFUNCTION, read_message);
  (setopt)(handle, CURLOPT_READDATA, &reader);
  if (perform(handle) != CURLE_OK) give_up("not sent");
}

int main(int argc, char **argv) {
  double start;
  long before;

  read_arguments(argc, argv);
  before = status("VmRSS");
  start = now();
  library = dlopen(client.mode, RTLD_NOW);
  if (library == NULL) give_up(dlerror());
  if (strstr(client.mode, "curl") != NULL) send_with_libcurl();
  else send_with_smtpconn();
  printf("{\"start\": %.9f, \"before\": %ld, \"after\": %ld}\n", start, before, status("VmRSS"));
  return 0;
}
