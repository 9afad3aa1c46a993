/*
 * texts.c - how long a text lives, and what a host, a name and a keyword may be
 */
#include "surface.h"

#include <malloc.h>

/* A text lives until its option is set again, whatever is asked of others; and what was
 * read before is not kept. */
void option_texts(void) {
  enum { MANY = 10000 };
  char text[200];
  smtpconn_options *options = smtpconn_options_new();
  smtpconn_envelope *envelope = smtpconn_envelope_new();
  const char *host, *ca;
  size_t before;
  int index;
  smtpconn_options_set_host(options, "mx.test");
  smtpconn_options_set_tls_ca(options, "pem");
  smtpconn_envelope_add_to(envelope, "a@b.test");
  host = smtpconn_options_host(options);
  ca = smtpconn_options_tls_ca(options);
  before = mallinfo2().uordblks;
  for (index = 0; index < MANY; index++) {
    snprintf(text, sizeof text, "%0150d", index);
    CHECK_INT(smtpconn_options_set_tls_ciphers(options, text), SMTPCONN_OK);
    CHECK_TEXT(smtpconn_options_tls_ciphers(options), text);
    CHECK(smtpconn_options_tls_ciphers(options) == smtpconn_options_tls_ciphers(options));
    CHECK_INT(smtpconn_envelope_set_dsn_envid(envelope, text + 60), SMTPCONN_OK);
    CHECK_TEXT(smtpconn_envelope_dsn_envid(envelope), text + 60);
  }
  CHECK(mallinfo2().uordblks < before + 100 * sizeof text);
  CHECK(smtpconn_options_host(options) == host);
  CHECK(smtpconn_options_tls_ca(options) == ca);
  CHECK_TEXT(host, "mx.test");
  CHECK_TEXT(ca, "pem");
  smtpconn_envelope_free(envelope);
  smtpconn_options_free(options);
}

/* Keywords of EHLO (RFC 5321 section 4.1.1.1), and not the one that has an option of
 * its own. */
static void option_keywords(smtpconn_options *options) {
  static const char *const bad[] = {
      "", "  ", "starttls", "SIZE STARTTLS", "-X", "SIZE=1", "SIZE\r\nQUIT", "SIZE\t", "b\xc3\xa4",
  };
  size_t index;
  accepted(options, smtpconn_options_set_ignored_capabilities(options, " 8bitmime x-a "));
  CHECK_TEXT(smtpconn_options_ignored_capabilities(options), " 8bitmime x-a ");
  for (index = 0; index < sizeof bad / sizeof bad[0]; index++) {
    refused(options, smtpconn_options_set_ignored_capabilities(options, bad[index]),
            "ignored_capabilities");
  }
  refused(options, smtpconn_options_set_ignored_capabilities(options, "STARTTLS"), "ignore_tls");
  CHECK_TEXT(smtpconn_options_ignored_capabilities(options), " 8bitmime x-a "); /* as it was */
}

/* One form whatever was given, and nothing changes when a value is refused. */
static void option_pins(smtpconn_options *options) {
#define DIGITS "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  accepted(options, smtpconn_options_set_tls_pins(options, " " DIGITS ",,sha256//" ZEROS ";" DIGITS));
  CHECK_TEXT(smtpconn_options_tls_pins(options),
             "sha256//" DIGITS " sha256//" ZEROS " sha256//" DIGITS);
  refused(options, smtpconn_options_set_tls_pins(options, "sha256//" DIGITS " " ZEROS "="), "tls_pins");
  CHECK_TEXT(smtpconn_options_tls_pins(options),
             "sha256//" DIGITS " sha256//" ZEROS " sha256//" DIGITS);
  accepted(options, smtpconn_options_set_tls_pins(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_pins(options), NULL);
}

void option_strings(void) {
  char longest[512];
  smtpconn_options *options = smtpconn_options_new();
  CHECK(options != NULL);
  CHECK(smtpconn_options_last_error(options) == NULL);

  CHECK_TEXT(smtpconn_options_host(options), "localhost");
  accepted(options, smtpconn_options_set_host(options, "mail.example.com"));
  CHECK_TEXT(smtpconn_options_host(options), "mail.example.com");
  refused(options, smtpconn_options_set_host(options, ""), "host");
  refused(options, smtpconn_options_set_host(options, "a b"), "host");
  refused(options, smtpconn_options_set_host(options, "a\r\nb"), "host");
  refused(options, smtpconn_options_set_host(options, "a\x01"), "host");
  refused(options, smtpconn_options_set_host(options, "m\xc3il.example"), "host");
  memset(longest, 'a', sizeof longest);
  for (size_t dot = 50; dot < 254; dot += 50) longest[dot] = '.';
  longest[254] = 0;
  refused(options, smtpconn_options_set_host(options, longest), "host");
  CHECK_TEXT(smtpconn_options_host(options), "mail.example.com"); /* as it was */
  longest[253] = 0;
  accepted(options, smtpconn_options_set_host(options, longest));
  CHECK_TEXT(smtpconn_options_host(options), longest);
  accepted(options, smtpconn_options_set_host(options, "192.0.2.1"));
  accepted(options, smtpconn_options_set_host(options, "2001:db8::1"));
  accepted(options, smtpconn_options_set_host(options, "[2001:db8::1]"));
  refused(options, smtpconn_options_set_host(options, "mail.example.com:587"), "587 as port");
  refused(options, smtpconn_options_set_host(options, "[2001:db8::1]:25"), "25 as port");
  accepted(options, smtpconn_options_set_host(options, NULL));
  CHECK_TEXT(smtpconn_options_host(options), "localhost");

  CHECK_TEXT(smtpconn_options_name(options), NULL);
  accepted(options, smtpconn_options_set_name(options, "client.example"));
  CHECK_TEXT(smtpconn_options_name(options), "client.example");
  accepted(options, smtpconn_options_set_name(options, "192.0.2.1"));
  CHECK_TEXT(smtpconn_options_name(options), "[192.0.2.1]");
  accepted(options, smtpconn_options_set_name(options, "2001:db8::1"));
  CHECK_TEXT(smtpconn_options_name(options), "[IPv6:2001:db8::1]");
  refused(options, smtpconn_options_set_name(options, "a\r\nMAIL FROM:<x@y>"), "name");
  refused(options, smtpconn_options_set_name(options, ""), "name");
  CHECK_TEXT(smtpconn_options_name(options), "[IPv6:2001:db8::1]");
  accepted(options, smtpconn_options_set_name(options, NULL));
  CHECK_TEXT(smtpconn_options_name(options), NULL);

  CHECK_TEXT(smtpconn_options_auth_method(options), NULL);
  accepted(options, smtpconn_options_set_auth_method(options, "LOGIN"));
  CHECK_TEXT(smtpconn_options_auth_method(options), "LOGIN");
  accepted(options, smtpconn_options_set_auth_method(options, "plain"));
  refused(options, smtpconn_options_set_auth_method(options, ""), "auth_method");
  refused(options, smtpconn_options_set_auth_method(options, "PLAIN\r\nX"), "auth_method");
  accepted(options, smtpconn_options_set_auth_method(options, NULL));
  CHECK_TEXT(smtpconn_options_auth_method(options), NULL);

  CHECK_TEXT(smtpconn_options_tls_servername(options), NULL);
  accepted(options, smtpconn_options_set_tls_servername(options, "mail.example.com"));
  CHECK_TEXT(smtpconn_options_tls_servername(options), "mail.example.com");
  refused(options, smtpconn_options_set_tls_servername(options, "192.0.2.1"), "tls_servername");
  refused(options, smtpconn_options_set_tls_servername(options, "2001:db8::1"), "tls_servername");
  refused(options, smtpconn_options_set_tls_servername(options, "a\nb"), "tls_servername");
  refused(options, smtpconn_options_set_tls_servername(options, "a.example:465"),
          "tls_servername");
  accepted(options, smtpconn_options_set_tls_servername(options, NULL));
  CHECK_TEXT(smtpconn_options_tls_servername(options), NULL);

  option_keywords(options);
  option_pins(options);
  smtpconn_options_free(options);
}
