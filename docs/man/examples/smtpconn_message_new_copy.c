#include <smtpconn.h>
#include <string.h>

smtpconn_message *hello(void) {
    const char *text = "From: ann@example.org\nTo: bob@example.com\n"
                       "Subject: hello\n\nHello!\n";
    return smtpconn_message_new_copy(text, strlen(text)); /* line ends become CRLF */
}
