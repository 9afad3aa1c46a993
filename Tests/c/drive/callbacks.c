/*
 * callbacks.c - what callbacks are known by, what they tell, and what they do
 */
#define RECORD_MAIN
#include "../record.h"
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls that a callback makes, one after the other, when it is called. */
struct action {
  struct action *next;
  char calls[];
};

/* What a callback is known by, what it does each time that it is called, and what
 * it was asked for and has not answered. */
struct tag {
  char name[64];
  struct action *actions;
  void *question;
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

void set_action(const char *name, const char *calls) {
  struct action **last = &tag_named(name)->actions;
  struct action *action = allocate(1, sizeof *action + strlen(calls) + 1);
  strcpy(action->calls, calls);
  while (*last != NULL) last = &(*last)->next;
  *last = action;
  reply(0);
}

void act(struct tag *tag) {
  struct action *action = tag->actions;
  struct tag *outer = acting;
  char *call, *next;
  if (action == NULL) return;
  tag->actions = action->next;
  acting = tag;
  for (call = action->calls; call != NULL; call = next) {
    next = strstr(call, " ; ");
    if (next != NULL) {
      *next = 0;
      next += 3;
    }
    execute(call);
  }
  acting = outer;
  free(action);
}

void set_question(struct tag *tag, void *question) { tag->question = question; }

void *question_of(const char *name) { return tag_named(name)->question; }

const char *name_of(const void *tag) { return ((const struct tag *)tag)->name; }

/* Everything that a callback is given must be in the record of it too. */
static void compare(struct kept kept) {
  const char *difference = difference_of_record(&kept);
  if (difference != NULL) die("another in the record", difference);
}

void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  compare((struct kept){
      .kind = SMTPCONN_RECORD_DONE, .connection = connection, .error = error, .user = user});
  begin_event("done", name_of(user));
  put_error("error", error);
  end_line();
  act(user);
}

void on_sent(smtpconn *connection, const smtpconn_error *error, const smtpconn_result *result,
             void *user) {
  compare((struct kept){.kind = SMTPCONN_RECORD_SENT,
                        .connection = connection,
                        .error = error,
                        .result = result,
                        .user = user});
  begin_event("done", name_of(user));
  put_error("error", error);
  put_result(result);
  end_line();
  act(user);
}

void on_replied(smtpconn *connection, const smtpconn_error *error, const smtpconn_reply *reply,
                void *user) {
  compare((struct kept){.kind = SMTPCONN_RECORD_REPLY,
                        .connection = connection,
                        .error = error,
                        .reply = reply,
                        .user = user});
  begin_event("done", name_of(user));
  put_error("error", error);
  put_reply(reply);
  end_line();
  act(user);
}

void on_event(smtpconn *connection, void *user) {
  compare((struct kept){
      .kind = SMTPCONN_RECORD_CONNECTED, .connection = connection, .user = user});
  compare((struct kept){.kind = SMTPCONN_RECORD_ENDED, .connection = connection, .user = user});
  begin_event("event", name_of(user));
  end_line();
  act(user);
}

void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  compare((struct kept){
      .kind = SMTPCONN_RECORD_ERROR, .connection = connection, .error = error, .user = user});
  begin_event("event", name_of(user));
  put_error("error", error);
  end_line();
  act(user);
}

void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
            void *user) {
  compare((struct kept){.kind = SMTPCONN_RECORD_LOG,
                        .connection = connection,
                        .level = level,
                        .log_kind = kind,
                        .text = text,
                        .length = length,
                        .user = user});
  begin_event("log", name_of(user));
  put_number("level", level);
  put_number("kind", kind);
  put_number("length", (long long)length);
  put_field("text", text);
  end_line();
}

void on_token(smtpconn *connection, const char *token, uint64_t expires, void *user) {
  compare((struct kept){.kind = SMTPCONN_RECORD_TOKEN,
                        .connection = connection,
                        .text = token,
                        .expires = expires,
                        .user = user});
  begin_event("token", name_of(user));
  put_field("token", token);
  put_number("expires", (long long)expires);
  end_line();
  act(user);
}

void on_release(void *user) {
  begin_event("release", name_of(user));
  end_line();
}

void free_tags(void) {
  struct tag *tag;
  struct action *action;
  while ((tag = tags) != NULL) {
    tags = tag->next;
    while ((action = tag->actions) != NULL) {
      tag->actions = action->next;
      free(action);
    }
    free(tag);
  }
}
