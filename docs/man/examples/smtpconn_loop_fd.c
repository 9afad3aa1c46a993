#include <poll.h>
#include <smtpconn.h>

/* A loop of the program's own, which watches a descriptor besides. */
void serve(smtpconn_loop *loop, int other, void (*readable)(int)) {
    struct pollfd watched[2] = {{smtpconn_loop_fd(loop), POLLIN, 0},
                                {other, POLLIN, 0}};
    while (poll(watched, 2, -1) >= 0) {
        if (watched[0].revents != 0 && smtpconn_loop_dispatch(loop) == 0)
            return; /* nothing is pending any more */
        if (watched[1].revents != 0)
            readable(other);
    }
}
