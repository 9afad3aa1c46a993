// cplusplus.cc - the header in a C++ program: it compiles without a warning, its
// functions link, and a lambda is a callback
#include <smtpconn.h>

#define CHECK_MAIN
#include "check.h"

int main() {
  int calls = 0;
  smtpconn *connection = smtpconn_new(nullptr, nullptr);
  CHECK(connection != nullptr);
  smtpconn_set_end_callback(
      connection, [](smtpconn *, void *user) { ++*static_cast<int *>(user); }, &calls);
  CHECK_INT(smtpconn_version_number(), SMTPCONN_VERSION_NUMBER);
  CHECK_TEXT(smtpconn_code_name(SMTPCONN_EAUTH), "EAUTH");
  CHECK_INT(smtpconn_run(connection), 0);
  CHECK_INT(calls, 0);
  smtpconn_free(connection);
  return check_result();
}
