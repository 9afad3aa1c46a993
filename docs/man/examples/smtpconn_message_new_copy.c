#include <smtpconn.h>
#include <string.h>

smtpconn_message *hello(void) {
    const char *text = "From: ann@example.org\nTo: bob@example.com\n"
                       "Subject: hello\n\nHello!\n";
    /* Line ends become CRLF when it is sent. */
    return smtpconn_message_new_copy(text, strlen(text));
}
