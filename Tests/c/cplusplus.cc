// cplusplus.cc - the header in a C++ program: it compiles without a warning, its
// functions link, its enumerations and bool become int, and a lambda is a callback
#include <smtpconn.h>

#define CHECK_MAIN
#include "check.h"

int main() {
  int calls = 0;
  smtpconn_options *options = smtpconn_options_new();
  CHECK_INT(smtpconn_options_set_chunking(options, SMTPCONN_CHUNKING_ON), SMTPCONN_OK);
  CHECK_INT(smtpconn_options_set_ignored_capabilities(options, "SIZE"), SMTPCONN_OK);
  CHECK_INT(smtpconn_options_set_tls_resumption(options, false), SMTPCONN_OK);
  CHECK_INT(smtpconn_options_take_tls_session(options, nullptr, 0), 0);
  smtpconn *connection = smtpconn_new(options, nullptr);
  smtpconn_options_free(options);
  CHECK(connection != nullptr);
  smtpconn_set_end_callback(
      connection, [](smtpconn *, void *user) { ++*static_cast<int *>(user); }, &calls);
  CHECK_INT(smtpconn_version_number(), SMTPCONN_VERSION_NUMBER);
  CHECK_TEXT(smtpconn_code_name(SMTPCONN_EAUTH), "EAUTH");
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(calls, 0);
  smtpconn_free(connection);

  smtpconn_envelope *envelope = smtpconn_envelope_new();
  CHECK_INT(smtpconn_envelope_set_use_binarymime(envelope, true), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_use_binarymime(envelope), 1);
  CHECK_INT(smtpconn_envelope_set_all_or_none(envelope, true), SMTPCONN_OK);
  CHECK_INT(smtpconn_envelope_all_or_none(envelope), 1);
  smtpconn_envelope_free(envelope);
  return check_result();
}
