#include <smtpconn.h>

/* An extension that the library does not know, where the server offers
 * it. */
int set_class(const smtpconn *connection, smtpconn_envelope *envelope) {
    if (!smtpconn_has_capability(connection, "X-CLASS"))
        return SMTPCONN_OK;
    return smtpconn_envelope_set_parameter(envelope, "X-CLASS", "bulk");
}
