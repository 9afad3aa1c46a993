/*
 * smtpconn.h - an SMTP client connection
 *
 * The whole public interface, in the order in which a program calls it:
 *
 *     version, error codes, error objects      what can be told
 *     options                                  how to connect
 *     loop                                     who waits
 *     connection: new, events, connect         the way in
 *     authentication, login
 *     envelope, message, send, result          the main job
 *     reset, quit, cancel, close, free         the way out
 *
 * Rules that hold for every function below, said once:
 *
 * Results.  A function that returns int and can fail returns 0 (SMTPCONN_OK)
 * on success and one of the negative SMTPCONN_E... codes when it did nothing.
 * A function that hands out an object returns NULL when it could not.  Outputs
 * are written only on success.
 *
 * Strings.  Every `const char *` going in is a NUL-terminated UTF-8 string and
 * is copied during the call.  Every one coming out belongs to the object that
 * it was read from; it lives as long as the comment there says.  Text that a
 * server sent is handed on with the bytes it had, which need not be UTF-8; it
 * never holds a NUL.
 *
 * Handles.  Every type is opaque.  Whatever `..._new` made, `..._free` ends;
 * `..._free(NULL)` does nothing.  A NULL handle anywhere else is
 * SMTPCONN_ESTATE, or NULL, or 0, or what the function says; one that a function
 * needs beside its first (the envelope of a send, the credentials of a login)
 * gives the code that the function names.  Objects given to a function (options,
 * envelope, authentication, message) may be freed as soon as it returned.
 *
 * Operations.  smtpconn_connect, _login, _send, _reset and _quit start an
 * operation.  A negative result means that it was not started and its callback
 * will never be called; smtpconn_last_error then says why.  Otherwise the
 * callback is called exactly once, whatever happens.  Operations are carried
 * out in the order in which they were started; starting several at once is the
 * normal and the fastest way.
 *
 * Callbacks.  They run only inside smtpconn_run, smtpconn_loop_run,
 * smtpconn_loop_run_once and smtpconn_loop_dispatch, on the thread that called
 * it, never inside the call that started the operation.  The one exception is
 * smtpconn_free, which runs what is still pending with SMTPCONN_ECANCELLED.
 * A callback may call any function here except those four, which then give
 * SMTPCONN_ESTATE.  It may free the connection: the operations that are pending
 * are called back before smtpconn_free returns, and after that nothing is called
 * for this connection but release callbacks.  Freeing it once more from a callback
 * that this very call runs does nothing.  `user` is handed back as it was given.  A
 * callback must return: no longjmp, no C++ exception.
 * A NULL callback is allowed wherever one can be given, `release` included, and means
 * that nothing is called.  The exceptions: smtpconn_message_new_reader needs `read`, and
 * gives NULL without it.
 *
 * Release callbacks.  Each is called once, when nothing uses `user` any more: inside
 * the call that let go of it (a setter, a `..._free`), or in the turn in which the
 * last operation with it ended, after its callback.  It may call any function that
 * other callbacks may call, but none on the object whose `..._free` it runs inside;
 * smtpconn_free is the exception, as above.
 *
 * C++.  In check(smtpconn_send(c, ...), smtpconn_last_error(c)) the compiler may read the
 * error before it makes the call: the order in which arguments are evaluated is not
 * specified, in C as well.  Call first, keep the result, then ask for the error.
 *
 * Threads.  A loop, and everything that is attached to it, belongs to one
 * thread at a time.  Different loops are independent, also when connections of
 * theirs were made from the same options.  smtpconn_loop_wakeup is the only
 * function that may be called from another thread.  The library starts a thread
 * only to resolve a name, and that thread calls nothing of yours.  It installs no
 * signal handler, raises no SIGPIPE, prints nothing, and has no global state.
 *
 * Memory.  A function that needs memory of a size that you decide (the copy of a
 * message, a long string, many recipients) tries for it first, and without it returns
 * NULL or an error.  What a server says is bounded before it is kept.  When less than
 * 64 KiB cannot be had, the process ends with a trap (SIGILL or SIGTRAP): the library
 * never goes on with half of a change.
 *
 * After fork(), the child may only call the `..._free` functions; they then close
 * descriptors without a word to the server, and call nothing but release callbacks:
 * what is pending goes on in the parent, where its callbacks run.
 *
 * Durations are in milliseconds, sizes in octets.
 *
 * Since: everything here is in 0.1.0 unless it says otherwise.
 */
#ifndef SMTPCONN_H
#define SMTPCONN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------
 * Version
 * --------------------------------------------------------------------- */

#define SMTPCONN_VERSION_MAJOR 0
#define SMTPCONN_VERSION_MINOR 1
#define SMTPCONN_VERSION_PATCH 0
#define SMTPCONN_VERSION "0.1.0"

/* 0x00MMmmpp: comparable with < and >. */
#define SMTPCONN_VERSION_NUMBER                                               \
  ((SMTPCONN_VERSION_MAJOR << 16) | (SMTPCONN_VERSION_MINOR << 8) |           \
   SMTPCONN_VERSION_PATCH)

/* The version of the library that is running, "0.1.0".  Static. */
const char *smtpconn_version(void);

/* The same as a number, as in SMTPCONN_VERSION_NUMBER. */
int smtpconn_version_number(void);

/* ------------------------------------------------------------------------
 * Error codes
 *
 * The numbers never change meaning.  New ones may be added; treat one that
 * you do not know as a failure.
 * --------------------------------------------------------------------- */

enum smtpconn_code {
  SMTPCONN_OK = 0,
  SMTPCONN_EDNS = -1,         /* the host name could not be resolved */
  SMTPCONN_ECONNECTION = -2,  /* the server closed the connection */
  SMTPCONN_ESOCKET = -3,      /* the operating system refused: see errno */
  SMTPCONN_ETIMEDOUT = -4,    /* one of the time limits passed */
  SMTPCONN_ETLS = -5,         /* TLS was not possible, or not trustworthy */
  SMTPCONN_EREQUIRETLS = -6,  /* REQUIRETLS (RFC 8689) cannot be honoured */
  SMTPCONN_EPROTOCOL = -7,    /* the server does not speak SMTP as it should */
  SMTPCONN_EENVELOPE = -8,    /* sender or recipients: bad, or refused */
  SMTPCONN_EMESSAGE = -9,     /* the message: bad, too large, or refused */
  SMTPCONN_ESTREAM = -10,     /* the source of the message failed */
  SMTPCONN_EAUTH = -11,       /* login: bad input, refused, or not possible */
  SMTPCONN_EOAUTH2 = -12,     /* no access token could be had */
  SMTPCONN_EPROXY = -13,      /* reserved: the proxy refused */
  SMTPCONN_EOPTIONS = -14,    /* an option is out of range or contradicts */
  SMTPCONN_ESTATE = -15,      /* not possible now, or a NULL handle */
  SMTPCONN_ECANCELLED = -16   /* cancelled, closed or freed by the caller */
};

/* "EAUTH" for SMTPCONN_EAUTH, "OK" for 0, "EUNKNOWN" for any other number.
 * Static. */
const char *smtpconn_code_name(int code);

/* One English sentence about the code in general.  Static. */
const char *smtpconn_code_text(int code);

/* ------------------------------------------------------------------------
 * Error objects
 *
 * An error handed to a callback, and every string read from it, is valid
 * until that callback returns.  The one that a `..._last_error` function
 * returns is valid until the next call on the same handle.
 *
 * Each getter accepts NULL and then returns SMTPCONN_OK, 0 or NULL.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_error smtpconn_error;

/* What may be done after a failure. */
enum smtpconn_retry {
  SMTPCONN_RETRY_NO = 0,      /* the same again would fail the same way */
  SMTPCONN_RETRY_SAFE = 1,    /* nothing was delivered, a later try may work */
  SMTPCONN_RETRY_UNKNOWN = 2  /* the connection was lost after the end of the
                                 message was sent: it may have been delivered,
                                 a retry may deliver it twice */
};
/* SMTPCONN_RETRY_SAFE of a send has two meanings, and the code tells them apart, without
 * a look at the recipients:
 *
 *   retry == SMTPCONN_RETRY_SAFE && (code == SMTPCONN_EENVELOPE || code == SMTPCONN_EMESSAGE)
 *
 * is true when the server refused the message for now, or one of its recipients when it
 * refused all: wait before the next try, RFC 5321 section 4.5.4.1 asks for 30 minutes.
 * With SMTPCONN_RETRY_SAFE and any other code nothing was decided about the message, not
 * sent at all or not to its end: it may be sent again at once over another connection.
 * The code of the reply is no such rule: it is that of the last recipient, 5yz perhaps
 * although another was refused with 4yz. */

/* One of the SMTPCONN_E... codes. */
int smtpconn_error_code(const smtpconn_error *error);

/* Its name, "EAUTH". */
const char *smtpconn_error_name(const smtpconn_error *error);

/* What happened and what to do about it, for a person.  Never holds a
 * password or token. */
const char *smtpconn_error_message(const smtpconn_error *error);

/* The reply of the server that caused the error, its lines joined by LF as they
 * came, codes included ("550-5.1.1 No such user\n550 5.1.1 here"); NULL when no
 * reply caused it. */
const char *smtpconn_error_response(const smtpconn_error *error);

/* The code of that reply, 200 to 599: the first digit decides, whatever the others are
 * (RFC 5321 sections 4.2.1 and 4.3.2).  Of a reply whose lines have different codes it is
 * that of the last line, and such a reply is never a success.  0 without a reply. */
int smtpconn_error_response_code(const smtpconn_error *error);

/* The enhanced status code of that reply, "5.1.1" (RFC 2034, RFC 3463); NULL
 * when the server gave none. */
const char *smtpconn_error_enhanced(const smtpconn_error *error);

/* The command that failed: "CONN", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH PLAIN"
 * ("AUTH" before a mechanism was chosen), "MAIL FROM", "RCPT TO", "DATA",
 * "BDAT", "RSET", "QUIT", or "API" for a misuse of this interface.  Never NULL for a non-NULL
 * error. */
const char *smtpconn_error_command(const smtpconn_error *error);

/* Where on its way the connection was: "options", "dns", "connect", "tls",
 * "greeting", "hello", "starttls", "auth", "envelope", "message", "reset",
 * "quit" or "idle".  The handshake belongs to "tls" when the connection starts
 * with it, and to "starttls" after that command.  Never NULL for a non-NULL
 * error. */
const char *smtpconn_error_phase(const smtpconn_error *error);

/* The recipient that was refused; NULL when the error is not about one. */
const char *smtpconn_error_recipient(const smtpconn_error *error);

/* The errno of the system call that failed; 0 without one. */
int smtpconn_error_errno(const smtpconn_error *error);

/* The reason that OpenSSL or the verification of the certificate gave, in
 * words; NULL when TLS was not the cause. */
const char *smtpconn_error_tls_reason(const smtpconn_error *error);

/* The address and port that were tried or in use, "192.0.2.1:25" or
 * "[2001:db8::1]:25", several separated by ", "; NULL before the first.  When
 * none of several served, the message says why for each; the code, the response and
 * the rest are of the last one that answered, by a reply or in the TLS handshake, if
 * any did, and retry is SMTPCONN_RETRY_SAFE as soon as one of them may work later. */
const char *smtpconn_error_address(const smtpconn_error *error);

/* One of enum smtpconn_retry. */
int smtpconn_error_retry(const smtpconn_error *error);

/* ------------------------------------------------------------------------
 * Options
 *
 * A setter checks its value at once.  A refused value gives SMTPCONN_EOPTIONS,
 * leaves the option as it was, and smtpconn_options_last_error names the
 * option and what it may be.  Setting a string to NULL, or a duration to 0,
 * brings back the default.  A getter returns what was set or the default;
 * strings read from options live until the option is set again or the options
 * are freed.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_options smtpconn_options;

/* Tells that the library will not touch `user`, or the memory, again. */
typedef void (*smtpconn_release_callback)(void *user);

/* Options with every default.  Free with smtpconn_options_free. */
smtpconn_options *smtpconn_options_new(void);

/* Frees options.  Connections made from them keep their own copy. */
void smtpconn_options_free(smtpconn_options *options);

/* Why the last call on these options was refused; NULL if it was not. */
const smtpconn_error *smtpconn_options_last_error(const smtpconn_options *options);

/* Host name or IP address (IPv6 with or without brackets) of the server, 1 to
 * 253 octets, without a port: that is the option port.  Default "localhost".  A
 * host name outside ASCII must be given as its A-label. */
int smtpconn_options_set_host(smtpconn_options *options, const char *host);
const char *smtpconn_options_host(const smtpconn_options *options);

/* TCP port, 1 to 65535; 0 for the default: 465 when secure, 24 with lmtp, else 25.  Port 465
 * turns secure on unless secure was set to 0. */
int smtpconn_options_set_port(smtpconn_options *options, int port);
int smtpconn_options_port(const smtpconn_options *options);

/* 1: TLS from the first byte (RFC 8314).  0: start in the clear.  Default 0,
 * or 1 when the port is 465. */
int smtpconn_options_set_secure(smtpconn_options *options, int secure);
int smtpconn_options_secure(const smtpconn_options *options);

/* 1: never use STARTTLS, even when it is offered.  Contradicts secure and
 * require_tls.  Default 0: STARTTLS is used whenever it is offered, and when it
 * then fails the connection fails. */
int smtpconn_options_set_ignore_tls(smtpconn_options *options, int ignore_tls);
int smtpconn_options_ignore_tls(const smtpconn_options *options);

/* 1: do not go on without TLS: a server that does not offer STARTTLS is an
 * ETLS error (RFC 3207).  Default 0. */
int smtpconn_options_set_require_tls(smtpconn_options *options, int require_tls);
int smtpconn_options_require_tls(const smtpconn_options *options);

/* 1: use STARTTLS when it is offered, and go on without TLS when the server
 * refuses it or the handshake fails, or is not over within connection_timeout, for
 * which the server is connected to anew.  That is not possible with `socket` and
 * `connection`, where a handshake that fails is an error all the same.
 * Anybody on the path can bring that about; passwords are still not sent in the
 * clear.  Contradicts secure, require_tls and ignore_tls.  Default 0. */
int smtpconn_options_set_opportunistic_tls(smtpconn_options *options, int opportunistic_tls);
int smtpconn_options_opportunistic_tls(const smtpconn_options *options);

/* 1: speak LMTP (RFC 2033): LHLO instead of EHLO, and a final reply for each
 * recipient.  The default port is then 24, and port 25 is refused.  Default 0. */
int smtpconn_options_set_lmtp(smtpconn_options *options, int lmtp);
int smtpconn_options_lmtp(const smtpconn_options *options);

/* A socket in the file system, 1 to 107 octets, to connect to instead of host and
 * port.  Names in certificates are still checked against host.  Default NULL. */
int smtpconn_options_set_socket_path(smtpconn_options *options, const char *path);
const char *smtpconn_options_socket_path(const smtpconn_options *options);

/* The IP address, and with it the port (0: any), of this machine to connect
 * from.  Only addresses of the same family can then be connected to.  A link-local
 * address needs the name of its interface, as in "fe80::1%eth0", here as for host.
 * Default NULL and 0: the system chooses. */
int smtpconn_options_set_local_address(smtpconn_options *options, const char *address);
const char *smtpconn_options_local_address(const smtpconn_options *options);
int smtpconn_options_set_local_port(smtpconn_options *options, int port);
int smtpconn_options_local_port(const smtpconn_options *options);

/* A stream socket that the caller made, -1 for none (the default).  It is
 * duplicated, and becomes non-blocking; the caller may close its own.
 *
 * socket      not connected yet: the library connects it to the first address of
 *             its family
 * connection  connected: host and port are not resolved; host is still the name
 *             that a certificate is checked against.  With secure, and not
 *             secured, the library starts TLS on it.  Without TLS a login needs
 *             secured or allow_insecure_auth, whatever the other end is
 *
 * EOPTIONS for what is no stream socket.  Options with a descriptor serve one
 * connection.  The getters give the number that was set, and -1 for NULL. */
int smtpconn_options_set_socket(smtpconn_options *options, int descriptor);
int smtpconn_options_socket(const smtpconn_options *options);
int smtpconn_options_set_connection(smtpconn_options *options, int descriptor);
int smtpconn_options_connection(const smtpconn_options *options);

/* 1: the option connection is protected by TLS already, or by something as good:
 * the library starts none, also when secure or require_tls ask for it, and sends
 * passwords.  Default 0. */
int smtpconn_options_set_secured(smtpconn_options *options, int secured);
int smtpconn_options_secured(const smtpconn_options *options);

/* The name given with EHLO: a domain, or an address literal such as
 * "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3); a bare IP
 * address is put into brackets.  A domain may have underscores, although some
 * servers refuse them.  Default NULL: the machine's host name when it is fully
 * qualified and has none, else the literal of this end of the socket. */
int smtpconn_options_set_name(smtpconn_options *options, const char *name);
const char *smtpconn_options_name(const smtpconn_options *options);

/* Time limits, 1 to 86400000; 0 brings back the default.
 *
 * dns         to resolve the host name                        30 000
 * connection  from the first attempt to an open connection,
 *             over all addresses; the TLS handshake included   120 000
 * greeting    from there to the greeting, for each address      30 000
 * socket      without a byte in either direction, idle or
 *             not; starting an operation counts as a byte     600 000
 * command     from a command to its reply                     300 000
 * final_reply from the end of a message to its reply          600 000
 * quit        from QUIT to its reply                            5 000
 * operation   one whole operation, however busy              3600 000
 *
 * Each but quit ends in SMTPCONN_ETIMEDOUT, names itself in the message, and closes the
 * connection.  After quit_timeout the connection is closed and smtpconn_quit has
 * succeeded: nothing depends on the reply.
 *
 * A server that does not greet within greeting_timeout, or does not answer a TLS handshake
 * before the greeting within it, is left for the next address of the host, if there is one.
 *
 * A byte counts when the server's system has taken it, not when this one has: for a slow
 * server the clock of a reply starts when all that it answers was taken, which may be long
 * after the last write.  The system is asked for that every sixteenth of a limit, so a limit
 * may pass that much late. */
int smtpconn_options_set_dns_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_dns_timeout(const smtpconn_options *options);
int smtpconn_options_set_connection_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_connection_timeout(const smtpconn_options *options);
int smtpconn_options_set_greeting_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_greeting_timeout(const smtpconn_options *options);
int smtpconn_options_set_socket_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_socket_timeout(const smtpconn_options *options);
int smtpconn_options_set_command_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_command_timeout(const smtpconn_options *options);
int smtpconn_options_set_final_reply_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_final_reply_timeout(const smtpconn_options *options);
int smtpconn_options_set_quit_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_quit_timeout(const smtpconn_options *options);
int smtpconn_options_set_operation_timeout(smtpconn_options *options, uint32_t milliseconds);
uint32_t smtpconn_options_operation_timeout(const smtpconn_options *options);

/* How the content of a message travels to a server that offers CHUNKING (RFC 3030).
 *
 * OFF, the default: with DATA, line by line, its end marked by a dot.
 *   A message that turns out larger than the SIZE that the server announced is not sent
 *   to its end (EMESSAGE): nothing is delivered, and with DATA the connection ends.
 * ON: in counted chunks (BDAT), when at least one recipient was accepted, which saves
 *   the escaping of dots, but no wait: a message in
 *   memory in one, another in one or more for each block that was read.  The choice for
 *   servers that you do not know.
 * OPTIMISTIC: NOT for a server that does not discard a chunk that it refuses (RFC 3030
 *   section 2 asks for it, at least one widely used server library in Go does not do it):
 *   when every recipient is refused, such a server reads the content as COMMANDS, and a
 *   message can hold commands that send mail.  Messages in memory of up to 64 KiB leave together with their
 *   envelopes, and up to 32 of them wait for their verdicts at a time: no round trip
 *   for each.  A message whose recipients are all refused has then travelled in vain;
 *   when the connection is lost, all that are on their way are in doubt
 *   (SMTPCONN_RETRY_UNKNOWN).  Larger messages, and those for all recipients or none,
 *   travel as with ON.  Needs PIPELINING.  With LMTP nothing goes out behind a message
 *   for several recipients before its verdicts.
 *
 * To a server that does not offer CHUNKING they travel with DATA. */
enum smtpconn_chunking {
  SMTPCONN_CHUNKING_OFF = 0,
  SMTPCONN_CHUNKING_ON = 1,
  SMTPCONN_CHUNKING_OPTIMISTIC = 2
};
int smtpconn_options_set_chunking(smtpconn_options *options, int chunking);
int smtpconn_options_chunking(const smtpconn_options *options);

/* Keywords of EHLO, in any case and separated by blanks, that the connection is to
 * take no notice of: "PIPELINING CHUNKING" for a server that offers what it does not
 * do well.  They are neither used nor shown by the capability functions; AUTH is also
 * what older servers write as AUTH=.  STARTTLS is refused: that is ignore_tls.  Default NULL: none. */
int smtpconn_options_set_ignored_capabilities(smtpconn_options *options, const char *keywords);
const char *smtpconn_options_ignored_capabilities(const smtpconn_options *options);

/* The SASL mechanism to log in with, in any case: "PLAIN", "LOGIN", "CRAM-MD5",
 * "XOAUTH2", or one of smtpconn_options_set_custom_mechanism.  Default NULL: the
 * best one that the server offers and the credentials allow; the next one when
 * the server answers that it does not support it (504), that it is too weak (534)
 * or that it needs TLS (538), never after a refused password (535).  When the last
 * one fails as well, the message says what the first one was answered. */
int smtpconn_options_set_auth_method(smtpconn_options *options, const char *mechanism);
const char *smtpconn_options_auth_method(const smtpconn_options *options);

/* Whether the first answer of the client goes with the AUTH command, as its initial
 * response (RFC 4954 section 4), or waits for the server's question.
 *
 * -1, the default: it goes with the command when the mechanism has one and the line
 *     is not longer than 512 octets
 * 1:  it always does, however long the line; with LOGIN it is the user name
 * 0:  it never does, for servers that do not understand one
 *
 * EOPTIONS for any other number. */
int smtpconn_options_set_initial_response(smtpconn_options *options, int mode);
int smtpconn_options_initial_response(const smtpconn_options *options);

/* 1: after a login that succeeded EHLO (LHLO with lmtp) is sent once more, and what the
 * server offers then replaces what it offered before: some offer more after a login.
 * The login ends with the reply; a server that refuses this EHLO still offers what it
 * offered.  Default 0. */
int smtpconn_options_set_hello_after_login(smtpconn_options *options, int again);
int smtpconn_options_hello_after_login(const smtpconn_options *options);

/* A mechanism of your own, which goes before a built-in one of the same name.
 * `name`: 1 to 20 letters, digits, hyphens and underscores.  A NULL callback takes
 * it away.  `release` (may be NULL) is called when nothing uses it any more, also
 * when the call is refused.
 *
 * The callback runs, with `challenge` NULL, when a login with the mechanism begins;
 * smtpconn_exchange_respond then gives an initial response, and without it the
 * mechanism starts without one.  After that it runs for every challenge of the
 * server (RFC 4954 section 4), decoded, or as it came when it is no base64, valid
 * during the call, and is to respond or fail, then or later.  `exchange` is valid until the login has ended; the
 * callback of smtpconn_login tells of that.  What is exchanged is never logged.
 *
 * respond: the octets of the answer, not encoded; ESTATE when nothing waits for
 *   one, EAUTH when there is not enough memory for it.
 * fail: gives the login up with EAUTH and `reason`; ESTATE likewise. */
typedef struct smtpconn_exchange smtpconn_exchange;
typedef void (*smtpconn_mechanism_callback)(smtpconn_exchange *exchange,
                                            const uint8_t *challenge, size_t length,
                                            void *user);
int smtpconn_options_set_custom_mechanism(smtpconn_options *options, const char *name,
                                          smtpconn_mechanism_callback callback,
                                          smtpconn_release_callback release, void *user);
int smtpconn_exchange_respond(smtpconn_exchange *exchange, const void *octets, size_t length);
int smtpconn_exchange_fail(smtpconn_exchange *exchange, const char *reason);

/* 1: allow a login over a connection without TLS, where somebody may listen.
 * Default 0: it is refused with EAUTH, with whatever mechanism but one of your own,
 * except to a loopback address or a socket of the file system that the library has
 * connected to.  A `connection` counts as protected only by TLS or secured: what is
 * behind it, a proxy perhaps, is not known. */
int smtpconn_options_set_allow_insecure_auth(smtpconn_options *options, int allow);
int smtpconn_options_allow_insecure_auth(const smtpconn_options *options);

/* The name used for SNI and checked against the certificate, instead of the
 * host.  A DNS name, not an IP address.  Default NULL: the host. */
int smtpconn_options_set_tls_servername(smtpconn_options *options, const char *name);
const char *smtpconn_options_tls_servername(const smtpconn_options *options);

/* A file of PEM certificates to trust, or a directory of them as made by
 * `openssl rehash`.  Default NULL: the system's store.  When either is set, the
 * system's store is not used.  A certificate in it need not be that of an authority at
 * the top: an intermediate one vouches for what it has signed, and that of the server
 * for the server.  That the file can be read, and that nothing in it is damaged, is
 * checked by smtpconn_connect (ETLS, phase "tls").
 *
 * Files are read once for all connections that are made from the same options, and
 * again when they could not be used, when a day has passed, and when one of the
 * options was set that tls_resumption lists. */
int smtpconn_options_set_tls_ca_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_ca_file(const smtpconn_options *options);
int smtpconn_options_set_tls_ca_directory(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_ca_directory(const smtpconn_options *options);

/* The same certificates as PEM text in memory.  Of file and text the one set last
 * counts; NULL takes back only what was set in the same form. */
int smtpconn_options_set_tls_ca(smtpconn_options *options, const char *pem);
const char *smtpconn_options_tls_ca(const smtpconn_options *options);

/* The certificate that the client shows when it is asked for one, with its chain,
 * and its private key; each as a PEM file or as PEM text, the one set last
 * counts, and NULL takes back only its own form.  Without a key the certificate's file
 * or text is searched for it.  What cannot be used is an ETLS error of
 * smtpconn_connect.  Default NULL: none.  A key in memory cannot be read back, and the
 * library's copy of PEM text is erased before it is given back to the system. */
int smtpconn_options_set_tls_certificate_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_certificate_file(const smtpconn_options *options);
int smtpconn_options_set_tls_certificate(smtpconn_options *options, const char *pem);
const char *smtpconn_options_tls_certificate(const smtpconn_options *options);
int smtpconn_options_set_tls_key_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_key_file(const smtpconn_options *options);
int smtpconn_options_set_tls_key(smtpconn_options *options, const char *pem);

/* Gives the password of the key: writes up to `capacity` octets into `buffer` and
 * returns how many, or a negative number for none.  Called while a connection is
 * made, on its thread, and only when the key is encrypted and has to be read: once
 * for all connections, as tls_ca_file says of files.  `release` (may be NULL) is
 * called when nothing can ask any more, also when the call is refused. */
typedef ptrdiff_t (*smtpconn_password_callback)(char *buffer, size_t capacity, void *user);
int smtpconn_options_set_tls_key_password_callback(smtpconn_options *options,
                                                   smtpconn_password_callback callback,
                                                   smtpconn_release_callback release,
                                                   void *user);

/* What may be agreed on with the server, in OpenSSL's syntax: ciphers up to TLS 1.2,
 * cipher suites of TLS 1.3, and groups for the exchange of keys ("X25519:P-256", best
 * first).  Default NULL: what the system's policy says, else OpenSSL's own choice.
 *
 * These options, the versions below among them, make the system's policy (openssl.cnf,
 * section system_default) stricter and never laxer: what it excludes stays excluded,
 * and "@SECLEVEL=" does not go below its level.  When nothing is left, and for what
 * OpenSSL does not understand, smtpconn_connect gives ETLS and names the option. */
int smtpconn_options_set_tls_ciphers(smtpconn_options *options, const char *ciphers);
const char *smtpconn_options_tls_ciphers(const smtpconn_options *options);
int smtpconn_options_set_tls_cipher_suites(smtpconn_options *options, const char *suites);
const char *smtpconn_options_tls_cipher_suites(const smtpconn_options *options);
int smtpconn_options_set_tls_groups(smtpconn_options *options, const char *groups);
const char *smtpconn_options_tls_groups(const smtpconn_options *options);

/* "TLSv1.2" or "TLSv1.3".  Default: from TLSv1.2 up (RFC 8996), as far as the system's
 * policy allows.  When no version is left, smtpconn_connect gives ETLS. */
int smtpconn_options_set_tls_min_version(smtpconn_options *options, const char *version);
const char *smtpconn_options_tls_min_version(const smtpconn_options *options);
int smtpconn_options_set_tls_max_version(smtpconn_options *options, const char *version);
const char *smtpconn_options_tls_max_version(const smtpconn_options *options);

/* Protocols to offer with ALPN (RFC 7301), separated by commas, best first.
 * Default NULL: none. */
int smtpconn_options_set_tls_alpn(smtpconn_options *options, const char *protocols);
const char *smtpconn_options_tls_alpn(const smtpconn_options *options);

/* Called with OpenSSL's SSL_CTX after every other option was applied to it, for
 * settings that have no option, or that are laxer than the system's policy.  Called while the connection is made, before
 * anything is sent; what it does is not checked.  Returns 0 to go on; anything else
 * is an ETLS error of smtpconn_connect.  `release` as above.
 *
 * With a callback each connection has an SSL_CTX of its own, all files are read for
 * each, and no session is resumed. */
typedef int (*smtpconn_tls_context_callback)(void *ssl_ctx, void *user);
int smtpconn_options_set_tls_context_callback(smtpconn_options *options,
                                              smtpconn_tls_context_callback callback,
                                              smtpconn_release_callback release, void *user);

/* 0: go on although the certificate cannot be verified or is for another name.
 * This gives up protection against anybody on the path; it is for tests.
 * Default 1. */
int smtpconn_options_set_tls_reject_unauthorized(smtpconn_options *options, int reject);
int smtpconn_options_tls_reject_unauthorized(const smtpconn_options *options);

/* 1, the default: a connection resumes the TLS session of an earlier one that was
 * made from the same options (RFC 8446 section 2.2, RFC 5077), also of one on another
 * thread: there is less to send and to compute.  In place of showing its certificate
 * the server then proves that it is the one that showed it.  So a connection that
 * verifies resumes only what began with a certificate that was verified in the last
 * day, is for the name that is wanted now, and is still valid.  A server that does not
 * want to resume makes a full handshake.
 *
 * Up to 8 sessions are kept, in memory.  Under TLS 1.3 each is used once (RFC 8446
 * appendix C.4); under TLS 1.2 by one connection at a time.  They are forgotten when a
 * handshake fails, and when one of these options is set, even to the value that it
 * has: host, port, secure, lmtp, socket_path, and all that begin with tls_.
 *
 * 0: no session is kept or used. */
int smtpconn_options_set_tls_resumption(smtpconn_options *options, int on);
int smtpconn_options_tls_resumption(const smtpconn_options *options);

/* Takes the newest session out of the options, for another process or a later run:
 * writes up to `capacity` octets into `buffer` and returns how many.  0 without a
 * session, and for NULL.  When there is not enough room nothing is written or taken,
 * and what is returned is more than `capacity`: ask again, in a loop, since a connection
 * on another thread may bring a larger one meanwhile.
 *
 * A session comes with the handshake under TLS 1.2, and behind it under TLS 1.3; as a
 * rule it is there as soon as smtpconn_connect has succeeded.  It is a secret: who has
 * it can pass for this client or for the server, and read what was said under TLS 1.2. */
size_t smtpconn_options_take_tls_session(smtpconn_options *options, void *buffer,
                                         size_t capacity);

/* Adds a session that smtpconn_options_take_tls_session gave, for the next connection
 * to resume; `octets` is copied.  Set the other options first: they would forget it.
 *
 * What is too old, is for another name, or comes from a connection that did not verify
 * (tls_reject_unauthorized 0) is dropped without an error by a connection that
 * verifies.  Who vouched for the certificate is not asked again: take no session from
 * where others can write, or from options that trust other authorities.
 * SMTPCONN_EOPTIONS for what is no session, and when tls_resumption is 0. */
int smtpconn_options_add_tls_session(smtpconn_options *options, const void *octets,
                                     size_t length);

/* What the log callback gets; without one neither has any cost.
 * transaction_log 1: the commands and replies, secrets hidden.
 * debug 1: the same, and the content of messages.  Both default to 0: only the
 * milestones of the connection. */
int smtpconn_options_set_transaction_log(smtpconn_options *options, int on);
int smtpconn_options_transaction_log(const smtpconn_options *options);
int smtpconn_options_set_debug(smtpconn_options *options, int on);
int smtpconn_options_debug(const smtpconn_options *options);

/* ------------------------------------------------------------------------
 * Loop
 *
 * A loop waits for any number of connections.  A program without an event loop
 * of its own needs none of this: it passes NULL to smtpconn_new and calls
 * smtpconn_run.  A program that has one watches smtpconn_loop_fd for reading
 * and calls smtpconn_loop_dispatch whenever it is readable.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_loop smtpconn_loop;

/* A new loop; NULL when the system gives no descriptor (errno says why). */
smtpconn_loop *smtpconn_loop_new(void);

/* Ends the loop.  Connections that are still attached to it can from then on
 * only be freed: free them first. */
void smtpconn_loop_free(smtpconn_loop *loop);

/* Waits and runs callbacks until no operation is pending on any connection of
 * the loop and every event was delivered, or smtpconn_loop_wakeup is called.
 * Returns 0 when nothing is pending, 1 when woken up before that, or
 * SMTPCONN_ESTATE from inside a callback, in the child of a fork, or when a callback
 * freed the loop with something pending; SMTPCONN_ESOCKET when the system fails to
 * wait. */
int smtpconn_loop_run(smtpconn_loop *loop);

/* Waits for at most `timeout` milliseconds, or for ever when it is negative,
 * until there is something to do, does it, and returns.  Also returns when a
 * signal handler ran or smtpconn_loop_wakeup was called.  Returns 1 while
 * operations are pending, 0 when none is, or an error as smtpconn_loop_run. */
int smtpconn_loop_run_once(smtpconn_loop *loop, int timeout);

/* A descriptor that is readable whenever smtpconn_loop_dispatch has something
 * to do, time limits and operations just started included.  It belongs to the
 * loop: only watch it, and stop before the loop is freed.  The same one every
 * time; -1 for NULL. */
int smtpconn_loop_fd(smtpconn_loop *loop);

/* Does what can be done without waiting.  Returns as smtpconn_loop_run_once. */
int smtpconn_loop_dispatch(smtpconn_loop *loop);

/* Milliseconds until smtpconn_loop_dispatch has something to do even when the
 * descriptor is silent, 0 for now, -1 for no limit and for NULL.  Only for those who do not
 * watch the descriptor all the time: the descriptor knows the time limits. */
int smtpconn_loop_timeout(const smtpconn_loop *loop);

/* Makes the descriptor readable and the wait of smtpconn_loop_run and
 * smtpconn_loop_run_once end.  May be called from any thread and from a signal
 * handler, as long as the loop is not freed meanwhile. */
int smtpconn_loop_wakeup(smtpconn_loop *loop);

/* ------------------------------------------------------------------------
 * Connection
 * --------------------------------------------------------------------- */

typedef struct smtpconn smtpconn;

/* The end of an operation.  `error` is NULL on success. */
typedef void (*smtpconn_done_callback)(smtpconn *connection,
                                       const smtpconn_error *error, void *user);

/* An event without details. */
typedef void (*smtpconn_event_callback)(smtpconn *connection, void *user);

/* An error that ended the connection. */
typedef void (*smtpconn_error_callback)(smtpconn *connection,
                                        const smtpconn_error *error, void *user);

/* A line of the log.  `text` holds `length` octets, is NUL-terminated, has
 * control characters replaced, and is valid until the callback returns. */
typedef void (*smtpconn_log_callback)(smtpconn *connection, int level, int kind,
                                      const char *text, size_t length, void *user);

enum smtpconn_log_level {
  SMTPCONN_LOG_DEBUG = 0,
  SMTPCONN_LOG_INFO = 1,
  SMTPCONN_LOG_WARNING = 2,
  SMTPCONN_LOG_ERROR = 3
};

enum smtpconn_log_kind {
  SMTPCONN_LOG_NETWORK = 0, /* names, addresses, sockets */
  SMTPCONN_LOG_TLS = 1,     /* versions, ciphers, certificates */
  SMTPCONN_LOG_SMTP = 2,    /* decisions: mechanism, results */
  SMTPCONN_LOG_CLIENT = 3,  /* a command sent (transaction_log, debug) */
  SMTPCONN_LOG_SERVER = 4,  /* a reply line received (transaction_log, debug) */
  SMTPCONN_LOG_MESSAGE = 5  /* message content sent (debug) */
};

/* A connection that is not connected yet, with a copy of the options (NULL: all
 * defaults).  With a NULL loop it has a loop of its own, which smtpconn_run
 * drives.  Returns NULL when options contradict each other
 * (smtpconn_options_last_error says which) or when the system gives no
 * descriptor. */
smtpconn *smtpconn_new(smtpconn_options *options, smtpconn_loop *loop);

/* Why the last call on this connection returned a negative code; NULL if it
 * did not. */
const smtpconn_error *smtpconn_last_error(const smtpconn *connection);

/* Called once when the connection is established: after EHLO and TLS, before
 * any login.  A later set replaces the callback; NULL removes it. */
void smtpconn_set_connect_callback(smtpconn *connection,
                                   smtpconn_event_callback callback, void *user);

/* Called at most once, when an error ended the connection, after the callbacks
 * of the operations that it took with it and before the end event.  A refused
 * login, recipient or message does not end the connection.  Its retry is
 * SMTPCONN_RETRY_UNKNOWN when that of any send which it took with it is. */
void smtpconn_set_error_callback(smtpconn *connection,
                                 smtpconn_error_callback callback, void *user);

/* Called exactly once when a connection that was started is over, for whatever
 * reason but smtpconn_free.
 *
 * That the server has closed an idle connection is found when the loop turns, for which its
 * descriptor becomes readable: in smtpconn_loop_dispatch and smtpconn_loop_run_once, not in
 * smtpconn_run and smtpconn_loop_run, which return at once when nothing is pending.  A
 * program that never looks learns it from its next operation, which fails with
 * SMTPCONN_ECONNECTION and SMTPCONN_RETRY_SAFE. */
void smtpconn_set_end_callback(smtpconn *connection,
                               smtpconn_event_callback callback, void *user);

/* Called for every line of the log, in the order of what happened and before the
 * callbacks of what came after the line.  It may be set, replaced and removed at any
 * time, also by itself: lines that wait go to the callback that is set when their turn
 * comes, and with transaction_log or debug the dialogue is recorded from then on.
 * `text` is valid until the callback returns. */
void smtpconn_set_log_callback(smtpconn *connection,
                               smtpconn_log_callback callback, void *user);

/* Connects: resolves the host, tries its addresses, waits for the greeting,
 * says EHLO (HELO only to a server that does not understand EHLO), and changes
 * to TLS as the options say.  Once per connection.
 *
 * The callback gets NULL, or EDNS, ESOCKET, ECONNECTION, ETIMEDOUT, ETLS,
 * EPROTOCOL or ECANCELLED; after an error the connection is closed.
 * Returns SMTPCONN_ESTATE when it was called before. */
int smtpconn_connect(smtpconn *connection, smtpconn_done_callback callback, void *user);

/* Waits and runs callbacks until no operation of this connection is pending.
 * If the connection shares a loop, callbacks of its neighbours run too.
 * Returns as smtpconn_loop_run, and SMTPCONN_ESTATE after the loop was freed;
 * smtpconn_last_error has the same code and says why. */
int smtpconn_run(smtpconn *connection);

/* The loop that drives the connection.  It lives as long as the connection at
 * least; one that the connection made for itself must not be freed. */
smtpconn_loop *smtpconn_get_loop(const smtpconn *connection);

/* How far a connection is. */
enum smtpconn_stage_number {
  SMTPCONN_STAGE_NEW = 0,        /* smtpconn_connect was not called yet */
  SMTPCONN_STAGE_CONNECTING = 1, /* from name resolution to the reply to EHLO */
  SMTPCONN_STAGE_CONNECTED = 2,  /* established: smtpconn_is_open */
  SMTPCONN_STAGE_QUITTING = 3,   /* smtpconn_quit was called: nothing can follow */
  SMTPCONN_STAGE_CLOSED = 4      /* over, for whatever reason */
};

/* One of enum smtpconn_stage_number; CLOSED for NULL. */
int smtpconn_stage(const smtpconn *connection);

/* A name for the connection, for logs that mix several: 16 hexadecimal digits,
 * random, made when it is first asked for.  NULL when OpenSSL gives no random
 * octets.  Valid until the connection is freed. */
const char *smtpconn_id(const smtpconn *connection);

/* What the server is told in EHLO: the option `name`, else the name of this
 * machine, else the address of this end as a literal (RFC 5321 section 4.1.4).
 * NULL before there is a connection.  Valid until the connection is freed. */
const char *smtpconn_client_name(const smtpconn *connection);

/* 1 while the connection is established: from the success of smtpconn_connect
 * until it is closed, by whichever side. */
int smtpconn_is_open(const smtpconn *connection);

/* 1 while TLS protects the connection. */
int smtpconn_is_secure(const smtpconn *connection);

/* 1 after a login that succeeded. */
int smtpconn_is_authenticated(const smtpconn *connection);

/* "TLSv1.3", the cipher suite, and the name in the certificate that was found
 * equal to the host or servername.  NULL without TLS; the peer name is also
 * NULL when the certificate was not verified or was verified by IP address.
 * Valid until the connection is freed. */
const char *smtpconn_tls_version(const smtpconn *connection);
const char *smtpconn_tls_cipher(const smtpconn *connection);
const char *smtpconn_tls_peer_name(const smtpconn *connection);

/* 1 when the TLS handshake resumed the session of an earlier connection; 0 after a
 * full one, and without TLS. */
int smtpconn_tls_resumed(const smtpconn *connection);

/* The address and port of the server in use, "192.0.2.1:25"; NULL before there
 * is one.  Valid until the connection is freed. */
const char *smtpconn_remote_address(const smtpconn *connection);

/* The reply that was received last, its lines joined by LF; NULL before the
 * first.  Valid until the connection is used again, or the function is called after the
 * next reply. */
const char *smtpconn_last_response(const smtpconn *connection);

/* What the server offered in its last reply to EHLO (RFC 5321 section 4.1.1.1),
 * keywords in any case.  After STARTTLS only what was said under TLS counts, and with
 * hello_after_login only what was said after the login.  What older servers write as
 * "AUTH=LOGIN PLAIN" counts as AUTH with these parameters.
 *
 * has_capability: 1 when the keyword was offered.
 * capability_parameters: what stood behind the keyword, "" when nothing did,
 *   NULL when it was not offered.
 * capability_count and capability_line: the lines as they came, without the
 *   code and the greeting line; NULL beyond the last.
 *
 * The strings are valid until the connection is used again. */
int smtpconn_has_capability(const smtpconn *connection, const char *keyword);
const char *smtpconn_capability_parameters(const smtpconn *connection, const char *keyword);
size_t smtpconn_capability_count(const smtpconn *connection);
const char *smtpconn_capability_line(const smtpconn *connection, size_t index);

/* ------------------------------------------------------------------------
 * Authentication
 * --------------------------------------------------------------------- */

typedef struct smtpconn_auth smtpconn_auth;

/* Empty credentials.  Free with smtpconn_auth_free, which also erases them. */
smtpconn_auth *smtpconn_auth_new(void);
void smtpconn_auth_free(smtpconn_auth *auth);

/* Why the last call that set something here was refused; NULL if it was not.  Valid
 * until the next such call. */
const smtpconn_error *smtpconn_auth_last_error(const smtpconn_auth *auth);

/* User name and password in UTF-8; a NULL removes the value.  They are checked
 * by smtpconn_login; setting them fails only for a NULL handle. */
int smtpconn_auth_set_user(smtpconn_auth *auth, const char *user);
int smtpconn_auth_set_password(smtpconn_auth *auth, const char *password);

/* Whom to act as, in UTF-8, when that is not the user whose password it is: the
 * authorization identity of PLAIN (RFC 4616 section 2).  No other mechanism of the
 * library has a place for it, so only PLAIN, or a mechanism of your own, is then used;
 * with a token the user is the mailbox to act for.  NULL, the default, or "": the user.
 * Checked by smtpconn_login. */
int smtpconn_auth_set_authorization_identity(smtpconn_auth *auth, const char *identity);

/* An OAuth 2.0 access token for XOAUTH2, which is used when there is no password or
 * auth_method asks for it; `expires` in seconds since 1970, 0 when not known.  One
 * that has expired is not sent but renewed. */
int smtpconn_auth_set_access_token(smtpconn_auth *auth, const char *token, uint64_t expires);

/* How to get a new token when there is none, when it has expired, or when the
 * server refuses it; which is tried once.  The first of these that is set:
 *
 * (smtpconn_auth_set_token_callback asks the program for a token, for one login.
 * smtpconn_set_token_callback, below, gives it those that an endpoint issued, to keep.)
 *
 * 1. The token callback: smtpconn_token_request_provide or _fail answers it, then
 *    or later, from the thread of the loop.  `renew` is 1 when the last token did
 *    not serve.  `request` is valid until it was answered; unanswered, until the
 *    login has ended and its callback has told of that.  `release` (may be NULL) is
 *    called when nothing can ask any more, also when the call is refused.
 * 2. A service account: its name, and its RSA key in PEM without a password.
 * 3. A refresh token with the client's id and, where the provider gave one, secret
 *    (RFC 6749 section 6).
 *
 * 2 and 3 ask access_url, by HTTPS with a verified certificate ("http" only on this
 * machine).  Who may vouch for it is what the connection's tls_ca, tls_ca_file and
 * tls_ca_directory say, in place of the system's store, when one of them is set; no
 * other TLS option counts there.  Default: Google's,
 * https://oauth2.googleapis.com/token.  Microsoft's is
 * https://login.microsoftonline.com/TENANT/oauth2/v2.0/token with the scope
 * "https://outlook.office.com/SMTP.Send offline_access".  Setting a bad URL gives
 * SMTPCONN_EAUTH, which smtpconn_auth_last_error explains.  A NULL removes a value. */
typedef struct smtpconn_token_request smtpconn_token_request;
typedef void (*smtpconn_token_callback)(smtpconn_token_request *request, int renew, void *user);
int smtpconn_auth_set_token_callback(smtpconn_auth *auth, smtpconn_token_callback callback,
                                     smtpconn_release_callback release, void *user);
int smtpconn_token_request_provide(smtpconn_token_request *request, const char *token,
                                   uint64_t expires);
int smtpconn_token_request_fail(smtpconn_token_request *request, const char *reason);
int smtpconn_auth_set_service_account(smtpconn_auth *auth, const char *name,
                                      const char *private_key_pem);
int smtpconn_auth_set_refresh_token(smtpconn_auth *auth, const char *token);
int smtpconn_auth_set_client(smtpconn_auth *auth, const char *id, const char *secret);
int smtpconn_auth_set_scope(smtpconn_auth *auth, const char *scope);
int smtpconn_auth_set_access_url(smtpconn_auth *auth, const char *url);

/* Called with every token that an endpoint gave (2 and 3 above), so that the program can
 * keep it; not with those of the program's own, for which it is asked by
 * smtpconn_auth_set_token_callback.  `expires` as above.  Valid until the callback
 * returns. */
typedef void (*smtpconn_new_token_callback)(smtpconn *connection, const char *token,
                                            uint64_t expires, void *user);
void smtpconn_set_token_callback(smtpconn *connection, smtpconn_new_token_callback callback,
                                 void *user);

/* Logs in (RFC 4954) with the mechanism of the option auth_method, or the best
 * one that is offered.
 *
 * Refused at once with SMTPCONN_EAUTH: user or password (or token) missing or empty
 * (the message says which), or with control characters; an authorization identity with
 * an auth_method other than PLAIN, or without a password.
 * The callback gets NULL, EOAUTH2 when no token could be had, or EAUTH: no usable
 * mechanism offered; the connection is in the clear; the server refused (response,
 * response_code; for XOAUTH2 the message holds what the server said in JSON).  The
 * connection stays open then.  A send that was already queued behind a login
 * which fails is not tried and gets EAUTH as well; behind one that was refused at
 * once nothing is held back: look at what this returns.
 * Returns SMTPCONN_ESTATE before smtpconn_connect and after the end. */
int smtpconn_login(smtpconn *connection, const smtpconn_auth *auth,
                   smtpconn_done_callback callback, void *user);

/* ------------------------------------------------------------------------
 * Envelope
 * --------------------------------------------------------------------- */

typedef struct smtpconn_envelope smtpconn_envelope;

/* An envelope with the null reverse-path and no recipients.  Strings read from it
 * live until the field is set again or the envelope is freed. */
smtpconn_envelope *smtpconn_envelope_new(void);
void smtpconn_envelope_free(smtpconn_envelope *envelope);

/* Why the last call on this envelope was refused; NULL if it was not. */
const smtpconn_error *smtpconn_envelope_last_error(const smtpconn_envelope *envelope);

/* The reverse-path: a mailbox (RFC 5321 section 4.1.2, RFC 6531 section 3.3)
 * without angle brackets, of up to 498 octets, or "<>", "" or NULL for the null
 * reverse-path, which smtpconn_envelope_from gives as "".  A mailbox must not hold
 * control characters, or characters that are blank or invisible (U+00A0, U+200B);
 * its domain may have underscores.  Blanks around it are dropped.
 * SMTPCONN_EENVELOPE for anything else, with a message that says what to give instead
 * of a name with an address, or of a list. */
int smtpconn_envelope_set_from(smtpconn_envelope *envelope, const char *mailbox);
const char *smtpconn_envelope_from(const smtpconn_envelope *envelope);

/* Adds a forward-path: a mailbox as above, "postmaster", or, for a connection with
 * the option lmtp only, the part before the @ alone ("alice", "+shared.folder"), which
 * smtpconn_send refuses for any other.  The same one may be added twice and is then sent
 * twice.  SMTPCONN_EENVELOPE for anything else; the envelope then stays as it was. */
int smtpconn_envelope_add_to(smtpconn_envelope *envelope, const char *mailbox);
size_t smtpconn_envelope_to_count(const smtpconn_envelope *envelope);
const char *smtpconn_envelope_to(const smtpconn_envelope *envelope, size_t index);

/* The expected size of the message, told to servers that offer SIZE and
 * compared with their limit before anything is sent (RFC 1870); 0: unknown.  For
 * a message in memory the library knows the size and uses that; of one larger than
 * 1 MiB it may be the size before line endings are repaired, if that is far from the
 * limit. */
int smtpconn_envelope_set_size(smtpconn_envelope *envelope, uint64_t octets);
uint64_t smtpconn_envelope_size(const smtpconn_envelope *envelope);

/* Whether to announce 8-bit content with BODY=8BITMIME (RFC 6152).  -1, the
 * default: a message in memory is looked at, and when it has 8-bit content and
 * the server does not offer 8BITMIME the send fails with EMESSAGE before MAIL; to a
 * server that does offer it one larger than 1 MiB is always announced; a
 * message from a reader or descriptor is not announced.  1: announced when the
 * server offers it, and sent in any case.  0: not announced. */
int smtpconn_envelope_set_use_8bitmime(smtpconn_envelope *envelope, int use);
int smtpconn_envelope_use_8bitmime(const smtpconn_envelope *envelope);

/* 1: every octet of the message travels as it is, line endings too (BODY=BINARYMIME,
 * RFC 3030 section 3), in chunks, whatever use_8bitmime says; the message's own header
 * has to tell of it (Content-Transfer-Encoding: binary).  The send fails with EMESSAGE before MAIL when the
 * option chunking is OFF, or the server does not offer BINARYMIME with CHUNKING.
 * Default 0. */
int smtpconn_envelope_set_use_binarymime(smtpconn_envelope *envelope, int use);
int smtpconn_envelope_use_binarymime(const smtpconn_envelope *envelope);

/* 1: send with SMTPUTF8 (RFC 6531), and fail with EMESSAGE when the server does
 * not offer it.  Default 0: it is used when an address needs it, or when the
 * header of a message in memory does and the server offers it. */
int smtpconn_envelope_set_use_smtputf8(smtpconn_envelope *envelope, int use);
int smtpconn_envelope_use_smtputf8(const smtpconn_envelope *envelope);

/* 1: REQUIRETLS (RFC 8689): every server on the way must use verified TLS.  The
 * send fails with EREQUIRETLS before MAIL when this connection is not under TLS,
 * its certificate was not verified, or the server does not offer REQUIRETLS.
 * Default 0. */
int smtpconn_envelope_set_require_tls(smtpconn_envelope *envelope, int require);
int smtpconn_envelope_require_tls(const smtpconn_envelope *envelope);

/* 1: all recipients or none.  When the server refuses one of them, the message is
 * sent to nobody and the send fails with EENVELOPE; the result tells the refused from
 * those that would have been accepted (NOT_TRIED).  More of them than the server takes
 * at a time (LIMITS) fail before MAIL; 452 is a refusal like any other.  This costs a
 * wait: the content is asked for when all have answered.  With LMTP a copy may still be refused after
 * the content.  Default 0: the message goes to those who were accepted. */
int smtpconn_envelope_set_all_or_none(smtpconn_envelope *envelope, int all_or_none);
int smtpconn_envelope_all_or_none(const smtpconn_envelope *envelope);

/* Delivery status notifications (RFC 3461).  A server that does not offer DSN is
 * not told of them.  SMTPCONN_EENVELOPE for a value that the RFC does not allow;
 * NULL removes a value.
 *
 * ret     "FULL" or "HDRS": how much of the message comes back
 * envid   printable ASCII characters that identify the message to you; up to 100
 *         when encoded ("+", "=" and blanks become three; section 5.4)
 * notify  "NEVER", or a list such as "SUCCESS,FAILURE,DELAY"
 * orcpt   the original recipient: an address, or "type;address"; up to 500
 *         octets when encoded.  "rfc822" is put in front, or "utf-8" outside ASCII
 *
 * notify and orcpt hold for every recipient that has none of its own. */
int smtpconn_envelope_set_dsn_ret(smtpconn_envelope *envelope, const char *ret);
const char *smtpconn_envelope_dsn_ret(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_dsn_envid(smtpconn_envelope *envelope, const char *envid);
const char *smtpconn_envelope_dsn_envid(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_dsn_notify(smtpconn_envelope *envelope, const char *notify);
const char *smtpconn_envelope_dsn_notify(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_dsn_orcpt(smtpconn_envelope *envelope, const char *orcpt);
const char *smtpconn_envelope_dsn_orcpt(const smtpconn_envelope *envelope);

/* The same for the recipient that was added as number `index`, counted from 0. */
int smtpconn_envelope_set_to_dsn_notify(smtpconn_envelope *envelope, size_t index,
                                        const char *notify);
const char *smtpconn_envelope_to_dsn_notify(const smtpconn_envelope *envelope, size_t index);
int smtpconn_envelope_set_to_dsn_orcpt(smtpconn_envelope *envelope, size_t index,
                                       const char *orcpt);
const char *smtpconn_envelope_to_dsn_orcpt(const smtpconn_envelope *envelope, size_t index);

/* ------------------------------------------------------------------------
 * Message
 *
 * The octets of a message: header, empty line, body (RFC 5322).  Line endings
 * are repaired on the way (CRLF, lone LF and lone CR all become CRLF) and dots
 * are escaped (RFC 5321 section 4.5.2; not in chunks, where nobody looks for them);
 * nothing else is changed.  With use_binarymime nothing is.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_message smtpconn_message;

/* Results of a read callback other than a count. */
#define SMTPCONN_READ_END 0
#define SMTPCONN_READ_ERROR (-1)
#define SMTPCONN_READ_PAUSE (-2)

/* Fills `buffer` with up to `capacity` octets and returns how many, or
 * SMTPCONN_READ_END at the end, SMTPCONN_READ_ERROR when the message cannot be
 * completed: the connection is then closed in a way that the server cannot take
 * for the end of the message, and the send fails with ESTREAM.
 * Any other result counts as SMTPCONN_READ_ERROR.
 * `capacity` is at least 65 536, and the same in every call for one message (131 072 in
 * this version); fewer octets may be given each time, which costs a call for each block.
 * SMTPCONN_READ_PAUSE: nothing now; smtpconn_resume goes on.
 * `buffer` stays valid until it returns, also when it frees the connection; what it
 * returns then counts for nothing. */
typedef ptrdiff_t (*smtpconn_read_callback)(uint8_t *buffer, size_t capacity, void *user);

/* A message in memory, copied.  It may be sent any number of times.  NULL when
 * `octets` is NULL and `length` is not 0, or when there is not enough memory. */
smtpconn_message *smtpconn_message_new_copy(const void *octets, size_t length);

/* A message in memory that stays with the caller, unchanged until `release` is
 * called (once, when the handle was freed and every send of it has ended; on
 * the thread that does the last of these).  `release` may be NULL.  May be sent
 * any number of times.  When NULL is returned `release` is not called. */
smtpconn_message *smtpconn_message_new_borrowed(const void *octets, size_t length,
                                                smtpconn_release_callback release, void *user);

/* A message that `read` provides while it is sent, on the thread that runs the
 * loop.  Can be sent once.  `release` as above. */
smtpconn_message *smtpconn_message_new_reader(smtpconn_read_callback read,
                                              smtpconn_release_callback release, void *user);

/* A message read from a file, pipe or socket, from its present position to its
 * end.  The descriptor is duplicated: the caller may close its own at once, but
 * must not read from it before the send has ended.  Can be sent once.
 *
 * A pipe or socket that has nothing to read does not stop the loop: other connections go on,
 * and the send goes on when there is something.  It has no time limit but
 * operation_timeout and socket_timeout.  O_NONBLOCK and every other flag stay as they
 * are; only the position of a file moves.  A regular file is read with read(2), which waits
 * for the disk.
 *
 * NULL when the descriptor cannot be duplicated or can never be read (errno says why):
 * EBADF when it is not open for reading, EISDIR for a directory, EINVAL for a socket that
 * listens and for what is no stream (epoll, eventfd, timerfd). */
smtpconn_message *smtpconn_message_new_descriptor(int descriptor);

/* Frees the handle.  Sends under way keep what they need. */
void smtpconn_message_free(smtpconn_message *message);

/* ------------------------------------------------------------------------
 * Send
 * --------------------------------------------------------------------- */

typedef struct smtpconn_result smtpconn_result;

/* What became of a recipient. */
enum smtpconn_recipient_status {
  SMTPCONN_RECIPIENT_ACCEPTED = 0,  /* accepted, and so was the message */
  SMTPCONN_RECIPIENT_DEFERRED = 1,  /* refused for now: 4xx */
  SMTPCONN_RECIPIENT_REJECTED = 2,  /* refused for good: 5xx */
  SMTPCONN_RECIPIENT_NOT_TRIED = 3, /* nothing was delivered, nobody refused it */
  SMTPCONN_RECIPIENT_UNKNOWN = 4    /* the connection was lost after the end of
                                       the message was sent */
};

/* The end of a send.  `error` is NULL when at least one recipient got the message and
 * it is not in doubt whether others did.  Recipients that were refused or not tried are
 * then found in `result` alone.
 *
 * An error comes together with accepted recipients only when its retry is
 * SMTPCONN_RETRY_UNKNOWN: with LMTP, where each recipient has a final reply of its
 * own, and when the recipients went in several transactions, the connection can be lost
 * after some have the message and before the fate of the others is known.  Send again
 * to those with status UNKNOWN or NOT_TRIED only.
 *
 * A verdict of the server that had arrived stays the error when the connection is lost
 * after it, by whatever cause, smtpconn_cancel and smtpconn_close included: code, response
 * and retry are those of the refusal, and the message mentions what happened after it.
 *
 * `result` is never NULL: it tells of every recipient, even when the send failed.  Both
 * are valid until the callback returns. */
typedef void (*smtpconn_send_callback)(smtpconn *connection, const smtpconn_error *error,
                                       const smtpconn_result *result, void *user);

/* Sends a message: MAIL, RCPT for each recipient, DATA, the content.  Goes on
 * when some recipients are refused, and fails when all are (with all_or_none, when
 * one is).
 *
 * Refused at once: SMTPCONN_EENVELOPE without a recipient, or with one without a domain
 * when lmtp is not set; SMTPCONN_EMESSAGE
 * without a message; SMTPCONN_ESTATE before smtpconn_connect, after the end, or
 * when a reader or descriptor message was already sent.
 * The callback gets NULL, or EENVELOPE (sender, every recipient or DATA
 * refused; one recipient with all_or_none; an address needs SMTPUTF8 and the server
 * lacks it), EMESSAGE (larger than the server allows; 8-bit content that the server
 * does not take, or BINARYMIME or SMTPUTF8 that was asked for and cannot be had;
 * refused after it was sent), EREQUIRETLS, ESTREAM, EAUTH, ESTATE (the server takes no more
 * messages over this connection: MAILMAX of RFC 9422), or an error that ended the
 * connection.  After EENVELOPE, EMESSAGE, EREQUIRETLS and ESTATE the connection is as
 * good as before.
 *
 * When the server takes only so many recipients or domains at a time (452, RFC 5321
 * section 4.5.3.1.10; RCPTMAX and RCPTDOMAINMAX of RFC 9422), the message is in memory
 * and not for all or none, the rest follows in further transactions, and the callback
 * is called after the last.
 *
 * Any number of sends may wait; nothing but memory limits them.  One that waits takes about
 * 300 octets, and about 700 with an envelope and a message of its own, the content not
 * counted; one message and one envelope may serve many. */
int smtpconn_send(smtpconn *connection, const smtpconn_envelope *envelope,
                  smtpconn_message *message, smtpconn_send_callback callback, void *user);

/* Goes on reading after SMTPCONN_READ_PAUSE.  SMTPCONN_ESTATE when nothing is
 * paused. */
int smtpconn_resume(smtpconn *connection);

/* The recipients in the order of the envelope.  An index beyond the last, and a
 * NULL result, give NULL, 0 or SMTPCONN_RECIPIENT_NOT_TRIED. */
size_t smtpconn_result_count(const smtpconn_result *result);
size_t smtpconn_result_accepted_count(const smtpconn_result *result);
size_t smtpconn_result_rejected_count(const smtpconn_result *result); /* for now or for good */
const char *smtpconn_result_recipient(const smtpconn_result *result, size_t index);

/* One of enum smtpconn_recipient_status. */
int smtpconn_result_status(const smtpconn_result *result, size_t index);

/* The reply that decided about the recipient: its command ("RCPT TO"; "DATA", also for
 * content that travelled in chunks), code, enhanced status code and lines.  NULL or 0
 * without one. */
const char *smtpconn_result_command(const smtpconn_result *result, size_t index);
int smtpconn_result_response_code(const smtpconn_result *result, size_t index);
const char *smtpconn_result_enhanced(const smtpconn_result *result, size_t index);
const char *smtpconn_result_recipient_response(const smtpconn_result *result, size_t index);

/* Why the recipient did not get the message: an error object with code EENVELOPE or
 * EMESSAGE for one that was deferred or rejected; the reason, of any code, for one that
 * was not tried or is in doubt; NULL for one that was accepted. */
const smtpconn_error *smtpconn_result_error(const smtpconn_result *result, size_t index);

/* The last reply of the server, "250 2.0.0 Ok: queued as 4F2A"; NULL when there
 * was none.  When the recipients went in several transactions it is that of the
 * last in which somebody got the message, or of the last when nobody did. */
const char *smtpconn_result_response(const smtpconn_result *result);

/* The identifier in that reply under which the server queued the message, as
 * far as its wording is known ("4F2A"); NULL otherwise. */
const char *smtpconn_result_queue_id(const smtpconn_result *result);

/* Milliseconds from MAIL to the reply to DATA (with chunks to that for the last
 * recipient), and from there to the final reply; 0 for what was not reached. */
uint64_t smtpconn_result_envelope_time(const smtpconn_result *result);
uint64_t smtpconn_result_message_time(const smtpconn_result *result);

/* Octets of content as it travelled, with repaired line endings, but without escaping
 * and without the final dot (RFC 1870 section 5); 0 when not all of it was sent. */
uint64_t smtpconn_result_message_size(const smtpconn_result *result);

/* ------------------------------------------------------------------------
 * The way out
 * --------------------------------------------------------------------- */

/* Sends RSET (RFC 5321 section 4.1.1.5).  Never needed: a send that failed
 * leaves nothing behind.  The callback gets NULL, EPROTOCOL when the server
 * refused, or an error that ended the connection.  SMTPCONN_ESTATE as for
 * smtpconn_send. */
int smtpconn_reset(smtpconn *connection, smtpconn_done_callback callback, void *user);

/* Sends QUIT behind everything that is queued, waits for the reply and closes.
 * Whatever happens after QUIT was sent is no error, also smtpconn_close,
 * _cancel and _free.  Nothing can be started behind it.  SMTPCONN_ESTATE as for smtpconn_send. */
int smtpconn_quit(smtpconn *connection, smtpconn_done_callback callback, void *user);

/* Ends every pending operation with SMTPCONN_ECANCELLED.  One that has begun
 * cannot be taken back: the connection is then closed, and a message is never
 * delivered in part.  If none has begun, the connection stays open. */
int smtpconn_cancel(smtpconn *connection);

/* Closes at once, without QUIT; what is pending ends with SMTPCONN_ECANCELLED
 * and the end event follows, in the next run or dispatch.  Does nothing when
 * the connection is over. */
void smtpconn_close(smtpconn *connection);

/* Closes at once and frees.  What is pending ends with SMTPCONN_ECANCELLED
 * inside this call; the callbacks may still look at the connection but start
 * nothing.  Events are not delivered any more. */
void smtpconn_free(smtpconn *connection);

#ifdef __cplusplus
}
#endif

#endif /* SMTPCONN_H */
