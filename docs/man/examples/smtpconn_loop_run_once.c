#include <smtpconn.h>

/* Runs the loop until the program is asked to stop, or nothing is
 * pending. */
int run_until(smtpconn_loop *loop, volatile const int *stop) {
    int result = 1;
    while (result == 1 && !*stop)
        result = smtpconn_loop_run_once(loop, -1);
    return result;
}
