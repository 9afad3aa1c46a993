#include <smtpconn.h>
#include <stdio.h>

void show_certificates(const smtpconn *connection) {
    for (size_t i = 0; i < smtpconn_tls_certificate_count(connection);
         i++)
        printf("%zu: %s, until %s\n", i,
               smtpconn_tls_certificate_subject(connection, i),
               smtpconn_tls_certificate_not_after(connection, i));
}
