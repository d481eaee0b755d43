/* SPDX-License-Identifier: MIT */
/* Payloads of protocol.h: blobs in a memfd. */
#ifndef HMMCL_COMPILER_BLOBS_H
#define HMMCL_COMPILER_BLOBS_H

#include <cstdint>
#include <string>
#include <vector>

namespace hmmcl {

/* Reads @count blobs from @fd.  False if the file does not hold them. */
bool read_blobs(int fd, uint32_t count, std::vector<std::string> &blobs);

/* A new memfd with @blobs, or -1. */
int write_blobs(const std::vector<std::string> &blobs);

} // namespace hmmcl

#endif
