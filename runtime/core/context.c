/* SPDX-License-Identifier: MIT */
/* Contexts: their end, and what they tell the application. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "context.h"
#include "log.h"
#include "scheduler.h"

static void context_destroy(void *object)
{
	cl_context context = object;

	if (context->svm)
		hmmcl_svm_space_fini(context);
	if (context->scheduler)
		hmmcl_scheduler_put(context->scheduler);
	free(context->properties);
}

const struct hmmcl_object_type hmmcl_context_type = {
	.name = "cl_context", .destroy = context_destroy,
};

struct message {
	struct hmmcl_call call;		/* first: see tell */
	cl_context context;
	size_t size;
	char text[512];
	_Alignas(16) unsigned char private_info[];
};

static void tell(struct hmmcl_call *call)
{
	struct message *message = (struct message *)call;
	cl_context context = message->context;

	context->notify(message->text, message->size ? message->private_info : NULL, message->size,
			context->notify_data);
	hmmcl_object_unref(context);
	free(message);
}

void hmmcl_context_notify(cl_context context, const void *private_info, size_t size,
			  const char *format, ...)
{
	struct message *message;
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	hmmcl_error("%s", text);
	if (!context->notify)
		return;
	if (!private_info)
		size = 0;
	message = malloc(sizeof(*message) + size);
	if (!message)
		return;		/* it has been logged */
	message->call.run = tell;
	message->context = hmmcl_object_ref(context);
	message->size = size;
	memcpy(message->text, text, sizeof(text));
	if (size)
		memcpy(message->private_info, private_info, size);
	if (hmmcl_call_later(&message->call) != CL_SUCCESS) {
		hmmcl_object_unref(context);	/* never the last one: the caller uses it */
		free(message);
	}
}
