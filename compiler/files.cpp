/* SPDX-License-Identifier: MIT */
/* Recording which files a compilation looks at, so that its result can be kept and found again. */
#include "files.h"

#include "protocol.h"

extern "C" {
#include "hash.h"
}

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* A file whose contents are recorded when they are read. */
class WatchedFile : public vfs::File {
public:
	WatchedFile(FileRecord &record, std::string path, std::unique_ptr<vfs::File> file)
		: record(record), path(std::move(path)), file(std::move(file)) {}

	ErrorOr<vfs::Status> status() override { return file->status(); }
	ErrorOr<std::string> getName() override { return file->getName(); }
	std::error_code close() override { return file->close(); }

	ErrorOr<std::unique_ptr<MemoryBuffer>> getBuffer(const Twine &name, int64_t size, bool terminated,
							 bool is_volatile) override
	{
		auto buffer = file->getBuffer(name, size, terminated, is_volatile);

		if (buffer)
			record.read(path, (*buffer)->getBufferStart(), (*buffer)->getBufferSize());
		return buffer;
	}

private:
	FileRecord &record;
	std::string path;
	std::unique_ptr<vfs::File> file;
};

class WatchedFileSystem : public vfs::ProxyFileSystem {
public:
	WatchedFileSystem(FileRecord &record, IntrusiveRefCntPtr<vfs::FileSystem> files, const std::string &own)
		: ProxyFileSystem(std::move(files)), record(record), own(own) {}

	ErrorOr<vfs::Status> status(const Twine &path) override
	{
		auto status = ProxyFileSystem::status(path);

		note(path.str(), status);
		return status;
	}

	bool exists(const Twine &path) override { return !status(path).getError(); }

	ErrorOr<std::unique_ptr<vfs::File>> openFileForRead(const Twine &path) override
	{
		auto file = ProxyFileSystem::openFileForRead(path);
		std::string name = path.str();

		if (!file) {
			note(name, file.getError());
			return file;
		}
		note(name, (*file)->status());
		if (is_own(name))
			return file;
		return std::make_unique<WatchedFile>(record, name, std::move(*file));
	}

	/* Clang and LLVM take it for granted that there is one; it may have been removed. */
	ErrorOr<std::string> getCurrentWorkingDirectory() const override
	{
		auto directory = ProxyFileSystem::getCurrentWorkingDirectory();

		return directory ? directory : std::string("/");
	}

private:
	void note(const std::string &path, const ErrorOr<vfs::Status> &status)
	{
		if (is_own(path))
			return;
		if (!status)
			record.absent(path);
		else if (status->isDirectory())
			record.directory(path);
		else
			record.found(path, status->getSize());
	}

	bool is_own(const std::string &path) const { return StringRef(path).starts_with(own); }

	FileRecord &record;
	std::string own;
};

} // namespace

IntrusiveRefCntPtr<vfs::FileSystem> FileRecord::watch(IntrusiveRefCntPtr<vfs::FileSystem> files,
						     const std::string &own)
{
	return makeIntrusiveRefCnt<WatchedFileSystem>(*this, std::move(files), own);
}

void FileRecord::found(const std::string &path, uint64_t size)
{
	entries.insert({path, {HMMCL_COMPILER_FILE_FOUND,
			       std::string(reinterpret_cast<char *>(&size), sizeof(size))}});
}

void FileRecord::directory(const std::string &path)
{
	entries.insert({path, {HMMCL_COMPILER_FILE_DIRECTORY, ""}});
}

void FileRecord::absent(const std::string &path)
{
	entries.insert({path, {HMMCL_COMPILER_FILE_ABSENT, ""}});
}

void FileRecord::read(const std::string &path, const char *data, size_t size)
{
	uint8_t digest[HMMCL_HASH_SIZE];
	hmmcl_hash hash;

	hmmcl_hash_init(&hash);
	hmmcl_hash_add(&hash, data, size);
	hmmcl_hash_end(&hash, digest);
	entries[path] = {HMMCL_COMPILER_FILE_READ,
			 std::string(reinterpret_cast<char *>(digest), sizeof(digest))};
}

std::string FileRecord::bytes() const
{
	std::string text;

	if (used_clock)
		text += {HMMCL_COMPILER_FILE_CLOCK, '\0'};
	for (const auto &[path, entry] : entries)
		text += entry.kind + path + '\0' + entry.more;
	return text;
}

} // namespace hmmcl
