#include <smtpconn.h>
#include <stdlib.h>
#include <time.h>

/* The token is in the environment, and good for an hour. */
static void provide(smtpconn_token_request *request, int renew,
                    void *user) {
    (void)user;
    const char *token = getenv("MAIL_TOKEN");
    if (token == NULL || renew)
        smtpconn_token_request_fail(request,
                                    "MAIL_TOKEN has no new token");
    else
        smtpconn_token_request_provide(request, token,
                                       (uint64_t)time(NULL) + 3600);
}

int use_token(smtpconn_auth *auth) {
    smtpconn_auth_set_user(auth, "ann@example.org");
    return smtpconn_auth_set_token_callback(auth, provide, NULL, NULL);
}
