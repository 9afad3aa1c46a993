#include <smtpconn.h>
#include <stdio.h>

/* Connects, and runs the loop until that has succeeded or failed. */
static void connected(smtpconn *connection, const smtpconn_error *error,
                      void *user) {
    (void)user;
    if (error != NULL)
        fprintf(stderr, "%s\n", smtpconn_error_message(error));
    else
        printf("connected to %s\n", smtpconn_remote_address(connection));
}

int connect_and_wait(smtpconn *connection) {
    int code = smtpconn_connect(connection, connected, NULL);
    if (code != SMTPCONN_OK)
        return code;
    smtpconn_run(connection);
    return smtpconn_is_open(connection) ? SMTPCONN_OK
                                        : SMTPCONN_ECONNECTION;
}
