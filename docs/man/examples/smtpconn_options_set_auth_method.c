#include <smtpconn.h>

/* Only mechanisms that do not send the password. */
int no_plain_passwords(smtpconn_options *options) {
    return smtpconn_options_set_auth_method(options, "-PLAIN -LOGIN");
}
