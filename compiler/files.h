/* SPDX-License-Identifier: MIT */
/* What a compilation looked at outside its request: files and the clock. */
#ifndef HMMCL_COMPILER_FILES_H
#define HMMCL_COMPILER_FILES_H

#include "llvm/ADT/IntrusiveRefCntPtr.h"

#include <map>
#include <string>

namespace llvm::vfs {
class FileSystem;
}

namespace hmmcl {

/* The record that protocol.h describes, while it is being made. */
class FileRecord {
public:
	/*
	 * @files, recording what is asked of it, but not of what is under @own.  This object must
	 * live as long.
	 */
	llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
	watch(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files, const std::string &own);

	/* Paths as they were asked for.  What is known about a file only becomes more. */
	void found(const std::string &path, uint64_t size);
	void directory(const std::string &path);
	void absent(const std::string &path);
	void read(const std::string &path, const char *data, size_t size);

	/* The program asked for the time. */
	void clock() { used_clock = true; }

	std::string bytes() const;

private:
	struct Entry {
		char kind;
		std::string more;	/* digest or size, by kind */
	};

	std::map<std::string, Entry> entries;
	bool used_clock = false;
};

} // namespace hmmcl

#endif
