/* setup.h - what the clients with smtpconn have in common. */
#ifndef SETUP_H
#define SETUP_H

#include <smtpconn.h>

/* As the arguments say: the server, TLS, chunking. */
smtpconn_options *new_options(void);
smtpconn_envelope *new_envelope(void);
/* Ends the program after an error. */
void on_done(smtpconn *connection, const smtpconn_error *error, void *user);
/* A handle for each message, as a program with different messages would have. */
smtpconn_message *new_message(void);
smtpconn_message *new_head(void);
void start_send(smtpconn *connection, const smtpconn_envelope *envelope,
                smtpconn_message *message, smtpconn_send_callback callback, void *user);

#endif
