/*
 * version.c - the version, and codes by number, name and text
 */
#include "surface.h"

#include <limits.h>

void version(void) {
  char text[64];
  /* Computed anew: a macro made of other macros is easily made of the wrong ones. */
  CHECK_INT(SMTPCONN_VERSION_NUMBER, SMTPCONN_VERSION_MAJOR * 65536 +
                                         SMTPCONN_VERSION_MINOR * 256 + SMTPCONN_VERSION_PATCH);
  snprintf(text, sizeof text, "%d.%d.%d", SMTPCONN_VERSION_MAJOR, SMTPCONN_VERSION_MINOR,
           SMTPCONN_VERSION_PATCH);
  CHECK_TEXT(SMTPCONN_VERSION, text);
  CHECK_TEXT(smtpconn_version(), SMTPCONN_VERSION);
  CHECK_INT(smtpconn_version_number(), SMTPCONN_VERSION_NUMBER);
}

void codes(void) {
  static const struct {
    int code;
    int number;
    const char *name;
  } all[] = {
      {SMTPCONN_OK, 0, "OK"},
      {SMTPCONN_EDNS, -1, "EDNS"},
      {SMTPCONN_ECONNECTION, -2, "ECONNECTION"},
      {SMTPCONN_ESOCKET, -3, "ESOCKET"},
      {SMTPCONN_ETIMEDOUT, -4, "ETIMEDOUT"},
      {SMTPCONN_ETLS, -5, "ETLS"},
      {SMTPCONN_EREQUIRETLS, -6, "EREQUIRETLS"},
      {SMTPCONN_EPROTOCOL, -7, "EPROTOCOL"},
      {SMTPCONN_EENVELOPE, -8, "EENVELOPE"},
      {SMTPCONN_EMESSAGE, -9, "EMESSAGE"},
      {SMTPCONN_ESTREAM, -10, "ESTREAM"},
      {SMTPCONN_EAUTH, -11, "EAUTH"},
      {SMTPCONN_EOAUTH2, -12, "EOAUTH2"},
      {SMTPCONN_EPROXY, -13, "EPROXY"},
      {SMTPCONN_EOPTIONS, -14, "EOPTIONS"},
      {SMTPCONN_ESTATE, -15, "ESTATE"},
      {SMTPCONN_ECANCELLED, -16, "ECANCELLED"},
      {SMTPCONN_ECOMMAND, -17, "ECOMMAND"},
      {SMTPCONN_EFULL, -18, "EFULL"},
  };
  static const int unknown[] = {1, -19, -1000, INT_MAX, INT_MIN};
  size_t index, other;
  for (index = 0; index < sizeof all / sizeof all[0]; index++) {
    CHECK_INT(all[index].code, all[index].number); /* numbers never change */
    CHECK_TEXT(smtpconn_code_name(all[index].code), all[index].name);
    CHECK(strlen(smtpconn_code_text(all[index].code)) > 5);
    for (other = 0; other < index; other++) {
      CHECK(strcmp(smtpconn_code_text(all[index].code), smtpconn_code_text(all[other].code)) != 0);
    }
  }
  for (index = 0; index < sizeof unknown / sizeof unknown[0]; index++) {
    CHECK_TEXT(smtpconn_code_name(unknown[index]), "EUNKNOWN");
    CHECK(smtpconn_code_text(unknown[index]) != NULL);
  }
}
