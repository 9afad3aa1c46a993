#include <smtpconn.h>
#include <stdio.h>

void show_size(const smtpconn *connection) {
    const char *limit =
        smtpconn_capability_parameters(connection, "SIZE");
    if (limit == NULL)
        puts("the server announces no limit");
    else
        printf("up to %s octets\n", limit);
}
