#include <smtpconn.h>
#include <stdio.h>

/* With the option transaction_log the log has commands and replies. */
static void logged(smtpconn *connection, int level, int kind,
                   const char *text, size_t length, void *user) {
    (void)level, (void)length, (void)user;
    const char *side = kind == SMTPCONN_LOG_CLIENT   ? "C: "
                       : kind == SMTPCONN_LOG_SERVER ? "S: "
                                                     : "";
    fprintf(stderr, "%s %s%s\n", smtpconn_id(connection), side, text);
}

void log_everything(smtpconn *connection) {
    smtpconn_set_log_callback(connection, logged, NULL);
}
