#include <smtpconn.h>
#include <stdio.h>

/* The addresses of a list that are good; says what is wrong with the
 * others. */
void add_all(smtpconn_envelope *envelope, const char *const *addresses,
             size_t count) {
    for (size_t i = 0; i < count; i++)
        if (smtpconn_envelope_add_to(envelope, addresses[i])
            != SMTPCONN_OK)
            fprintf(stderr, "%s\n",
                    smtpconn_error_message(
                        smtpconn_envelope_last_error(envelope)));
}
