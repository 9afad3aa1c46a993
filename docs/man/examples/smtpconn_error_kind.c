#include <smtpconn.h>

const char *advice(const smtpconn_error *error) {
    switch (smtpconn_error_kind(error)) {
    case SMTPCONN_KIND_LOGIN_CREDENTIALS:
        return "check user and password";
    case SMTPCONN_KIND_LOGIN_APP_PASSWORD:
        return "make a password for applications at the provider";
    case SMTPCONN_KIND_TLS_EXPIRED:
        return "the certificate of the server has expired: ask its "
               "operator";
    default:
        return smtpconn_error_message(error);
    }
}
