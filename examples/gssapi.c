/*
 * gssapi.c - logs in with Kerberos (GSSAPI, RFC 4752), as a custom mechanism
 *
 *     gssapi [--starttls] [--cafile FILE] HOST PORT [USER]
 *
 * The ticket is that of `kinit`. The service is smtp@HOST, so HOST must be the name that
 * the server has in Kerberos. USER is who to act as, when that is not the owner of the
 * ticket. Exit status: 0 when the login succeeded, 1 when it failed, 2 for wrong
 * arguments.
 *
 *     cc gssapi.c $(pkg-config --cflags --libs smtpconn krb5-gssapi)
 *
 * The library of Kerberos asks the key distribution centre for a service ticket, and
 * blocks until it answers. A program with an event loop begins the exchange in a thread
 * and calls smtpconn_exchange_respond when the thread is done.
 */
#include <smtpconn.h>

#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One login. */
struct kerberos {
  const char *host, *user;
  gss_ctx_id_t context;
  gss_name_t server;
  int is_established;
};

static void forget(struct kerberos *kerberos) {
  OM_uint32 minor;
  gss_delete_sec_context(&minor, &kerberos->context, GSS_C_NO_BUFFER);
  gss_release_name(&minor, &kerberos->server);
  kerberos->is_established = 0;
}

/* Ends the login with the reason that GSSAPI gives. */
static void fail(smtpconn_exchange *exchange, OM_uint32 major, OM_uint32 minor) {
  OM_uint32 ignored, more = 0;
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  int type = GSS_ERROR(major) == GSS_S_FAILURE ? GSS_C_MECH_CODE : GSS_C_GSS_CODE;
  gss_display_status(&ignored, type == GSS_C_MECH_CODE ? minor : major, type, GSS_C_NO_OID, &more,
                     &text);
  smtpconn_exchange_fail(exchange, text.value != NULL ? text.value : "GSSAPI failed");
  gss_release_buffer(&ignored, &text);
}

/* RFC 4752 section 3.1: tokens go back and forth until the context is established. */
static void establish(struct kerberos *kerberos, smtpconn_exchange *exchange,
                      gss_buffer_t challenge) {
  OM_uint32 major, minor, ignored;
  gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
  major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &kerberos->context, kerberos->server,
                               GSS_C_NO_OID, GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG, 0,
                               GSS_C_NO_CHANNEL_BINDINGS, challenge, NULL, &token, NULL, NULL);
  if (GSS_ERROR(major)) {
    fail(exchange, major, minor);
  } else {
    kerberos->is_established = major == GSS_S_COMPLETE;
    /* Empty when only the last message of the server is left. */
    smtpconn_exchange_respond(exchange, token.length > 0 ? token.value : "", token.length);
  }
  gss_release_buffer(&ignored, &token);
}

/* The server offers security layers; none is used, because TLS protects the connection.
 * The answer has that choice (1), no buffer size (0), and who to act as. */
static void choose(struct kerberos *kerberos, smtpconn_exchange *exchange,
                   gss_buffer_t challenge) {
  OM_uint32 major, minor, ignored;
  gss_buffer_desc offer = GSS_C_EMPTY_BUFFER, choice = GSS_C_EMPTY_BUFFER,
                  answer = GSS_C_EMPTY_BUFFER;
  major = gss_unwrap(&minor, kerberos->context, challenge, &offer, NULL, NULL);
  if (GSS_ERROR(major)) {
    fail(exchange, major, minor);
  } else if (offer.length != 4 || (((const unsigned char *)offer.value)[0] & 1) == 0) {
    smtpconn_exchange_fail(exchange, "the server insists on a security layer of GSSAPI");
  } else {
    size_t length = strlen(kerberos->user);
    choice.value = calloc(4 + length, 1);
    if (choice.value == NULL) {
      smtpconn_exchange_fail(exchange, "not enough memory");
    } else {
      choice.length = 4 + length;
      memcpy(choice.value, "\1\0\0", 4);
      memcpy((char *)choice.value + 4, kerberos->user, length);
      major = gss_wrap(&minor, kerberos->context, 0, GSS_C_QOP_DEFAULT, &choice, NULL, &answer);
      if (GSS_ERROR(major)) {
        fail(exchange, major, minor);
      } else {
        smtpconn_exchange_respond(exchange, answer.value, answer.length);
      }
      free(choice.value);
    }
  }
  gss_release_buffer(&ignored, &answer);
  gss_release_buffer(&ignored, &offer);
}

/* Called with a NULL challenge when a login begins, and with each challenge after it. */
static void on_challenge(smtpconn_exchange *exchange, const uint8_t *challenge, size_t length,
                         void *user) {
  struct kerberos *kerberos = user;
  gss_buffer_desc input = GSS_C_EMPTY_BUFFER;
  if (challenge == NULL) {
    OM_uint32 major, minor;
    char service[300];
    forget(kerberos);
    input.length = (size_t)snprintf(service, sizeof service, "smtp@%s", kerberos->host);
    input.value = service;
    if (input.length >= sizeof service) {
      smtpconn_exchange_fail(exchange, "the name of the host is too long");
      return;
    }
    major = gss_import_name(&minor, &input, GSS_C_NT_HOSTBASED_SERVICE, &kerberos->server);
    if (GSS_ERROR(major)) {
      fail(exchange, major, minor);
    } else {
      establish(kerberos, exchange, GSS_C_NO_BUFFER);
    }
    return;
  }
  input.value = (void *)(uintptr_t)challenge;
  input.length = length;
  if (kerberos->is_established) {
    choose(kerberos, exchange, &input);
  } else {
    establish(kerberos, exchange, &input);
  }
}

static void on_done(smtpconn *connection, const smtpconn_error *error, void *user) {
  int *failed = user;
  (void)connection;
  if (error == NULL) return;
  fprintf(stderr, "%s (%s)\n", smtpconn_error_message(error), smtpconn_error_name(error));
  *failed = 1;
}

static void on_login(smtpconn *connection, const smtpconn_error *error, void *user) {
  if (error == NULL) printf("logged in\n");
  on_done(connection, error, user);
}

int main(int argc, char **argv) {
  struct kerberos kerberos = {NULL, "", GSS_C_NO_CONTEXT, GSS_C_NO_NAME, 0};
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_auth *auth = smtpconn_auth_new(); /* empty: the ticket is elsewhere */
  smtpconn *connection = NULL;
  int failed = 0, refused = 0, first = 1;

  for (; first < argc && argv[first][0] == '-'; first++) {
    if (strcmp(argv[first], "--starttls") == 0) {
      refused |= smtpconn_options_set_require_tls(options, 1);
    } else if (strcmp(argv[first], "--cafile") == 0 && first + 1 < argc) {
      refused |= smtpconn_options_set_tls_ca_file(options, argv[++first]);
    } else {
      refused = 1;
    }
  }
  if (refused == 0 && (argc - first == 2 || argc - first == 3)) {
    kerberos.host = argv[first];
    if (argc - first == 3) kerberos.user = argv[first + 2];
    refused |= smtpconn_options_set_host(options, argv[first]);
    refused |= smtpconn_options_set_port(options, atoi(argv[first + 1]));
    refused |= smtpconn_options_set_custom_mechanism(options, "GSSAPI", on_challenge, NULL,
                                                     &kerberos);
    refused |= smtpconn_options_set_auth_method(options, "GSSAPI");
    if (refused == 0) connection = smtpconn_new(options, NULL);
  }
  if (connection == NULL) {
    fprintf(stderr, "usage: gssapi [--starttls] [--cafile FILE] HOST PORT [USER]\n");
    failed = 2;
  } else {
    if (smtpconn_connect(connection, on_done, &failed) != 0 ||
        smtpconn_login(connection, auth, on_login, &failed) != 0 ||
        smtpconn_quit(connection, on_done, &failed) != 0) {
      on_done(connection, smtpconn_last_error(connection), &failed);
    }
    smtpconn_run(connection);
  }

  smtpconn_free(connection);
  smtpconn_auth_free(auth);
  smtpconn_options_free(options);
  forget(&kerberos);
  return failed;
}
