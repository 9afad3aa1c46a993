#include <fcntl.h>
#include <smtpconn.h>
#include <unistd.h>

smtpconn_message *message_in(const char *path) {
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        return NULL;
    smtpconn_message *message =
        smtpconn_message_new_descriptor(descriptor);
    close(descriptor); /* the message has one of its own */
    return message;
}
