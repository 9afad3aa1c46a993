#include <smtpconn.h>

/* Microsoft: a refresh token of an application that was registered. */
void use_refresh_token(smtpconn_auth *auth, const char *token,
                       const char *client) {
    smtpconn_auth_set_refresh_token(auth, token);
    smtpconn_auth_set_client(auth, client, NULL);
    smtpconn_auth_set_scope(
        auth, "https://outlook.office.com/SMTP.Send offline_access");
    smtpconn_auth_set_access_url(
        auth,
        "https://login.microsoftonline.com/common/oauth2/v2.0/token");
}
