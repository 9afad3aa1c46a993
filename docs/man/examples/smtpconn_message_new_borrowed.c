#include <smtpconn.h>
#include <stdlib.h>

/* The library frees the octets when it does not need them any more. */
smtpconn_message *give(char *octets, size_t length) {
    smtpconn_message *message =
        smtpconn_message_new_borrowed(octets, length, free, octets);
    if (message == NULL)
        free(octets);
    return message;
}
