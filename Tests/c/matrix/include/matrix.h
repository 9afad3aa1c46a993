/*
 * matrix.h - every callback of the header, and in it every function
 *
 * Apart from main.c, so that the test of the ordinary build, where exclusive access is
 * checked while running, can call it too.
 */
#ifndef MATRIX_H
#define MATRIX_H

/* 0 when every check held. */
int matrix_run(void);

#endif
