/* SPDX-License-Identifier: MIT */
/*
 * How the runtime talks to hmmclc --server: C17 and C++.
 *
 * One SOCK_SEQPACKET pair, descriptor 3 in the compiler.  Each message is a struct
 * hmmcl_compiler_message and, as SCM_RIGHTS, one memfd with the payload: n_blobs times
 * { uint64_t size; bytes, zero-padded to 8 }.  Requests carry an id that the reply
 * repeats; replies come in any order, one for each request.  The server is a zygote:
 * it loads everything once and forks a worker for each request, so requests run in
 * parallel and a crash, a hang or a want of memory in one ends only that one.  It ends
 * when the socket does.
 */
#ifndef HMMCL_COMPILER_PROTOCOL_H
#define HMMCL_COMPILER_PROTOCOL_H

#include <stdint.h>

#define HMMCL_COMPILER_MAGIC 0x434c4d48u	/* "HMLC" */
#define HMMCL_COMPILER_PROTOCOL 4
#define HMMCL_COMPILER_FD 3

/*
 * The server gives a build HMMCL_BUILD_TIMEOUT seconds of processor time, and this many times as
 * many by the clock: a build that hangs spends its processor time; that others keep the machine busy
 * is no reason to stop one.
 */
#define HMMCL_COMPILER_WALL_FACTOR 5

enum hmmcl_compiler_op {
	/* Runtime to server; blobs in braces, and those of a reply with status OK. */
	HMMCL_COMPILER_HELLO = 1,	/* {} -> {identity: a string that changes with anything that changes
					 * the output (version, LLVM, built-in library, CPU, device ABI)} */
	HMMCL_COMPILER_BUILD,		/* {options, source} -> {log, code object, files} (clBuildProgram) */
	HMMCL_COMPILER_COMPILE,		/* {options, source, (header name, header text)...} ->
					 * {log, bitcode, files} (clCompileProgram) */
	HMMCL_COMPILER_LINK,		/* {options, bitcode...} -> {log, code object, files}, or with
					 * -create-library {log, bitcode, files} (clLinkProgram) */
	HMMCL_COMPILER_BUILD_IL,	/* {options, SPIR-V, path of the translator} -> as BUILD */
	HMMCL_COMPILER_COMPILE_IL,	/* {options, SPIR-V, path of the translator} -> as COMPILE */
};

/*
 * The files blob says what else the output depends on: entries of a kind (one byte), a path, a zero
 * and more by kind.  The path is as the compiler looked for it: a relative one means another file in
 * another directory.
 */
enum hmmcl_compiler_file {
	HMMCL_COMPILER_FILE_READ = 'r',		/* with BLAKE2b-256 of what was in it */
	HMMCL_COMPILER_FILE_FOUND = 'f',	/* looked for, and there; with its size, uint64_t */
	HMMCL_COMPILER_FILE_DIRECTORY = 'd',	/* looked for, and a directory */
	HMMCL_COMPILER_FILE_ABSENT = 'a',	/* looked for, and not there: it would be read now */
	HMMCL_COMPILER_FILE_CLOCK = 'c',	/* no file: the time (__DATE__); the path is empty */
};

/* Every reply has a log blob first, also those that fail. */
enum hmmcl_compiler_status {
	HMMCL_COMPILER_OK = 0,
	HMMCL_COMPILER_FAILED,		/* diagnostics in the log: CL_BUILD_PROGRAM_FAILURE, CL_COMPILE_..., CL_LINK_... */
	HMMCL_COMPILER_INVALID_OPTIONS,	/* CL_INVALID_BUILD_OPTIONS, CL_INVALID_COMPILER_OPTIONS, CL_INVALID_LINKER_OPTIONS */
	HMMCL_COMPILER_CRASHED,		/* the worker died, ran out of time or of memory: the log says which, and
					 * where it was */
	HMMCL_COMPILER_BAD_REQUEST,	/* malformed message */
};

struct hmmcl_compiler_message {
	uint32_t magic;
	uint32_t protocol;
	uint32_t op;		/* enum hmmcl_compiler_op; a reply repeats it */
	uint32_t status;	/* enum hmmcl_compiler_status; 0 in a request */
	uint64_t id;
	uint32_t n_blobs;
	uint32_t reserved;	/* zero */
};

#endif
