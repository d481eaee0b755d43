/* SPDX-License-Identifier: MIT */
/*
 * Running the LLVM/SPIR-V translator: a process of its own, for it stops, or crashes, on modules that
 * are not what they say.  What goes in and comes out are memory files.
 */
#include "translator.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hmmcl {

namespace {

/* What of the translator's messages is worth keeping. */
constexpr size_t most_text = 16384;

class MemoryFile {
public:
	explicit MemoryFile(const char *name) : fd(memfd_create(name, MFD_CLOEXEC)) {}
	~MemoryFile() { if (fd >= 0) close(fd); }
	MemoryFile(const MemoryFile &) = delete;
	MemoryFile &operator=(const MemoryFile &) = delete;

	bool write_all(const void *data, size_t size) const
	{
		const char *at = static_cast<const char *>(data);

		while (size) {
			ssize_t n = write(fd, at, size);

			if (n <= 0)
				return false;
			at += n;
			size -= n;
		}
		return lseek(fd, 0, SEEK_SET) == 0;
	}

	std::string contents(size_t most) const
	{
		struct stat status;
		std::string text;
		size_t done = 0;

		if (fstat(fd, &status) || status.st_size <= 0)
			return text;
		text.resize(static_cast<size_t>(status.st_size) < most ? status.st_size : most);
		while (done < text.size()) {
			ssize_t n = pread(fd, text.data() + done, text.size() - done, done);

			if (n <= 0)
				break;
			done += n;
		}
		text.resize(done);
		return text;
	}

	const int fd;
};

[[noreturn]] void become_translator(const std::string &path, const MemoryFile &in, const MemoryFile &out,
				    const MemoryFile &messages, pid_t parent)
{
	/* CL2.0: atomics and barriers keep their order and scope. It reads no "-". */
	const char *const argv[] = {
		path.c_str(), "-r", "--spirv-target-env=CL2.0", "--spirv-gen-kernel-arg-name-md",
		"-o", "-", "/dev/stdin", nullptr,
	};
	struct rlimit memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	/* Memory files count for no other limit. */
	if (!getrlimit(RLIMIT_AS, &memory))
		setrlimit(RLIMIT_FSIZE, &memory);
	if (dup2(in.fd, 0) < 0 || dup2(out.fd, 1) < 0 || dup2(messages.fd, 2) < 0)
		_exit(126);
	close_range(3, ~0u, 0);
	execv(path.c_str(), const_cast<char *const *>(argv));
	dprintf(2, "it cannot be run: %s\n", strerror(errno));
	_exit(127);
}

std::string how_it_ended(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return "took too long (HMMCL_BUILD_TIMEOUT) and was stopped";
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		return "wrote too much (HMMCL_BUILD_MEMORY) and was stopped";
	if (WIFSIGNALED(status))
		return std::string("crashed: ") + strsignal(WTERMSIG(status)) +
		       "; the module is malformed, or memory is wanting (HMMCL_BUILD_MEMORY)";
	return "refused the module";
}

} // namespace

bool run_translator(const std::string &path, const std::vector<uint32_t> &module, std::string &bitcode,
		    std::string &log)
{
	MemoryFile in("hmmclc SPIR-V"), out("hmmclc bitcode"), messages("hmmclc messages");
	pid_t parent = getpid();
	int status;

	if (in.fd < 0 || out.fd < 0 || messages.fd < 0 ||
	    !in.write_all(module.data(), module.size() * sizeof(module[0]))) {
		log += std::string("error: no memory for the translator: ") + strerror(errno) + "\n";
		return false;
	}
	pid_t pid = fork();
	if (pid < 0) {
		log += std::string("error: no process for the translator: ") + strerror(errno) + "\n";
		return false;
	}
	if (pid == 0)
		become_translator(path, in, out, messages, parent);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		log += std::string("error: how the translator ended is not known: ") + strerror(errno) + "\n";
		return false;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		bitcode = out.contents(SIZE_MAX);
		return true;
	}
	std::string text = messages.contents(most_text);
	/* A crash of LLVM ends in a stack of addresses, which help nobody. */
	text.resize(text.find("PLEASE submit a bug report") == std::string::npos ?
		    text.size() : text.find("PLEASE submit a bug report"));
	log += "error: the SPIR-V translator " + path + " " + how_it_ended(status) + "\n" + text;
	if (!text.empty() && text.back() != '\n')
		log += "\n";
	return false;
}

} // namespace hmmcl
