#include <smtpconn.h>
#include <string.h>

/* A mechanism with one response: the ticket of the caller. */
static void answer(smtpconn_exchange *exchange, const uint8_t *challenge,
                   size_t length, void *ticket) {
    (void)length;
    if (challenge == NULL) /* the login begins: the initial response */
        smtpconn_exchange_respond(exchange, ticket, strlen(ticket));
    else
        smtpconn_exchange_fail(exchange,
                               "the server wants more than the ticket");
}

int use_tickets(smtpconn_options *options, char *ticket) {
    return smtpconn_options_set_custom_mechanism(options, "X-TICKET",
                                                 answer, NULL, ticket);
}
