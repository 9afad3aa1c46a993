/*
 * surface.h - what the files of the surface program share
 */
#ifndef SURFACE_H
#define SURFACE_H

#include "../check.h"

#include <smtpconn.h>

/* Callbacks of what is never started, and of what never happens. */
void never_done(smtpconn *connection, const smtpconn_error *error, void *user);
void never_sent(smtpconn *connection, const smtpconn_error *error, const smtpconn_result *result,
                void *user);
void no_event(smtpconn *connection, void *user);
void no_log(smtpconn *connection, int level, int kind, const char *text, size_t length,
            void *user);

/* The result of a setter, and the error that tells of it, which names the option. */
void refused(smtpconn_options *options, int result, const char *option);
void accepted(smtpconn_options *options, int result);

/* What is checked, in this order. */
void version(void);
void codes(void);
void null_error(void);
void null_options(void);
void null_loop(void);
void null_connection(void);
void null_others(void);
void null_commands(void);
void option_rows(void);
void option_strings(void);
void option_texts(void);
void option_numbers(void);
void option_descriptors(void);
void option_callbacks(void);
void tokens(void);
void sessions(void);
void contradictions(void);
void forms(void);
void envelope(void);
void field_rows(void);
void message(void);
void loop(void);
void connection(void);
void without_socket(void);
void commands(void);
void pool(void);

#endif /* SURFACE_H */
