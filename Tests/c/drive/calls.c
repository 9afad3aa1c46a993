/*
 * calls.c - every call by its first word
 */
#include "drive.h"

#include <dirent.h>
#include <string.h>

static size_t count_entries(const char *folder) {
  DIR *entries = opendir(folder);
  size_t count = 0;
  if (entries == NULL) die("cannot open", folder);
  while (readdir(entries) != NULL) count++;
  closedir(entries);
  return count - 2; /* "." and ".." */
}

static void call_counts(char **words, size_t count) {
  (void)words, (void)count;
  begin_reply(0);
  put_number("descriptors", (long long)count_entries("/proc/self/fd"));
  put_number("threads", (long long)count_entries("/proc/self/task"));
  put_number("objects", (long long)objects_left());
  end_line();
}

static void call_loop(char **words, size_t count) {
  (void)count;
  keep(words[1], LOOP, smtpconn_loop_new());
  reply(0);
}

static void call_runloop(char **words, size_t count) {
  (void)count;
  reply(smtpconn_loop_run(find(words[1], LOOP)));
}

int held;

static void call_hold(char **words, size_t count) {
  (void)count;
  held = words[1][0] == '1';
  reply(0);
}

static const struct {
  const char *verb;
  void (*make)(char **words, size_t count); /* words that are missing are NULL */
} calls[] = {
    {"options", call_options},       {"set", call_set},
    {"auth", call_auth},             {"credential", call_credential},
    {"ask", call_ask},               {"provide", call_provide},
    {"withhold", call_withhold},     {"mechanism", call_mechanism},
    {"respond", call_respond},       {"give_up", call_give_up},
    {"envelope", call_envelope},     {"describe", call_describe},
    {"message", call_message},       {"loop", call_loop},
    {"runloop", call_runloop},       {"hold", call_hold},
    {"new", call_new},               {"info", call_info},
    {"capability", call_capability}, {"counts", call_counts},
    {"free", call_free},             {"take_session", call_take_session},
    {"add_session", call_add_session}, {"advance", call_advance},
    {"pumped", call_pumped},
};

void call(char **words, size_t count) {
  size_t index;
  if (call_connection(words)) return;
  for (index = 0; index < sizeof calls / sizeof calls[0]; index++) {
    if (strcmp(calls[index].verb, words[0]) == 0) {
      calls[index].make(words, count);
      return;
    }
  }
  die("no such call", words[0]);
}
