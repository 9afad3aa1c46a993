/*
 * drive.h - what the files of the drive program share
 *
 * main.c says what the program is for and how a line is written. calls.c has the
 * list of all calls; a new one is a function there or in the file of its topic.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <smtpconn.h>

#include <poll.h>
#include <stddef.h>

enum { MAX_OBJECTS = 1024 };

/* --- report.c: what is written ---------------------------------------------- */

/* A mistake in the script, not in the library. */
void die(const char *what, const char *word) __attribute__((noreturn));

/* Memory, zeroed; ends the program when there is none. */
void *allocate(size_t count, size_t size);

void put_string(const char *text);
void put_field(const char *name, const char *text);
void put_number(const char *name, long long number);
void put_octets(const char *name, const unsigned char *octets, size_t length);
void put_error(const char *name, const smtpconn_error *error);
void put_result(const smtpconn_result *result);
void put_reply(const smtpconn_reply *reply);

/* Begins a report of a callback's arguments; the name is that of the callback. */
void begin_event(const char *event, const char *name);
void end_line(void);

/* Begins the answer to a call. That to a call which a callback makes is an event. */
void begin_reply(long long result);

/* An answer that says no more. */
void reply(long long result);

/* --- objects.c: objects by name --------------------------------------------- */

enum kind { OPTIONS, LOOP, CONNECTION, AUTH, ENVELOPE, MESSAGE };

/* find gives the object, take gives it up; NULL for a NULL name. */
void *find(const char *name, enum kind kind);
void keep(const char *name, enum kind kind, void *pointer);
void *take(const char *name, enum kind kind);

size_t objects_left(void);

/* Every loop to watch: those made by name, and those of connections. Twice the
 * same one does no harm. */
size_t collect_loops(smtpconn_loop **loops);

/* Frees whatever is left, connections before their loops. */
void free_everything(void);

void call_free(char **words, size_t count);

/* --- callbacks.c: what callbacks are known by, and do ------------------------ */

struct tag;

struct tag *tag_named(const char *name);
const char *name_of(const void *tag);

/* The tag whose action is being made, or NULL. */
extern struct tag *acting;

/* Keeps calls, with " ; " between them, that the callback is to make when it is
 * called; given several times, each time that it is called. */
void set_action(const char *name, const char *calls);

/* Makes the calls that were kept, if there are any. */
void act(struct tag *tag);

/* What the callback was asked for, and is to be answered under its name. */
void set_question(struct tag *tag, void *question);
void *question_of(const char *name);

void free_tags(void);

void on_done(smtpconn *connection, const smtpconn_error *error, void *tag);
void on_sent(smtpconn *connection, const smtpconn_error *error, const smtpconn_result *result,
             void *tag);
void on_replied(smtpconn *connection, const smtpconn_error *error, const smtpconn_reply *reply,
                void *tag);
void on_event(smtpconn *connection, void *tag);
void on_error(smtpconn *connection, const smtpconn_error *error, void *tag);
void on_log(smtpconn *connection, int level, int kind, const char *text, size_t length, void *tag);
void on_token(smtpconn *connection, const char *token, uint64_t expires, void *tag);
void on_release(void *tag);

/* --- one file for each topic ------------------------------------------------- */

/* A descriptor of the kind that the text names, the caller's to close. */
int make_descriptor(char *text);

/* A message made in this way: "copy", "borrowed" or "descriptor" of a file, or
 * "reader" of pieces, each of them a word or "@" and a file. */
smtpconn_message *make_message(const char *name, const char *way, char **words, size_t count);

/* Decodes a word of hexadecimal digits, two for each octet, in place. */
unsigned char *octets_of(char *word, size_t *length);

int set_key_password(smtpconn_options *options, const char *password);
int set_context_change(smtpconn_options *options, const char *change);
int set_key_log(smtpconn_options *options, const char *tag);

/* Ends the program when the library has left errors in this thread's queue of
 * OpenSSL, where the program's own calls would find them. */
void check_error_queue(void);

void call_options(char **words, size_t count);
void call_set(char **words, size_t count);
void call_auth(char **words, size_t count);
void call_credential(char **words, size_t count);
void call_ask(char **words, size_t count);
void call_provide(char **words, size_t count);
void call_withhold(char **words, size_t count);
void call_mechanism(char **words, size_t count);
void call_respond(char **words, size_t count);
void call_give_up(char **words, size_t count);
void call_envelope(char **words, size_t count);
void call_describe(char **words, size_t count);
void call_message(char **words, size_t count);
void call_new(char **words, size_t count);
void call_take_session(char **words, size_t count);
void call_add_session(char **words, size_t count);
void call_info(char **words, size_t count);
void call_capability(char **words, size_t count);
void call_advance(char **words, size_t count);

void call_pumped(char **words, size_t count);

/* pumps.c: connections without a socket. Work does what can be done at once: 1 when that was
 * something. Watch says what to wait for. Forget must be called before a connection is freed. */
int work_pumps(void);
size_t watch_pumps(struct pollfd *watched, int *timeout);
void forget_pump(const smtpconn *connection);

/* Calls on a connection: the second word names it. 1 when the word is one. */
int call_connection(char **words);

/* commands.c: the operations with one reply. What the library returned. */
int is_command(const char *verb);
int start_command(smtpconn *connection, char **words);

/* calls.c: the call that the first word names. */
void call(char **words, size_t count);

/* Whether loops wait, while a script starts several operations at once. */
extern int held;

/* --- script.c ----------------------------------------------------------------- */

/* "on TAG CALL..." keeps the calls for the callback; everything else is made now.
 * The words are parts of the line, which must outlive the call. */
void execute(char *line);

#endif /* DRIVE_H */
