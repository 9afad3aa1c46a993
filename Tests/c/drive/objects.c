/*
 * objects.c - objects by name, and freeing them
 */
#include "drive.h"

#include <stdio.h>
#include <string.h>

struct object {
  char name[32];
  enum kind kind;
  void *pointer;
};

static struct object objects[MAX_OBJECTS];
static size_t object_count;

static struct object *find_slot(const char *name, enum kind kind) {
  size_t index;
  for (index = 0; index < object_count; index++) {
    if (objects[index].kind == kind && strcmp(objects[index].name, name) == 0) {
      return &objects[index];
    }
  }
  return NULL;
}

void *find(const char *name, enum kind kind) {
  struct object *slot;
  if (name == NULL) return NULL;
  slot = find_slot(name, kind);
  if (slot == NULL) die("no such object", name);
  return slot->pointer;
}

void keep(const char *name, enum kind kind, void *pointer) {
  if (pointer == NULL) return;
  if (name == NULL || find_slot(name, kind) != NULL || object_count == MAX_OBJECTS) {
    die("name is missing or taken", name);
  }
  snprintf(objects[object_count].name, sizeof objects[object_count].name, "%s", name);
  objects[object_count].kind = kind;
  objects[object_count].pointer = pointer;
  object_count++;
}

void *take(const char *name, enum kind kind) {
  struct object *slot;
  void *pointer;
  if (name == NULL) return NULL;
  slot = find_slot(name, kind);
  if (slot == NULL) die("no such object", name);
  pointer = slot->pointer;
  *slot = objects[--object_count];
  return pointer;
}

size_t objects_left(void) { return object_count; }

size_t collect_loops(smtpconn_loop **loops) {
  size_t index, count = 0;
  for (index = 0; index < object_count; index++) {
    if (objects[index].kind == LOOP) {
      loops[count++] = objects[index].pointer;
    } else if (objects[index].kind == CONNECTION) {
      loops[count] = smtpconn_get_loop(objects[index].pointer);
      if (loops[count] != NULL) count++; /* NULL: it has no socket */
    }
  }
  return count;
}

static void free_connection(smtpconn *connection) {
  forget_pump(connection);
  smtpconn_free(connection);
}

void free_everything(void) {
  size_t index;
  for (index = object_count; index-- > 0;) {
    if (objects[index].kind == CONNECTION) {
      smtpconn *connection = objects[index].pointer;
      objects[index] = objects[--object_count];
      free_connection(connection);
      index = object_count; /* a callback may have freed others */
    }
  }
  while (object_count > 0) {
    struct object object = objects[--object_count];
    switch (object.kind) {
      case OPTIONS: smtpconn_options_free(object.pointer); break;
      case LOOP: smtpconn_loop_free(object.pointer); break;
      case AUTH: smtpconn_auth_free(object.pointer); break;
      case ENVELOPE: smtpconn_envelope_free(object.pointer); break;
      case MESSAGE: smtpconn_message_free(object.pointer); break;
      case CONNECTION: break;
    }
  }
}

void call_free(char **words, size_t count) {
  const char *what = words[1];
  (void)count;
  if (strcmp(what, "connection") == 0) {
    free_connection(take(words[2], CONNECTION));
  } else if (strcmp(what, "loop") == 0) {
    smtpconn_loop_free(take(words[2], LOOP));
  } else if (strcmp(what, "auth") == 0) {
    smtpconn_auth_free(take(words[2], AUTH));
  } else if (strcmp(what, "options") == 0) {
    smtpconn_options_free(take(words[2], OPTIONS));
  } else if (strcmp(what, "message") == 0) {
    smtpconn_message_free(take(words[2], MESSAGE));
  } else if (strcmp(what, "loopfirst") == 0) { /* the wrong way round */
    smtpconn_loop_free(take(words[2], LOOP));
    smtpconn_free(take(words[3], CONNECTION));
  } else if (strcmp(what, "everything") == 0) {
    free_everything();
    free_tags(); /* else every later search for one goes through them all */
  } else {
    die("cannot free", what);
  }
  reply(0);
}
