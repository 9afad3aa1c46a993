#include <signal.h>
#include <smtpconn.h>

static smtpconn_loop *loop;
static volatile sig_atomic_t stop;

/* A signal ends the wait; the program looks at `stop` when
 * smtpconn_loop_run returns 1. */
static void interrupted(int number) {
    (void)number;
    stop = 1;
    smtpconn_loop_wakeup(loop);
}

int run(void) {
    signal(SIGINT, interrupted);
    return smtpconn_loop_run(loop) == 1 && stop;
}
