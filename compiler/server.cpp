/* SPDX-License-Identifier: MIT */
/*
 * The server: a zygote that has everything loaded and forks a worker for each request.  It runs
 * no compiler code itself after the start, so that nothing a program contains can end it.
 */
#include "server.h"

#include "blobs.h"
#include "stage.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hmmcl {

namespace {

/* Shared between a worker and the server. */
struct Status {
	StageMirror stage;
	volatile bool replied;
};

struct Worker {
	pid_t pid;
	int pidfd;
	Status *status;
	hmmcl_compiler_message request;
	double deadline;
	bool timed_out;
};

double now()
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

long environment_number(const char *name, long fallback)
{
	const char *text = getenv(name);
	char *end;

	if (!text || !*text)
		return fallback;
	long value = strtol(text, &end, 10);
	if (*end || value <= 0) {
		fprintf(stderr, "hmmclc: %s=%s is not a positive number; %ld is used\n", name, text, fallback);
		return fallback;
	}
	return value;
}

bool send_reply(int socket, const hmmcl_compiler_message &request, uint32_t status,
		const std::vector<std::string> &blobs)
{
	hmmcl_compiler_message message = request;
	int payload = write_blobs(blobs);
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec data = {&message, sizeof(message)};
	struct msghdr header = {};

	if (payload < 0)
		return false;
	message.magic = HMMCL_COMPILER_MAGIC;
	message.protocol = HMMCL_COMPILER_PROTOCOL;
	message.status = status;
	message.n_blobs = blobs.size();
	message.reserved = 0;
	header.msg_iov = &data;
	header.msg_iovlen = 1;
	header.msg_control = control;
	header.msg_controllen = sizeof(control);
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &payload, sizeof(int));

	ssize_t sent;
	do {
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	close(payload);
	return sent == sizeof(message);
}

enum class Received { request, closed, nothing };

/* One message; @payload is its memfd or -1. */
Received receive(int socket, hmmcl_compiler_message &message, int &payload, bool &malformed)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = {};
	struct iovec data = {&message, sizeof(message)};
	struct msghdr header = {};

	memset(&message, 0, sizeof(message));
	payload = -1;
	header.msg_iov = &data;
	header.msg_iovlen = 1;
	header.msg_control = control;
	header.msg_controllen = sizeof(control);
	ssize_t got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? Received::nothing : Received::closed;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (payload < 0)
				payload = fd;
			else
				close(fd);
		}
	}
	if (got == 0)
		return Received::closed;
	malformed = got != sizeof(message) || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
		    message.magic != HMMCL_COMPILER_MAGIC ||
		    message.protocol != HMMCL_COMPILER_PROTOCOL || message.status || message.reserved ||
		    (message.n_blobs && payload < 0);
	return Received::request;
}

/* Runs in the worker. */
Result handle(const hmmcl_compiler_message &request, const std::vector<std::string> &blobs,
	      const Settings &settings)
{
	Result result;
	Source source;

	switch (request.op) {
	case HMMCL_COMPILER_HELLO:
		result.status = HMMCL_COMPILER_OK;
		result.output = identity(settings);
		return result;
	case HMMCL_COMPILER_BUILD:
		if (blobs.size() != 2)
			break;
		source.text = blobs[1];
		return build(blobs[0], source, settings);
	case HMMCL_COMPILER_COMPILE:
		if (blobs.size() < 2 || blobs.size() % 2)
			break;
		source.text = blobs[1];
		for (size_t i = 2; i < blobs.size(); i += 2)
			source.headers.push_back({blobs[i], blobs[i + 1]});
		return compile(blobs[0], source, settings);
	case HMMCL_COMPILER_BUILD_IL:
	case HMMCL_COMPILER_COMPILE_IL:
		if (blobs.size() != 3)
			break;
		source.text = blobs[1];
		source.translator = blobs[2];
		source.kind = Source::Kind::spirv;
		return request.op == HMMCL_COMPILER_BUILD_IL ? build(blobs[0], source, settings)
							     : compile(blobs[0], source, settings);
	case HMMCL_COMPILER_LINK:
		if (blobs.size() < 2)
			break;
		return link(blobs[0], {blobs.begin() + 1, blobs.end()}, settings);
	}
	result.status = HMMCL_COMPILER_BAD_REQUEST;
	result.log = "hmmclc: malformed request\n";
	return result;
}

class Server {
public:
	Server(int socket, const Settings &settings)
		: socket(socket), settings(settings),
		  timeout(environment_number("HMMCL_BUILD_TIMEOUT", 60)),
		  memory(environment_number("HMMCL_BUILD_MEMORY", 4096)),
		  max_workers(2 * sysconf(_SC_NPROCESSORS_ONLN)) {}

	int run()
	{
		/* The application's signals are not ours: we end when its socket does. */
		signal(SIGINT, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		while (wait_and_serve())
			;
		for (Worker &worker : workers) {
			kill(worker.pid, SIGKILL);
			waitpid(worker.pid, nullptr, 0);
		}
		return 0;
	}

private:
	bool wait_and_serve()
	{
		std::vector<struct pollfd> files;
		double wait = -1;

		files.push_back({socket, static_cast<short>(workers.size() < max_workers ? POLLIN : 0), 0});
		for (const Worker &worker : workers) {
			double left = worker.deadline - now();

			files.push_back({worker.pidfd, POLLIN, 0});
			if (!worker.timed_out && (wait < 0 || left < wait))
				wait = left < 0 ? 0 : left;
		}
		int ready = poll(files.data(), files.size(), wait < 0 ? -1 : static_cast<int>(wait * 1000) + 1);
		if (ready < 0 && errno != EINTR)
			return false;
		stop_late_workers();
		for (size_t i = files.size() - 1; i > 0; i--)
			if (files[i].revents)
				reap(i - 1);
		if (files[0].revents & POLLIN)
			return accept_request();
		return !(files[0].revents & (POLLHUP | POLLERR));
	}

	bool accept_request()
	{
		hmmcl_compiler_message request;
		bool malformed = false;
		int payload;

		switch (receive(socket, request, payload, malformed)) {
		case Received::closed:
			return false;
		case Received::nothing:
			return true;
		case Received::request:
			break;
		}
		if (malformed)
			send_reply(socket, request, HMMCL_COMPILER_BAD_REQUEST, {"hmmclc: malformed request\n"});
		else
			start_worker(request, payload);
		if (payload >= 0)
			close(payload);
		return true;
	}

	void start_worker(const hmmcl_compiler_message &request, int payload)
	{
		void *shared = mmap(nullptr, sizeof(Status), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		pid_t parent = getpid();
		pid_t pid = shared == MAP_FAILED ? -1 : fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(1);
			run_worker(request, payload, static_cast<Status *>(shared));
		}
		int pidfd = pid < 0 ? -1 : static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
		if (pidfd < 0) {
			if (pid > 0) {
				kill(pid, SIGKILL);
				waitpid(pid, nullptr, 0);
			}
			if (shared != MAP_FAILED)
				munmap(shared, sizeof(Status));
			send_reply(socket, request, HMMCL_COMPILER_CRASHED,
				   {std::string("hmmclc: no process for this build: ") + strerror(errno) + "\n"});
			return;
		}
		workers.push_back({pid, pidfd, static_cast<Status *>(shared), request,
				   now() + HMMCL_COMPILER_WALL_FACTOR * timeout, false});
	}

	[[noreturn]] void run_worker(const hmmcl_compiler_message &request, int payload, Status *status)
	{
		std::vector<std::string> blobs;
		Result result;

		stage_mirror = &status->stage;
		limit_resources();
		if (request.n_blobs && !read_blobs(payload, request.n_blobs, blobs)) {
			result.status = HMMCL_COMPILER_BAD_REQUEST;
			result.log = "hmmclc: malformed payload\n";
		} else {
			result = handle(request, blobs, settings);
		}

		std::vector<std::string> reply;
		if (request.op != HMMCL_COMPILER_HELLO || result.status != HMMCL_COMPILER_OK)
			reply.push_back(result.log);
		if (result.status == HMMCL_COMPILER_OK) {
			reply.push_back(result.output);
			if (request.op != HMMCL_COMPILER_HELLO)
				reply.push_back(result.files);
		}
		if (!send_reply(socket, request, result.status, reply))
			_exit(1);
		status->replied = true;
		_exit(0);
	}

	void limit_resources() const
	{
		rlim_t bytes = static_cast<rlim_t>(memory) << 20;
		struct rlimit address_space = {bytes, bytes};
		struct rlimit cpu = {static_cast<rlim_t>(timeout), static_cast<rlim_t>(timeout) + 1};
		struct rlimit core = {0, 0};
		struct rlimit stack;

		signal(SIGINT, SIG_DFL);
		setrlimit(RLIMIT_AS, &address_space);
		setrlimit(RLIMIT_CPU, &cpu);
		setrlimit(RLIMIT_CORE, &core);
		/* Clang recurses with the program's nesting. */
		if (!getrlimit(RLIMIT_STACK, &stack)) {
			stack.rlim_cur = stack.rlim_max < (64 << 20) ? stack.rlim_max : 64 << 20;
			setrlimit(RLIMIT_STACK, &stack);
		}
	}

	void stop_late_workers()
	{
		for (Worker &worker : workers) {
			if (worker.timed_out || now() < worker.deadline)
				continue;
			worker.timed_out = true;
			kill(worker.pid, SIGKILL);
		}
	}

	void reap(size_t index)
	{
		Worker worker = workers[index];
		int status = 0;

		if (waitpid(worker.pid, &status, WNOHANG) != worker.pid)
			return;
		if (!worker.status->replied)
			send_reply(socket, worker.request, HMMCL_COMPILER_CRASHED, {obituary(worker, status)});
		close(worker.pidfd);
		munmap(worker.status, sizeof(Status));
		workers.erase(workers.begin() + static_cast<long>(index));
	}

	std::string obituary(const Worker &worker, int status) const
	{
		std::string why;

		if (worker.timed_out || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
			why = "took longer than " + std::to_string(timeout) +
			      " s (HMMCL_BUILD_TIMEOUT) and was stopped";
		else if (WIFSIGNALED(status))
			why = std::string("crashed: ") + strsignal(WTERMSIG(status)) + ", perhaps for want of memory (limit " +
			      std::to_string(memory) + " MiB, HMMCL_BUILD_MEMORY)";
		else
			why = "gave up with status " + std::to_string(WEXITSTATUS(status));
		std::string where(worker.status->stage.name,
				  strnlen(worker.status->stage.name, sizeof(worker.status->stage.name)));
		return "error: the compiler " + why + "; it was in stage " +
		       (where.empty() ? "start" : where) + "\n";
	}

	int socket;
	Settings settings;
	long timeout;			/* seconds of processor time */
	long memory;			/* MiB */
	size_t max_workers;
	std::vector<Worker> workers;
};

} // namespace

int serve(int fd, const Settings &settings)
{
	return Server(fd, settings).run();
}

} // namespace hmmcl
