#include <smtpconn.h>
#include <stddef.h>

/* Everything is started at once, and takes place in this order. */
void deliver(smtpconn *connection, const smtpconn_envelope *envelope,
             smtpconn_message *message, smtpconn_send_callback sent) {
    smtpconn_connect(connection, NULL, NULL);
    smtpconn_send(connection, envelope, message, sent, NULL);
    smtpconn_quit(connection, NULL, NULL);
    smtpconn_run(connection);
    smtpconn_free(connection);
}
