#include <smtpconn.h>

/* For a program that a person waits for. */
void be_quick(smtpconn_options *options) {
    smtpconn_options_set_connection_timeout(options, 15000);
    smtpconn_options_set_greeting_timeout(options, 15000);
    smtpconn_options_set_command_timeout(options, 30000);
}
