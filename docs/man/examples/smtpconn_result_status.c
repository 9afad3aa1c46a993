#include <smtpconn.h>
#include <stdio.h>

void show(const smtpconn_result *result) {
    static const char *const names[] = {
        "accepted", "deferred", "rejected", "not tried", "in doubt"};
    for (size_t i = 0; i < smtpconn_result_count(result); i++)
        printf("%s: %s\n", smtpconn_result_recipient(result, i),
               names[smtpconn_result_status(result, i)]);
}
