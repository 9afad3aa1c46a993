/*
 * main.c - the matrix as a program
 *
 *     matrix
 */
#include "include/matrix.h"

int main(void) { return matrix_run(); }
