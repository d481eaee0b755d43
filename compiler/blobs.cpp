/* SPDX-License-Identifier: MIT */
/* Payloads of protocol.h. */
#include "blobs.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hmmcl {

namespace {

bool read_all(int fd, void *buffer, uint64_t size, uint64_t offset)
{
	char *at = static_cast<char *>(buffer);

	while (size) {
		ssize_t n = pread(fd, at, size, static_cast<off_t>(offset));

		if (n <= 0)
			return false;
		at += n;
		offset += n;
		size -= n;
	}
	return true;
}

bool write_all(int fd, const void *buffer, uint64_t size)
{
	const char *at = static_cast<const char *>(buffer);

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n <= 0)
			return false;
		at += n;
		size -= n;
	}
	return true;
}

uint64_t padded(uint64_t size)
{
	return (size + 7) & ~uint64_t(7);
}

} // namespace

/* pread() and not a mapping: the sender may cut the file short at any moment. */
bool read_blobs(int fd, uint32_t count, std::vector<std::string> &blobs)
{
	struct stat status;
	uint64_t offset = 0;

	if (fstat(fd, &status) || status.st_size < 0)
		return false;
	uint64_t total = status.st_size;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t size;

		if (total - offset < sizeof(size) || !read_all(fd, &size, sizeof(size), offset))
			return false;
		offset += sizeof(size);
		if (size > total - offset)
			return false;
		std::string blob(size, '\0');
		if (!read_all(fd, blob.data(), size, offset))
			return false;
		blobs.push_back(std::move(blob));
		if (padded(size) > total - offset)
			return i + 1 == count;
		offset += padded(size);
	}
	return true;
}

int write_blobs(const std::vector<std::string> &blobs)
{
	static const char zeros[8] = {};
	int fd = memfd_create("hmmclc reply", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	for (const std::string &blob : blobs) {
		uint64_t size = blob.size();

		if (!write_all(fd, &size, sizeof(size)) || !write_all(fd, blob.data(), size) ||
		    !write_all(fd, zeros, padded(size) - size)) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

} // namespace hmmcl
