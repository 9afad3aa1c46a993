#include <smtpconn.h>
#include <stdio.h>

/* The version of the header, and that of the library. */
void show_versions(void) {
    printf("compiled with %s, running with %s\n", SMTPCONN_VERSION,
           smtpconn_version());
}
