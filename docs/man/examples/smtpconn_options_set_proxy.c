#include <smtpconn.h>

/* Through Tor, which resolves the name of the server as well. */
int through_tor(smtpconn_options *options) {
    return smtpconn_options_set_proxy(options,
                                      "socks5h://127.0.0.1:9050");
}
