/*
 * pooled.c - sends messages over a pool as its arguments say, for Tests/scripted/test_pool*.py
 *
 *     pooled PORT [NAME=VALUE...]
 *
 * Settings of the pool have their names; further ones:
 *     user, password     a login; refresh, access_url: with a token
 *     messages=N         messages, each to a recipient of its own; user N is its number, from 1
 *     to=N               recipients of each message
 *     lmtp, all_or_none, chunking
 *     drain=0            the pool is not drained after the last send
 *     do=N:WHAT          in the callback of message N: free, close, pause, drain, again (send
 *                        another one) or withdraw:M
 *     first=WHAT         the same before the loop runs
 *     at=TEXT, then_at=WHAT  the same when a line of the log has this text, the first time
 *     resume=1           resumes the pool when it was paused and what had begun has ended
 *     shown=0            nothing is printed for a message
 *
 * A line for each callback, and the numbers of the pool at the end.
 */
#define RECORD_MAIN
#include "record.h"

#include <smtpconn.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static smtpconn_pool *pool;
static smtpconn_envelope *envelope;
static smtpconn_message *message;
static char **arguments;
static size_t calls, taken;
static int shown = 1, recipients = 1, is_freed, is_paused;

static const char *setting(const char *name, const char *otherwise) {
  size_t length = strlen(name), index;
  for (index = 2; arguments[index] != NULL; index++) {
    if (strncmp(arguments[index], name, length) == 0 && arguments[index][length] == '=') {
      return arguments[index] + length + 1;
    }
  }
  return otherwise;
}

static int number(const char *name, int otherwise) {
  const char *value = setting(name, NULL);
  return value == NULL ? otherwise : atoi(value);
}

static void check(int result, const char *what) {
  if (result >= 0) return;
  printf("%s: %s %s\n", what, smtpconn_code_name(result),
         smtpconn_error_message(smtpconn_pool_last_error(pool)));
}

static void on_sent(smtpconn_pool *of, const smtpconn_error *error, const smtpconn_result *result,
                    void *user);

static int send_one(size_t index) {
  static char addresses[65536];
  size_t length = (size_t)sprintf(addresses, "sender@a.example") + 1;
  int recipient, code;
  for (recipient = 0; recipient < recipients; recipient++) {
    length += (size_t)sprintf(addresses + length, "m%zu-%d@b.example", index, recipient) + 1;
  }
  code = smtpconn_pool_send_packed(pool, envelope, addresses, length, "Subject: x\r\n\r\nHello\r\n",
                                   21, 0, on_sent, (void *)index);
  if (code == 0) taken++;
  return code;
}

static void on_drained(smtpconn_pool *of, void *user) {
  printf("drained user=%zu connections=%d\n", (size_t)user,
         (int)smtpconn_pool_count(of, SMTPCONN_POOL_CONNECTIONS));
  if (setting("free_when_drained", NULL) != NULL) {
    smtpconn_pool_free(of);
    is_freed = 1;
  }
}

static void on_room(smtpconn_pool *of, void *user) {
  printf("room user=%zu pending=%d\n", (size_t)user,
         (int)(smtpconn_pool_count(of, SMTPCONN_POOL_QUEUED) +
               smtpconn_pool_count(of, SMTPCONN_POOL_ACTIVE)));
}

static void on_token(smtpconn_pool *of, const char *token, uint64_t expires, void *user) {
  (void)of;
  printf("token %s %s user=%zu\n", token, expires > 0 ? "expires" : "stays", (size_t)user);
}

static void act(const char *what) {
  if (strcmp(what, "free") == 0) {
    smtpconn_pool_free(pool);
    is_freed = 1;
  } else if (strcmp(what, "close") == 0) {
    smtpconn_pool_close(pool);
  } else if (strcmp(what, "pause") == 0) {
    check(smtpconn_pool_pause(pool), what);
    is_paused = 1;
  } else if (strcmp(what, "resume") == 0) {
    check(smtpconn_pool_resume(pool), what);
  } else if (strcmp(what, "drain") == 0) {
    check(smtpconn_pool_drain(pool, on_drained, (void *)7), what);
  } else if (strcmp(what, "again") == 0) {
    check(send_one(taken + 1), what);
  } else if (strncmp(what, "withdraw:", 9) == 0) {
    printf("withdraw %d\n", smtpconn_pool_withdraw(pool, (void *)(size_t)atoi(what + 9)));
  }
}

static void on_log(smtpconn_pool *of, uint32_t connection, int level, int kind,
                   const char *text, size_t length, void *user) {
  static int seen;
  const char *at = setting("at", NULL);
  (void)of, (void)level, (void)kind, (void)user;
  printf("log %u %s\n", strlen(text) == length ? connection : 0, text);
  if (at != NULL && strstr(text, at) != NULL && seen++ == 0) act(setting("then_at", ""));
}

static void on_sent(smtpconn_pool *of, const smtpconn_error *error, const smtpconn_result *result,
                    void *user) {
  size_t index = (size_t)user, recipient;
  const smtpconn_error *again = smtpconn_result_retry_error(result);
  char name[32];
  const char *what;
  struct kept kept = {0};
  calls++;
  kept.kind = SMTPCONN_RECORD_SENT;
  kept.pool = of;
  kept.error = error;
  kept.result = result;
  kept.user = user;
  what = difference_of_record(&kept);
  if (what != NULL) printf("the record says something else: %s\n", what);
  if (of != pool) printf("another pool\n");
  if (shown) {
    printf("%zu %s retry=%d tries=%d reason=%s statuses=", index,
           error == NULL ? "OK" : smtpconn_error_name(error),
           error == NULL ? 0 : smtpconn_error_retry(error), smtpconn_result_tries(result),
           again == NULL ? "-" : smtpconn_error_name(again));
    for (recipient = 0; recipient < smtpconn_result_count(result); recipient++) {
      printf("%d", smtpconn_result_status(result, recipient));
    }
    printf(" | %s\n", error == NULL ? "" : smtpconn_error_message(error));
  }
  sprintf(name, "do%zu", index);
  what = setting(name, NULL);
  if (what != NULL) act(what);
}

int main(int argc, char **argv) {
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_auth *auth = NULL;
  int index, messages, code;
  if (argc < 2) return 2;
  arguments = argv;
  setvbuf(stdout, NULL, _IOLBF, 0);
  recipients = number("to", 1);
  shown = number("shown", 1);
  if (smtpconn_options_set_host(options, "127.0.0.1") != 0 ||
      smtpconn_options_set_port(options, atoi(argv[1])) != 0 ||
      smtpconn_options_set_lmtp(options, number("lmtp", 0)) != 0 ||
      smtpconn_options_set_chunking(options, number("chunking", 0)) != 0 ||
      smtpconn_options_set_command_timeout(options, (uint32_t)number("command_timeout", 60000)) !=
          0) {
    return 2;
  }
  if (setting("user", NULL) != NULL) {
    auth = smtpconn_auth_new();
    smtpconn_auth_set_user(auth, setting("user", NULL));
    smtpconn_auth_set_password(auth, setting("password", ""));
    smtpconn_auth_set_refresh_token(auth, setting("refresh", NULL));
    smtpconn_auth_set_access_url(auth, setting("access_url", NULL));
  }
  pool = smtpconn_pool_new(options, auth, NULL);
  if (pool == NULL) {
    printf("new: %s\n", smtpconn_error_message(smtpconn_options_last_error(options)));
    return 1;
  }
  smtpconn_options_free(options);
  smtpconn_auth_free(auth);
  envelope = smtpconn_envelope_new();
  message = smtpconn_message_new_copy("x", 1);
  smtpconn_envelope_set_all_or_none(envelope, number("all_or_none", 0));
  check(smtpconn_pool_set_connections(pool, number("connections", 4)), "connections");
  check(smtpconn_pool_set_messages_per_connection(pool, number("messages_per_connection", 0)),
        "messages_per_connection");
  check(smtpconn_pool_set_rate(pool, number("rate", 0), (uint32_t)number("rate_period", 0)),
        "rate");
  check(smtpconn_pool_set_recipient_rate(pool, number("recipient_rate", 0),
                                         (uint32_t)number("recipient_period", 0)),
        "recipient_rate");
  check(smtpconn_pool_set_idle_time(pool, (uint32_t)number("idle", 30000)), "idle");
  check(smtpconn_pool_set_backoff(pool, (uint32_t)number("backoff", 10),
                                  (uint32_t)number("longest", 40)),
        "backoff");
  check(smtpconn_pool_set_failures(pool, number("failures", 3)), "failures");
  check(smtpconn_pool_set_tries(pool, number("tries", 5), (uint32_t)number("delay", 10),
                                (uint32_t)number("time", 60000)),
        "tries");
  check(smtpconn_pool_set_queue_limit(pool, (size_t)number("queue_limit", 0)), "queue_limit");
  smtpconn_pool_set_room_callback(pool, on_room, (void *)5);
  smtpconn_pool_set_token_callback(pool, on_token, (void *)4);
  if (number("log", 0)) smtpconn_pool_set_log_callback(pool, on_log, NULL);
  messages = number("messages", 1);
  for (index = 1; index <= messages; index++) {
    code = send_one((size_t)index);
    if (code != 0) printf("send %d: %s\n", index, smtpconn_code_name(code));
  }
  if (setting("first", NULL) != NULL) act(setting("first", NULL));
  if (setting("then", NULL) != NULL) act(setting("then", NULL));
  if (!is_freed && number("drain", 1)) {
    check(smtpconn_pool_drain(pool, on_drained, (void *)6), "drain");
  }
  if (number("resume", 0)) {
    /* Once it is paused and what had begun has ended. */
    while (!(is_paused && smtpconn_pool_count(pool, SMTPCONN_POOL_ACTIVE) == 0) &&
           smtpconn_loop_run_once(smtpconn_pool_get_loop(pool), -1) == 1) {
    }
    printf("resumed queued=%d\n", (int)smtpconn_pool_count(pool, SMTPCONN_POOL_QUEUED));
    check(smtpconn_pool_resume(pool), "resume");
  }
  code = is_freed ? 0 : smtpconn_pool_run(pool);
  printf("run=%d calls=%zu of %zu\n", code, calls, taken);
  if (!is_freed && number("linger", 0)) {
    /* Until the connections have quit because they were idle. */
    while (smtpconn_pool_count(pool, SMTPCONN_POOL_CONNECTIONS) > 0 &&
           smtpconn_loop_run_once(smtpconn_pool_get_loop(pool), -1) >= 0) {
    }
  }
  if (!is_freed) {
    static const char *const names[] = {"connections", "queued",   "active", "sent",
                                        "refused",     "deferred", "doubt",  "failed",
                                        "again",       "opened",   "failures"};
    printf("counts");
    for (index = 0; index < 11; index++) {
      printf(" %s=%d", names[index], (int)smtpconn_pool_count(pool, index));
    }
    printf("\n");
    smtpconn_pool_free(pool);
  }
  smtpconn_envelope_free(envelope);
  smtpconn_message_free(message);
  return calls == taken ? 0 : 1;
}
