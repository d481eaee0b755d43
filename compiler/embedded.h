/* SPDX-License-Identifier: MIT */
/* Files carried inside hmmclc (embedded.S.in); each is followed by a zero byte. */
#ifndef HMMCL_COMPILER_EMBEDDED_H
#define HMMCL_COMPILER_EMBEDDED_H

extern "C" {
extern const char hmmcl_opencl_header[], hmmcl_opencl_header_end[];	/* Clang's opencl-c-base.h */
extern const char hmmcl_prelude[], hmmcl_prelude_end[];			/* prelude.h */
extern const char hmmcl_builtins[], hmmcl_builtins_end[];		/* library_format.h */
}

#endif
