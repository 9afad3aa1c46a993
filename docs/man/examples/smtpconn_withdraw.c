#include <smtpconn.h>

/* `job` was the `user` of the send.  1: it will not be sent. */
int withdraw(smtpconn *connection, const void *job) {
    return smtpconn_withdraw(connection, job);
}
