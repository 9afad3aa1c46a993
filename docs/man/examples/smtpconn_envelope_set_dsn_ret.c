#include <smtpconn.h>

/* A notification about failures and delays, with the header of the
 * message only. */
void notify(smtpconn_envelope *envelope, const char *identifier) {
    smtpconn_envelope_set_dsn_ret(envelope, "HDRS");
    smtpconn_envelope_set_dsn_envid(envelope, identifier);
    smtpconn_envelope_set_dsn_notify(envelope, "FAILURE,DELAY");
}
