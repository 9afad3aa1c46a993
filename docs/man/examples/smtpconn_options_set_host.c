#include <smtpconn.h>
#include <stdio.h>

int choose(smtpconn_options *options, const char *host) {
    int code = smtpconn_options_set_host(options, host);
    if (code != SMTPCONN_OK) /* the option is as it was */
        fprintf(stderr, "%s\n",
                smtpconn_error_message(
                    smtpconn_options_last_error(options)));
    return code;
}
