#include <smtpconn.h>

/* The key of today, and the one that will follow. */
int pin(smtpconn_options *options) {
    return smtpconn_options_set_tls_pins(
        options, "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE= "
                 "sha256//t62CeU2tQiqkexU74Gxa2eg7fRbEgoChTociMee9wno=");
}
