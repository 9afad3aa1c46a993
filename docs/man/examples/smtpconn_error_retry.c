#include <smtpconn.h>

/* What a queue does with a message: seconds until the next attempt, -1
 * for none. */
int next_attempt(const smtpconn_error *error) {
    if (smtpconn_error_retry(error) != SMTPCONN_RETRY_SAFE)
        return -1; /* refused for good, or perhaps delivered: ask */
    switch (smtpconn_error_code(error)) {
    case SMTPCONN_EENVELOPE:
    case SMTPCONN_EMESSAGE:
        return 1800; /* the server refused it for now */
    default:
        return 0; /* it decided nothing: over another connection */
    }
}
