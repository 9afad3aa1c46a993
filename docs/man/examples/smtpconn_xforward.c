#include <smtpconn.h>

/* For the log of a Postfix that this host passes mail on to. */
int forward(smtpconn *connection) {
    const char *const attributes[] = {"NAME=client.example.net",
                                      "ADDR=192.0.2.7", "PROTO=ESMTP"};
    return smtpconn_xforward(connection, attributes, 3, NULL, NULL);
}
