#include <smtpconn.h>

/* A connection of a list of them is freed when it has ended. */
static void ended(smtpconn *connection, void *count) {
    smtpconn_free(connection);
    --*(int *)count;
}

void count_connection(smtpconn *connection, int *count) {
    ++*count;
    smtpconn_set_end_callback(connection, ended, count);
}
