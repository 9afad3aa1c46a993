#include <smtpconn.h>
#include <stdio.h>

/* Sends one message to two recipients, and says which of them it was
 * refused for. */
static void sent(smtpconn *connection, const smtpconn_error *error,
                 const smtpconn_result *result, void *user) {
    (void)connection, (void)user;
    for (size_t i = 0; i < smtpconn_result_count(result); i++) {
        const smtpconn_error *why = smtpconn_result_error(result, i);
        if (why != NULL)
            fprintf(stderr, "%s: %s\n",
                    smtpconn_result_recipient(result, i),
                    smtpconn_error_message(why));
    }
    if (error == NULL)
        printf("queued as %s\n", smtpconn_result_response(result));
}

int send_to_both(smtpconn *connection, smtpconn_message *message) {
    smtpconn_envelope *envelope = smtpconn_envelope_new();
    int code = smtpconn_envelope_set_from(envelope, "ann@example.org");
    if (code == SMTPCONN_OK)
        code = smtpconn_envelope_add_to(envelope, "bob@example.com");
    if (code == SMTPCONN_OK)
        code = smtpconn_envelope_add_to(envelope, "eve@example.com");
    if (code == SMTPCONN_OK)
        code = smtpconn_send(connection, envelope, message, sent, NULL);
    smtpconn_envelope_free(envelope); /* the send has what it needs */
    return code;
}
