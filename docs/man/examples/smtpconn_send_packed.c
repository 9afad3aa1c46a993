#include <smtpconn.h>
#include <string.h>

int send_text(smtpconn *connection, const char *text,
              smtpconn_send_callback sent) {
    static const char addresses[] =
        "ann@example.org\0bob@example.com\0eve@example.com";
    return smtpconn_send_packed(connection, NULL, addresses,
                                sizeof addresses, text, strlen(text), 0,
                                sent, NULL);
}
