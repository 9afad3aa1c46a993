/*
 * report.c - what the program writes: one JSON object per line
 */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>

void die(const char *what, const char *word) {
  fprintf(stderr, "drive: %s: %s\n", what, word == NULL ? "" : word);
  exit(2);
}

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) die("out of memory", NULL);
  return memory;
}

/* A string as JSON, each octet one character: the reader gets the octets back
 * by encoding as Latin-1. */
void put_string(const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  if (text == NULL) {
    fputs("null", stdout);
    return;
  }
  putchar('"');
  for (; *at != 0; at++) {
    if (*at < 0x20 || *at > 0x7e || *at == '"' || *at == '\\') {
      printf("\\u%04x", *at);
    } else {
      putchar(*at);
    }
  }
  putchar('"');
}

void put_field(const char *name, const char *text) {
  printf(",\"%s\":", name);
  put_string(text);
}

void put_number(const char *name, long long number) {
  printf(",\"%s\":%lld", name, number);
}

/* As hexadecimal digits; NULL is null. */
void put_octets(const char *name, const unsigned char *octets, size_t length) {
  size_t index;
  printf(",\"%s\":%s", name, octets == NULL ? "null" : "\"");
  if (octets == NULL) return;
  for (index = 0; index < length; index++) printf("%02x", octets[index]);
  putchar('"');
}

void end_line(void) {
  fputs("}\n", stdout);
  fflush(stdout);
}

void put_error(const char *name, const smtpconn_error *error) {
  if (error == NULL) {
    printf(",\"%s\":null", name);
    return;
  }
  printf(",\"%s\":{\"code\":%d", name, smtpconn_error_code(error));
  put_field("name", smtpconn_error_name(error));
  put_field("kind", smtpconn_kind_name(smtpconn_error_kind(error)));
  put_field("message", smtpconn_error_message(error));
  put_field("response", smtpconn_error_response(error));
  put_number("response_code", smtpconn_error_response_code(error));
  put_field("enhanced", smtpconn_error_enhanced(error));
  put_field("command", smtpconn_error_command(error));
  put_field("phase", smtpconn_error_phase(error));
  put_field("recipient", smtpconn_error_recipient(error));
  put_number("errno", smtpconn_error_errno(error));
  put_field("tls_reason", smtpconn_error_tls_reason(error));
  put_field("certificate_names", smtpconn_error_certificate_names(error));
  put_field("address", smtpconn_error_address(error));
  put_number("retry", smtpconn_error_retry(error));
  putchar('}');
}

void put_result(const smtpconn_result *result) {
  size_t index;
  printf(",\"result\":{\"count\":%zu", smtpconn_result_count(result));
  put_number("accepted", (long long)smtpconn_result_accepted_count(result));
  put_number("rejected", (long long)smtpconn_result_rejected_count(result));
  put_field("response", smtpconn_result_response(result));
  put_field("queue_id", smtpconn_result_queue_id(result));
  put_number("envelope_time", (long long)smtpconn_result_envelope_time(result));
  put_number("message_time", (long long)smtpconn_result_message_time(result));
  put_number("content_time", smtpconn_result_time(result, SMTPCONN_TIME_CONTENT));
  put_number("verdict_time", smtpconn_result_time(result, SMTPCONN_TIME_VERDICT));
  put_number("message_size", (long long)smtpconn_result_message_size(result));
  fputs(",\"recipients\":[", stdout);
  for (index = 0; index < smtpconn_result_count(result); index++) {
    printf("%s{\"status\":%d", index == 0 ? "" : ",", smtpconn_result_status(result, index));
    put_field("recipient", smtpconn_result_recipient(result, index));
    put_field("command", smtpconn_result_command(result, index));
    put_number("response_code", smtpconn_result_response_code(result, index));
    put_field("enhanced", smtpconn_result_enhanced(result, index));
    put_field("response", smtpconn_result_recipient_response(result, index));
    put_error("error", smtpconn_result_error(result, index));
    putchar('}');
  }
  fputs("]}", stdout);
}

/* The name is not that of the answer to a call. */
void put_reply(const smtpconn_reply *reply) {
  size_t index, count = smtpconn_reply_line_count(reply);
  if (reply == NULL) return;
  printf(",\"said\":{\"code\":%d", smtpconn_reply_code(reply));
  put_field("enhanced", smtpconn_reply_enhanced(reply));
  put_field("response", smtpconn_reply_response(reply));
  fputs(",\"lines\":[", stdout);
  for (index = 0; index < count; index++) {
    if (index > 0) putchar(',');
    put_string(smtpconn_reply_line(reply, index));
  }
  if (smtpconn_reply_line(reply, count) != NULL) die("a line beyond the last", NULL);
  fputs("]}", stdout);
}

void begin_event(const char *event, const char *name) {
  printf("{\"event\":\"%s\"", event);
  put_field("tag", name);
}

void begin_reply(long long result) {
  if (acting == NULL) {
    printf("{\"reply\":%lld", result);
  } else {
    begin_event("action", name_of(acting));
    put_number("result", result);
  }
}

void reply(long long result) {
  begin_reply(result);
  end_line();
}
