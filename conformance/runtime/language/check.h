/* SPDX-License-Identifier: MIT */
/*
 * Checks in a kernel whose first argument is out, with uint n = 0: each leaves 1 or its line; DONE
 * leaves their number at the end of out.
 */
#define CHECK(condition) (out[n++] = (condition) ? 1 : __LINE__)
#define DONE (out[1023] = n)
