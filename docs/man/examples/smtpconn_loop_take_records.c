#include <smtpconn.h>
#include <stdio.h>
#include <string.h>

/* The code of every operation that has ended. */
void take_all(smtpconn_loop *loop) {
    static uint64_t buffer[8192]; /* aligned to 8 */
    ptrdiff_t octets = 1;
    while (octets > 0) {
        octets = smtpconn_loop_take_records(loop, buffer, sizeof buffer,
                                            NULL);
        const char *record = (const char *)buffer, *end = record + octets;
        while (record < end) {
            uint32_t size;
            int32_t code;
            memcpy(&size, record, sizeof size);
            memcpy(&code, record + 28, sizeof code);
            puts(smtpconn_code_name(code));
            record += size;
        }
    }
}
