#include <smtpconn.h>
#include <stdio.h>

static void progress(smtpconn *connection, uint64_t sent, uint64_t total,
                     void *send_user, void *user) {
    (void)connection, (void)send_user, (void)user;
    if (total == 0 || total == UINT64_MAX)
        fprintf(stderr, "\r%llu octets", (unsigned long long)sent);
    else
        fprintf(stderr, "\r%3.0f %%",
                100.0 * (double)sent / (double)total);
}

void show_progress(smtpconn *connection) {
    smtpconn_set_progress_callback(connection, progress, NULL);
}
