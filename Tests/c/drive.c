/*
 * drive.c - the library, driven line by line
 *
 * The scripted tests are written in Python, but the library should be called
 * as a C program calls it, and under valgrind. So this program does the
 * calling: it reads one call per line from standard input and writes one JSON
 * object per line to standard output, the answer to the call ("reply") and
 * whatever a callback was told ("event").
 *
 * It waits in its own poll() for its input and for every loop's descriptor,
 * and dispatches a loop only when that descriptor is readable. A time limit or
 * an operation that the descriptor fails to announce therefore hangs a test.
 *
 * A line is words separated by blanks. Names of objects are bare words; strings
 * are "=" and then percent-encoded text, and "~" is a NULL pointer.
 */
#define _POSIX_C_SOURCE 200809L
#include "report.h"
#include "source.h"

#include <smtpconn.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_OBJECTS = 256, MAX_WORDS = 4096 };

/* --- objects by name ------------------------------------------------------ */

enum kind { OPTIONS, LOOP, CONNECTION, AUTH, ENVELOPE, MESSAGE };

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

static void *find(const char *name, enum kind kind) {
  struct object *slot;
  if (name == NULL) return NULL;
  slot = find_slot(name, kind);
  if (slot == NULL) die("no such object", name);
  return slot->pointer;
}

static void keep(const char *name, enum kind kind, void *pointer) {
  if (pointer == NULL) return;
  if (name == NULL || find_slot(name, kind) != NULL || object_count == MAX_OBJECTS) {
    die("name is missing or taken", name);
  }
  snprintf(objects[object_count].name, sizeof objects[object_count].name, "%s", name);
  objects[object_count].kind = kind;
  objects[object_count].pointer = pointer;
  object_count++;
}

static void *take(const char *name, enum kind kind) {
  struct object *slot;
  void *pointer;
  if (name == NULL) return NULL;
  slot = find_slot(name, kind);
  if (slot == NULL) die("no such object", name);
  pointer = slot->pointer;
  *slot = objects[--object_count];
  return pointer;
}

/* --- callbacks ------------------------------------------------------------ */

/* What a callback is known by, and the call that it makes when it is called. */
struct tag {
  char name[64];
  char *action;
  struct tag *next;
};

static struct tag *tags;

static struct tag *tag_named(const char *name) {
  struct tag *tag;
  if (name == NULL) die("a tag is missing", NULL);
  for (tag = tags; tag != NULL; tag = tag->next) {
    if (strcmp(tag->name, name) == 0) return tag;
  }
  tag = calloc(1, sizeof *tag);
  if (tag == NULL) die("out of memory", NULL);
  snprintf(tag->name, sizeof tag->name, "%s", name);
  tag->next = tags;
  tags = tag;
  return tag;
}

static void execute(char *line);

/* The tag whose action is being made; its answer is an event, not a reply. */
static struct tag *acting;

static void act(struct tag *tag) {
  char *action = tag->action;
  struct tag *outer = acting;
  if (action == NULL) return;
  tag->action = NULL;
  acting = tag;
  execute(action);
  acting = outer;
  free(action);
}

static const char *name_of(const void *tag) { return ((const struct tag *)tag)->name; }

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  begin_event("done", name_of(user));
  put_error("error", error);
  end_line();
  act(user);
}

static void on_sent(smtpconn *connection, const smtpconn_error *error,
                    const smtpconn_result *result, void *user) {
  (void)connection;
  begin_event("done", name_of(user));
  put_error("error", error);
  put_result(result);
  end_line();
  act(user);
}

static void on_event(smtpconn *connection, void *user) {
  (void)connection;
  begin_event("event", name_of(user));
  end_line();
  act(user);
}

static void on_error(smtpconn *connection, const smtpconn_error *error, void *user) {
  (void)connection;
  begin_event("event", name_of(user));
  put_error("error", error);
  end_line();
  act(user);
}

static void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
                   void *user) {
  (void)connection;
  begin_event("log", name_of(user));
  put_number("level", level);
  put_number("kind", kind);
  put_number("length", (long long)length);
  put_field("text", text);
  end_line();
}

/* --- descriptors ---------------------------------------------------------- */

/* A descriptor of the kind that the text names, the caller's to close:
 * "tcp4", "tcp6", "udp4", "unix", "pipe" and "file" are not connected to anything,
 * "listening" waits for others, "to:HOST:PORT" and "to:PATH" are connected. */
static int make_descriptor(char *text) {
  struct sockaddr_in inet = {0};
  struct sockaddr_un local = {0};
  int descriptor = -1, pair[2];
  char *port;
  if (strcmp(text, "tcp4") == 0 || strcmp(text, "listening") == 0) {
    descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (text[0] == 'l' && listen(descriptor, 1) != 0) die("listen", strerror(errno));
  } else if (strcmp(text, "tcp6") == 0) {
    descriptor = socket(AF_INET6, SOCK_STREAM, 0);
  } else if (strcmp(text, "udp4") == 0) {
    descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  } else if (strcmp(text, "unix") == 0) {
    descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  } else if (strcmp(text, "file") == 0) {
    descriptor = open("/dev/null", O_RDWR);
  } else if (strcmp(text, "pipe") == 0) {
    if (pipe(pair) != 0) die("pipe", strerror(errno));
    close(pair[1]);
    descriptor = pair[0];
  } else if (strncmp(text, "to:/", 4) == 0) {
    local.sun_family = AF_UNIX;
    snprintf(local.sun_path, sizeof local.sun_path, "%s", text + 3);
    descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(descriptor, (struct sockaddr *)&local, sizeof local) != 0) {
      die("connect", strerror(errno));
    }
  } else if (strncmp(text, "to:", 3) == 0 && (port = strrchr(text, ':')) > text + 2) {
    *port = 0;
    inet.sin_family = AF_INET;
    inet.sin_port = htons((uint16_t)atoi(port + 1));
    if (inet_pton(AF_INET, text + 3, &inet.sin_addr) != 1) die("no such address", text);
    descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(descriptor, (struct sockaddr *)&inet, sizeof inet) != 0) {
      die("connect", strerror(errno));
    }
  } else {
    die("no such kind of descriptor", text);
  }
  if (descriptor < 0) die("cannot make a descriptor", text);
  return descriptor;
}

/* A number stands for itself. What is made here is closed at once: the library
 * has its own. */
static int set_descriptor(smtpconn_options *options, char *value,
                          int (*set)(smtpconn_options *, int),
                          int (*get)(const smtpconn_options *)) {
  char *end;
  long number = strtol(value, &end, 10);
  int descriptor, result;
  if (*end == 0) return set(options, (int)number);
  descriptor = make_descriptor(value);
  result = set(options, descriptor);
  if (result == 0 && get(options) != descriptor) die("not the number that was set", value);
  close(descriptor);
  return result;
}

/* --- callbacks of options ------------------------------------------------- */

struct secret {
  struct tag *tag;
  char text[128];
};

static void release_secret(void *user) {
  struct secret *secret = user;
  begin_event("release", name_of(secret->tag));
  end_line();
  free(secret);
}

/* The password of a key; "!none" has none, "!toomuch" claims more than fits. */
static ptrdiff_t give_password(char *buffer, size_t capacity, void *user) {
  struct secret *secret = user;
  size_t length = strlen(secret->text);
  begin_event("asked", name_of(secret->tag));
  end_line();
  if (strcmp(secret->text, "!none") == 0) return -1;
  if (strcmp(secret->text, "!toomuch") == 0) return (ptrdiff_t)capacity + 1;
  if (length > capacity) length = capacity;
  memcpy(buffer, secret->text, length);
  return (ptrdiff_t)length;
}

/* Switches TLS 1.3 off, which OpenSSL itself must do: the context is real. */
static void change_context(void *ssl_ctx, void *user) {
  struct secret *secret = user;
  uint64_t (*set_options)(void *, uint64_t);
  void *program = dlopen(NULL, RTLD_NOW);
  *(void **)&set_options = dlsym(program, "SSL_CTX_set_options");
  if (set_options == NULL) die("SSL_CTX_set_options", dlerror());
  set_options(ssl_ctx, (uint64_t)1 << 29); /* SSL_OP_NO_TLSv1_3 */
  dlclose(program);
  begin_event("asked", name_of(secret->tag));
  end_line();
}

static struct secret *new_secret(const char *name, const char *text) {
  struct secret *secret = calloc(1, sizeof *secret);
  if (secret == NULL) die("out of memory", NULL);
  secret->tag = tag_named(name);
  snprintf(secret->text, sizeof secret->text, "%s", text);
  return secret;
}

/* --- options -------------------------------------------------------------- */

#define STRING_OPTIONS(X) \
  X(host) X(name) X(auth_method) X(tls_servername) X(tls_ca_file) X(tls_ca_directory) \
  X(socket_path) X(local_address) X(tls_ca) X(tls_certificate_file) X(tls_certificate) \
  X(tls_key_file) X(tls_key) X(tls_ciphers) X(tls_cipher_suites) X(tls_min_version) \
  X(tls_max_version) X(tls_alpn)
#define INT_OPTIONS(X) \
  X(port) X(secure) X(ignore_tls) X(require_tls) X(allow_insecure_auth) \
  X(tls_reject_unauthorized) X(transaction_log) X(debug) X(opportunistic_tls) X(lmtp) \
  X(local_port) X(secured)
#define DESCRIPTOR_OPTIONS(X) X(socket) X(connection)
#define DURATION_OPTIONS(X) \
  X(dns_timeout) X(connection_timeout) X(greeting_timeout) X(socket_timeout) \
  X(command_timeout) X(final_reply_timeout) X(operation_timeout)

static int set_option(smtpconn_options *options, const char *name, char *value) {
#define SET_STRING(option) \
  if (strcmp(name, #option) == 0) return smtpconn_options_set_##option(options, value);
#define SET_INT(option)                                                              \
  if (strcmp(name, #option) == 0) {                                                  \
    return smtpconn_options_set_##option(options, (int)strtol(value, NULL, 10));     \
  }
#define SET_DURATION(option)                                                          \
  if (strcmp(name, #option) == 0) {                                                   \
    return smtpconn_options_set_##option(options, (uint32_t)strtoul(value, NULL, 10)); \
  }
#define SET_DESCRIPTOR(option)                                                   \
  if (strcmp(name, #option) == 0) {                                              \
    return set_descriptor(options, value, smtpconn_options_set_##option,         \
                          smtpconn_options_##option);                            \
  }
  DESCRIPTOR_OPTIONS(SET_DESCRIPTOR)
  STRING_OPTIONS(SET_STRING)
  INT_OPTIONS(SET_INT)
  DURATION_OPTIONS(SET_DURATION)
  if (strcmp(name, "tls_key_password_callback") == 0) {
    if (value == NULL) {
      return smtpconn_options_set_tls_key_password_callback(options, NULL, NULL, NULL);
    }
    return smtpconn_options_set_tls_key_password_callback(options, give_password, release_secret,
                                                          new_secret("password", value));
  }
  if (strcmp(name, "tls_context_callback") == 0) {
    if (value == NULL) return smtpconn_options_set_tls_context_callback(options, NULL, NULL, NULL);
    return smtpconn_options_set_tls_context_callback(options, change_context, release_secret,
                                                     new_secret("context", value));
  }
  die("no such option", name);
  return 0;
}

/* --- calls ---------------------------------------------------------------- */

static size_t count_entries(const char *folder) {
  DIR *entries = opendir(folder);
  size_t count = 0;
  if (entries == NULL) die("cannot open", folder);
  while (readdir(entries) != NULL) count++;
  closedir(entries);
  return count - 2; /* "." and ".." */
}

static void put_connection(const smtpconn *connection) {
  size_t index;
  put_number("stage", smtpconn_stage(connection));
  put_field("id", smtpconn_id(connection));
  put_field("client_name", smtpconn_client_name(connection));
  put_number("open", smtpconn_is_open(connection));
  put_number("secure", smtpconn_is_secure(connection));
  put_number("authenticated", smtpconn_is_authenticated(connection));
  put_field("tls_version", smtpconn_tls_version(connection));
  put_field("tls_cipher", smtpconn_tls_cipher(connection));
  put_field("tls_peer_name", smtpconn_tls_peer_name(connection));
  put_field("remote_address", smtpconn_remote_address(connection));
  put_field("last_response", smtpconn_last_response(connection));
  fputs(",\"capabilities\":[", stdout);
  for (index = 0; index < smtpconn_capability_count(connection); index++) {
    if (index > 0) putchar(',');
    put_string(smtpconn_capability_line(connection, index));
  }
  putchar(']');
}

static void begin_reply(long long result) {
  if (acting == NULL) {
    printf("{\"reply\":%lld", result);
  } else {
    begin_event("action", acting->name);
    put_number("result", result);
  }
}

static void reply_for_connection(smtpconn *connection, int result) {
  begin_reply(result);
  put_error("error", result < 0 ? smtpconn_last_error(connection) : NULL);
  end_line();
}

static void new_connection(char **words) {
  smtpconn_options *options = find(words[2], OPTIONS);
  smtpconn *connection = smtpconn_new(options, find(words[3], LOOP));
  char event[64];
  begin_reply(connection != NULL);
  put_error("error", connection == NULL ? smtpconn_options_last_error(options) : NULL);
  end_line();
  if (connection == NULL) return;
  keep(words[1], CONNECTION, connection);
  snprintf(event, sizeof event, "%.32s.connect", words[1]);
  smtpconn_set_connect_callback(connection, on_event, tag_named(event));
  snprintf(event, sizeof event, "%.32s.error", words[1]);
  smtpconn_set_error_callback(connection, on_error, tag_named(event));
  snprintf(event, sizeof event, "%.32s.end", words[1]);
  smtpconn_set_end_callback(connection, on_event, tag_named(event));
  snprintf(event, sizeof event, "%.32s.log", words[1]);
  smtpconn_set_log_callback(connection, on_log, tag_named(event));
}

static void make_envelope(char **words, size_t count) {
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  int result;
  size_t index;
  smtpconn_envelope_set_size(envelope, strtoull(words[3], NULL, 10));
  if (words[4] != NULL) smtpconn_envelope_set_use_8bitmime(envelope, atoi(words[4]));
  result = smtpconn_envelope_set_from(envelope, words[2]);
  for (index = 5; index < count && result == 0; index++) {
    result = smtpconn_envelope_add_to(envelope, words[index]);
  }
  begin_reply(result);
  put_error("error", result < 0 ? smtpconn_envelope_last_error(envelope) : NULL);
  end_line();
  keep(words[1], ENVELOPE, envelope);
}

#define ENVELOPE_STRINGS(X) X(dsn_ret) X(dsn_envid) X(dsn_notify) X(dsn_orcpt)
#define ENVELOPE_INTS(X) X(use_smtputf8) X(require_tls)
#define RECIPIENT_STRINGS(X) X(dsn_notify) X(dsn_orcpt)

static int describe(smtpconn_envelope *envelope, const char *name, const char *value,
                    const char *index) {
#define DESCRIBE_RECIPIENT(field)                                                            \
  if (index != NULL && strcmp(name, #field) == 0) {                                          \
    return smtpconn_envelope_set_to_##field(envelope, strtoul(index, NULL, 10), value);      \
  }
#define DESCRIBE_STRING(field) \
  if (strcmp(name, #field) == 0) return smtpconn_envelope_set_##field(envelope, value);
#define DESCRIBE_INT(field)                                                         \
  if (strcmp(name, #field) == 0) {                                                  \
    return smtpconn_envelope_set_##field(envelope, (int)strtol(value, NULL, 10));   \
  }
  RECIPIENT_STRINGS(DESCRIBE_RECIPIENT)
  ENVELOPE_STRINGS(DESCRIBE_STRING)
  ENVELOPE_INTS(DESCRIBE_INT)
  die("no such value of an envelope", name);
  return 0;
}

/* Frees whatever is left, connections before their loops. */
static void free_everything(void) {
  size_t index;
  for (index = object_count; index-- > 0;) {
    if (objects[index].kind == CONNECTION) {
      smtpconn *connection = objects[index].pointer;
      objects[index] = objects[--object_count];
      smtpconn_free(connection);
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

static void free_object(char **words) {
  const char *what = words[1];
  if (strcmp(what, "connection") == 0) {
    smtpconn_free(take(words[2], CONNECTION));
  } else if (strcmp(what, "loop") == 0) {
    smtpconn_loop_free(take(words[2], LOOP));
  } else if (strcmp(what, "message") == 0) {
    smtpconn_message_free(take(words[2], MESSAGE));
  } else if (strcmp(what, "loopfirst") == 0) { /* the wrong way round */
    smtpconn_loop_free(take(words[2], LOOP));
    smtpconn_free(take(words[3], CONNECTION));
  } else if (strcmp(what, "everything") == 0) {
    free_everything();
  } else {
    die("cannot free", what);
  }
  begin_reply(0);
  end_line();
}

static void set_action(const char *name, const char *action) {
  struct tag *tag = tag_named(name);
  free(tag->action);
  tag->action = strdup(action);
  begin_reply(0);
  end_line();
}

/* Calls on a connection: the second word names it. 1 when the word is one. */
static int call_connection(char **words) {
  const char *verb = words[0];
  smtpconn *connection;
  int result;
  if (strcmp(verb, "connect") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_connect(connection, on_done, tag_named(words[2]));
  } else if (strcmp(verb, "login") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_login(connection, find(words[3], AUTH), on_done, tag_named(words[2]));
  } else if (strcmp(verb, "send") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_send(connection, find(words[3], ENVELOPE), find(words[4], MESSAGE), on_sent,
                           tag_named(words[2]));
  } else if (strcmp(verb, "reset") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_reset(connection, on_done, tag_named(words[2]));
  } else if (strcmp(verb, "quit") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_quit(connection, on_done, tag_named(words[2]));
  } else if (strcmp(verb, "cancel") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_cancel(connection);
  } else if (strcmp(verb, "resume") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_resume(connection);
  } else if (strcmp(verb, "run") == 0) {
    connection = find(words[1], CONNECTION);
    result = smtpconn_run(connection);
  } else if (strcmp(verb, "close") == 0) {
    connection = find(words[1], CONNECTION);
    smtpconn_close(connection);
    result = 0;
  } else {
    return 0;
  }
  reply_for_connection(connection, result);
  return 1;
}

/* While a script starts several operations at once, the loops wait. */
static int held;

static void call(char **words, size_t count) {
  const char *verb = words[0];
  if (call_connection(words)) return;
  if (strcmp(verb, "options") == 0) {
    keep(words[1], OPTIONS, smtpconn_options_new());
    begin_reply(0);
    end_line();
  } else if (strcmp(verb, "set") == 0) {
    smtpconn_options *options = find(words[1], OPTIONS);
    int result = set_option(options, words[2], words[3]);
    begin_reply(result);
    put_error("error", smtpconn_options_last_error(options));
    end_line();
  } else if (strcmp(verb, "loop") == 0) {
    keep(words[1], LOOP, smtpconn_loop_new());
    begin_reply(0);
    end_line();
  } else if (strcmp(verb, "new") == 0) {
    new_connection(words);
  } else if (strcmp(verb, "auth") == 0) {
    smtpconn_auth *auth = smtpconn_auth_new();
    smtpconn_auth_set_user(auth, words[2]);
    smtpconn_auth_set_password(auth, words[3]);
    keep(words[1], AUTH, auth);
    begin_reply(0);
    end_line();
  } else if (strcmp(verb, "envelope") == 0) {
    make_envelope(words, count);
  } else if (strcmp(verb, "describe") == 0) {
    smtpconn_envelope *envelope = find(words[1], ENVELOPE);
    begin_reply(describe(envelope, words[2], words[3], words[4]));
    put_error("error", smtpconn_envelope_last_error(envelope));
    end_line();
  } else if (strcmp(verb, "message") == 0) {
    smtpconn_message *message = make_message(words[1], words[2], words + 3, count < 3 ? 0 : count - 3);
    keep(words[1], MESSAGE, message);
    begin_reply(message != NULL);
    end_line();
  } else if (strcmp(verb, "hold") == 0) {
    held = words[1][0] == '1';
    begin_reply(0);
    end_line();
  } else if (strcmp(verb, "free") == 0) {
    free_object(words);
  } else if (strcmp(verb, "info") == 0) {
    begin_reply(0);
    put_connection(find(words[1], CONNECTION));
    end_line();
  } else if (strcmp(verb, "capability") == 0) {
    smtpconn *connection = find(words[1], CONNECTION);
    begin_reply(smtpconn_has_capability(connection, words[2]));
    put_field("parameters", smtpconn_capability_parameters(connection, words[2]));
    end_line();
  } else if (strcmp(verb, "runloop") == 0) {
    begin_reply(smtpconn_loop_run(find(words[1], LOOP)));
    end_line();
  } else if (strcmp(verb, "counts") == 0) {
    begin_reply(0);
    put_number("descriptors", (long long)count_entries("/proc/self/fd"));
    put_number("threads", (long long)count_entries("/proc/self/task"));
    put_number("objects", (long long)object_count);
    end_line();
  } else {
    die("no such call", verb);
  }
}

/* --- the script ----------------------------------------------------------- */

static int hex(int digit) {
  return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* "~" is NULL, "=..." is percent-decoded, anything else is itself. */
static char *decode(char *word) {
  char *from, *to;
  if (strcmp(word, "~") == 0) return NULL;
  if (word[0] != '=') return word;
  for (from = to = word + 1; *from != 0; from++) {
    if (*from == '%') {
      *to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
      from += 2;
    } else {
      *to++ = *from;
    }
  }
  *to = 0;
  return word + 1;
}

/* "on TAG CALL..." keeps the call for the callback; everything else is made now.
 * The words stand in the line, which must outlive the call. */
static void execute(char *line) {
  char **words;
  size_t count = 0;
  char *word, *rest;
  if (strncmp(line, "on ", 3) == 0) {
    rest = strchr(line + 3, ' ');
    if (rest == NULL) die("on what?", line);
    *rest = 0;
    set_action(line + 3, rest + 1);
    return;
  }
  words = calloc(MAX_WORDS + 8, sizeof *words); /* words that are missing are NULL */
  if (words == NULL) die("out of memory", NULL);
  for (word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    if (count == MAX_WORDS) die("too many words", word);
    words[count++] = decode(word);
  }
  if (count > 0) call(words, count);
  free(words);
}

/* Every loop to watch: those made by name, and those of connections. Twice the
 * same one does no harm. */
static size_t collect_loops(smtpconn_loop **loops) {
  size_t index, count = 0;
  for (index = 0; index < object_count; index++) {
    if (objects[index].kind == LOOP) {
      loops[count++] = objects[index].pointer;
    } else if (objects[index].kind == CONNECTION) {
      loops[count++] = smtpconn_get_loop(objects[index].pointer);
    }
  }
  return count;
}

/* Waits for input or a loop. A loop is dispatched here; 1 when there is input. */
static int wait_for_input(void) {
  static struct pollfd watched[MAX_OBJECTS + 1];
  static smtpconn_loop *loops[MAX_OBJECTS];
  size_t index, count = held ? 0 : collect_loops(loops);
  watched[0].fd = STDIN_FILENO;
  watched[0].events = POLLIN;
  for (index = 0; index < count; index++) {
    watched[index + 1].fd = smtpconn_loop_fd(loops[index]);
    watched[index + 1].events = POLLIN;
  }
  if (poll(watched, (nfds_t)count + 1, -1) < 0 && errno != EINTR) die("poll", strerror(errno));
  for (index = 0; index < count; index++) {
    if (watched[index + 1].revents != 0) {
      /* A callback may have freed other loops: look again afterwards. */
      int result = smtpconn_loop_dispatch(loops[index]);
      if (result < 0) die("dispatch", smtpconn_code_name(result));
      return 0;
    }
  }
  return watched[0].revents != 0;
}

/* Standard input without stdio's buffer, which poll() could not see into. */
static char *read_line(void) {
  static char *buffer;
  static size_t length, capacity;
  static char *line;
  char *newline;
  free(line);
  line = NULL;
  for (;;) {
    ssize_t got;
    newline = length == 0 ? NULL : memchr(buffer, '\n', length);
    if (newline != NULL) {
      size_t size = (size_t)(newline - buffer) + 1;
      line = malloc(size);
      if (line == NULL) die("out of memory", NULL);
      memcpy(line, buffer, size);
      line[size - 1] = 0;
      memmove(buffer, buffer + size, length - size);
      length -= size;
      return line;
    }
    while (!wait_for_input()) continue;
    if (length == capacity) {
      capacity = capacity == 0 ? 65536 : capacity * 2;
      buffer = realloc(buffer, capacity);
      if (buffer == NULL) die("out of memory", NULL);
    }
    got = read(STDIN_FILENO, buffer + length, capacity - length);
    if (got <= 0) { /* the end of the script */
      free(buffer);
      buffer = NULL;
      return NULL;
    }
    length += (size_t)got;
  }
}

int main(void) {
  struct tag *tag;
  char *line;
  printf("{\"reply\":0");
  put_field("version", smtpconn_version());
  put_field("asan",
#ifdef __SANITIZE_ADDRESS__
            "yes"
#else
            NULL
#endif
  );
  end_line();
  while ((line = read_line()) != NULL) execute(line);
  free_everything();
  while ((tag = tags) != NULL) {
    tags = tag->next;
    free(tag->action);
    free(tag);
  }
  return 0;
}
