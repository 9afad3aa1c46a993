/*
 * smtpconn.h - an SMTP client connection
 *
 * The whole public interface, in the order in which a program calls it:
 *
 *     version, error codes, kinds of failures, error objects
 *     options                                  how to connect
 *     loop                                     event loop integration
 *     connection: new, events, connect         opening a connection
 *     authentication, login
 *     envelope, message, send, result          sending messages
 *     noop, verify, xclient, command, reply    other commands
 *     keep, take_records                       records instead of callbacks
 *     reset, quit, cancel, withdraw, close, free   ending a connection
 *     pool                                     messages over several connections
 *     feed, take, tick                         a connection without a socket
 *
 * Rules that hold for every function below:
 *
 * Results.  A function that returns int and can fail returns 0 (SMTPCONN_OK)
 * on success and one of the negative SMTPCONN_E... codes when it did nothing.
 * A function that returns an object returns NULL on failure.  Outputs are
 * written only on success.
 *
 * Strings.  Every `const char *` going in is a NUL-terminated UTF-8 string and
 * is copied during the call.  Every string coming out belongs to the object that
 * it was read from; the comment there says how long it is valid.  Text from a
 * server is passed on unchanged: it need not be UTF-8, and never holds a NUL.
 *
 * Names outside ASCII.  A domain in UTF-8 gets its A-label ("xn--...", RFC 5891) from
 * libidn2, which the library loads when it needs it and the machine has it (package
 * libidn2-0).  Otherwise the call that takes the domain, or for an address the send, fails,
 * and the message names the package, or the label that is not allowed.
 *
 * Handles.  Every type is opaque.  An object made by `..._new` is freed by
 * `..._free`; `..._free(NULL)` does nothing.  With a NULL handle any other function
 * returns SMTPCONN_ESTATE, NULL or 0, or what its comment says.  When a second handle
 * is NULL (the envelope of a send, the credentials of a login), the function returns
 * the code that its comment names.  Objects given to a function (options, envelope,
 * authentication, message) may be freed as soon as it has returned.
 *
 * Operations.  smtpconn_connect, _login, _send, _reset, _quit and the functions under
 * "Other commands" start an operation.  A negative result means that it was not started and
 * its callback will never be called; smtpconn_last_error then gives the reason.  Otherwise the
 * callback is called exactly once, whatever happens.  Operations are carried
 * out in the order in which they were started; starting several at once is the
 * normal and the fastest way.
 *
 * Callbacks.  They run only inside smtpconn_run, smtpconn_loop_run,
 * smtpconn_loop_run_once and smtpconn_loop_dispatch (without a socket: smtpconn_feed,
 * smtpconn_feed_end, smtpconn_take and smtpconn_tick), on the thread that called
 * it, never inside the call that started the operation.  There are two exceptions:
 * smtpconn_free calls the callbacks of everything that is pending, with
 * SMTPCONN_ECANCELLED, and release callbacks run where the next paragraph says.
 * A callback may call any function here except those, which then return
 * SMTPCONN_ESTATE.  It may free the connection: the callbacks of pending operations
 * are called before smtpconn_free returns, and after that nothing is called for this
 * connection but release callbacks.  A second smtpconn_free from a callback that the
 * first one runs does nothing.  `user` is passed back as it was given.  A callback
 * must return: no longjmp, no C++ exception.
 * A callback may be NULL, `release` included: then nothing is called.  The one that
 * must be given is `read` of smtpconn_message_new_reader, which returns NULL without it.
 *
 * Release callbacks.  Each is called once, when `user` is no longer used: inside the
 * call that dropped the last reference (a setter, a `..._free`), or at the end of the
 * turn in which the last operation with it ended, after its callback.  It may call any
 * function that other callbacks may call, but none on the object whose `..._free` it
 * runs inside; smtpconn_free is the exception, as above.
 *
 * C++.  In check(smtpconn_send(c, ...), smtpconn_last_error(c)) the compiler may read the
 * error before it makes the call: the order in which arguments are evaluated is not
 * specified, in C as well.  Call first, keep the result, then ask for the error.
 *
 * Threads.  A loop, and everything that is attached to it, belongs to one
 * thread at a time.  Different loops are independent, even when their connections
 * were made from the same options.  smtpconn_loop_wakeup is the only function that may
 * be called from another thread.  The library starts threads only to resolve names; they
 * run no callback, and there are at most 64 in a process: further names wait.  The library
 * installs no signal handler, raises no SIGPIPE, prints nothing, and has no other global
 * state than the number of these threads.
 *
 * Memory.  A function that needs memory of a size that you decide (the copy of a
 * message, a long string, many recipients) allocates it first, and returns NULL or an
 * error when that fails.  What a server sends is bounded before it is stored.  When an
 * allocation of less than 64 KiB fails, the process ends with a trap (SIGILL or
 * SIGTRAP): the library never continues with an incomplete change.
 *
 * After fork(), the child may call only the `..._free` functions.  They then close
 * descriptors without sending anything, and call nothing but release callbacks:
 * pending operations continue in the parent, where their callbacks run.
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

/* The version of the library that is running, as in SMTPCONN_VERSION_NUMBER. */
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
  SMTPCONN_EREQUIRETLS = -6,  /* REQUIRETLS (RFC 8689) is not possible */
  SMTPCONN_EPROTOCOL = -7,    /* the server violates the SMTP protocol */
  SMTPCONN_EENVELOPE = -8,    /* sender or recipients: bad, or refused */
  SMTPCONN_EMESSAGE = -9,     /* the message: bad, too large, or refused */
  SMTPCONN_ESTREAM = -10,     /* the source of the message failed */
  SMTPCONN_EAUTH = -11,       /* login: bad input, refused, or not possible */
  SMTPCONN_EOAUTH2 = -12,     /* no access token was obtained */
  SMTPCONN_EPROXY = -13,      /* the proxy refused, or is none */
  SMTPCONN_EOPTIONS = -14,    /* an option is out of range or contradicts */
  SMTPCONN_ESTATE = -15,      /* not possible now, or a NULL handle */
  SMTPCONN_ECANCELLED = -16,  /* cancelled, closed or freed by the caller */
  SMTPCONN_ECOMMAND = -17,    /* another command: bad, not offered, or refused */
  SMTPCONN_EFULL = -18        /* the queue of a pool is full: send later */
};

/* The name of a code: "EAUTH" for SMTPCONN_EAUTH, "OK" for 0, "EUNKNOWN" for any other
 * number.  Static. */
const char *smtpconn_code_name(int code);

/* One English sentence about the code in general.  Static. */
const char *smtpconn_code_text(int code);

/* ------------------------------------------------------------------------
 * Kinds of failures
 *
 * Why something failed, more precise than its code, for programs that act on it; the code
 * says what was not possible.  The numbers never change meaning.  New ones may be added:
 * treat one that you do not know, and SMTPCONN_KIND_NONE, by the code.
 *
 * The kind of a refusal is found by what the reply answers, its code and its enhanced status
 * code; by words of its text only where one code has several meanings, as with providers
 * that use 535 for everything.  docs/errors.md says what to do about each.
 * --------------------------------------------------------------------- */

enum smtpconn_kind {
  SMTPCONN_KIND_NONE = 0,                     /* no more is known than the code */

  /* The network. */
  SMTPCONN_KIND_DNS_NOT_FOUND = 101,          /* no such host name, or it has no address */
  SMTPCONN_KIND_DNS_FAILED = 102,             /* the name could not be looked up now */
  SMTPCONN_KIND_CONNECT_REFUSED = 103,        /* nothing listens at that port or path */
  SMTPCONN_KIND_UNREACHABLE = 104,            /* no route, or no answer of the host */
  SMTPCONN_KIND_LOCAL_ADDRESS = 105,          /* local_address or local_port: not usable */
  SMTPCONN_KIND_CONNECTION_LOST = 106,        /* closed or reset by the other side */
  SMTPCONN_KIND_TIMEOUT_DNS = 107,            /* dns_timeout passed */
  SMTPCONN_KIND_TIMEOUT_CONNECTION = 108,     /* connection_timeout */
  SMTPCONN_KIND_TIMEOUT_GREETING = 109,       /* greeting_timeout; a server that expects TLS
                                                 from the start is silent too */
  SMTPCONN_KIND_TIMEOUT_SOCKET = 110,         /* socket_timeout */
  SMTPCONN_KIND_TIMEOUT_COMMAND = 111,        /* command_timeout */
  SMTPCONN_KIND_TIMEOUT_FINAL_REPLY = 112,    /* final_reply_timeout */
  SMTPCONN_KIND_TIMEOUT_OPERATION = 113,      /* operation_timeout */

  /* A proxy. */
  SMTPCONN_KIND_PROXY_REFUSED = 201,          /* it does not allow this connection */
  SMTPCONN_KIND_PROXY_LOGIN = 202,            /* it wants a login, or refuses this one */
  SMTPCONN_KIND_PROXY_UNREACHABLE = 203,      /* it cannot reach the server */
  SMTPCONN_KIND_PROXY_PROTOCOL = 204,         /* what answers is no such proxy */

  /* TLS. */
  SMTPCONN_KIND_TLS_NAME = 301,               /* certificate of another name: those in it
                                                 are smtpconn_error_certificate_names */
  SMTPCONN_KIND_TLS_EXPIRED = 302,            /* certificate not valid any more */
  SMTPCONN_KIND_TLS_NOT_YET_VALID = 303,      /* certificate not valid yet */
  SMTPCONN_KIND_TLS_SELF_SIGNED = 304,        /* certificate signed by itself */
  SMTPCONN_KIND_TLS_UNKNOWN_ISSUER = 305,     /* certificate of a CA that is not trusted */
  SMTPCONN_KIND_TLS_REVOKED = 306,            /* certificate revoked */
  SMTPCONN_KIND_TLS_CRL = 307,                /* no usable CRL for the certificate */
  SMTPCONN_KIND_TLS_OCSP = 308,               /* OCSP response missing, bad or too old */
  SMTPCONN_KIND_TLS_PIN = 309,                /* the server has none of tls_pins */
  SMTPCONN_KIND_TLS_DANE = 310,               /* no TLSA record matches */
  SMTPCONN_KIND_TLS_WEAK_KEY = 311,           /* key or signature too weak */
  SMTPCONN_KIND_TLS_UNTRUSTED = 312,          /* not trusted for another reason */
  SMTPCONN_KIND_TLS_PLAIN_TEXT = 313,         /* no TLS where it was expected */
  SMTPCONN_KIND_TLS_UNEXPECTED = 314,         /* TLS where plain text was expected */
  SMTPCONN_KIND_TLS_VERSION = 315,            /* no common version */
  SMTPCONN_KIND_TLS_CIPHER = 316,             /* no common cipher, group or signature */
  SMTPCONN_KIND_TLS_CLOSED = 317,             /* closed during the handshake */
  SMTPCONN_KIND_TLS_NOT_OFFERED = 318,        /* TLS is required and not offered */
  SMTPCONN_KIND_TLS_REFUSED = 319,            /* STARTTLS was refused */
  SMTPCONN_KIND_TLS_INJECTED = 320,           /* octets before TLS that may be an attack */
  SMTPCONN_KIND_TLS_CLIENT_CERTIFICATE = 321, /* the server wants another client
                                                 certificate, or one at all */
  SMTPCONN_KIND_TLS_SETUP = 322,              /* an option for TLS cannot be used */
  SMTPCONN_KIND_TLS_FAILED = 323,             /* another failure of TLS */

  /* A login. */
  SMTPCONN_KIND_LOGIN_CREDENTIALS = 401,      /* wrong user or password */
  SMTPCONN_KIND_LOGIN_APP_PASSWORD = 402,     /* needs a password for applications */
  SMTPCONN_KIND_LOGIN_BASIC_DISABLED = 403,   /* passwords are switched off: use a token */
  SMTPCONN_KIND_LOGIN_WEAK_MECHANISM = 404,   /* the mechanism is too weak for this user */
  SMTPCONN_KIND_LOGIN_MECHANISM = 405,        /* no mechanism that both sides can use */
  SMTPCONN_KIND_LOGIN_ENCRYPTION = 406,       /* not without TLS */
  SMTPCONN_KIND_LOGIN_TEMPORARY = 407,        /* not possible for now */
  SMTPCONN_KIND_LOGIN_LOCKED = 408,           /* the account is locked or wants attention */
  SMTPCONN_KIND_LOGIN_ATTEMPTS = 409,         /* too many logins */
  SMTPCONN_KIND_LOGIN_TOKEN = 410,            /* access token refused */
  SMTPCONN_KIND_LOGIN_POLICY = 411,           /* forbidden by a policy */
  SMTPCONN_KIND_LOGIN_REQUIRED = 412,         /* mail only after a login */
  SMTPCONN_KIND_LOGIN_TRANSITION = 413,       /* log in once with PLAIN, for a new form of
                                                 the password (4.7.12) */
  SMTPCONN_KIND_LOGIN_EXCHANGE = 414,         /* challenges that make no sense */
  SMTPCONN_KIND_LOGIN_SERVER_SIGNATURE = 415, /* the server does not know the password:
                                                 an impostor */
  SMTPCONN_KIND_LOGIN_CHANNEL_BINDING = 416,  /* the binding to TLS was refused */
  SMTPCONN_KIND_LOGIN_NO_TOKEN = 417,         /* no access token was obtained */

  /* A server that does not want this client, or none now. */
  SMTPCONN_KIND_SERVER_BLOCKED = 501,         /* this client or its address */
  SMTPCONN_KIND_SERVER_CONNECTIONS = 502,     /* too many connections */
  SMTPCONN_KIND_SERVER_BUSY = 503,            /* not now */
  SMTPCONN_KIND_SERVER_CLOSING = 504,         /* it ends the connection (421) */
  SMTPCONN_KIND_SERVER_NO_MAIL = 505,         /* it takes no mail at all */
  SMTPCONN_KIND_SERVER_HELLO_NAME = 506,      /* the option name is not good enough */
  SMTPCONN_KIND_SERVER_STORAGE = 507,         /* it has no room */
  SMTPCONN_KIND_SERVER_PROTOCOL = 508,        /* it violates SMTP */
  SMTPCONN_KIND_SERVER_EXTENSION = 509,       /* it lacks what is needed for this */

  /* The envelope. */
  SMTPCONN_KIND_SENDER_ADDRESS = 601,         /* bad or unknown sender or its domain */
  SMTPCONN_KIND_SENDER_NOT_ALLOWED = 602,     /* not this sender with this login */
  SMTPCONN_KIND_SENDER_UNAUTHENTICATED = 603, /* SPF, DKIM, DMARC, ARC or reverse DNS */
  SMTPCONN_KIND_RECIPIENT_UNKNOWN = 604,      /* no such mailbox */
  SMTPCONN_KIND_RECIPIENT_DOMAIN = 605,       /* the domain takes no mail */
  SMTPCONN_KIND_RECIPIENT_ADDRESS = 606,      /* not allowed as an address */
  SMTPCONN_KIND_RECIPIENT_DISABLED = 607,     /* mailbox disabled */
  SMTPCONN_KIND_RECIPIENT_FULL = 608,         /* mailbox full */
  SMTPCONN_KIND_RECIPIENT_MOVED = 609,        /* has another address now */
  SMTPCONN_KIND_RECIPIENTS_TOO_MANY = 610,    /* too many recipients at a time */
  SMTPCONN_KIND_RELAY_DENIED = 611,           /* not a domain of this server */
  SMTPCONN_KIND_GREYLISTED = 612,             /* for some minutes, then again */
  SMTPCONN_KIND_RATE_LIMITED = 613,           /* too much in too little time */
  SMTPCONN_KIND_POLICY = 614,                 /* another policy of the server */

  /* The message. */
  SMTPCONN_KIND_MESSAGE_TOO_BIG = 701,        /* larger than the server takes */
  SMTPCONN_KIND_MESSAGE_CONTENT = 702,        /* its content or form */
  SMTPCONN_KIND_MESSAGE_LOOP = 703            /* passed too many servers */
};

/* The name of a kind: "TLS_EXPIRED" for SMTPCONN_KIND_TLS_EXPIRED, "NONE" for 0, "UNKNOWN"
 * for a number that is none.  Static.  Since 0.1.0. */
const char *smtpconn_kind_name(int kind);

/* ------------------------------------------------------------------------
 * Error objects
 *
 * An error passed to a callback, and every string read from it, is valid
 * until that callback returns.  The one that a `..._last_error` function
 * returns is valid until the next call on the same handle.
 *
 * Each getter accepts NULL and then returns SMTPCONN_OK, 0 or NULL.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_error smtpconn_error;

/* What may be done after a failure. */
enum smtpconn_retry {
  SMTPCONN_RETRY_NO = 0,      /* a retry would fail in the same way */
  SMTPCONN_RETRY_SAFE = 1,    /* nothing was delivered, a retry may work */
  SMTPCONN_RETRY_UNKNOWN = 2  /* the connection was lost after the end of the
                                 message was sent: it may have been delivered,
                                 a retry may deliver it twice */
};
/* After a send, SMTPCONN_RETRY_SAFE has two meanings, which the code distinguishes:
 *
 *   retry == SMTPCONN_RETRY_SAFE && (code == SMTPCONN_EENVELOPE || code == SMTPCONN_EMESSAGE)
 *
 * means that the server refused the message for now, or one of its recipients when it
 * refused all.  Wait before the next attempt: RFC 5321 section 4.5.4.1 asks for 30 minutes.
 * SMTPCONN_RETRY_SAFE with any other code means that the server decided nothing about the
 * message, which was not sent to its end: it may be sent again at once over another
 * connection.  Do not use the code of the reply for this: it is that of the last
 * recipient, perhaps 5yz although another was refused with 4yz. */

/* What was not possible: one of enum smtpconn_code. */
int smtpconn_error_code(const smtpconn_error *error);

/* The name of the code, "EAUTH". */
const char *smtpconn_error_name(const smtpconn_error *error);

/* Why it failed: one of enum smtpconn_kind, SMTPCONN_KIND_NONE when no more is known than
 * the code.  Since 0.1.0. */
int smtpconn_error_kind(const smtpconn_error *error);

/* What happened and what to do about it, as text for a person.  Never holds a
 * password or token. */
const char *smtpconn_error_message(const smtpconn_error *error);

/* The reply of the server that caused the error, its lines joined by LF as they
 * came, codes included ("550-5.1.1 No such user\n550 5.1.1 here"); NULL when no
 * reply caused it.  With EPROXY the answer of an HTTP proxy, "HTTP/1.1 403 Forbidden". */
const char *smtpconn_error_response(const smtpconn_error *error);

/* The code of that reply, 200 to 599: the first digit decides, whatever the others are
 * (RFC 5321 sections 4.2.1 and 4.3.2).  When the lines of a reply have different codes, it
 * is the code of the last line; such a reply is never a success.  0 without a reply.  With
 * EPROXY the status of an HTTP proxy. */
int smtpconn_error_response_code(const smtpconn_error *error);

/* The enhanced status code of that reply, "5.1.1" (RFC 2034, RFC 3463); NULL
 * when the server gave none. */
const char *smtpconn_error_enhanced(const smtpconn_error *error);

/* The command that failed: "CONN", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH PLAIN"
 * ("AUTH" before a mechanism was chosen), "MAIL FROM", "RCPT TO", "DATA",
 * "BDAT", "RSET", "QUIT", another command by its first word ("VRFY"), or "API" for a misuse
 * of this interface.  Never NULL for a non-NULL error. */
const char *smtpconn_error_command(const smtpconn_error *error);

/* What the connection was doing: "options", "dns", "connect", "proxy", "tls",
 * "greeting", "hello", "starttls", "auth", "envelope", "message", "reset",
 * "quit", "command" or "idle".  The handshake belongs to "tls" when the connection starts
 * with it, and to "starttls" after that command; that with an https proxy belongs to
 * "proxy".  Never NULL for a non-NULL
 * error. */
const char *smtpconn_error_phase(const smtpconn_error *error);

/* The recipient that was refused; NULL when the error is not about one. */
const char *smtpconn_error_recipient(const smtpconn_error *error);

/* The errno of the system call that failed; 0 without one. */
int smtpconn_error_errno(const smtpconn_error *error);

/* The reason that OpenSSL or the verification of the certificate gave, in
 * words; NULL when TLS was not the cause. */
const char *smtpconn_error_tls_reason(const smtpconn_error *error);

/* The names in the certificate, "mail.example.org, *.example.org, 192.0.2.1", "" when there is
 * none; at most five, then "... and 3 more".  NULL unless the kind is SMTPCONN_KIND_TLS_NAME.
 * Since 0.1.0. */
const char *smtpconn_error_certificate_names(const smtpconn_error *error);

/* The address and port that were tried or in use, "192.0.2.1:25" or
 * "[2001:db8::1]:25", several separated by ", "; NULL before the first.  When all of
 * several addresses failed, the message gives the reason for each; the code, the response
 * and the other fields are those of the last address that answered, by a reply or in the
 * TLS handshake, if any did; and retry is SMTPCONN_RETRY_SAFE when at least one of them
 * may work later. */
const char *smtpconn_error_address(const smtpconn_error *error);

/* What may be done after the failure: one of enum smtpconn_retry. */
int smtpconn_error_retry(const smtpconn_error *error);

/* A copy of an error that a callback was given, or a `..._last_error` function returned, to
 * be kept: it and its strings are valid until smtpconn_error_free, also after the connection
 * and the loop were freed.  It may be read by another thread, one at a time.  NULL for NULL.
 * Since 0.1.0. */
smtpconn_error *smtpconn_error_copy(const smtpconn_error *error);

/* Frees a copy, and nothing else: never an error that was not copied.  NULL is allowed.
 * Since 0.1.0. */
void smtpconn_error_free(smtpconn_error *error);

/* ------------------------------------------------------------------------
 * Options
 *
 * A setter checks its value at once.  For a bad value it returns SMTPCONN_EOPTIONS
 * and leaves the option as it was; smtpconn_options_last_error names the option and
 * the values that it takes.  Setting a string to NULL, or a duration to 0, restores
 * the default.  A getter returns the value that was set, or the default; a string is
 * valid until the option is set again or the options are freed.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_options smtpconn_options;

/* Called when the library will not use `user`, or the memory, again. */
typedef void (*smtpconn_release_callback)(void *user);

/* Options with every default.  Free with smtpconn_options_free. */
smtpconn_options *smtpconn_options_new(void);

/* Frees options.  Connections made from them keep their own copy. */
void smtpconn_options_free(smtpconn_options *options);

/* The error of the last call on these options; NULL when it succeeded. */
const smtpconn_error *smtpconn_options_last_error(const smtpconn_options *options);

/* Host name or IP address (IPv6 with or without brackets) of the server, 1 to
 * 253 octets, without a port, which is the option port.  Default "localhost".
 * A host name outside ASCII becomes its A-label, which is resolved, is the name for SNI and
 * the certificate, and is what the getter returns. */
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

/* 1: fail without TLS: when the server does not offer STARTTLS, the connection fails
 * with ETLS (RFC 3207).  Default 0. */
int smtpconn_options_set_require_tls(smtpconn_options *options, int require_tls);
int smtpconn_options_require_tls(const smtpconn_options *options);

/* 1: use STARTTLS when it is offered, but continue WITHOUT TLS when the server refuses
 * it.  When the handshake fails, or does not end within connection_timeout, the library
 * connects again without TLS; with `socket` and `connection` that is not possible, and a
 * failed handshake is an error.  A network attacker can force this downgrade, and then
 * read and change messages.  Passwords are not sent in the clear.  Contradicts secure,
 * require_tls and ignore_tls.  Default 0. */
int smtpconn_options_set_opportunistic_tls(smtpconn_options *options, int opportunistic_tls);
int smtpconn_options_opportunistic_tls(const smtpconn_options *options);

/* 1: speak LMTP (RFC 2033): LHLO instead of EHLO, and a final reply for each
 * recipient.  The default port is then 24, and port 25 is refused.  Default 0. */
int smtpconn_options_set_lmtp(smtpconn_options *options, int lmtp);
int smtpconn_options_lmtp(const smtpconn_options *options);

/* The path of a Unix domain socket, 1 to 107 octets, to connect to instead of host and
 * port.  Certificates are still checked against host.  Default NULL. */
int smtpconn_options_set_socket_path(smtpconn_options *options, const char *path);
const char *smtpconn_options_socket_path(const smtpconn_options *options);

/* The local IP address and port (0: any) to connect from.  Only addresses of the same
 * family can then be connected to.  A link-local address needs the name of its
 * interface, as in "fe80::1%eth0", here and in host.  local_port needs local_address.
 * Default NULL and 0: the system chooses. */
int smtpconn_options_set_local_address(smtpconn_options *options, const char *address);
const char *smtpconn_options_local_address(const smtpconn_options *options);
int smtpconn_options_set_local_port(smtpconn_options *options, int port);
int smtpconn_options_local_port(const smtpconn_options *options);

/* Which addresses are used: those of both families (ANY), only IPv4, or only IPv6.  Names
 * are resolved to addresses of that family.  EOPTIONS from smtpconn_new with a host,
 * local_address or socket of the other family, and with socket_path or connection.
 * Default 0: ANY. */
enum smtpconn_address_family {
  SMTPCONN_FAMILY_ANY = 0,
  SMTPCONN_FAMILY_IPV4 = 1,
  SMTPCONN_FAMILY_IPV6 = 2
};
int smtpconn_options_set_address_family(smtpconn_options *options, int family);
int smtpconn_options_address_family(const smtpconn_options *options);

/* TCP keep-alive (RFC 9293 section 3.8.4), which detects a peer that disappeared without
 * closing, and keeps the entry of an idle connection in a firewall.  It is on for every
 * TCP socket that the library connects, with the times of the system (on Linux, the first
 * probe after two hours).  These options change them; 0, the default, leaves a value to
 * the system.
 *
 * idle      seconds without data until the first probe, 1 to 32767
 * interval  seconds between two probes, 1 to 32767
 * count     unanswered probes that end the connection, 1 to 127
 *
 * EOPTIONS from smtpconn_new with socket_path, which has no TCP, and with connection,
 * whose settings stay as the caller made them. */
int smtpconn_options_set_tcp_keepalive_idle(smtpconn_options *options, int seconds);
int smtpconn_options_tcp_keepalive_idle(const smtpconn_options *options);
int smtpconn_options_set_tcp_keepalive_interval(smtpconn_options *options, int seconds);
int smtpconn_options_tcp_keepalive_interval(const smtpconn_options *options);
int smtpconn_options_set_tcp_keepalive_count(smtpconn_options *options, int count);
int smtpconn_options_tcp_keepalive_count(const smtpconn_options *options);

/* The sizes of the socket's buffers in octets (SO_RCVBUF and SO_SNDBUF), 1 to 1073741823,
 * set before connecting; 0, the default, for the system's, which Linux adapts to the
 * connection.  Linux doubles a value that was set, and silently limits it to
 * net.core.rmem_max or wmem_max.  They hold for socket_path and socket too.  EOPTIONS from
 * smtpconn_new with connection: set them on that socket. */
int smtpconn_options_set_receive_buffer_size(smtpconn_options *options, int octets);
int smtpconn_options_receive_buffer_size(const smtpconn_options *options);
int smtpconn_options_set_send_buffer_size(smtpconn_options *options, int octets);
int smtpconn_options_send_buffer_size(const smtpconn_options *options);

/* A proxy to go through, as "scheme://[user[:password]@]host[:port]".  Default NULL: none.
 * Everything that is not a letter, a digit, "-", ".", "_" or "~" in user and password is
 * written as "%" and two hexadecimal digits (RFC 3986 section 2.1).
 *
 * socks5    SOCKS 5 (RFC 1928, RFC 1929); port 1080.  The library resolves the name of the
 *           server, and asks the proxy for its addresses in turn
 * socks5h   the same; the proxy resolves the name
 * http      CONNECT (RFC 9110 section 9.3.6), with Basic (RFC 7617); port 80.  The proxy
 *           resolves the name.  User and password are readable on the way to the proxy
 * https     the same under TLS with the proxy; port 443.  Its certificate is always
 *           verified, for the proxy's host and by tls_ca, tls_ca_file and
 *           tls_ca_directory; no other TLS option is used there.  TLS with the server is
 *           then inside of it
 *
 * Everything that the other options say of the server is about the server itself: host,
 * certificates, STARTTLS, TLS sessions.  The addresses of the proxy are tried as those of
 * a server are, and local_address, address_family, tcp_keepalive and the buffer sizes apply
 * to the connection to the proxy; address_family with socks5 also to the server's
 * addresses.  A loopback address behind a proxy is not this machine: a login there needs
 * TLS or allow_insecure_auth.
 *
 * A refusal is EPROXY, phase "proxy": smtpconn_error_response has the answer of an HTTP
 * proxy, and the message the number and the words of a SOCKS reply.  The proxy has
 * connection_timeout for it, and greeting_timeout as long as the proxy has another address.
 * EOPTIONS from smtpconn_new with socket_path, socket or connection, which do not go through
 * a proxy.  The getter returns the URL without user and password. */
int smtpconn_options_set_proxy(smtpconn_options *options, const char *url);
const char *smtpconn_options_proxy(const smtpconn_options *options);

/* The user and the password for the proxy, in UTF-8 and up to 255 octets each, when they
 * are not in the URL.  They are sent only when the proxy asks (SOCKS), or with the first
 * request (HTTP, where the user must not contain a colon).  Default NULL.  The library's
 * copies of the password and of the URL are erased before their memory is freed; neither
 * is in a log line or an error. */
int smtpconn_options_set_proxy_user(smtpconn_options *options, const char *user);
const char *smtpconn_options_proxy_user(const smtpconn_options *options);
int smtpconn_options_set_proxy_password(smtpconn_options *options, const char *password);

/* 1: smtpconn_connect reads the proxy from the environment variable all_proxy, or ALL_PROXY
 * when that is not set, in the form of the option proxy; without a scheme it is an HTTP
 * proxy.  When neither is set, there is no proxy.  no_proxy, or NO_PROXY, has the hosts that
 * are reached directly, separated by commas: "*" is every host; "example.com" and
 * ".example.com" are this host and every one that ends with ".example.com"; an IP address is
 * compared as text.  Token endpoints follow the same rule.  A value that is no proxy is
 * EOPTIONS.  Other variables are not read.  No other thread may change the environment
 * meanwhile.  Contradicts proxy.  Default 0: the environment is not read. */
int smtpconn_options_set_proxy_from_environment(smtpconn_options *options, int on);
int smtpconn_options_proxy_from_environment(const smtpconn_options *options);

/* 1, the default: a token endpoint with https (smtpconn_auth_set_access_url) is reached
 * through the proxy as well.  0: directly.  One with http is on this machine, and always
 * reached directly. */
int smtpconn_options_set_proxy_token_endpoint(smtpconn_options *options, int on);
int smtpconn_options_proxy_token_endpoint(const smtpconn_options *options);

/* A stream socket that the caller made, -1 for none (the default).  It is
 * duplicated, and becomes non-blocking; the caller may close its own.
 *
 * socket      not connected yet: the library connects it to the first address of
 *             its family
 * connection  connected: host and port are not resolved; certificates are still
 *             checked against host.  With secure, and without secured, the library
 *             starts TLS on it.  Without TLS a login needs secured or
 *             allow_insecure_auth, even when the other end is on this machine
 *
 * EOPTIONS for a descriptor that is no stream socket.  Options with a descriptor can be
 * used for one connection.  The getters return the number that was set, and -1 for NULL. */
int smtpconn_options_set_socket(smtpconn_options *options, int descriptor);
int smtpconn_options_socket(const smtpconn_options *options);
int smtpconn_options_set_connection(smtpconn_options *options, int descriptor);
int smtpconn_options_connection(const smtpconn_options *options);

/* 1: the socket given as connection is already protected, by TLS or an equivalent.  The
 * library then SENDS PASSWORDS over it and does not start TLS, even with secure or
 * require_tls.  Default 0. */
int smtpconn_options_set_secured(smtpconn_options *options, int secured);
int smtpconn_options_secured(const smtpconn_options *options);

/* The name given with EHLO: a domain, or an address literal such as
 * "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3); a bare IP
 * address is put into brackets, and a domain outside ASCII becomes its A-label (RFC 6531
 * section 3.7.1).  A domain may contain underscores, although some servers refuse them.
 * Default NULL: the machine's host name when it is fully
 * qualified and has no underscore, else the local address as a literal. */
int smtpconn_options_set_name(smtpconn_options *options, const char *name);
const char *smtpconn_options_name(const smtpconn_options *options);

/* Time limits, 1 to 86400000; 0 restores the default.
 *
 * dns          to resolve the host name                        30 000
 * connection   from the first attempt to an open connection,
 *              over all addresses; the TLS handshake included  120 000
 * greeting     from the open connection to the greeting, for
 *              each address                                    30 000
 * socket       without a byte in either direction, idle or
 *              not; starting an operation counts as a byte    600 000
 * command      from a command to its reply                    300 000
 * final_reply  from the end of a message to its reply         600 000
 * quit         from QUIT to its reply                           5 000
 * operation    one whole operation, however busy             3600 000
 *
 * When a limit passes, the connection is closed with SMTPCONN_ETIMEDOUT, and the message
 * names the limit.  quit is different: the connection is closed and smtpconn_quit
 * succeeds, since nothing depends on the reply.
 *
 * When the server sends no greeting within greeting_timeout, or does not finish a TLS
 * handshake before the greeting in that time, the next address of the host is tried, if
 * there is one.
 *
 * A byte that was sent counts as activity when the server's system has acknowledged it,
 * not when it is in a local buffer.  The time for a reply starts when everything that the
 * reply answers was acknowledged; with a slow server that may be long after the last
 * write.  The library checks this every sixteenth of a limit, so a limit may take effect
 * later by that much. */
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

/* How the content of a message is sent to a server that offers CHUNKING (RFC 3030).
 *
 * OFF, the default: with DATA, line by line, its end marked by a dot.  A message that
 *   exceeds the SIZE that the server announced is not sent to its end (EMESSAGE): nothing
 *   is delivered, and with DATA the connection ends.
 * ON: in counted chunks (BDAT), after at least one recipient was accepted.  Dots are not
 *   escaped; the number of round trips is the same.  A message in memory is one chunk,
 *   any other one or more chunks for each block that was read.  Choose this for servers
 *   that you do not know.
 * OPTIMISTIC: NOT for a server that does not discard a chunk that it refuses (RFC 3030
 *   section 2 requires it; at least one widely used server library in Go does not do it).
 *   When every recipient is refused, such a server reads the content as COMMANDS, and a
 *   message can contain commands that send mail.  Messages in memory of up to 64 KiB are
 *   sent together with their envelopes, and up to 32 of them may be without a final reply
 *   at a time, so there is not one round trip for each.  The content of a message whose
 *   recipients are all refused is then sent for nothing.  When the connection is lost, all
 *   messages without a final reply are in doubt (SMTPCONN_RETRY_UNKNOWN).  Larger messages,
 *   and those with all_or_none, are sent as with ON.  Needs PIPELINING.  With LMTP nothing
 *   is sent after a message for several recipients before its final replies.
 *
 * To a server that does not offer CHUNKING, content is sent with DATA in every mode. */
enum smtpconn_chunking {
  SMTPCONN_CHUNKING_OFF = 0,
  SMTPCONN_CHUNKING_ON = 1,
  SMTPCONN_CHUNKING_OPTIMISTIC = 2
};
int smtpconn_options_set_chunking(smtpconn_options *options, int chunking);
int smtpconn_options_chunking(const smtpconn_options *options);

/* EHLO keywords to ignore, in any case and separated by blanks: "PIPELINING CHUNKING" for
 * a server whose implementation of them is faulty.  They are not used, and the capability
 * functions do not return them.  AUTH includes the old form "AUTH=".  STARTTLS is refused:
 * use ignore_tls.  Default NULL: none. */
int smtpconn_options_set_ignored_capabilities(smtpconn_options *options, const char *keywords);
const char *smtpconn_options_ignored_capabilities(const smtpconn_options *options);

/* SASL mechanisms, in any case, with blanks or commas between them: "EXTERNAL",
 * "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1" (RFC 5802, RFC 7677), each of these with
 * "-PLUS" too, "OAUTHBEARER", "XOAUTH2", "CRAM-MD5", "PLAIN", "LOGIN", "ANONYMOUS", or names of
 * smtpconn_options_set_custom_mechanism.  These alone are used, in this order.  A hyphen
 * before a name forbids that one: "-LOGIN -PLAIN" uses all others, in the order of the
 * library.
 *
 * Default NULL: all that the server offers and the credentials allow, in this order: custom
 * mechanisms; EXTERNAL (RFC 4422) when tls_certificate is set; SCRAM with -PLUS; SCRAM
 * without; OAUTHBEARER (RFC 7628); XOAUTH2; CRAM-MD5; PLAIN; LOGIN.  The password itself comes
 * last, and never leaves without TLS (smtpconn_options_set_allow_insecure_auth).
 *
 * Only by name: ANONYMOUS (RFC 4505), and EXTERNAL without a certificate, where the server
 * knows the client by something else.  The message of EXTERNAL is the authorization identity,
 * else the user, else empty; that of ANONYMOUS is the user, as a trace for the operator of the
 * server: an address or a word of at most 255 characters, or nothing.
 *
 * DIGEST-MD5, NTLM and GSSAPI are not built in (docs/login.md says why);
 * examples/gssapi.c is GSSAPI as a custom mechanism.
 *
 * The next one is tried when a reply is about the mechanism: it is not supported (504), it is
 * too weak (534), it needs TLS (538), or another one must be used once (432).  The last three
 * to a -PLUS mechanism are followed by another -PLUS mechanism only.  After a
 * refusal (535) no other mechanism is tried with the same password, or with the same token
 * once it was renewed, because each refusal may count towards locking the account; after a
 * refused certificate the token is tried, and after a refused token the password, if there is
 * one.  Any other reply ends the login, and
 * so does a 535 to a custom mechanism.  The message of the error names the mechanisms that
 * were tried, why each failed, and what the server offers.
 *
 * With SCRAM the password is not sent, and the server must prove that it knows it: A SERVER
 * THAT DOES NOT SIGN, OR WRONGLY, IS NOT THE ONE THAT IT SAYS IT IS; the login fails with
 * EAUTH and the connection ends.  It takes two round trips more than PLAIN, and 4,096 to
 * 10,000,000 iterations of HMAC, as many as the server asks for; other numbers are EAUTH.
 * They are computed in parts of less than a millisecond, between which the loop serves
 * other connections.  A -PLUS mechanism is tied to the TLS connection (channel_binding) and
 * goes first: it fails when an attacker relays the login over TLS connections of its own,
 * even with a certificate that is trusted.  NULL takes what the server offers, which an
 * attacker with such a certificate can change; name a -PLUS mechanism to insist on it.
 * SCRAM sends and computes with text that SASLprep (RFC 4013) does not change: ASCII, and
 * letters of the scripts that are used most and were in Unicode 3.2.  For another user or
 * password the next mechanism is tried; when there is none, the login fails with EAUTH.
 *
 * EOPTIONS for a text that is no such list or that names a mechanism twice with opposite
 * meaning; smtpconn_new refuses a name that is neither of this library nor a custom
 * mechanism. */
int smtpconn_options_set_auth_method(smtpconn_options *options, const char *mechanisms);
const char *smtpconn_options_auth_method(const smtpconn_options *options);

/* The channel binding (RFC 5056) of the -PLUS mechanisms: what ties a login to the TLS
 * connection.
 *
 * NULL, the default: "tls-exporter" with TLS 1.3, "tls-unique" with TLS 1.2 and the extended
 *     master secret (RFC 7627), else "tls-server-end-point".  When the server offers no
 *     -PLUS mechanism, the login says that the client could have used a channel binding
 *     (flag "y", RFC 5802 section 6): a server that did offer one then detects the attack.
 * "tls-exporter": RFC 9266; TLS 1.3 only
 * "tls-unique": RFC 5929 section 3; with TLS 1.3, for which it is not registered, the
 *     client's Finished message, which Cyrus expects
 * "tls-server-end-point": RFC 5929 section 4, a digest of the server's certificate; it does
 *     not notice an attacker that has the key of the certificate
 * "none": -PLUS mechanisms are not used
 *
 * Servers support different ones, and report a refused binding like a wrong password, so the
 * message of the error names the binding.  The login is NOT tried again with another one, or
 * without: an attacker could cause that.  Only when the server says that it does not support
 * the mechanism (504) the next one is tried, and tells it that there could have been a
 * binding.  With a name, a SCRAM login on a connection that does not have this binding fails
 * with EAUTH.  There is none with the option `secured`: TLS is the caller's.  EOPTIONS for
 * any other text. */
int smtpconn_options_set_channel_binding(smtpconn_options *options, const char *binding);
const char *smtpconn_options_channel_binding(const smtpconn_options *options);

/* Whether the AUTH command carries an initial response (RFC 4954 section 4), or the first
 * response is sent after the server's first challenge.
 *
 * -1, the default: initial response when the mechanism has one and the line is not
 *     longer than 512 octets
 * 1:  always, however long the line; with LOGIN it is the user name
 * 0:  never, for servers that do not support it
 *
 * EOPTIONS for any other number. */
int smtpconn_options_set_initial_response(smtpconn_options *options, int mode);
int smtpconn_options_initial_response(const smtpconn_options *options);

/* 1: send EHLO (LHLO with lmtp) again after a successful login.  The capabilities in its
 * reply replace the earlier ones: some servers offer more after a login.  The login ends
 * with this reply; when it is a refusal, the earlier capabilities stay.  Default 0. */
int smtpconn_options_set_hello_after_login(smtpconn_options *options, int again);
int smtpconn_options_hello_after_login(const smtpconn_options *options);

/* A custom SASL mechanism, which is preferred to a built-in one of the same name.
 * `name`: 1 to 20 letters, digits, hyphens and underscores, no hyphen first.  A NULL
 * callback removes it.  `release` (may be NULL) is called when `user` is no longer used, even
 * when this call is refused.
 *
 * The callback runs with `challenge` NULL when a login with the mechanism begins.  If it
 * then calls smtpconn_exchange_respond, that is the initial response; otherwise there is
 * none.  After that it runs for every challenge of the server (RFC 4954 section 4):
 * decoded, or unchanged when it is not base64, and valid during the call.  The callback
 * must respond or fail, at once or later.  `exchange` is valid until the login has ended,
 * which the callback of smtpconn_login reports.  Challenges and responses are never logged.
 *
 * respond: the octets of the response, not encoded.  ESTATE when no challenge is
 *   unanswered, EAUTH when there is not enough memory.
 * fail: ends the login with EAUTH and `reason`.  ESTATE when no challenge is unanswered. */
typedef struct smtpconn_exchange smtpconn_exchange;
typedef void (*smtpconn_mechanism_callback)(smtpconn_exchange *exchange,
                                            const uint8_t *challenge, size_t length,
                                            void *user);
int smtpconn_options_set_custom_mechanism(smtpconn_options *options, const char *name,
                                          smtpconn_mechanism_callback callback,
                                          smtpconn_release_callback release, void *user);
int smtpconn_exchange_respond(smtpconn_exchange *exchange, const void *octets, size_t length);
int smtpconn_exchange_fail(smtpconn_exchange *exchange, const char *reason);

/* 1: allow a login WITHOUT TLS, where passwords can be read on the network.  Default 0:
 * it is refused with EAUTH, except with a custom mechanism, and except to a loopback
 * address or a Unix domain socket that the library itself has connected to.  A
 * `connection` counts as protected only by TLS or secured: its other end may be a
 * proxy. */
int smtpconn_options_set_allow_insecure_auth(smtpconn_options *options, int allow);
int smtpconn_options_allow_insecure_auth(const smtpconn_options *options);

/* The name used for SNI and checked against the certificate, instead of the
 * host.  A DNS name, not an IP address; outside ASCII it becomes its A-label.  Default NULL:
 * the host. */
int smtpconn_options_set_tls_servername(smtpconn_options *options, const char *name);
const char *smtpconn_options_tls_servername(const smtpconn_options *options);

/* A file of PEM certificates to trust, or a directory of them as made by
 * `openssl rehash`.  Default NULL: the system's store.  When either is set, the
 * system's store is not used.  A trusted certificate need not be a root: it may be an
 * intermediate CA, or the server's own certificate.  A file that cannot be read or is
 * damaged is an error of smtpconn_connect (ETLS, phase "tls").
 *
 * Files are read once for all connections that are made from the same options.  They are
 * read again when they could not be used, after a day, and when an option is set that
 * tls_resumption lists. */
int smtpconn_options_set_tls_ca_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_ca_file(const smtpconn_options *options);
int smtpconn_options_set_tls_ca_directory(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_ca_directory(const smtpconn_options *options);

/* The same certificates as PEM text in memory.  The one of file and text that was set
 * last is used; NULL removes only what was set in the same form. */
int smtpconn_options_set_tls_ca(smtpconn_options *options, const char *pem);
const char *smtpconn_options_tls_ca(const smtpconn_options *options);

/* Public keys of which the server must have one.  A pin is the SHA-256 of the
 * SubjectPublicKeyInfo of its certificate in base64, as curl writes it:
 * "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=", or without "sha256//".  Several
 * are separated by blanks, commas or semicolons: one for the key of today and one for the
 * key that follows.  Default NULL: any key.  The getter returns them in the first form,
 * separated by blanks.  To get the pin of a certificate:
 *
 *     openssl x509 -in certificate.pem -pubkey -noout | openssl pkey -pubin -outform der |
 *         openssl dgst -sha256 -binary | openssl base64
 *
 * Only the server's own certificate is compared, NOT those of its CAs, and it must be
 * valid otherwise too.  With tls_reject_unauthorized 0 the pin is the ONLY thing that is
 * verified: a certificate for another name, expired or self-signed is accepted when its
 * key is a pin.  No command is sent to a server with another key; connect fails with ETLS,
 * and its message has the pin of that key.
 *
 * Pins require TLS, as require_tls does: ignore_tls, opportunistic_tls and secured
 * contradict them.  A session of another key is not resumed.  Token endpoints are other
 * servers: pins do not apply to them.  SMTPCONN_EOPTIONS for a text that is no list of
 * pins. */
int smtpconn_options_set_tls_pins(smtpconn_options *options, const char *pins);
const char *smtpconn_options_tls_pins(const smtpconn_options *options);

/* DANE (RFC 6698, RFC 7672): TLSA records, separated by commas, each as in a zone file:
 * usage, selector, matching type, and octets in hexadecimal, with blanks in them or
 * without: "3 1 1 8CB0FC6C527506A053F4F14C8464BEBBD6DEDE2738D11468DD953D7D6A3021F1".
 * The server must match ONE of them; no other authority is used, neither that of tls_ca,
 * tls_ca_file and tls_ca_directory nor the system's store.  Default NULL: no DANE.
 *
 * The records must come from a resolver that has validated them with DNSSEC.  That is
 * YOUR DUTY: the library looks up no TLSA records and cannot know where these are from.
 *
 * Usages, as RFC 7672 section 3.1 has them:
 *   2 (DANE-TA)  the CA: the server must send its certificate (or the record has it), the
 *                chain must be valid, and the name is checked as ever: host, or
 *                tls_servername, which must be the name of the records' zone entry
 *                without its "_25._tcp.".
 *   3 (DANE-EE)  the server's own certificate or key: neither its name nor its dates nor
 *                its issuer count (section 3.1.1), and smtpconn_tls_peer_name is NULL.
 * Usages 0 and 1 are not for SMTP (section 3.1.3) and are refused, and so is a record that
 * cannot be used: SMTPCONN_EOPTIONS.
 *
 * TLS is required (section 2.2), as with require_tls: ignore_tls, opportunistic_tls and
 * secured contradict it, and so does tls_reject_unauthorized 0.  No session is resumed. */
int smtpconn_options_set_tls_tlsa(smtpconn_options *options, const char *records);
const char *smtpconn_options_tls_tlsa(const smtpconn_options *options);

/* MTA-STS (RFC 8461): the policy of the domain to which the mail goes, as it is found at
 * https://mta-sts.example.com/.well-known/mta-sts.txt (section 3.2):
 *
 *     version: STSv1
 *     mode: enforce
 *     mx: mx1.example.com
 *     mx: *.example.net
 *     max_age: 604800
 *
 * For a program that delivers to the servers of other domains, one connection for each
 * server.  To look for the TXT record, to fetch the policy by HTTPS and to keep it for its
 * max_age is the program's part; what the policy says about the server is the library's:
 *
 *   enforce  the name that the certificate must have (tls_servername, otherwise host) must be
 *            one of the policy: smtpconn_new returns NULL for another, with SMTPCONN_EOPTIONS
 *            and a sentence.  TLS is required, as with require_tls, and the certificate is
 *            verified (section 4.1): ignore_tls, opportunistic_tls, secured and
 *            tls_reject_unauthorized 0 contradict it.
 *   testing, none  nothing is required (section 5).
 *
 * Fields that the RFC does not know are ignored, and of one that is there twice the first
 * counts, but for mx.  With tls_tlsa the certificate is that of DANE, and the name must be in
 * the policy all the same.  Default NULL: no policy.  SMTPCONN_EOPTIONS for a text that is no
 * policy. */
int smtpconn_options_set_tls_mta_sts(smtpconn_options *options, const char *policy);
const char *smtpconn_options_tls_mta_sts(const smtpconn_options *options);

/* A PEM file of certificate revocation lists (RFC 5280 section 5): a connection fails with
 * ETLS when a certificate of the server's chain is revoked, and when the list of a CA in
 * the chain, the root's included, is missing or out of date.  So the trusted certificate
 * must be a root here: nobody can vouch for the list about an intermediate CA that is
 * trusted without its issuer.  The file is read as
 * tls_ca_file is, so a new list counts after a day at the latest, or when the option is
 * set again.  No session is resumed.  TLS is required, as with require_tls: ignore_tls,
 * opportunistic_tls and secured contradict it, and so do tls_reject_unauthorized 0 and a
 * record of usage 3 in tls_tlsa.  Default NULL: nothing is asked about revocation. */
int smtpconn_options_set_tls_crl_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_crl_file(const smtpconn_options *options);

/* 1: the server must staple an OCSP response to its certificate (RFC 6066 section 8,
 * RFC 6960): signed by the issuer of the certificate, or by a responder that has its
 * certificate for this from the same issuer; present (clocks may differ by 5 minutes; one
 * without nextUpdate is good for a day); and with the status good.  Everything else, a
 * server that sends none included, is ETLS.  The library asks no responder itself.  No
 * session is resumed.  TLS is required, as with require_tls: ignore_tls, opportunistic_tls
 * and secured contradict it, and so do tls_reject_unauthorized 0 and tls_tlsa.  Default 0:
 * no response is requested. */
int smtpconn_options_set_tls_require_ocsp(smtpconn_options *options, int require);
int smtpconn_options_tls_require_ocsp(const smtpconn_options *options);

/* The client certificate, sent when the server requests one, with its chain, and its
 * private key; each as a PEM file or as PEM text.  The one of file and text that was set
 * last is used; NULL removes only its own form.  Without a key, the key is read from the
 * certificate's file or text.  A certificate or key that cannot be used is an error of
 * smtpconn_connect (ETLS).  Default NULL: none.  A key in memory cannot be read back, and
 * the library's copy of PEM text is erased before its memory is freed. */
int smtpconn_options_set_tls_certificate_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_certificate_file(const smtpconn_options *options);
int smtpconn_options_set_tls_certificate(smtpconn_options *options, const char *pem);
const char *smtpconn_options_tls_certificate(const smtpconn_options *options);
int smtpconn_options_set_tls_key_file(smtpconn_options *options, const char *path);
const char *smtpconn_options_tls_key_file(const smtpconn_options *options);
int smtpconn_options_set_tls_key(smtpconn_options *options, const char *pem);

/* Provides the password of the key: writes up to `capacity` octets into `buffer` and
 * returns the count, or a negative number for none.  Called while a connection is
 * opened, on its thread, and only when the key is encrypted and has to be read, which
 * happens as rarely as tls_ca_file says of files.  `release` (may be NULL) is called when
 * `user` is no longer used, even when this call is refused. */
typedef ptrdiff_t (*smtpconn_password_callback)(char *buffer, size_t capacity, void *user);
int smtpconn_options_set_tls_key_password_callback(smtpconn_options *options,
                                                   smtpconn_password_callback callback,
                                                   smtpconn_release_callback release,
                                                   void *user);

/* What may be negotiated with the server, in OpenSSL's syntax: ciphers up to TLS 1.2,
 * cipher suites of TLS 1.3, and groups for the key exchange ("X25519:P-256", best
 * first).  Default NULL: the system's policy, else OpenSSL's default.
 *
 * These options, and the versions below, can make the system's policy (openssl.cnf,
 * section system_default) stricter, NOT laxer: what it excludes stays excluded, and
 * "@SECLEVEL=" does not go below its level.  When nothing remains, or when OpenSSL does
 * not understand the value, smtpconn_connect fails with ETLS and names the option. */
int smtpconn_options_set_tls_ciphers(smtpconn_options *options, const char *ciphers);
const char *smtpconn_options_tls_ciphers(const smtpconn_options *options);
int smtpconn_options_set_tls_cipher_suites(smtpconn_options *options, const char *suites);
const char *smtpconn_options_tls_cipher_suites(const smtpconn_options *options);
int smtpconn_options_set_tls_groups(smtpconn_options *options, const char *groups);
const char *smtpconn_options_tls_groups(const smtpconn_options *options);

/* The lowest and the highest version of TLS: "TLSv1.2" or "TLSv1.3".  Default: from TLSv1.2
 * up (RFC 8996), as far as the system's policy allows.  When no version remains,
 * smtpconn_connect fails with ETLS. */
int smtpconn_options_set_tls_min_version(smtpconn_options *options, const char *version);
const char *smtpconn_options_tls_min_version(const smtpconn_options *options);
int smtpconn_options_set_tls_max_version(smtpconn_options *options, const char *version);
const char *smtpconn_options_tls_max_version(const smtpconn_options *options);

/* Protocols to offer with ALPN (RFC 7301), separated by commas, best first.
 * Default NULL: none. */
int smtpconn_options_set_tls_alpn(smtpconn_options *options, const char *protocols);
const char *smtpconn_options_tls_alpn(const smtpconn_options *options);

/* Called with OpenSSL's SSL_CTX after every other option was applied to it, for
 * settings that have no option, or that are laxer than the system's policy.  What it
 * sets is NOT checked.  Called while the connection is opened, before anything is sent.
 * Returns 0 to continue; any other value is an error of smtpconn_connect (ETLS).
 * `release` as above.
 *
 * With a callback each connection has its own SSL_CTX, all files are read for each, and
 * no session is resumed. */
typedef int (*smtpconn_tls_context_callback)(void *ssl_ctx, void *user);
int smtpconn_options_set_tls_context_callback(smtpconn_options *options,
                                              smtpconn_tls_context_callback callback,
                                              smtpconn_release_callback release, void *user);

/* Called with each secret of a TLS handshake, in the form of SSLKEYLOGFILE (RFC 9850),
 * which Wireshark reads: "CLIENT_RANDOM 52...", "CLIENT_TRAFFIC_SECRET_0 52...", and so on.
 * A line has no line end and is valid during the call.  WHOEVER HAS THESE LINES CAN READ
 * EVERYTHING that the connection sends and receives, passwords included: it is for
 * debugging, and no environment variable switches it on.  It is called at the end of the
 * turn, after handshakes that failed too, and may call any function.  Connections on
 * several threads call it on each.  Token endpoints are not logged.  `release` as above.
 * Default NULL: no secret is kept. */
typedef void (*smtpconn_tls_key_log_callback)(const char *line, void *user);
int smtpconn_options_set_tls_key_log_callback(smtpconn_options *options,
                                              smtpconn_tls_key_log_callback callback,
                                              smtpconn_release_callback release, void *user);

/* 0: accept a certificate that cannot be verified or is for another name.  The
 * connection is then NOT protected against a network attacker: use it for tests only, or
 * with tls_pins.  Default 1. */
int smtpconn_options_set_tls_reject_unauthorized(smtpconn_options *options, int reject);
int smtpconn_options_tls_reject_unauthorized(const smtpconn_options *options);

/* 1, the default: a connection resumes the TLS session of an earlier one that was made
 * from the same options, even of one on another thread (RFC 8446 section 2.2, RFC 5077).
 * That takes less time and fewer octets.  The server does not send its certificate again;
 * it proves that it is the server of the earlier session.  So a connection that verifies
 * certificates resumes only a session whose certificate was verified in the last day, is
 * for the name that is required now, and is still valid.  A server that cannot resume
 * makes a full handshake.
 *
 * Up to 8 sessions are kept, in memory.  With TLS 1.3 each is used once (RFC 8446
 * appendix C.4); with TLS 1.2 by one connection at a time.  They are discarded when a
 * handshake fails, and when one of these options is set, even to its present value:
 * host, port, secure, lmtp, socket_path, proxy, proxy_from_environment, and all that
 * begin with tls_.
 *
 * 0: no session is kept or used. */
int smtpconn_options_set_tls_resumption(smtpconn_options *options, int on);
int smtpconn_options_tls_resumption(const smtpconn_options *options);

/* Removes the newest session from the options, for another process or a later run:
 * writes up to `capacity` octets into `buffer` and returns the count.  Returns 0 without
 * a session, and for NULL.  When `buffer` is too small, nothing is written or removed and
 * the return value is larger than `capacity`: call again, in a loop, since a connection
 * on another thread may add a larger session meanwhile.
 *
 * A session is a SECRET: whoever has it can impersonate this client or the server, and
 * decrypt the traffic of its TLS 1.2 connections.  It arrives with the handshake in
 * TLS 1.2, and after it in TLS 1.3; normally it is there when smtpconn_connect has
 * succeeded. */
size_t smtpconn_options_take_tls_session(smtpconn_options *options, void *buffer,
                                         size_t capacity);

/* Adds a session from smtpconn_options_take_tls_session, for the next connection to
 * resume; `octets` is copied.  Set the other options first: setting them discards it.
 *
 * The certificate chain of a session is NOT verified again: do not add a session from a
 * place where others can write, or from options that trust other CAs.  A connection that
 * verifies certificates silently ignores a session that is too old, is for another name,
 * or comes from a connection without verification (tls_reject_unauthorized 0); any
 * connection, one whose key is none of tls_pins.
 * SMTPCONN_EOPTIONS when `octets` is not a session, when tls_resumption is 0, and with
 * tls_tlsa, tls_crl_file and tls_require_ocsp, with which nothing is resumed. */
int smtpconn_options_add_tls_session(smtpconn_options *options, const void *octets,
                                     size_t length);

/* What is passed to the log callback; without a callback neither has any cost.
 * transaction_log 1: commands and replies, with secrets hidden.
 * debug 1: the same, and the content of messages.  Both default to 0: only the
 * milestones of the connection. */
int smtpconn_options_set_transaction_log(smtpconn_options *options, int on);
int smtpconn_options_transaction_log(const smtpconn_options *options);
int smtpconn_options_set_debug(smtpconn_options *options, int on);
int smtpconn_options_debug(const smtpconn_options *options);

/* ------------------------------------------------------------------------
 * Loop
 *
 * A loop serves any number of connections.  A program without an event loop of
 * its own needs none of these functions: it passes NULL to smtpconn_new and calls
 * smtpconn_run.  A program with an event loop watches smtpconn_loop_fd for reading
 * and calls smtpconn_loop_dispatch whenever it is readable.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_loop smtpconn_loop;

/* A new loop; NULL when the system provides no descriptor (errno has the reason). */
smtpconn_loop *smtpconn_loop_new(void);

/* Frees the loop.  Free its connections first: connections that are still attached to
 * it can only be freed afterwards. */
void smtpconn_loop_free(smtpconn_loop *loop);

/* Waits and runs callbacks until no operation is pending on any connection of
 * the loop and every event was delivered, or smtpconn_loop_wakeup is called.
 * Returns 0 when nothing is pending, 1 when woken up before that; SMTPCONN_ESTATE
 * from inside a callback, in the child of a fork, or when a callback freed the loop
 * while something was pending; SMTPCONN_ESOCKET when the wait fails. */
int smtpconn_loop_run(smtpconn_loop *loop);

/* Waits for at most `timeout` milliseconds, or for ever when it is negative,
 * until there is something to do, does it, and returns.  It returns too when a
 * signal handler ran or smtpconn_loop_wakeup was called.  Returns 1 while
 * operations are pending, 0 when none is, or an error as smtpconn_loop_run. */
int smtpconn_loop_run_once(smtpconn_loop *loop, int timeout);

/* A descriptor that is readable whenever smtpconn_loop_dispatch has something
 * to do, including time limits and operations just started.  It belongs to the
 * loop: only watch it, and stop watching before the loop is freed.  The same one
 * every time; -1 for NULL. */
int smtpconn_loop_fd(smtpconn_loop *loop);

/* Does what can be done without waiting.  Returns as smtpconn_loop_run_once. */
int smtpconn_loop_dispatch(smtpconn_loop *loop);

/* Milliseconds until smtpconn_loop_dispatch has something to do even if the
 * descriptor does not become readable before; 0 for now, -1 for no limit and for NULL.
 * A program that watches the descriptor all the time does not need it: the descriptor
 * becomes readable when a time limit passes. */
int smtpconn_loop_timeout(const smtpconn_loop *loop);

/* Makes the descriptor readable and the wait of smtpconn_loop_run and
 * smtpconn_loop_run_once end.  May be called from any thread and from a signal
 * handler, as long as the loop is not freed meanwhile. */
int smtpconn_loop_wakeup(smtpconn_loop *loop);

/* Timers.  A timer calls back from the loop, once or again and again: to send again after
 * some minutes, to end what takes too long.  A timer that runs once counts as pending:
 * smtpconn_loop_run waits for it.  One that repeats does not, or that would never return. */
typedef struct smtpconn_timer smtpconn_timer;

/* A time has passed.  The timer may be started again, stopped and freed here. */
typedef void (*smtpconn_timer_callback)(smtpconn_timer *timer, void *user);

/* A timer of the loop that does not run yet.  NULL for a NULL loop or callback, and when
 * the loop has 1,000 timers.  Only the thread that runs the loop may use it.  Free it with
 * smtpconn_timer_free, before or after the loop.  Since 0.1.0. */
smtpconn_timer *smtpconn_timer_new(smtpconn_loop *loop, smtpconn_timer_callback callback,
                                   void *user);

/* The callback is called `milliseconds` from now, 0: in the next turn of the loop; and then,
 * unless `interval` is 0, every `interval` milliseconds.  It is never called early.  When the
 * loop was busy for longer than an interval, it is called once for it.  A timer that runs is
 * started anew.  0, or SMTPCONN_ESTATE for NULL, after the loop was freed, and in the child
 * of a fork.  Since 0.1.0. */
int smtpconn_timer_start(smtpconn_timer *timer, uint32_t milliseconds, uint32_t interval);

/* The callback is not called any more, until the timer is started again.  0, for one that
 * does not run too; SMTPCONN_ESTATE for NULL.  Since 0.1.0. */
int smtpconn_timer_stop(smtpconn_timer *timer);

/* Stops and frees it.  NULL is allowed.  Since 0.1.0. */
void smtpconn_timer_free(smtpconn_timer *timer);

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

/* A line of the log.  `text` has `length` octets and is NUL-terminated; control
 * characters are replaced.  It is valid until the callback returns. */
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
 * defaults).  With a NULL loop it gets a loop of its own, which smtpconn_run
 * drives.  Returns NULL when options contradict each other
 * (smtpconn_options_last_error names them) or when the system provides no
 * descriptor. */
smtpconn *smtpconn_new(smtpconn_options *options, smtpconn_loop *loop);

/* The error of the last call on this connection that can fail; NULL when it
 * succeeded. */
const smtpconn_error *smtpconn_last_error(const smtpconn *connection);

/* A pointer of the program's own that the connection keeps, NULL at first: what the
 * connection belongs to, for every callback that is given the connection.  The library does
 * not use it.  smtpconn_user returns NULL for NULL.  Since 0.1.0. */
void smtpconn_set_user(smtpconn *connection, void *user);
void *smtpconn_user(const smtpconn *connection);

/* Called once when the connection is established: after EHLO and TLS, before
 * any login.  A later set replaces the callback; NULL removes it. */
void smtpconn_set_connect_callback(smtpconn *connection,
                                   smtpconn_event_callback callback, void *user);

/* Called at most once, when an error ended the connection: after the callbacks of
 * the operations that were pending, and before the end event.  A refused login,
 * recipient or message does not end the connection.  The retry of the error is
 * SMTPCONN_RETRY_UNKNOWN when it is so for one of the sends that were pending. */
void smtpconn_set_error_callback(smtpconn *connection,
                                 smtpconn_error_callback callback, void *user);

/* Called exactly once when a connection that was started has ended, for any reason
 * but smtpconn_free.
 *
 * When the server closes an idle connection, the descriptor of the loop becomes readable,
 * and smtpconn_loop_dispatch or smtpconn_loop_run_once detects it.  smtpconn_run and
 * smtpconn_loop_run do not, since they return at once when nothing is pending.  Without
 * either, the next operation fails with SMTPCONN_ECONNECTION and SMTPCONN_RETRY_SAFE. */
void smtpconn_set_end_callback(smtpconn *connection,
                               smtpconn_event_callback callback, void *user);

/* Called for every line of the log, in the order of events: before the callbacks of
 * events that came after the line.  It may be set, replaced and removed at any time, even
 * by itself: a line that was queued goes to the callback that is set when the line is
 * delivered, and with transaction_log or debug the dialogue is recorded from then on.
 * `text` is valid until the callback returns. */
void smtpconn_set_log_callback(smtpconn *connection,
                               smtpconn_log_callback callback, void *user);

/* How much of the content of a message has left: `sent` of `total` octets, as the program gave
 * them.  `total` is UINT64_MAX when it is not known: of a message from a callback, and of a
 * descriptor that is no file.  `send_user` is the `user` of the smtpconn_send. */
typedef void (*smtpconn_progress_callback)(smtpconn *connection, uint64_t sent, uint64_t total,
                                           void *send_user, void *user);

/* Called with the latest numbers at the end of each turn in which more of a long message has
 * left, and once when all of a message has left (`sent` equals `total` then), before the
 * callback of its smtpconn_send and never after it.  A message of 16 KiB or less has only the
 * last call, and one that does not leave to its end does not have it.  `sent` grows, but
 * for one case: a server that takes only some of the recipients at a time gets the content
 * again, from its beginning.  Octets have left when the system has them: the server may have
 * them later.  With smtpconn_take they have left when the program has them.
 * A later set replaces the callback; NULL removes it.  Without one nothing is counted.
 * Since 0.1.0. */
void smtpconn_set_progress_callback(smtpconn *connection, smtpconn_progress_callback callback,
                                    void *user);

/* Connects: resolves the host, tries its addresses, waits for the greeting, sends
 * EHLO (HELO only to a server that does not understand EHLO), and starts TLS as the
 * options require.  Once per connection.
 *
 * The callback gets NULL, or EDNS, ESOCKET, ECONNECTION, EPROXY, ETIMEDOUT, ETLS,
 * EPROTOCOL or ECANCELLED; after an error the connection is closed.
 * Returns SMTPCONN_ESTATE when it was called before, and EOPTIONS when
 * proxy_from_environment finds what is no proxy. */
int smtpconn_connect(smtpconn *connection, smtpconn_done_callback callback, void *user);

/* Waits and runs callbacks until no operation of this connection is pending.
 * If the connection shares a loop, callbacks of the other connections run too.
 * Returns as smtpconn_loop_run, and SMTPCONN_ESTATE after the loop was freed;
 * smtpconn_last_error has the same code and the reason. */
int smtpconn_run(smtpconn *connection);

/* The loop that drives the connection.  A loop that the connection made for itself
 * must not be freed: it is valid until the connection is freed. */
smtpconn_loop *smtpconn_get_loop(const smtpconn *connection);

/* The stage of a connection. */
enum smtpconn_stage_number {
  SMTPCONN_STAGE_NEW = 0,        /* smtpconn_connect was not called yet */
  SMTPCONN_STAGE_CONNECTING = 1, /* from name resolution to the reply to EHLO */
  SMTPCONN_STAGE_CONNECTED = 2,  /* established: smtpconn_is_open */
  SMTPCONN_STAGE_QUITTING = 3,   /* smtpconn_quit was called: nothing can be started */
  SMTPCONN_STAGE_CLOSED = 4      /* ended, for any reason */
};

/* The stage of the connection: one of enum smtpconn_stage_number; CLOSED for NULL. */
int smtpconn_stage(const smtpconn *connection);

/* An identifier for logs that mix several connections: 16 hexadecimal digits, random,
 * made at the first call.  NULL when OpenSSL provides no random octets.  Valid until the
 * connection is freed. */
const char *smtpconn_id(const smtpconn *connection);

/* The name sent in EHLO: the option `name`, else the name of this machine, else
 * the local address as a literal (RFC 5321 section 4.1.4).  NULL before there is a
 * connection.  Valid until the connection is freed. */
const char *smtpconn_client_name(const smtpconn *connection);

/* 1 while the connection is established: from the success of smtpconn_connect
 * until either side closes it. */
int smtpconn_is_open(const smtpconn *connection);

/* 1 while TLS protects the connection. */
int smtpconn_is_secure(const smtpconn *connection);

/* 1 after a successful login. */
int smtpconn_is_authenticated(const smtpconn *connection);

/* The version of TLS ("TLSv1.3"), the cipher suite, and the name in the certificate that
 * matched host or tls_servername.  NULL without TLS; the peer name is NULL too when the
 * certificate was not verified or was verified by IP address.  Valid until the connection is
 * freed. */
const char *smtpconn_tls_version(const smtpconn *connection);
const char *smtpconn_tls_cipher(const smtpconn *connection);
const char *smtpconn_tls_peer_name(const smtpconn *connection);

/* 1 when the TLS handshake resumed the session of an earlier connection; 0 after a
 * full one, and without TLS. */
int smtpconn_tls_resumed(const smtpconn *connection);

/* The certificates that the server has sent, its own first (index 0), in its order: what
 * it sent, NOT what was verified, which need not use all of them.  0 and NULL without TLS,
 * beyond the last, and when the connection is not open: read them from the success of
 * smtpconn_connect on.  After a resumed handshake they are those of the session; one from
 * smtpconn_options_add_tls_session has only the first.  A certificate that was refused
 * is described by the error.
 *
 * certificate: the DER octets; `length` (may be NULL) gets their number.
 * subject, issuer: RFC 2253 form in UTF-8, "CN=mx.example.com,O=Example".
 * names: DNS names and IP addresses of subjectAltName, separated by blanks; "" for none.
 *   Control characters and blanks in a name are "?".
 * not_before, not_after: in UTC, "2026-11-30T12:00:00Z" (RFC 3339).
 *
 * Text that a server wrote into its certificate is NOT verified as such: display it, but
 * decide by smtpconn_tls_peer_name.  Valid until the connection is freed. */
size_t smtpconn_tls_certificate_count(const smtpconn *connection);
const void *smtpconn_tls_certificate(const smtpconn *connection, size_t index, size_t *length);
const char *smtpconn_tls_certificate_subject(const smtpconn *connection, size_t index);
const char *smtpconn_tls_certificate_issuer(const smtpconn *connection, size_t index);
const char *smtpconn_tls_certificate_names(const smtpconn *connection, size_t index);
const char *smtpconn_tls_certificate_not_before(const smtpconn *connection, size_t index);
const char *smtpconn_tls_certificate_not_after(const smtpconn *connection, size_t index);

/* The address and port of the server in use, "192.0.2.1:25", with a proxy those of the
 * proxy; NULL before there is one.  Valid until the connection is freed. */
const char *smtpconn_remote_address(const smtpconn *connection);

/* The parts of a connection that take time. */
enum smtpconn_time_part {
  SMTPCONN_TIME_RESOLVE = 0,  /* the host name */
  SMTPCONN_TIME_CONNECT = 1,  /* TCP, addresses that failed before included */
  SMTPCONN_TIME_PROXY = 2,    /* what was said to the proxy */
  SMTPCONN_TIME_TLS = 3,      /* the handshake */
  SMTPCONN_TIME_GREETING = 4, /* the wait for the greeting */
  SMTPCONN_TIME_HELLO = 5,    /* EHLO, twice with STARTTLS, and the reply to STARTTLS */
  SMTPCONN_TIME_LOGIN = 6,    /* logins, the wait for a token included */
  SMTPCONN_TIME_ENVELOPE = 7, /* messages: from MAIL to the reply to DATA */
  SMTPCONN_TIME_CONTENT = 8,  /* from there until all of the content has left */
  SMTPCONN_TIME_VERDICT = 9   /* from there to the final reply */
};

/* Milliseconds that a part has taken, -1 when it has not taken place.  The first six add up
 * to the time that smtpconn_connect took; a part that failed counts too.  The others are sums
 * over logins and messages; smtpconn_result_time has those of one message.  Messages that are
 * sent ahead overlap, so that the sum may be more than the time that passed.  The last line
 * of the log has all of them.  Since 0.1.0. */
int smtpconn_time(const smtpconn *connection, int part);

/* The last reply received, its lines joined by LF; NULL before the first.  Valid until
 * the connection is used again, or the function is called after the next reply. */
const char *smtpconn_last_response(const smtpconn *connection);

/* The capabilities in the server's last reply to EHLO (RFC 5321 section 4.1.1.1),
 * keywords in any case.  After STARTTLS these are only those received under TLS, and with
 * hello_after_login only those received after the login.  "AUTH=LOGIN PLAIN", the form of
 * older servers, is AUTH with these parameters.
 *
 * has_capability: 1 when the keyword was offered.
 * capability_parameters: the text after the keyword, "" when there is none,
 *   NULL when the keyword was not offered.
 * capability_count and capability_line: the lines as received, without the code and
 *   without the first line; NULL beyond the last.
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

/* The error of the last setter called on `auth`; NULL when it succeeded.  Valid until
 * the next setter is called. */
const smtpconn_error *smtpconn_auth_last_error(const smtpconn_auth *auth);

/* Sets what a URL of the server says (RFC 3986); options that it does not name stay.
 *
 *     smtp://mail.example.org           port 25; STARTTLS when it is offered
 *     smtp+starttls://mail.example.org  port 587; STARTTLS is required
 *     smtps://mail.example.org          port 465, TLS from the first byte
 *     lmtp://, lmtp+starttls://         port 24
 *     smtp+unix:///run/smtp, lmtp+unix:///run/lmtp    a Unix domain socket
 *
 * The full form is smtps://user:password@host:port, with an IPv6 address in brackets.  "/ ? # @
 * % &" and blanks inside a part are percent-encoded; "+" is a plus sign.  Other options are set
 * with their functions, before or after: parameters after "?" are refused.
 *
 * `auth` gets the user and the password when the URL has them, and stays as it is otherwise.
 * NULL is allowed for a URL without them.  SMTPCONN_EOPTIONS when something is wrong, or
 * there is a user name and no `auth`: then nothing is changed, and the error says
 * what it is and quotes no part of the URL that may be a password.  Since 0.1.0. */
int smtpconn_options_set_url(smtpconn_options *options, const char *url, smtpconn_auth *auth);

/* User name and password in UTF-8; NULL removes the value.  They are checked by
 * smtpconn_login; these setters fail only for a NULL handle. */
int smtpconn_auth_set_user(smtpconn_auth *auth, const char *user);
int smtpconn_auth_set_password(smtpconn_auth *auth, const char *password);

/* The identity to act as, in UTF-8, when that is not the user who logs in: the
 * authorization identity of PLAIN (RFC 4616 section 2), SCRAM (RFC 5802 section 5.1),
 * EXTERNAL (RFC 4422 appendix A) and OAUTHBEARER (RFC 7628 section 3.1).  Other built-in
 * mechanisms do not support it, so only these, or a custom mechanism, are then used; with
 * XOAUTH2 the user is the mailbox to act for.  NULL, the default, or "": the user.  Checked by
 * smtpconn_login. */
int smtpconn_auth_set_authorization_identity(smtpconn_auth *auth, const char *identity);

/* An OAuth 2.0 access token for OAUTHBEARER or XOAUTH2, which are preferred to a password
 * that is given too; `expires` in seconds since 1970, 0 when not known.  An expired token is
 * not sent but renewed. */
int smtpconn_auth_set_access_token(smtpconn_auth *auth, const char *token, uint64_t expires);

/* How to get a new token: when there is none, when it has expired, and once when the
 * server refuses it.  The first of these that is set is used:
 *
 * 1. The token callback.  Answer it with smtpconn_token_request_provide or _fail, at
 *    once or later, from the thread of the loop.  `renew` is 1 when the last token was
 *    refused or has expired.  `request` is valid until it is answered; if it is not
 *    answered, until the callback of the login has returned.  `release` (may be NULL) is
 *    called when `user` is no longer used, even when this call is refused.
 * 2. A service account: its name, and its RSA key in PEM without a password.
 * 3. A refresh token with the client's id and, where the provider gave one, secret
 *    (RFC 6749 section 6).
 *
 * Do not confuse smtpconn_auth_set_token_callback, which asks the program for a token, with
 * smtpconn_set_token_callback below, which passes a new token from 2 or 3 to the program.
 *
 * 2 and 3 send a request to access_url, with HTTPS and a verified certificate ("http" only
 * to a loopback address).  The trusted CAs are those of the connection's tls_ca, tls_ca_file
 * and tls_ca_directory when one of them is set, else the system's store; no other TLS option
 * is used there.  Default: Google's,
 * https://oauth2.googleapis.com/token.  Microsoft's is
 * https://login.microsoftonline.com/TENANT/oauth2/v2.0/token with the scope
 * "https://outlook.office.com/SMTP.Send offline_access".  A bad URL is SMTPCONN_EAUTH;
 * smtpconn_auth_last_error has the reason.  NULL removes a value. */
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

/* Called with every token that an endpoint issued (2 and 3 above), so that the program can
 * store it; not with tokens from smtpconn_auth_set_token_callback.  `expires` as above.
 * `token` is valid until the callback returns. */
typedef void (*smtpconn_new_token_callback)(smtpconn *connection, const char *token,
                                            uint64_t expires, void *user);
void smtpconn_set_token_callback(smtpconn *connection, smtpconn_new_token_callback callback,
                                 void *user);

/* Logs in (RFC 4954) with the mechanism of the option auth_method, or the best
 * one that is offered.
 *
 * CHECK THE RETURN VALUE.  When it is an error, no login was started, and sends that are
 * started after it are NOT held back: they would go out without a login.  When a login
 * that was started fails, the sends that were queued after it are not tried and end with
 * EAUTH.
 *
 * Returns SMTPCONN_EAUTH when user or password (or token) is missing or empty (the message
 * says which) or contains control characters, and for an authorization identity with an
 * auth_method that does not support one; EXTERNAL and ANONYMOUS need neither user nor
 * password.  SMTPCONN_ESTATE before smtpconn_connect and after the end of the connection.
 * The callback gets NULL; EOAUTH2 when no token was obtained; or EAUTH: no usable mechanism
 * offered, no TLS, or refused by the server (response, response_code; for XOAUTH2 the
 * message includes the error that the server sent as JSON, for OAUTHBEARER its status, scope
 * and openid-configuration).  After EOAUTH2 and EAUTH the connection stays open, unless the
 * server of a SCRAM login did not prove itself. */
int smtpconn_login(smtpconn *connection, const smtpconn_auth *auth,
                   smtpconn_done_callback callback, void *user);

/* ------------------------------------------------------------------------
 * Envelope
 * --------------------------------------------------------------------- */

typedef struct smtpconn_envelope smtpconn_envelope;

/* An envelope with the null reverse-path and no recipients.  A string read from it is
 * valid until the field is set again or the envelope is freed. */
smtpconn_envelope *smtpconn_envelope_new(void);
void smtpconn_envelope_free(smtpconn_envelope *envelope);

/* The error of the last call on this envelope; NULL when it succeeded. */
const smtpconn_error *smtpconn_envelope_last_error(const smtpconn_envelope *envelope);

/* The reverse-path: a mailbox (RFC 5321 section 4.1.2, RFC 6531 section 3.3)
 * without angle brackets, of up to 498 octets, or "<>", "" or NULL for the null
 * reverse-path, which smtpconn_envelope_from returns as "".  A mailbox must not contain
 * control characters, or characters that are blank or invisible (U+00A0, U+200B);
 * its domain may contain underscores.  Blanks around it are removed.  To a server without
 * SMTPUTF8 a domain outside ASCII is sent as its A-label; results and errors have the
 * address as it was given.
 * SMTPCONN_EENVELOPE for anything else; for a name with an address, and for a list, the
 * message says what to give instead. */
int smtpconn_envelope_set_from(smtpconn_envelope *envelope, const char *mailbox);
const char *smtpconn_envelope_from(const smtpconn_envelope *envelope);

/* Adds a recipient, a forward-path: a mailbox as above, "postmaster", or, for a connection with
 * the option lmtp only, a local part without a domain ("alice", "+shared.folder"), which
 * smtpconn_send refuses on any other connection.  A mailbox that is added twice is sent
 * twice.  SMTPCONN_EENVELOPE for anything else; the envelope then stays as it was. */
int smtpconn_envelope_add_to(smtpconn_envelope *envelope, const char *mailbox);
size_t smtpconn_envelope_to_count(const smtpconn_envelope *envelope);
const char *smtpconn_envelope_to(const smtpconn_envelope *envelope, size_t index);

/* The expected size of the message, sent to servers that offer SIZE and compared
 * with their limit before anything is sent (RFC 1870); 0: unknown.  For a message in
 * memory the library uses the real size instead; for one larger than 1 MiB it may be
 * the size before line endings are repaired, if that is far from the limit. */
int smtpconn_envelope_set_size(smtpconn_envelope *envelope, uint64_t octets);
uint64_t smtpconn_envelope_size(const smtpconn_envelope *envelope);

/* Whether to declare 8-bit content with BODY=8BITMIME (RFC 6152).
 *
 * -1, the default: a message in memory is inspected.  When it has 8-bit content and the
 *     server does not offer 8BITMIME, the send fails with EMESSAGE before MAIL.  A message
 *     larger than 1 MiB is always declared to a server that offers 8BITMIME; a message
 *     from a reader or descriptor is not declared.
 * 1:  declared when the server offers 8BITMIME, and sent in any case
 * 0:  not declared */
int smtpconn_envelope_set_use_8bitmime(smtpconn_envelope *envelope, int use);
int smtpconn_envelope_use_8bitmime(const smtpconn_envelope *envelope);

/* 1: every octet of the message is sent unchanged, line endings included
 * (BODY=BINARYMIME, RFC 3030 section 3), in chunks, whatever use_8bitmime is.  The header
 * of the message must declare it (Content-Transfer-Encoding: binary).  The send fails with
 * EMESSAGE before MAIL when the option chunking is OFF, or the server does not offer
 * BINARYMIME with CHUNKING.  Default 0. */
int smtpconn_envelope_set_use_binarymime(smtpconn_envelope *envelope, int use);
int smtpconn_envelope_use_binarymime(const smtpconn_envelope *envelope);

/* 1: send with SMTPUTF8 (RFC 6531), and fail with EMESSAGE when the server does
 * not offer it.  Default 0: it is used when an address needs it, or when the
 * header of a message in memory does and the server offers it. */
int smtpconn_envelope_set_use_smtputf8(smtpconn_envelope *envelope, int use);
int smtpconn_envelope_use_smtputf8(const smtpconn_envelope *envelope);

/* 1: REQUIRETLS (RFC 8689): every further hop must use verified TLS too.  The send
 * fails with EREQUIRETLS before MAIL when this connection does not use TLS, its
 * certificate was not verified, or the server does not offer REQUIRETLS.  Default 0. */
int smtpconn_envelope_set_require_tls(smtpconn_envelope *envelope, int require);
int smtpconn_envelope_require_tls(const smtpconn_envelope *envelope);

/* 1: all recipients or none.  When the server refuses one of them, the message is sent
 * to nobody and the send fails with EENVELOPE; in the result the refused recipients have
 * their refusal, the others NOT_TRIED.  More recipients than the server takes at a time
 * (LIMITS) fail before MAIL; 452 is a refusal like any other.  This costs a round trip:
 * DATA is sent after the last reply to RCPT.  With LMTP a recipient may still be refused
 * after the content.  Default 0: the message goes to the accepted recipients. */
int smtpconn_envelope_set_all_or_none(smtpconn_envelope *envelope, int all_or_none);
int smtpconn_envelope_all_or_none(const smtpconn_envelope *envelope);

/* A number of an envelope that is not set: what its getter returns, and what its setter
 * takes to remove it. */
#define SMTPCONN_UNSET INT32_MIN

/* The priority of the message (MT-PRIORITY, RFC 6710), -9 to 9: the higher, the more
 * urgent.  0 is the priority of a message without one.  SMTPCONN_EENVELOPE for any other
 * number; SMTPCONN_UNSET, the default, removes it.  The send fails with EENVELOPE before
 * MAIL when the server does not offer MT-PRIORITY; some do so only after a login (option
 * hello_after_login). */
int smtpconn_envelope_set_mt_priority(smtpconn_envelope *envelope, int priority);
int smtpconn_envelope_mt_priority(const smtpconn_envelope *envelope);

/* How long the delivery may take (DELIVERBY, RFC 2852): seconds, ";", and a letter.
 *
 * "3600;R"  returns the message when it is not delivered by then
 * "3600;N"  notifies the sender, and goes on; only here the time may be 0 or negative,
 *           which means that it has passed already
 * "3600;RT" or "3600;NT": also notifies the sender when a server passes the message on to
 *           one that does not offer DELIVERBY
 *
 * SMTPCONN_EENVELOPE for anything else; NULL, the default, removes it.  The send fails with
 * EENVELOPE before MAIL when the server does not offer DELIVERBY, or takes no time as short
 * as this one with R. */
int smtpconn_envelope_set_deliver_by(smtpconn_envelope *envelope, const char *by);
const char *smtpconn_envelope_deliver_by(const smtpconn_envelope *envelope);

/* When the server is to send the message on (FUTURERELEASE, RFC 4865; a server for
 * submission offers it).  Only one of the two may be set.
 *
 * hold_for    seconds from now, 1 to 999,999,999; SMTPCONN_UNSET, the default, removes it
 * hold_until  a moment in UTC, "2026-12-24T18:00:00Z"; NULL, the default, removes it
 *
 * SMTPCONN_EENVELOPE for anything else.  The send fails with EENVELOPE before MAIL when both
 * are set, when the server does not offer FUTURERELEASE, or when the time is longer or later
 * than it has announced. */
int smtpconn_envelope_set_hold_for(smtpconn_envelope *envelope, int seconds);
int smtpconn_envelope_hold_for(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_hold_until(smtpconn_envelope *envelope, const char *moment);
const char *smtpconn_envelope_hold_until(const smtpconn_envelope *envelope);

/* Who has submitted the message, for servers that trust this client (AUTH= of MAIL, RFC 4954
 * section 5): an ASCII mailbox, or "<>" when that is not known.  It is no login.
 * SMTPCONN_EENVELOPE for anything else; NULL, the default, removes it.  The send fails with
 * EENVELOPE before MAIL when the server does not offer AUTH. */
int smtpconn_envelope_set_auth_sender(smtpconn_envelope *envelope, const char *mailbox);
const char *smtpconn_envelope_auth_sender(const smtpconn_envelope *envelope);

/* The kinds of solicitation that the message is, as in "org.example:ADV" (NO-SOLICITING, RFC
 * 3865): keywords of letters, digits, ".", "-", "_" and ":" that begin with a letter, with
 * commas between them, of up to 998 octets.  SMTPCONN_EENVELOPE for anything else; NULL, the
 * default, removes it.  The send fails with EENVELOPE before MAIL when the server does not
 * offer NO-SOLICITING, or has announced that it does not take one of them. */
int smtpconn_envelope_set_solicit(smtpconn_envelope *envelope, const char *keywords);
const char *smtpconn_envelope_solicit(const smtpconn_envelope *envelope);

/* A parameter of MAIL that has no function here, for an extension that the library does not
 * know.  It is sent as given, once the server offers any extension at all: LOOK FIRST whether
 * it offers the one that the parameter belongs to (smtpconn_has_capability).
 *
 * name   letters, digits and hyphens ("X-CLASS"), compared without regard to case
 * value  printable ASCII without blanks and "="; "" for a name alone; NULL removes it
 *
 * SMTPCONN_EENVELOPE for anything else, and for the name of a parameter that has a function
 * of its own; the message names that.  The send fails with EENVELOPE before MAIL when the
 * line would be longer than 512 octets (RFC 5321 section 4.5.3.1.4), not counting the
 * parameters that have functions.
 *
 * smtpconn_envelope_parameter gives the value, "" for a name alone, and NULL when the name is
 * not set.  The text is valid until the function is called again. */
int smtpconn_envelope_set_parameter(smtpconn_envelope *envelope, const char *name,
                                    const char *value);
const char *smtpconn_envelope_parameter(const smtpconn_envelope *envelope, const char *name);

/* Delivery status notifications (RFC 3461), not sent to a server that does not offer
 * DSN.  SMTPCONN_EENVELOPE for a value that the RFC does not allow; NULL removes a value.
 *
 * ret     "FULL" or "HDRS": how much of the message is returned
 * envid   printable ASCII characters that identify the message to you; up to 100
 *         when encoded ("+", "=" and blanks become three; section 5.4)
 * notify  "NEVER", or a list such as "SUCCESS,FAILURE,DELAY"
 * orcpt   the original recipient: an address, or "type;address"; up to 500
 *         octets when encoded.  Without a type it is "rfc822", or "utf-8" outside ASCII
 *
 * notify and orcpt apply to every recipient without a value of its own. */
int smtpconn_envelope_set_dsn_ret(smtpconn_envelope *envelope, const char *ret);
const char *smtpconn_envelope_dsn_ret(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_dsn_envid(smtpconn_envelope *envelope, const char *envid);
const char *smtpconn_envelope_dsn_envid(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_dsn_notify(smtpconn_envelope *envelope, const char *notify);
const char *smtpconn_envelope_dsn_notify(const smtpconn_envelope *envelope);
int smtpconn_envelope_set_dsn_orcpt(smtpconn_envelope *envelope, const char *orcpt);
const char *smtpconn_envelope_dsn_orcpt(const smtpconn_envelope *envelope);

/* Notifications and original recipient as above, of one recipient; `index` counts from 0 in
 * the order of the calls. */
int smtpconn_envelope_set_to_dsn_notify(smtpconn_envelope *envelope, size_t index,
                                        const char *notify);
const char *smtpconn_envelope_to_dsn_notify(const smtpconn_envelope *envelope, size_t index);
int smtpconn_envelope_set_to_dsn_orcpt(smtpconn_envelope *envelope, size_t index,
                                       const char *orcpt);
const char *smtpconn_envelope_to_dsn_orcpt(const smtpconn_envelope *envelope, size_t index);

/* Delivers to a recipient only if the mailbox has had its owner since this moment (RRVS, RFC
 * 7293): "2026-01-31T12:00:00Z" or "2026-01-31T13:00:00+01:00".  With ";C" after it the
 * message goes on when a later server does not offer RRVS; with ";R", or nothing, it is
 * returned then.  SMTPCONN_EENVELOPE for anything else; NULL, the default, removes it.  The
 * send fails with EENVELOPE before MAIL when this server does not offer RRVS. */
int smtpconn_envelope_set_to_rrvs(smtpconn_envelope *envelope, size_t index, const char *since);
const char *smtpconn_envelope_to_rrvs(const smtpconn_envelope *envelope, size_t index);

/* A parameter of RCPT for one recipient, as smtpconn_envelope_set_parameter. */
int smtpconn_envelope_set_to_parameter(smtpconn_envelope *envelope, size_t index,
                                       const char *name, const char *value);
const char *smtpconn_envelope_to_parameter(const smtpconn_envelope *envelope, size_t index,
                                           const char *name);

/* ------------------------------------------------------------------------
 * Message
 *
 * The octets of a message: header, empty line, body (RFC 5322).  While it is sent,
 * line endings are repaired (CRLF, lone LF and lone CR all become CRLF) and dots
 * are escaped (RFC 5321 section 4.5.2; not in chunks, which do not need it).
 * Nothing else is changed.  With use_binarymime nothing is changed at all.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_message smtpconn_message;

/* Results of a read callback other than a count. */
#define SMTPCONN_READ_END 0
#define SMTPCONN_READ_ERROR (-1)
#define SMTPCONN_READ_PAUSE (-2)

/* Fills `buffer` with up to `capacity` octets and returns the count, or:
 *
 * SMTPCONN_READ_END    the message is complete
 * SMTPCONN_READ_PAUSE  no octets now; call smtpconn_resume when there are some
 * SMTPCONN_READ_ERROR  the message cannot be completed.  The connection is closed without
 *                      an end of the message, so that the server discards it, and the send
 *                      fails with ESTREAM.  Any other value is the same
 *
 * `capacity` is at least 65 536, and the same in every call for one message (131 072 in
 * this version).  Small blocks cost a call each.
 * `buffer` is valid until the callback returns, even when it frees the connection; the
 * return value is then ignored. */
typedef ptrdiff_t (*smtpconn_read_callback)(uint8_t *buffer, size_t capacity, void *user);

/* A message in memory, copied.  It may be sent any number of times.  NULL when
 * `octets` is NULL and `length` is not 0, or when there is not enough memory. */
smtpconn_message *smtpconn_message_new_copy(const void *octets, size_t length);

/* A message in memory that belongs to the caller, who must not change it until
 * `release` is called: once, when the handle was freed and every send of it has
 * ended, on the thread of the last of these.  `release` may be NULL.  May be sent
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
 * A pipe or socket without data does not block the loop: other connections continue, and
 * the send continues when data arrives.  The only time limits are operation_timeout and
 * socket_timeout.  O_NONBLOCK and every other flag stay as they are; only the position of
 * a file moves.  A regular file is read with read(2), which waits for the disk.
 *
 * NULL when the descriptor cannot be duplicated or can never be read; errno has the reason:
 * EBADF when it is not open for reading, EISDIR for a directory, EINVAL for a listening
 * socket and for a descriptor without a byte stream (epoll, eventfd, timerfd). */
smtpconn_message *smtpconn_message_new_descriptor(int descriptor);

/* Frees a message.  Pending sends keep what they need. */
void smtpconn_message_free(smtpconn_message *message);

/* ------------------------------------------------------------------------
 * Send
 * --------------------------------------------------------------------- */

typedef struct smtpconn_result smtpconn_result;

/* The result for one recipient. */
enum smtpconn_recipient_status {
  SMTPCONN_RECIPIENT_ACCEPTED = 0,  /* accepted, and the message too */
  SMTPCONN_RECIPIENT_DEFERRED = 1,  /* refused for now: 4xx */
  SMTPCONN_RECIPIENT_REJECTED = 2,  /* refused for good: 5xx */
  SMTPCONN_RECIPIENT_NOT_TRIED = 3, /* not delivered, and not refused */
  SMTPCONN_RECIPIENT_UNKNOWN = 4    /* the connection was lost after the end of
                                       the message was sent */
};

/* The end of a send.  `error` is NULL when at least one recipient got the message and
 * no other is in doubt.  CHECK `result` even then: it alone has the recipients that were
 * refused or not tried.
 *
 * An error comes together with accepted recipients only when its retry is
 * SMTPCONN_RETRY_UNKNOWN: with LMTP, where each recipient has a final reply of its own,
 * and when the recipients needed several transactions, the connection can be lost when
 * some have the message and the others are in doubt.  Then send again only to recipients
 * with status UNKNOWN or NOT_TRIED.
 *
 * A refusal that was received stays the error when the connection is lost after it, for
 * any reason, smtpconn_cancel and smtpconn_close included: code, response and retry are
 * those of the refusal, and the message mentions what happened after it.
 *
 * `result` is never NULL: it has every recipient, even when the send failed.  `error` and
 * `result` are valid until the callback returns. */
typedef void (*smtpconn_send_callback)(smtpconn *connection, const smtpconn_error *error,
                                       const smtpconn_result *result, void *user);

/* Sends a message: MAIL, RCPT for each recipient, DATA, the content.  Continues when
 * some recipients are refused, and fails when all are (with all_or_none, when one is).
 *
 * Returns SMTPCONN_EENVELOPE without a recipient, or for a recipient without a domain when
 * lmtp is not set; SMTPCONN_EMESSAGE without a message; SMTPCONN_ESTATE before
 * smtpconn_connect, after the end of the connection, or when a reader or descriptor message
 * was already sent.
 * The callback gets NULL, or EENVELOPE (sender, every recipient or DATA refused; one
 * recipient with all_or_none; an address needs SMTPUTF8 and the server does not offer it),
 * EMESSAGE (larger than the server allows; 8-bit content, use_binarymime or use_smtputf8,
 * and the server does not offer the extension; refused after it was sent), EREQUIRETLS,
 * ESTREAM, EAUTH, ECOMMAND (an smtpconn_xclient before it failed), ESTATE (the server takes no
 * more messages over this connection: MAILMAX of RFC 9422), or an error that ended the
 * connection.  After EENVELOPE, EMESSAGE,
 * EREQUIRETLS and ESTATE the connection can be used as before.
 *
 * When the server limits the recipients or domains of one transaction (452, RFC 5321
 * section 4.5.3.1.10; RCPTMAX and RCPTDOMAINMAX of RFC 9422), a message in memory without
 * all_or_none is sent to the rest in further transactions, and the callback is called after
 * the last.
 *
 * Any number of sends may be queued; only memory limits them.  A queued send takes about
 * 300 octets, and about 700 with an envelope and a message of its own, without the content;
 * many sends may share one message and one envelope. */
int smtpconn_send(smtpconn *connection, const smtpconn_envelope *envelope,
                  smtpconn_message *message, smtpconn_send_callback callback, void *user);

/* Envelope, message and send in one call.
 *
 * addresses  the reverse-path and then each forward-path, as smtpconn_envelope_set_from and
 *            _add_to take them, each with a NUL after it: "a@example.com\0b@example.com\0".
 *            `addresses_length` counts every NUL, the last one too
 * envelope   the other fields of the envelope, NULL for none; its own addresses, and the
 *            fields of its recipients, are not used.  With NULL addresses of length 0 it is
 *            used as it is
 * content    a message in memory.  `borrowed` 0: it is copied.  1: it belongs to the caller,
 *            who must not change it until the callback has returned; with
 *            smtpconn_keep_sent, until the record can be taken outside of a callback
 *
 * Returns as smtpconn_send, and EENVELOPE for an address that is bad, which the message names,
 * or an end without a NUL; EMESSAGE for NULL content with a length, or when there is no
 * memory for the copy.  Everything else is as with smtpconn_send. */
int smtpconn_send_packed(smtpconn *connection, const smtpconn_envelope *envelope,
                         const char *addresses, size_t addresses_length, const void *content,
                         size_t content_length, int borrowed, smtpconn_send_callback callback,
                         void *user);

/* Continues reading after SMTPCONN_READ_PAUSE.  SMTPCONN_ESTATE when nothing is
 * paused. */
int smtpconn_resume(smtpconn *connection);

/* The recipients in the order of the envelope.  An index beyond the last, and a
 * NULL result, give NULL, 0 or SMTPCONN_RECIPIENT_NOT_TRIED. */
size_t smtpconn_result_count(const smtpconn_result *result);
size_t smtpconn_result_accepted_count(const smtpconn_result *result);
size_t smtpconn_result_rejected_count(const smtpconn_result *result); /* for now or for good */
const char *smtpconn_result_recipient(const smtpconn_result *result, size_t index);

/* What happened to the recipient: one of enum smtpconn_recipient_status. */
int smtpconn_result_status(const smtpconn_result *result, size_t index);

/* The reply that decided the status of the recipient: its command ("RCPT TO", or "DATA",
 * which includes content sent in chunks), code, enhanced status code and lines.  NULL or 0
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
 * was none.  With several transactions it is the reply of the last one in which a
 * recipient got the message, or of the last one when no recipient did. */
const char *smtpconn_result_response(const smtpconn_result *result);

/* The identifier under which the server queued the message ("4F2A"), when that reply
 * has a known wording; NULL otherwise. */
const char *smtpconn_result_queue_id(const smtpconn_result *result);

/* Milliseconds from MAIL to the reply to DATA (with chunks, to the reply for the last
 * recipient), and from there to the final reply; 0 for a point that was not reached. */
uint64_t smtpconn_result_envelope_time(const smtpconn_result *result);
uint64_t smtpconn_result_message_time(const smtpconn_result *result);

/* Milliseconds of SMTPCONN_TIME_ENVELOPE, SMTPCONN_TIME_CONTENT or SMTPCONN_TIME_VERDICT of
 * this message; -1 when the reply to DATA was not reached, and for other parts.  Content and
 * verdict together are smtpconn_result_message_time.  Content that leaves with its envelope
 * (optimistic chunking) takes no time of its own.  Since 0.1.0. */
int smtpconn_result_time(const smtpconn_result *result, int part);

/* Octets of content sent, with repaired line endings, but without escaping and without
 * the final dot (RFC 1870 section 5); 0 when not all of it was sent. */
uint64_t smtpconn_result_message_size(const smtpconn_result *result);

/* How often a pool has tried the message: 0 when it never began.  1 for a connection.
 * Since 0.1.0. */
int smtpconn_result_tries(const smtpconn_result *result);

/* Why a pool has sent the message again the last time: the refusal, or the end of the
 * connection.  NULL when it did not, for a connection, and for a NULL result.
 * Since 0.1.0. */
const smtpconn_error *smtpconn_result_retry_error(const smtpconn_result *result);

/* A copy to be kept, and the end of it, as smtpconn_error_copy and smtpconn_error_free.  The
 * errors of its recipients (smtpconn_result_error) belong to it.  The error of the send
 * itself is copied by smtpconn_error_copy.  Since 0.1.0. */
smtpconn_result *smtpconn_result_copy(const smtpconn_result *result);
void smtpconn_result_free(smtpconn_result *result);

/* ------------------------------------------------------------------------
 * Other commands
 *
 * Operations with one reply.  They are carried out in order, like all operations: a command
 * leaves when all that was started before it has ended, and what was started after it
 * waits for its reply (RFC 2920 section 3.1).  After a send that failed the library sends
 * RSET before it, so that no transaction is open.  The time limit is command_timeout.
 *
 * The callback gets NULL after a reply 2yz; ECOMMAND when the server refused (4yz, 5yz) or does
 * not offer the command, after which the connection can be used as before; EPROTOCOL for a
 * reply 3yz; or another error that ended the connection.
 * Every function here returns SMTPCONN_ECOMMAND for an argument that is NULL or empty, has a
 * control character, is not UTF-8, or is longer than a command line has room for (512 octets
 * with its line end, RFC 5321 section 4.5.3.1.4), and SMTPCONN_ESTATE as smtpconn_send.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_reply smtpconn_reply;

/* The end of a command.  `reply` is the reply of the server to the command, refusals, 3yz and
 * 421 included, and NULL when there was none; it is there too when the connection ended after
 * it.  `reply`, and every string read from it, is valid until the callback returns. */
typedef void (*smtpconn_reply_callback)(smtpconn *connection, const smtpconn_error *error,
                                        const smtpconn_reply *reply, void *user);

/* A reply: the code of its last line, 200 to 599; the enhanced status code, "2.1.5", NULL
 * without one; the whole reply as smtpconn_error_response gives it; and the text of each
 * line, without code and separator, NULL beyond the last.  0 or NULL for a NULL reply. */
int smtpconn_reply_code(const smtpconn_reply *reply);
const char *smtpconn_reply_enhanced(const smtpconn_reply *reply);
const char *smtpconn_reply_response(const smtpconn_reply *reply);
size_t smtpconn_reply_line_count(const smtpconn_reply *reply);
const char *smtpconn_reply_line(const smtpconn_reply *reply, size_t index);

/* A copy to be kept, and the end of it, as smtpconn_error_copy and smtpconn_error_free.
 * Since 0.1.0. */
smtpconn_reply *smtpconn_reply_copy(const smtpconn_reply *reply);
void smtpconn_reply_free(smtpconn_reply *reply);

/* NOOP (RFC 5321 section 4.1.1.9): whether the server still answers.  It does not replace the
 * error of a later send: the connection can be lost after it. */
int smtpconn_noop(smtpconn *connection, smtpconn_reply_callback callback, void *user);

/* VRFY (RFC 5321 section 4.1.1.6): whether there is such a user or address.  LOOK AT THE CODE of
 * a reply without an error:
 *
 * 250  the address, in the reply
 * 251  it is not local, and the server will forward to the address in the reply
 * 252  THE SERVER DOES NOT SAY whether it exists.  Most servers say this about every address
 *
 * 550 (no such user), 551 (not local) and 553 (ambiguous) are errors.  Text outside ASCII is
 * sent with SMTPUTF8 (RFC 6531 section 3.7.4.2), and is ECOMMAND when that is not offered.
 * A server that does not offer VRFY is asked too: many do not list it. */
int smtpconn_verify(smtpconn *connection, const char *text, smtpconn_reply_callback callback,
                    void *user);

/* EXPN (RFC 5321 section 4.1.1.7): the members of a mailing list, one in each line of the
 * reply.  252, text outside ASCII and servers that do not offer it as for smtpconn_verify. */
int smtpconn_expand(smtpconn *connection, const char *list, smtpconn_reply_callback callback,
                    void *user);

/* ETRN (RFC 1985): asks the server to deliver what it has queued for a domain now; "@domain"
 * includes the domains below it, "#name" is a queue.  `node` is ASCII without blanks.
 * 250 to 253 tell how much is queued; 458 and 459 are errors.  Messages come later, over
 * connections from the server.  ECOMMAND when the server does not offer ETRN. */
int smtpconn_etrn(smtpconn *connection, const char *node, smtpconn_reply_callback callback,
                  void *user);

/* EHLO again, or LHLO with lmtp: the capabilities are those of the new reply (RFC 5321 section
 * 4.1.4).  When the server refuses it, as OpenSMTPD does, they stay as they were.  The library
 * sends EHLO itself where it is needed. */
int smtpconn_hello(smtpconn *connection, smtpconn_reply_callback callback, void *user);

/* XCLIENT and XFORWARD, as Postfix documents them: who sent a message that is passed on.  The
 * server must offer the command and every attribute, else ECOMMAND names the one that is
 * missing; Postfix offers them to hosts in smtpd_authorized_xclient_hosts and
 * smtpd_authorized_xforward_hosts.
 *
 * attributes  `count` strings "NAME=value", up to 64.  Names in any case: NAME, ADDR, PORT, PROTO
 *             and HELO; for XCLIENT LOGIN, DESTADDR and DESTPORT too, for XFORWARD IDENT and
 *             SOURCE; and any other that the server offers.  A value has 1 to 255 octets and
 *             is encoded (xtext) by the library.  "[UNAVAILABLE]" for one that is not known,
 *             "[TEMPUNAVAIL]" for a NAME that may be known later; an IPv6 address is written
 *             "IPV6:2001:db8::1", and a bare one is ECOMMAND in XCLIENT
 *
 * They are sent in the order in which they are given, ADDR of XCLIENT last, in several commands
 * when one line has no room for all; the reply in the callback is then the last.
 *
 * XCLIENT replaces what the server knows of this connection, for access rules too, and RESTARTS
 * THE SESSION: a login is forgotten (smtpconn_is_authenticated), EHLO is sent again, and the
 * capabilities are those of its reply.  When it fails, sends that were queued after it are not
 * tried and end with its error: they would go out in the name of this host.  When EHLO is
 * refused afterwards the connection ends; the reply in the callback is that to XCLIENT, and so is
 * the error when XCLIENT was refused.
 *
 * XFORWARD is for the server's log, and holds for the next transaction: the server forgets it at
 * the end of the next message, or of its first recipients when they need several transactions.
 * Start it before each smtpconn_send. */
int smtpconn_xclient(smtpconn *connection, const char *const *attributes, size_t count,
                     smtpconn_reply_callback callback, void *user);
int smtpconn_xforward(smtpconn *connection, const char *const *attributes, size_t count,
                      smtpconn_reply_callback callback, void *user);

/* A command that the library does not know, as one line of up to 510 octets without line end:
 * "XSTATUS queue".  It must have one reply.  It begins with a word of letters, digits and
 * hyphens.  SMTPCONN_ECOMMAND for a command that has a function of its own because more than
 * a reply depends on it (MAIL, RCPT, DATA, BDAT, BURL, SEND, SOML, SAML, RSET, EHLO, HELO,
 * LHLO, AUTH, STARTTLS, QUIT, XCLIENT and the like), or that turns the session round (TURN,
 * ATRN); the message says what to call instead.
 *
 * hidden  1: all after the first word is kept out of the log, and erased; a reply that repeats a
 *         word of it, of at least four octets, or eight octets in a row, is shown without its
 *         text, in the log and in the callback.  0: logged like any other */
int smtpconn_command(smtpconn *connection, const char *line, int hidden,
                     smtpconn_reply_callback callback, void *user);

/* ------------------------------------------------------------------------
 * Records
 *
 * For programs in languages where a callback from C is slow, or must not fail: nothing of the
 * program runs inside the library.  Each smtpconn_keep_ function is a callback that is ready
 * made.  It is given where the program would give a callback of its own, with any `user`.
 * What it is called with becomes a record, in the order of the calls, and the program takes
 * many records at once.
 *
 *     smtpconn_connect(c, smtpconn_keep_done, (void *)1);
 *     smtpconn_send(c, envelope, message, smtpconn_keep_sent, (void *)2);
 *     do {
 *       result = smtpconn_loop_run_once(loop, -1);
 *       octets = smtpconn_loop_take_records(loop, buffer, sizeof buffer, NULL);
 *       ... the records in `buffer` ...
 *     } while (result == 1);
 *
 * Where.  The records of a connection are kept by its loop, until they are taken or the loop
 * is freed; smtpconn_free of the connection leaves them, and adds those of what was pending.
 * Those of a connection without a socket, and of one with a loop of its own, are kept as long
 * as it is: smtpconn_close it, run it (smtpconn_tick without a socket) and take its last
 * records before you free it.
 *
 * Memory.  There is one record for each operation that was started, and one for each event,
 * until it is taken; take them after every run.  A line of the log is dropped while records
 * of more than 1 MiB are waiting, and the next line says how many were.  What there is no
 * memory for is left out of a record: its offset is 0.
 *
 * Content that the program has lent (smtpconn_message_new_borrowed, smtpconn_send_packed) is
 * no longer used by a send when its record can be taken outside of a callback.
 * --------------------------------------------------------------------- */

/* Callbacks that are ready made: for smtpconn_connect, _login, _reset and _quit; for
 * smtpconn_send; for the functions under "Other commands"; and for the events of a
 * connection.  They may be called from a callback of the program, with what that was
 * given. */
void smtpconn_keep_done(smtpconn *connection, const smtpconn_error *error, void *user);
void smtpconn_keep_sent(smtpconn *connection, const smtpconn_error *error,
                        const smtpconn_result *result, void *user);
void smtpconn_keep_reply(smtpconn *connection, const smtpconn_error *error,
                         const smtpconn_reply *reply, void *user);
void smtpconn_keep_connected(smtpconn *connection, void *user);
void smtpconn_keep_ended(smtpconn *connection, void *user);
void smtpconn_keep_error(smtpconn *connection, const smtpconn_error *error, void *user);
void smtpconn_keep_log(smtpconn *connection, int level, int kind, const char *text,
                       size_t length, void *user);
void smtpconn_keep_token(smtpconn *connection, const char *token, uint64_t expires, void *user);
void smtpconn_keep_progress(smtpconn *connection, uint64_t sent, uint64_t total,
                            void *send_user, void *user);

/* Moves records to `buffer`, the oldest first: as many whole ones as fit.  Returns their
 * octets, 0 when there is none or the first does not fit.  `left` (may be NULL) gets the octets
 * of the records that are still there.  When the result is 0 and that is not, `buffer` is too
 * small for the first record: nothing is lost, and a buffer of `left` octets has room for all.
 * The library erases its copy of a token when it was taken.
 *
 * After the last record that was moved, and when none was, 4 octets of 0 follow where there is
 * room for them: the size of a record that there is not.  So a program that an exception may
 * hit after the call, before it has the result, finds what was moved in the buffer.
 *
 * smtpconn_loop_dispatch_records is smtpconn_loop_dispatch, and then the same, in one call.
 * When it returns an error of smtpconn_loop_dispatch, nothing was moved.
 * smtpconn_take_records is for a connection without a socket; with one it takes the records
 * of all connections of its loop.  Both may be called in a callback.
 * SMTPCONN_ESTATE for a NULL buffer with a capacity that is not 0. */
ptrdiff_t smtpconn_loop_take_records(smtpconn_loop *loop, void *buffer, size_t capacity,
                                     size_t *left);
ptrdiff_t smtpconn_loop_dispatch_records(smtpconn_loop *loop, void *buffer, size_t capacity,
                                         size_t *left);
ptrdiff_t smtpconn_take_records(smtpconn *connection, void *buffer, size_t capacity,
                                size_t *left);

/* What a record is about, and the layout that is described here: a later one only adds. */
enum smtpconn_record_kind {
  SMTPCONN_RECORD_DONE = 1,      /* smtpconn_keep_done */
  SMTPCONN_RECORD_SENT = 2,      /* smtpconn_keep_sent, smtpconn_pool_keep_sent */
  SMTPCONN_RECORD_REPLY = 3,     /* smtpconn_keep_reply */
  SMTPCONN_RECORD_CONNECTED = 4, /* smtpconn_keep_connected */
  SMTPCONN_RECORD_ENDED = 5,     /* smtpconn_keep_ended */
  SMTPCONN_RECORD_ERROR = 6,     /* smtpconn_keep_error */
  SMTPCONN_RECORD_LOG = 7,       /* smtpconn_keep_log */
  SMTPCONN_RECORD_TOKEN = 8,     /* smtpconn_keep_token */
  SMTPCONN_RECORD_PROGRESS = 9   /* smtpconn_keep_progress: the latest numbers, when nothing
                                    else came since the record before */
};
#define SMTPCONN_RECORD_VERSION 1

/* Of the flags of a record: there is no error, and every recipient of a send was accepted.
 * Most programs need nothing else of such a record. */
#define SMTPCONN_RECORD_PLAIN 1

/* The layout of a record.
 *
 * Numbers have the byte order of the machine.  The size of a record is a multiple of 8, so in
 * a buffer that is aligned to 8 every number is aligned to its own size.  An offset counts from
 * the beginning of the record, and 0 says that there is nothing.  A "text" is two numbers of 32
 * bits: its offset, and its length without the NUL that follows it.  Skip a record of a kind
 * that you do not know by its size.
 *
 *     every record
 *       0  uint32  size, in octets
 *       4  uint16  version
 *       6  uint16  kind
 *       8  uint64  user, as a number
 *      16  uint64  the address of the connection, or of the pool; it may be freed, so only
 *                  compare it
 *      24  uint32  flags
 *      28  int32   code of the error, 0 without one
 *      32  uint32  offset of the error
 *      36  uint32  0
 *
 *     SENT goes on                             smtpconn_result_
 *      40  uint32  number of recipients         count
 *      44  uint32  offset of the recipients
 *      48  uint32  accepted recipients          accepted_count
 *      52  uint32  rejected recipients          rejected_count
 *      56  int32   code of the last reply, 0 without one
 *      60  int32   time of the envelope         time, three parts
 *      64  int32   time of the content
 *      68  int32   time of the verdict
 *      72  uint64                               envelope_time
 *      80  uint64                               message_time
 *      88  uint64                               message_size
 *      96  text    last reply                   response
 *     104  text                                 queue_id
 *     112  uint32                               tries
 *     116  uint32  offset of the error          retry_error
 *
 *     each recipient, 48 octets
 *       0  int32                                status
 *       4  int32                                response_code
 *       8  uint32  offset of its error          error
 *      12  uint32  0
 *      16  text                                 recipient
 *      24  text                                 recipient_response
 *      32  text                                 enhanced
 *      40  text                                 command
 *
 *     an error, 96 octets                      smtpconn_error_
 *       0  int32                                code
 *       4  int32                                kind
 *       8  int32                                retry
 *      12  int32                                errno
 *      16  int32                                response_code
 *      20  uint32  0
 *      24  text                                 message
 *      32  text                                 response
 *      40  text                                 enhanced
 *      48  text                                 command
 *      56  text                                 phase
 *      64  text                                 recipient
 *      72  text                                 tls_reason
 *      80  text                                 certificate_names
 *      88  text                                 address
 *
 *     REPLY goes on                            smtpconn_reply_
 *      40  int32   0 when there was no reply    code
 *      44  uint32  0
 *      48  text                                 enhanced
 *      56  text                                 response
 *      64  uint32                               line_count
 *      68  uint32  offset of the lines, a text each
 *
 *     LOG goes on
 *      40  int32   level
 *      44  int32   kind
 *      48  text    the line
 *      56  uint32  lines that were dropped before it, of any connection of the loop
 *      60  uint32  0
 *
 *     TOKEN goes on
 *      40  uint64  expires
 *      48  text    the token
 *
 *     PROGRESS goes on
 *      40  uint64  sent
 *      48  uint64  total, all bits set when it is not known
 *      56  uint64  send_user, as a number
 *
 * Recipients that were not tried, or are in doubt, for one reason have the same error.  It has
 * no recipient: that is the one whose error it is.  smtpconn_code_name gives the name of a code. */

/* ------------------------------------------------------------------------
 * Ending a connection
 * --------------------------------------------------------------------- */

/* Sends RSET (RFC 5321 section 4.1.1.5).  Never needed after a send that failed: the
 * library sends RSET itself.  The callback gets NULL, EPROTOCOL when the server
 * refused, or an error that ended the connection.  SMTPCONN_ESTATE as for
 * smtpconn_send. */
int smtpconn_reset(smtpconn *connection, smtpconn_done_callback callback, void *user);

/* Sends QUIT after everything that is queued, waits for the reply and closes.  No
 * operation can be started after it.  Once QUIT was sent the callback gets NULL whatever
 * happens, even with smtpconn_close, _cancel and _free.  SMTPCONN_ESTATE as for
 * smtpconn_send. */
int smtpconn_quit(smtpconn *connection, smtpconn_done_callback callback, void *user);

/* Ends every pending operation with SMTPCONN_ECANCELLED.  When one has begun, the
 * connection is closed, and a message is never delivered in part.  When none has
 * begun, the connection stays open. */
int smtpconn_cancel(smtpconn *connection);

/* Takes one operation back that has not begun: the first one in the queue that was started
 * with this `user`.  Returns 1: it ends with SMTPCONN_ECANCELLED and SMTPCONN_RETRY_SAFE, its
 * callback is called in the next run or dispatch, and nothing else changes.  Returns 0: there
 * is none, and nothing changes; the operation has begun, or its callback has been called or
 * is due.  smtpconn_connect begins at once.  Give every operation that you may withdraw a
 * `user` of its own; it is compared, and not used.
 *
 * When a login or an XCLIENT is withdrawn, the sends that were queued after it are not
 * tried, as when it fails: they would be sent as somebody else.  After smtpconn_quit was
 * withdrawn, operations can be started again.
 * SMTPCONN_ESTATE inside smtpconn_free, after the loop was freed, and in the child of a
 * fork. */
int smtpconn_withdraw(smtpconn *connection, const void *user);

/* Closes at once, without QUIT.  Pending operations end with SMTPCONN_ECANCELLED
 * and the end event follows, in the next run or dispatch.  Does nothing when the
 * connection has ended. */
void smtpconn_close(smtpconn *connection);

/* Closes at once and frees.  Pending operations end with SMTPCONN_ECANCELLED
 * inside this call; their callbacks may read the connection's properties but start
 * nothing.  Events are not delivered any more. */
void smtpconn_free(smtpconn *connection);

/* ------------------------------------------------------------------------
 * Pool
 *
 * A pool sends messages over as many connections as are needed, up to a number that you set.
 * It opens them, logs in, opens others in place of those that ended, sends again what is safe to
 * send again, and reports each message once:
 *
 *     pool = smtpconn_pool_new(options, auth, NULL);
 *     for (...) smtpconn_pool_send(pool, envelope, message, on_sent, user);
 *     smtpconn_pool_drain(pool, NULL, NULL);
 *     smtpconn_pool_run(pool);
 *     smtpconn_pool_free(pool);
 *
 * Messages begin in the order in which they were sent, and several are under way at a time.
 *
 * Connections.  One is opened when a message waits and no connection has room for it.  The first
 * is opened alone, and so is each one after a failure; when one has succeeded, as many are opened
 * at a time as what waits is worth.  A connection has at most 8 messages at a time, 32 with
 * optimistic chunking; they are pipelined.  It gets no more messages than the server announced
 * (MAILMAX of RFC 9422 section 4).  When it ends (421, RFC 5321 section 3.8, or a lost
 * connection), what was not tried goes over another one at once, before all that waits.
 *
 * Failures.  After a connection could not be opened, or its login failed, the next one waits
 * (smtpconn_pool_set_backoff).  When smtpconn_pool_set_failures have failed in a row, and at once
 * when the failure has SMTPCONN_RETRY_NO (the login is refused for good, the certificate is not
 * trustworthy, the host does not exist), everything that waits ends with that error.  What is
 * sent after that makes the pool try again, not before the wait is over.  A connection that was
 * open and ended before it served a message counts like one that could not be opened, but it needs
 * at least three of them in a row.  As long as another connection is open none of this ends a
 * message; a server that refuses one connection too many (421 or 554 as its greeting) only makes
 * the pool wait.
 *
 * Sending again.  Recipients that were refused for now (4yz) are tried again after a delay
 * (smtpconn_pool_set_tries), the others are not.  The result has every recipient in the order of
 * the envelope, with its last status.  With all_or_none the whole message is sent again, unless
 * a recipient was refused for good.  Only a message in memory is sent again.  A recipient that
 * is in doubt (SMTPCONN_RETRY_UNKNOWN) never is.
 *
 * What is said above of operations, callbacks, threads, memory and fork holds for a pool and its
 * sends as for a connection.  smtpconn_pool_run is one more function that runs callbacks and
 * that no callback may call; smtpconn_pool_free calls those of all messages that have not ended.
 * A result in a callback of a pool is read with the same functions as that of a connection.
 * A pool has no connections without a socket.  Since 0.1.0.
 * --------------------------------------------------------------------- */

typedef struct smtpconn_pool smtpconn_pool;

/* The end of a message.  As smtpconn_send_callback. */
typedef void (*smtpconn_pool_send_callback)(smtpconn_pool *pool, const smtpconn_error *error,
                                            const smtpconn_result *result, void *user);

/* An event without details: there is room, or the pool is drained. */
typedef void (*smtpconn_pool_callback)(smtpconn_pool *pool, void *user);

/* A line of the log of one connection: 1 for the first that the pool opened, and so on.
 * Otherwise as smtpconn_log_callback. */
typedef void (*smtpconn_pool_log_callback)(smtpconn_pool *pool, uint32_t connection, int level,
                                           int kind, const char *text, size_t length, void *user);

/* A new token, as smtpconn_new_token_callback. */
typedef void (*smtpconn_pool_token_callback)(smtpconn_pool *pool, const char *token,
                                             uint64_t expires, void *user);

/* A pool with copies of the options (NULL: all defaults) and of the credentials (NULL: no
 * login).  It opens no connection before a message is sent.  With a NULL loop it gets a loop of
 * its own, which smtpconn_pool_run drives.  Free with smtpconn_pool_free.
 * Returns NULL when options contradict each other, for the options socket and connection,
 * which are for one connection, and for credentials that smtpconn_login refuses;
 * smtpconn_options_last_error has the reason.  NULL too when the system provides no descriptor. */
smtpconn_pool *smtpconn_pool_new(smtpconn_options *options, const smtpconn_auth *auth,
                                 smtpconn_loop *loop);

/* The error of the last call on this pool that can fail; NULL when it succeeded. */
const smtpconn_error *smtpconn_pool_last_error(const smtpconn_pool *pool);

/* The loop that drives the pool, as smtpconn_get_loop. */
smtpconn_loop *smtpconn_pool_get_loop(const smtpconn_pool *pool);

/* Waits and runs callbacks until no message of the pool is pending, and a drain has ended.
 * Connections stay open for the idle time; drain the pool to make them quit.  In a paused pool
 * messages stay pending.  Returns as smtpconn_run. */
int smtpconn_pool_run(smtpconn_pool *pool);

/* Settings.  They may be set at any time, and hold for what begins afterwards.
 * SMTPCONN_EOPTIONS for a value out of range; the value then stays as it was. */

/* Connections at a time at most, those included that are being opened or quit: 1 to 1,000.
 * Default 4. */
int smtpconn_pool_set_connections(smtpconn_pool *pool, int count);

/* Messages over one connection at most; 0, the default: as many as the server takes. */
int smtpconn_pool_set_messages_per_connection(smtpconn_pool *pool, int count);

/* At most so many messages, or recipients, begin in any period of so many milliseconds, each
 * further try included; up to 1,000,000.  A message with more recipients than that has a period
 * of its own.  0 and 0, the default: no limit.  What began before the call does not count. */
int smtpconn_pool_set_rate(smtpconn_pool *pool, int messages, uint32_t milliseconds);
int smtpconn_pool_set_recipient_rate(smtpconn_pool *pool, int recipients, uint32_t milliseconds);

/* Milliseconds after which a connection without messages quits.  Default 30,000.  0: at once when
 * nothing waits. */
int smtpconn_pool_set_idle_time(smtpconn_pool *pool, uint32_t milliseconds);

/* Milliseconds between connections after a failure: the first wait, and the longest.  It is
 * doubled with each failure in a row, and the pool waits for half of it to all of it, by chance,
 * so that many programs do not come back at once.  Default 1,000 and 60,000. */
int smtpconn_pool_set_backoff(smtpconn_pool *pool, uint32_t first, uint32_t most);

/* Connections in a row that may fail before what waits ends with the error of the last: 1 or
 * more.  Default 3. */
int smtpconn_pool_set_failures(smtpconn_pool *pool, int count);

/* How often a message is tried at most, 1 or more: 1 is never again.  A server that refuses
 * it for now gets it again after `delay` milliseconds, which is doubled with each try and is half
 * of that to all of it, by chance.  No try begins more than `time` milliseconds after the first.
 * What goes over another connection because it was not tried has no delay and is no try, but
 * `time` holds for it, and so does a limit: a message ends after 10 connections in a row that
 * ended while it was the first of those under way.  Default 5, 1,000 and 60,000: too short for a
 * server with greylisting, which accepts a message after some minutes. */
int smtpconn_pool_set_tries(smtpconn_pool *pool, int tries, uint32_t delay, uint32_t time);

/* Messages that may be pending, those included that wait for their next try.  When there are as
 * many, smtpconn_pool_send returns SMTPCONN_EFULL.  0, the default: no limit but memory. */
int smtpconn_pool_set_queue_limit(smtpconn_pool *pool, size_t messages);

/* Called once after a send was refused with SMTPCONN_EFULL, when no more than half of the limit
 * is pending.  NULL removes it, as with the others. */
void smtpconn_pool_set_room_callback(smtpconn_pool *pool, smtpconn_pool_callback callback,
                                     void *user);

/* Called for every line of the log of each connection, as with smtpconn_set_log_callback. */
void smtpconn_pool_set_log_callback(smtpconn_pool *pool, smtpconn_pool_log_callback callback,
                                    void *user);

/* Called with every token that an endpoint issued, as with smtpconn_set_token_callback.  The pool
 * uses it for its other connections too. */
void smtpconn_pool_set_token_callback(smtpconn_pool *pool, smtpconn_pool_token_callback callback,
                                      void *user);

/* Sends a message over one of the connections.  Returns as smtpconn_send (SMTPCONN_ESTATE after
 * smtpconn_pool_drain and smtpconn_pool_close), and SMTPCONN_EFULL.  The callback gets what that
 * of smtpconn_send gets, and the error of a connection that could not be opened.  It runs in a
 * later turn of the loop, never inside this call. */
int smtpconn_pool_send(smtpconn_pool *pool, const smtpconn_envelope *envelope,
                       smtpconn_message *message, smtpconn_pool_send_callback callback,
                       void *user);

/* Envelope, message and send in one call, as smtpconn_send_packed. */
int smtpconn_pool_send_packed(smtpconn_pool *pool, const smtpconn_envelope *envelope,
                              const char *addresses, size_t addresses_length, const void *content,
                              size_t content_length, int borrowed,
                              smtpconn_pool_send_callback callback, void *user);

/* A smtpconn_pool_send_callback that keeps what it is called with as a record of the loop: see
 * "Records".  The record is of the kind SENT, and has the address of the pool. */
void smtpconn_pool_keep_sent(smtpconn_pool *pool, const smtpconn_error *error,
                             const smtpconn_result *result, void *user);

/* Takes a message back that has not begun, or that waits for its next try: as
 * smtpconn_withdraw. */
int smtpconn_pool_withdraw(smtpconn_pool *pool, const void *user);

/* pause: messages that have begun go on, and nothing else begins.  Nothing is lost, and sends
 * are taken as before.  resume: the pool goes on.  SMTPCONN_ESTATE as smtpconn_pool_withdraw. */
int smtpconn_pool_pause(smtpconn_pool *pool);
int smtpconn_pool_resume(smtpconn_pool *pool);

/* No further send is taken.  The callback is called when every message has ended and the
 * connections have quit.  A paused pool must be resumed for that.  SMTPCONN_ESTATE when it was
 * called before, and as smtpconn_pool_withdraw. */
int smtpconn_pool_drain(smtpconn_pool *pool, smtpconn_pool_callback callback, void *user);

/* Closes the connections at once, without QUIT.  Every message ends with SMTPCONN_ECANCELLED, and
 * those whose end was sent are in doubt, in the next run or dispatch.  No further send is
 * taken. */
void smtpconn_pool_close(smtpconn_pool *pool);

/* The same inside this call, and frees the pool.  The callbacks may start nothing. */
void smtpconn_pool_free(smtpconn_pool *pool);

/* What a pool does and has done. */
enum smtpconn_pool_count_kind {
  SMTPCONN_POOL_CONNECTIONS = 0,          /* open, being opened, or quitting */
  SMTPCONN_POOL_QUEUED = 1,               /* messages that no connection has */
  SMTPCONN_POOL_ACTIVE = 2,               /* messages that a connection has */
  SMTPCONN_POOL_SENT = 3,                 /* ended without an error */
  SMTPCONN_POOL_REFUSED = 4,              /* ended because they were refused for good */
  SMTPCONN_POOL_DEFERRED = 5,             /* because they were refused for now */
  SMTPCONN_POOL_IN_DOUBT = 6,             /* with SMTPCONN_RETRY_UNKNOWN */
  SMTPCONN_POOL_FAILED = 7,               /* with any other error: not tried, cancelled */
  SMTPCONN_POOL_TRIES_AGAIN = 8,          /* how often a message went back to the queue */
  SMTPCONN_POOL_OPENED = 9,               /* connections that the pool began to open */
  SMTPCONN_POOL_CONNECTION_FAILURES = 10, /* of these, that failed or served no message */
  SMTPCONN_POOL_PER_SECOND = 11           /* sent in the last whole second */
};

/* One of these numbers; 0 for any other and for NULL.  QUEUED, ACTIVE and the five numbers of
 * those that ended add up to the messages that were taken. */
uint64_t smtpconn_pool_count(const smtpconn_pool *pool, int which);

/* ------------------------------------------------------------------------
 * A connection without a socket
 *
 * For a program that has its own way to move octets: sockets of its own event loop, a
 * tunnel, a test without a network, a sandbox without descriptors.  The connection opens
 * no descriptor, starts no thread, waits for nothing and does not look at the clock for its
 * time limits.  The program does these five things, in any order, from one thread at a time:
 *
 *     octets came from the server        smtpconn_feed(c, octets, length, now)
 *     the server closed, or an error     smtpconn_feed_end(c, 0 or errno, now)
 *     smtpconn_wants_take(c) is 1        smtpconn_take(c, buffer, capacity, now), and sends them
 *     smtpconn_deadline(c) is reached    smtpconn_tick(c, now)
 *     operations were started            look at smtpconn_wants_take and smtpconn_deadline again
 *
 * Operations, results, events, log and the other callbacks are as with a socket.
 * Callbacks run inside feed, feed_end, take and tick, at the end, and nowhere else.
 * Inside a callback these four return SMTPCONN_ESTATE, for this connection; one for
 * another connection may be called.
 *
 * Memory.  The library keeps no octets on the way: feed reads them from `octets`, take
 * writes commands and content straight into `buffer`, and under TLS there is at most one
 * record in each direction, besides the octets of a handshake.
 *
 * Sent.  Octets count as sent when smtpconn_take has given them to the program.  That
 * decides when a message is in doubt (SMTPCONN_RETRY_UNKNOWN) and which reply comes too
 * early.  A program that wants to decide it exactly takes no more than it can pass on.
 *
 * `now` is the time in milliseconds on a clock of the program that does not jump, from any
 * beginning.  A time before that of an earlier call counts as that.  The time limits that
 * apply are those of the options; dns_timeout does not, and connection_timeout limits
 * the TLS handshake.
 *
 * TLS is done by the library over the same octets (secure, STARTTLS), with the
 * verification and the resumption that the options ask for; `host` is the name that the
 * certificate must have.  When the program does TLS itself, set `secured`.
 *
 * What needs a socket is refused.  smtpconn_new_without_socket refuses the options socket,
 * connection, socket_path, proxy, proxy_from_environment, local_address, local_port,
 * address_family, tcp_keepalive_idle, _interval and _count, receive_buffer_size,
 * send_buffer_size and dns_timeout.  smtpconn_login returns SMTPCONN_EAUTH for credentials with
 * a refresh token or a service account and no token callback.  smtpconn_run returns
 * SMTPCONN_ESTATE, smtpconn_get_loop and smtpconn_remote_address return NULL.  A message from
 * a descriptor without data continues when smtpconn_resume is called.
 * --------------------------------------------------------------------- */

/* A connection that is not connected yet, with a copy of the options (NULL: all
 * defaults).  smtpconn_connect says that the program has a connection to the server: the
 * greeting is expected, or the handshake begins.  Free with smtpconn_free.  Returns NULL
 * when options contradict each other; smtpconn_options_last_error names them. */
smtpconn *smtpconn_new_without_socket(smtpconn_options *options);

/* Hands in octets that the server has sent, in pieces of any size.  Returns how many were
 * read.  That is `length`, but for one case: when less, call smtpconn_take, and then feed
 * the rest.  What comes after the end of the connection is read and forgotten.
 *
 * `octets` may be NULL when `length` is 0.  Errors: SMTPCONN_ESTATE before
 * smtpconn_connect, inside a callback, for a connection with a socket, in the child of a
 * fork, and for NULL octets with another length. */
ptrdiff_t smtpconn_feed(smtpconn *connection, const void *octets, size_t length, uint64_t now);

/* Says that nothing more will come.  `error` 0: the server has closed its side; otherwise the
 * number of errno with which the connection was lost.  It ends the connection like the same
 * event on a socket: after QUIT it is no error, a message whose end was taken is in doubt,
 * and anything else ends with ECONNECTION or ESOCKET, with `error` in smtpconn_error_errno.
 * Does nothing after the end.  SMTPCONN_ESTATE as smtpconn_feed, for a negative `error`, and
 * for one with which a call is only to be repeated (EAGAIN, EINTR, EINPROGRESS, EALREADY). */
int smtpconn_feed_end(smtpconn *connection, int error, uint64_t now);

/* Writes up to `capacity` octets that are to be sent into `buffer`, and returns how many.
 * Operations that were started begin here.  A read callback of a message is called here,
 * for as much as fits.  0 does not mean that there will be no more: see
 * smtpconn_wants_take.  After the end of the connection there may be some octets left (the
 * end of TLS); take them before you close.  SMTPCONN_ESTATE inside a callback, for a
 * connection with a socket, in the child of a fork, and for a NULL buffer with a capacity
 * that is not 0. */
ptrdiff_t smtpconn_take(smtpconn *connection, void *buffer, size_t capacity, uint64_t now);

/* 1 when smtpconn_take has something to do: there are octets to take, an operation or a
 * callback is due, or content continues.  Every call of this interface may change it. */
int smtpconn_wants_take(const smtpconn *connection);

/* The time at which smtpconn_tick is to be called if nothing else was called before: when
 * the next time limit passes.  A time that has passed: now, since something is due.
 * UINT64_MAX: never, as long as nothing happens; this is returned for a connection with a
 * socket and for NULL too.  Every call of this interface may change it. */
uint64_t smtpconn_deadline(const smtpconn *connection);

/* Says that it is `now`: operations that were started begin, time limits that have passed end what
 * they limit, and callbacks that are due run.  Calling it too early or too often does no
 * harm.  Returns 1 while operations are pending, 0 when none is, or SMTPCONN_ESTATE as
 * smtpconn_take. */
int smtpconn_tick(smtpconn *connection, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif /* SMTPCONN_H */
