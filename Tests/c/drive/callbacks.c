/*
 * callbacks.c - what callbacks are known by, what they tell, and what they do
 */
#define _POSIX_C_SOURCE 200809L
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a callback is known by, and the call that it makes when it is called. */
struct tag {
  char name[64];
  char *action;
  struct tag *next;
};

static struct tag *tags;

struct tag *tag_named(const char *name) {
  struct tag *tag;
  if (name == NULL) die("a tag is missing", NULL);
  for (tag = tags; tag != NULL; tag = tag->next) {
    if (strcmp(tag->name, name) == 0) return tag;
  }
  tag = allocate(1, sizeof *tag);
  snprintf(tag->name, sizeof tag->name, "%s", name);
  tag->next = tags;
  tags = tag;
  return tag;
}

struct tag *acting;

void set_action(const char *name, const char *action) {
  struct tag *tag = tag_named(name);
  free(tag->action);
  tag->action = strdup(action);
  reply(0);
}

void act(struct tag *tag) {
  char *action = tag->action;
  struct tag *outer = acting;
  if (action == NULL) return;
  tag->action = NULL;
  acting = tag;
  execute(action);
  acting = outer;
  free(action);
}

const char *name_of(const void *tag) { return ((const struct tag *)tag)->name; }

void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  begin_event("done", name_of(user));
  put_error("error", error);
  end_line();
  act(user);
}

void on_sent(smtpconn *connection, const smtpconn_error *error, const smtpconn_result *result,
             void *user) {
  (void)connection;
  begin_event("done", name_of(user));
  put_error("error", error);
  put_result(result);
  end_line();
  act(user);
}

void on_event(smtpconn *connection, void *user) {
  (void)connection;
  begin_event("event", name_of(user));
  end_line();
  act(user);
}

void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  begin_event("event", name_of(user));
  put_error("error", error);
  end_line();
  act(user);
}

void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
            void *user) {
  (void)connection;
  begin_event("log", name_of(user));
  put_number("level", level);
  put_number("kind", kind);
  put_number("length", (long long)length);
  put_field("text", text);
  end_line();
}

void free_tags(void) {
  struct tag *tag;
  while ((tag = tags) != NULL) {
    tags = tag->next;
    free(tag->action);
    free(tag);
  }
}
