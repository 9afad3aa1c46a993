#include <smtpconn.h>
#include <stdio.h>

/* A connection to the submission port, with TLS from the first octet. */
smtpconn *submission(const char *host) {
    smtpconn_options *options = smtpconn_options_new();
    smtpconn *connection = NULL;
    if (smtpconn_options_set_host(options, host) == SMTPCONN_OK
        && smtpconn_options_set_port(options, 465) == SMTPCONN_OK)
        connection = smtpconn_new(options, NULL);
    if (connection == NULL)
        fprintf(stderr, "%s\n",
                smtpconn_error_message(
                    smtpconn_options_last_error(options)));
    smtpconn_options_free(options); /* the connection has its own copy */
    return connection;
}
