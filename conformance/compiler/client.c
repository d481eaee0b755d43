/* SPDX-License-Identifier: MIT */
/* A client of hmmclc --server for tests. */
#define _GNU_SOURCE
#include "client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

struct client client_start(void)
{
	const char *path = getenv("HMMCL_COMPILER");
	struct client client;
	int pair[2];

	if (!path) {
		fprintf(stderr, "HMMCL_COMPILER must name hmmclc\n");
		exit(1);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	client.pid = fork();
	if (client.pid < 0)
		die("fork");
	if (client.pid == 0) {
		if (pair[1] == HMMCL_COMPILER_FD) {
			fprintf(stderr, "descriptor %d is taken\n", HMMCL_COMPILER_FD);
			_exit(127);
		}
		dup2(pair[1], HMMCL_COMPILER_FD);
		execl(path, path, "--server", (char *)NULL);
		die(path);
	}
	close(pair[1]);
	client.socket = pair[0];
	return client;
}

int client_stop(struct client *client)
{
	int status = -1;

	close(client->socket);
	if (waitpid(client->pid, &status, 0) != client->pid)
		die("waitpid");
	return status;
}

void client_send_raw(struct client *client, const void *message, size_t message_size,
		     const void *payload, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {(void *)message, message_size};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	int fd = -1;

	if (payload) {
		fd = memfd_create("request", MFD_CLOEXEC);
		if (fd < 0 || write(fd, payload, size) != (ssize_t)size)
			die("memfd");
		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);

		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	if (sendmsg(client->socket, &header, MSG_NOSIGNAL) != (ssize_t)message_size)
		die("sendmsg");
	if (fd >= 0)
		close(fd);
}

void client_send(struct client *client, uint32_t op, uint64_t id, const struct blob *blobs,
		 uint32_t n_blobs)
{
	struct hmmcl_compiler_message message = {
		.magic = HMMCL_COMPILER_MAGIC,
		.protocol = HMMCL_COMPILER_PROTOCOL,
		.op = op,
		.id = id,
		.n_blobs = n_blobs,
	};
	size_t size = 0;
	char *payload, *at;

	for (uint32_t i = 0; i < n_blobs; i++)
		size += 8 + (blobs[i].size + 7) / 8 * 8;
	payload = calloc(1, size + 1);
	at = payload;
	for (uint32_t i = 0; i < n_blobs; i++) {
		uint64_t length = blobs[i].size;

		memcpy(at, &length, 8);
		memcpy(at + 8, blobs[i].data, length);
		at += 8 + (length + 7) / 8 * 8;
	}
	client_send_raw(client, &message, sizeof(message), payload, size);
	free(payload);
}

/* Copies blob @index out of @payload, with a zero byte after it. */
static void *take_blob(const char *payload, size_t total, uint32_t index, size_t *size)
{
	size_t offset = 0;

	for (uint32_t i = 0;; i++) {
		uint64_t length;

		if (offset + 8 > total)
			return NULL;
		memcpy(&length, payload + offset, 8);
		offset += 8;
		if (length > total - offset)
			return NULL;
		if (i == index) {
			char *copy = malloc(length + 1);

			memcpy(copy, payload + offset, length);
			copy[length] = 0;
			*size = length;
			return copy;
		}
		offset += (length + 7) / 8 * 8;
	}
}

struct reply client_receive(struct client *client, int timeout_s)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct reply reply = {.message.id = ~0ull};
	struct iovec data = {&reply.message, sizeof(reply.message)};
	struct msghdr header = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct pollfd file = {client->socket, POLLIN, 0};
	struct cmsghdr *rights;
	struct stat status;
	int fd, ready;

	ready = poll(&file, 1, timeout_s * 1000);
	if (ready != 1 || recvmsg(client->socket, &header, MSG_CMSG_CLOEXEC) != sizeof(reply.message)) {
		/* Status 0 would be success. */
		reply.message.id = ~0ull;
		reply.message.status = HMMCL_COMPILER_CRASHED;
		if (asprintf(&reply.log, "hmmclc --server %s", ready == 1 ? "has ended" : "does not reply") < 0)
			die("asprintf");
		return reply;
	}
	rights = CMSG_FIRSTHDR(&header);
	if (!rights)
		return reply;
	memcpy(&fd, CMSG_DATA(rights), sizeof(int));
	if (!fstat(fd, &status) && status.st_size > 0) {
		char *payload = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		size_t log_size;

		if (payload == MAP_FAILED)
			die("mmap");
		if (reply.message.op == HMMCL_COMPILER_HELLO && reply.message.status == HMMCL_COMPILER_OK) {
			reply.output = take_blob(payload, status.st_size, 0, &reply.output_size);
		} else {
			reply.log = take_blob(payload, status.st_size, 0, &log_size);
			if (reply.message.n_blobs > 1)
				reply.output = take_blob(payload, status.st_size, 1, &reply.output_size);
		}
		munmap(payload, status.st_size);
	}
	close(fd);
	return reply;
}

struct reply client_build(struct client *client, const char *options, const char *source)
{
	struct blob blobs[] = {{options, strlen(options)}, {source, strlen(source)}};

	client_send(client, HMMCL_COMPILER_BUILD, 1, blobs, 2);
	/* Longer than the server lets a build take, be the machine as busy as it may. */
	return client_receive(client, 400);
}

void reply_free(struct reply *reply)
{
	free(reply->log);
	free(reply->output);
	reply->log = reply->output = NULL;
}
