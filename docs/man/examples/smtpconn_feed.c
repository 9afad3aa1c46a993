#include <smtpconn.h>
#include <sys/socket.h>

/* The descriptor of the program is readable. */
int readable(smtpconn *connection, int descriptor, uint64_t now) {
    char buffer[16384], out[16384];
    ptrdiff_t count = recv(descriptor, buffer, sizeof buffer, 0);
    if (count <= 0)
        return smtpconn_feed_end(connection, 0, now);
    for (ptrdiff_t fed = 0; fed < count;) {
        size_t left = (size_t)(count - fed);
        ptrdiff_t more =
            smtpconn_feed(connection, buffer + fed, left, now);
        if (more < 0)
            return (int)more;
        fed += more;
        while (smtpconn_wants_take(connection)) {
            ptrdiff_t octets =
                smtpconn_take(connection, out, sizeof out, now);
            if (octets <= 0)
                break;
            if (send(descriptor, out, (size_t)octets, MSG_NOSIGNAL)
                != octets)
                return SMTPCONN_ESOCKET;
        }
    }
    return SMTPCONN_OK;
}
