#include <smtpconn.h>
#include <stdio.h>

static void sent(smtpconn_pool *pool, const smtpconn_error *error,
                 const smtpconn_result *result, void *user) {
    (void)pool, (void)result;
    if (error != NULL)
        fprintf(stderr, "%s: %s\n", (char *)user,
                smtpconn_error_message(error));
}

/* The same message to each reader, over up to four connections. */
int newsletter(smtpconn_options *options, const smtpconn_auth *auth,
               smtpconn_message *message, char **readers, size_t count) {
    smtpconn_pool *pool = smtpconn_pool_new(options, auth, NULL);
    if (pool == NULL)
        return SMTPCONN_EOPTIONS;
    smtpconn_pool_set_connections(pool, 4);
    for (size_t i = 0; i < count; i++) {
        smtpconn_envelope *envelope = smtpconn_envelope_new();
        smtpconn_envelope_set_from(envelope, "news@example.org");
        int code = smtpconn_envelope_add_to(envelope, readers[i]);
        if (code == SMTPCONN_OK)
            code = smtpconn_pool_send(pool, envelope, message, sent,
                                      readers[i]);
        if (code != SMTPCONN_OK)
            fprintf(stderr, "%s: %s\n", readers[i],
                    smtpconn_code_text(code));
        smtpconn_envelope_free(envelope);
    }
    smtpconn_pool_drain(pool, NULL, NULL);
    int code = smtpconn_pool_run(pool);
    smtpconn_pool_free(pool);
    return code;
}
