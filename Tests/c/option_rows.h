/*
 * option_rows.h - options and envelope fields, for programs that go through all of them
 *
 * Written by `make generated` from Sources/Options/options.json.  X is called for each row.
 */
#ifndef OPTION_ROWS_H
#define OPTION_ROWS_H

/* name, default */
#define FLAG_OPTIONS(X) \
  X(secure, 0) \
  X(ignore_tls, 0) \
  X(require_tls, 0) \
  X(opportunistic_tls, 0) \
  X(lmtp, 0) \
  X(secured, 0) \
  X(proxy_from_environment, 0) \
  X(proxy_token_endpoint, 1) \
  X(hello_after_login, 0) \
  X(allow_insecure_auth, 0) \
  X(tls_require_ocsp, 0) \
  X(tls_reject_unauthorized, 1) \
  X(tls_resumption, 1) \
  X(transaction_log, 0) \
  X(debug, 0)

/* name, lowest, highest, default, another value */
#define NUMBER_OPTIONS(X) \
  X(port, 0, 65535, 25, 2525) \
  X(local_port, 0, 65535, 0, 2000) \
  X(address_family, 0, 2, 0, 1) \
  X(tcp_keepalive_idle, 0, 32767, 0, 60) \
  X(tcp_keepalive_interval, 0, 32767, 0, 15) \
  X(tcp_keepalive_count, 0, 127, 0, 4) \
  X(receive_buffer_size, 0, 1073741823, 0, 65536) \
  X(send_buffer_size, 0, 1073741823, 0, 65536) \
  X(chunking, 0, 2, 0, 1) \
  X(initial_response, -1, 1, -1, 0)

/* name, default in milliseconds */
#define DURATION_OPTIONS(X) \
  X(dns_timeout, 30000) \
  X(connection_timeout, 120000) \
  X(greeting_timeout, 30000) \
  X(socket_timeout, 600000) \
  X(command_timeout, 300000) \
  X(final_reply_timeout, 600000) \
  X(quit_timeout, 5000) \
  X(operation_timeout, 3600000)

/* name, default, a value, one that is refused or NULL */
#define TEXT_OPTIONS(X) \
  X(host, "localhost", "mail.example.com", "") \
  X(socket_path, NULL, "/run/lmtp socket", "") \
  X(local_address, NULL, "127.0.0.2", "mail.example.com") \
  X(name, NULL, "client.example", "") \
  X(proxy, NULL, "socks5h://proxy.example:1080", "ftp://proxy.example") \
  X(proxy_user, NULL, "somebody", "") \
  X(ignored_capabilities, NULL, "Pipelining X-1", "PIPELINING,CHUNKING") \
  X(auth_method, NULL, "CRAM-MD5 -LOGIN", "") \
  X(channel_binding, NULL, "tls-unique", "tls-best") \
  X(tls_servername, NULL, "other.example.com", "192.0.2.1") \
  X(tls_ca_file, NULL, "/a/b c.pem", "") \
  X(tls_ca_directory, NULL, "/a/b c", "") \
  X(tls_ca, NULL, "a\nb\n", "") \
  X(tls_pins, NULL, "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "sha256//AAEC") \
  X(tls_tlsa, NULL, "3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "3 1 1 00") \
  X(tls_mta_sts, NULL, "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 86400\n", "version: STSv2\nmode: none\nmax_age: 86400\n") \
  X(tls_crl_file, NULL, "/a/b c.pem", "") \
  X(tls_certificate_file, NULL, "/a/b c.pem", "") \
  X(tls_certificate, NULL, "a\nb\n", "") \
  X(tls_key_file, NULL, "/a/b c.key", "") \
  X(tls_ciphers, NULL, "HIGH:!aNULL", NULL) \
  X(tls_cipher_suites, NULL, "TLS_AES_128_GCM_SHA256", NULL) \
  X(tls_groups, NULL, "X25519:P-256", NULL) \
  X(tls_min_version, "TLSv1.2", "TLSv1.3", "TLSv1.1") \
  X(tls_max_version, NULL, "TLSv1.2", "SSLv3") \
  X(tls_alpn, NULL, "smtp,x", "a,,b")

/* the same, without a getter */
#define SECRET_OPTIONS(X) \
  X(proxy_password, NULL, "sesame", "a\nb") \
  X(tls_key, NULL, "a\nb\n", "")

/* name */
#define DESCRIPTOR_OPTIONS(X) \
  X(socket) \
  X(connection)

/* name */
#define FLAG_FIELDS(X) \
  X(use_smtputf8) \
  X(require_tls) \
  X(all_or_none) \
  X(use_binarymime)

/* name; -1 is unset, the default */
#define OPEN_FLAG_FIELDS(X) \
  X(use_8bitmime)

/* name; 0 is unset, the default */
#define SIZE_FIELDS(X) \
  X(size)

/* name, lowest, highest, a value; unset by default */
#define NUMBER_FIELDS(X) \
  X(mt_priority, -9, 9, -3) \
  X(hold_for, 1, 999999999, 3600)

/* name, a value, one that is refused */
#define TEXT_FIELDS(X) \
  X(deliver_by, "3600;RT", "0;R") \
  X(hold_until, "2026-12-24T18:00:00Z", "2026-12-24T18:00:00+01:00") \
  X(auth_sender, "a+b=c@example.com", "a") \
  X(solicit, "org.example:ADV,x", "org.example:ADV;x") \
  X(dsn_ret, "HDRS", "BODY") \
  X(dsn_envid, "a b+c=d", "a\n") \
  X(dsn_notify, "SUCCESS,DELAY", "NEVER,DELAY") \
  X(dsn_orcpt, "rfc822;a@example.com", ";a@example.com")

/* the same, of one recipient */
#define RECIPIENT_TEXT_FIELDS(X) \
  X(to_dsn_notify, "NEVER", "SOMETIMES") \
  X(to_dsn_orcpt, "rfc822;x@example.com", ";x") \
  X(to_rrvs, "2026-01-31T13:00:00+01:00;C", "2026-02-29T12:00:00Z")

#endif /* OPTION_ROWS_H */
