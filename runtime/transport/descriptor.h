/* SPDX-License-Identifier: MIT */
/* Descriptors that the runtime keeps in the application's process. */
#ifndef HMMCL_TRANSPORT_DESCRIPTOR_H
#define HMMCL_TRANSPORT_DESCRIPTOR_H

/* Make @fd a number above @lowest, if it is not: closes @fd. Return: the descriptor, or a negative errno. */
int hmmcl_move_above(int fd, int lowest);

/*
 * What is kept open must not be an input or output of the application, which may have closed those
 * and write there all the same. As hmmcl_move_above().
 */
int hmmcl_above_standard(int fd);

#endif
