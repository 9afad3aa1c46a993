#include <smtpconn.h>

/* The first error of many, to be read when all is over; the caller frees
 * it. */
void keep_first(smtpconn_error **first, const smtpconn_error *error) {
    if (error != NULL && *first == NULL)
        *first = smtpconn_error_copy(error);
}
