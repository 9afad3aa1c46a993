#include <smtpconn.h>
#include <stdio.h>

static void verified(smtpconn *connection, const smtpconn_error *error,
                     const smtpconn_reply *reply, void *user) {
    (void)connection, (void)user;
    if (error != NULL)
        puts("no");
    else
        puts(smtpconn_reply_code(reply) == 252 ? "the server does not say"
                                               : "yes");
}

int ask(smtpconn *connection) {
    return smtpconn_verify(connection, "bob@example.com", verified, NULL);
}
