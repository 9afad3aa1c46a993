#include <smtpconn.h>

/* Looks every minute whether there is something to send. */
static void every_minute(smtpconn_timer *timer, void *queue) {
    (void)timer, (void)queue; /* look into the queue */
}

smtpconn_timer *watch(smtpconn_loop *loop, void *queue) {
    smtpconn_timer *timer = smtpconn_timer_new(loop, every_minute, queue);
    if (timer != NULL)
        smtpconn_timer_start(timer, 0, 60000);
    return timer;
}
