#include <smtpconn.h>
#include <stdlib.h>

/* The newest session, which is a secret; free() it.  NULL without one. */
void *take_session(smtpconn_options *options, size_t *length) {
    size_t capacity = 4096;
    for (;;) {
        void *buffer = malloc(capacity);
        if (buffer == NULL)
            return NULL;
        *length =
            smtpconn_options_take_tls_session(options, buffer, capacity);
        if (*length > 0 && *length <= capacity)
            return buffer;
        free(buffer);
        if (*length == 0)
            return NULL;
        capacity = *length;
    }
}
