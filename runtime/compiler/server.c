/* SPDX-License-Identifier: MIT */
/* The connection to the compiler process: start, requests, replies, its end. */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../core/config.h"
#include "../core/log.h"
#include "../transport/descriptor.h"
#include "payload.h"
#include "spawn.h"

#define MAX_TIMEOUT 86400	/* seconds */

/* What a compiler needs at least to start, on a machine that is very slow or busy, seconds. */
#define START_TIME 10

/* A request that waits for its reply; on the stack of the thread that made it. */
struct pending {
	struct pending *next;
	uint64_t id;
	uint32_t op;
	int64_t since;			/* CLOCK_MONOTONIC, ns */
	struct hmmcl_reply *reply;
	bool done;
	bool may_retry;			/* the first attempt */
	bool retry;			/* done, without a reply: the server was gone */
};

struct server {
	struct server *next;		/* all that this process has */
	struct hmmcl_server_program program;
	dev_t cwd_device;		/* its working directory: where relative -I start */
	ino_t cwd_inode;
	int fd;
	dev_t fd_device;		/* what fd is, as long as it is ours */
	ino_t fd_inode;
	int pidfd;
	unsigned int users;		/* requests that still look at it */
	int64_t heard;			/* when it last replied, CLOCK_MONOTONIC, ns */
	bool lost;			/* of no use any more; those who waited for it have been told */
	bool being_read;		/* by one of the waiting threads */
	uint64_t last_id;
	struct pending *pending;
};

/* Protects everything below and all of struct server. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;		/* a reply has come, or the reader's place is free; monotonic clock */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct server *servers, *current;

static const char ended[] = "has ended unexpectedly";

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/*
 * How long a server that has something to do may be silent, ns.  It ends a build that takes longer
 * than HMMCL_BUILD_TIMEOUT itself; when nothing is heard of it after that, it is what hangs.
 */
static int64_t longest_silence(void)
{
	long long seconds = strtoll(hmmcl_config.build_timeout, NULL, 10);

	if (seconds < 1)
		seconds = 1;
	if (seconds > MAX_TIMEOUT)
		seconds = MAX_TIMEOUT;
	return (HMMCL_COMPILER_WALL_FACTOR * seconds + START_TIME) * 1000000000ll;
}

static void init_condition(void)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

/*
 * Programs close descriptors that they do not know (daemons do), and get their numbers for files of
 * their own: those are not ours to use or to close.  The compiler ends when its socket is closed.
 */
static bool has_its_descriptors(const struct server *server)
{
	struct stat now;

	return !fstat(server->fd, &now) && now.st_dev == server->fd_device &&
	       now.st_ino == server->fd_inode;
}

static void close_descriptors(struct server *server)
{
	if (!has_its_descriptors(server))
		return;
	close(server->fd);
	close(server->pidfd);
}

/*
 * After fork() the server belongs to the parent, and the lock to a thread that is not here.  The
 * parent's requests that were under way are on the parent's stacks: only our copies of its
 * descriptors are given back.
 */
static void after_fork(void)
{
	pthread_mutex_init(&lock, NULL);
	init_condition();
	for (struct server *server = servers; server; server = server->next)
		close_descriptors(server);
	servers = current = NULL;
}

static void set_up(void)
{
	init_condition();
	pthread_atfork(NULL, NULL, after_fork);
}

__attribute__((format(printf, 2, 3)))
static void fail(struct hmmcl_reply *reply, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	memset(reply, 0, sizeof(*reply));
	reply->status = HMMCL_COMPILER_CRASHED;
	reply->memory = text;
	reply->n_blobs = 1;
	reply->blobs[0] = (struct hmmcl_blob){ text ? text : "", text ? strlen(text) : 0 };
	hmmcl_error("%s", text ? text : "no memory for a message from the compiler");
}

/* One user less.  Who is the last one of a server that is not the current one any more closes it. */
static void put(struct server *server)
{
	struct server **link = &servers;

	if (--server->users || server == current)
		return;
	while (*link != server)
		link = &(*link)->next;
	*link = server->next;
	close_descriptors(server);
	free(server);
}

/*
 * The server is of no use any more.  Whoever still waits for it is told @why; when it has just
 * ended, they try once more, for it is seldom a request that ends it.
 */
static void lose(struct server *server, const char *why)
{
	if (server->lost)
		return;
	server->lost = true;
	if (current == server)
		current = NULL;
	if (has_its_descriptors(server))
		syscall(SYS_pidfd_send_signal, server->pidfd, SIGKILL, NULL, 0);
	for (struct pending *p = server->pending; p; p = p->next) {
		if (p->done)
			continue;
		p->done = true;
		p->retry = why == ended && p->may_retry;
		if (!p->retry)
			fail(p->reply, "The compiler %s %s. This build has failed; the next one starts a new compiler.",
			     server->program.path, why);
	}
	pthread_cond_broadcast(&changed);
}

/* Start a server and make it the current one. */
static int start(const struct hmmcl_server_program *program)
{
	const char *const argv[] = { program->path, "--server", NULL };
	struct server *server = calloc(1, sizeof(*server));
	int ends[2], error;
	struct stat cwd, its;

	if (!server)
		return -ENOMEM;
	if (!stat(".", &cwd)) {
		server->cwd_device = cwd.st_dev;
		server->cwd_inode = cwd.st_ino;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		error = -errno;
		free(server);
		return error;
	}
	server->fd = hmmcl_above_standard(ends[0]);
	server->pidfd = -1;
	if (server->fd < 0) {
		error = server->fd;
		close(ends[1]);
	} else {
		error = hmmcl_spawn_detached(argv, ends[1], hmmcl_log_level >= HMMCL_LOG_ERROR,
					     &server->pidfd);
	}
	if (!error) {
		server->pidfd = hmmcl_above_standard(server->pidfd);
		error = server->pidfd < 0 ? server->pidfd : 0;
	}
	if (error) {
		if (server->fd >= 0)
			close(server->fd);
		if (server->pidfd >= 0)
			close(server->pidfd);
		free(server);
		return error;
	}
	server->program = *program;
	if (!fstat(server->fd, &its)) {
		server->fd_device = its.st_dev;
		server->fd_inode = its.st_ino;
	}
	server->next = servers;
	servers = current = server;
	hmmcl_inform("started the compiler %s", program->path);
	return 0;
}

/*
 * One message and its descriptor.  1: sent; 0: the socket is full; negative errno: the server is
 * gone.
 */
static int send_request(int fd, const struct hmmcl_compiler_message *message, int payload)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)message, sizeof(*message) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &payload, sizeof(int));
	for (;;) {
		if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 1;
		if (errno == EAGAIN)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/*
 * One message; *payload is its descriptor, or -EMFILE: it had one, for which there was no room here.
 * 0, or -ECONNRESET when there will be no more.
 */
static int receive_reply(int fd, struct hmmcl_compiler_message *message, int *payload)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { message, sizeof(*message) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n;

	*payload = -1;
	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : -ECONNRESET;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS &&
		    cmsg->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(payload, CMSG_DATA(cmsg), sizeof(int));
	if (n > 0 && *payload < 0 && msg.msg_flags & MSG_CTRUNC)
		*payload = -EMFILE;
	if (n == 0)
		return -ECONNRESET;
	if (n != sizeof(*message) || message->magic != HMMCL_COMPILER_MAGIC ||
	    message->protocol != HMMCL_COMPILER_PROTOCOL)
		return -EPROTO;
	return 0;
}

/* What this process lacks is one build's misfortune; all else means that the compiler is no good. */
static bool is_own_want(int error)
{
	return error == -EMFILE || error == -ENOMEM || error == -ENOBUFS || error == -ETOOMANYREFS;
}

static const char *advice(int error)
{
	return error == -EMFILE || error == -ETOOMANYREFS ? " (raise ulimit -n, or close files)" : "";
}

/* Give a reply to whom it belongs. */
static void deliver(struct server *server, const struct hmmcl_compiler_message *message, int payload)
{
	int error;

	for (struct pending *p = server->pending; p; p = p->next) {
		if (p->id != message->id || p->done)
			continue;
		p->done = true;
		error = payload == -EMFILE ? payload :
			message->op != p->op ? -EPROTO :
			hmmcl_payload_read(payload, message->n_blobs, p->reply);
		if (is_own_want(error)) {
			fail(p->reply, "What the compiler %s replied cannot be received: %s%s.",
			     server->program.path, strerror(-error), advice(error));
			return;
		}
		if (error) {
			fail(p->reply, "The compiler %s sent a reply that cannot be read.",
			     server->program.path);
			lose(server, "sent a reply that cannot be read");
			return;
		}
		p->reply->status = message->status;
		return;
	}
	hmmcl_warn("the compiler %s replied to a request that nobody made", server->program.path);
}

/*
 * When the server counts as hanging.  More requests than it works on at once wait for their turn:
 * as long as it replies to others, that is no reason to give up theirs.
 */
static int64_t deadline(const struct server *server)
{
	int64_t since = INT64_MAX;

	for (const struct pending *p = server->pending; p; p = p->next)
		if (!p->done && p->since < since)
			since = p->since;
	if (since == INT64_MAX)
		return since;
	return (since > server->heard ? since : server->heard) + longest_silence();
}

/* Be the one that reads: wait for one message, or for the deadline.  Drops the lock meanwhile. */
static void read_one(struct server *server)
{
	struct hmmcl_compiler_message message;
	struct pollfd poller = { .fd = server->fd, .events = POLLIN };
	int64_t left = deadline(server) - now();
	int payload = -1, result;

	server->being_read = true;
	pthread_mutex_unlock(&lock);
	result = poll(&poller, 1, left <= 0 ? 0 : (int)(left / 1000000 + 1));
	if (result > 0)
		result = receive_reply(server->fd, &message, &payload);
	else
		result = -EAGAIN;
	pthread_mutex_lock(&lock);
	server->being_read = false;
	server->heard = result == 0 ? now() : server->heard;
	if (result == 0)
		deliver(server, &message, payload);
	else if (result == -ECONNRESET)
		lose(server, ended);
	else if (result == -EPROTO)
		lose(server, "does not speak the protocol of this library");
	else if (now() >= deadline(server))
		lose(server, "did not answer in the time that HMMCL_BUILD_TIMEOUT gives it");
	if (result != -EAGAIN && result != -ECONNRESET && payload >= 0)
		close(payload);
	pthread_cond_broadcast(&changed);
}

static void wait_for_reply(struct server *server, struct pending *own)
{
	while (!own->done) {
		if (server->being_read)
			pthread_cond_wait(&changed, &lock);
		else
			read_one(server);
	}
}

/* Send, waiting while the socket is full.  Drops the lock meanwhile.  False when there is nothing to wait for. */
static bool send_one(struct server *server, const struct hmmcl_compiler_message *message, int payload,
		     struct pending *own)
{
	for (;;) {
		struct pollfd poller = { .fd = server->fd, .events = POLLOUT };
		int sent = server->lost ? -ECONNRESET : send_request(server->fd, message, payload);

		if (sent > 0)
			return true;
		if (is_own_want(sent) && !own->done) {
			own->done = true;
			fail(own->reply, "The program cannot be passed to the compiler %s: %s%s.",
			     server->program.path, strerror(-sent), advice(sent));
		} else if (sent < 0 && !own->done) {
			lose(server, ended);
		}
		if (sent < 0 || own->done)
			return false;
		pthread_mutex_unlock(&lock);
		poll(&poller, 1, 10);
		pthread_mutex_lock(&lock);
		if (now() >= deadline(server))
			lose(server, "did not take a request in the time that HMMCL_BUILD_TIMEOUT gives it");
	}
}

/* The current server ends when those that still use it have what they asked for. */
static void retire(void)
{
	struct server *old = current;

	old->users++;
	current = NULL;
	put(old);
}

/*
 * Whether what @server compiles is what @program would compile now: the file has not been replaced,
 * and this process not gone to another directory.
 */
static bool is_up_to_date(const struct server *server, const struct hmmcl_server_program *program)
{
	struct stat cwd;

	return !memcmp(&server->program, program, sizeof(*program)) &&
	       (stat(".", &cwd) ||
		(cwd.st_dev == server->cwd_device && cwd.st_ino == server->cwd_inode));
}

/* The current server, started if need be.  NULL: *error is a negative errno. */
static struct server *get(const struct hmmcl_server_program *program, int *error)
{
	if (current && !is_up_to_date(current, program))
		retire();
	/* It may have died while nobody looked; then this request is not the one to suffer for it. */
	if (current && !current->users) {
		struct pollfd poller = { .fd = current->fd, .events = POLLIN };

		if (!has_its_descriptors(current) ||
		    (poll(&poller, 1, 0) > 0 && poller.revents & (POLLHUP | POLLERR))) {
			struct server *dead = current;

			hmmcl_warn("the compiler %s is gone; starting it again", program->path);
			dead->users++;
			lose(dead, ended);
			put(dead);
		}
	}
	if (!current)
		*error = start(program);
	if (current)
		current->users++;
	return current;
}

/* Under the lock.  False when it should be tried again with another server. */
static bool attempt(const struct hmmcl_server_program *program,
		    struct hmmcl_compiler_message *message, int payload, bool may_retry,
		    struct hmmcl_reply *reply)
{
	struct pending own = {
		.op = message->op,
		.since = now(),
		.reply = reply,
		.may_retry = may_retry,
	};
	struct pending **link;
	struct server *server;
	int error = 0;

	server = get(program, &error);
	if (!server) {
		fail(reply, "The compiler %s cannot be started: %s.", program->path, strerror(-error));
		return true;
	}
	own.id = message->id = ++server->last_id;
	own.next = server->pending;
	server->pending = &own;
	if (send_one(server, message, payload, &own))
		wait_for_reply(server, &own);
	for (link = &server->pending; *link != &own; link = &(*link)->next)
		;
	*link = own.next;
	put(server);
	return !own.retry;
}

void hmmcl_server_request(const struct hmmcl_server_program *program, enum hmmcl_compiler_op op,
			  const struct hmmcl_blob *blobs, unsigned int n_blobs,
			  struct hmmcl_reply *reply)
{
	struct hmmcl_compiler_message message = {
		.magic = HMMCL_COMPILER_MAGIC,
		.protocol = HMMCL_COMPILER_PROTOCOL,
		.op = op,
		.n_blobs = n_blobs,
	};
	int payload = hmmcl_payload_write(blobs, n_blobs);

	memset(reply, 0, sizeof(*reply));
	if (payload < 0) {
		fail(reply, "The program cannot be passed to the compiler: %s.", strerror(-payload));
		return;
	}
	pthread_once(&once, set_up);
	pthread_mutex_lock(&lock);
	if (!attempt(program, &message, payload, true, reply))
		attempt(program, &message, payload, false, reply);
	pthread_mutex_unlock(&lock);
	close(payload);
}

void hmmcl_server_stop(void)
{
	pthread_mutex_lock(&lock);
	if (current && !current->users)
		retire();
	pthread_mutex_unlock(&lock);
}
