#include <smtpconn.h>
#include <stdio.h>
#include <stdlib.h>

static void logged_in(smtpconn *connection, const smtpconn_error *error,
                      void *user) {
    (void)connection, (void)user;
    if (error != NULL)
        fprintf(stderr, "login: %s\n", smtpconn_error_message(error));
}

/* Started after smtpconn_connect, without waiting for its end. */
int start_login(smtpconn *connection) {
    smtpconn_auth *auth = smtpconn_auth_new();
    smtpconn_auth_set_user(auth, "ann@example.org");
    smtpconn_auth_set_password(auth, getenv("MAIL_PASSWORD"));
    int code = smtpconn_login(connection, auth, logged_in, NULL);
    /* This erases the password; the login has its own copy. */
    smtpconn_auth_free(auth);
    /* After an error do not send: it would be without a login. */
    if (code != SMTPCONN_OK)
        fprintf(stderr, "%s\n",
                smtpconn_error_message(smtpconn_last_error(connection)));
    return code;
}
