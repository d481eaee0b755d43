/* SPDX-License-Identifier: MIT */
/*
 * Random graphs of commands against a reference.  Each command copies one slot of an array to
 * another, or fills one; it waits for exactly those commands before it that conflict with it (write
 * after read, read after write, write after write).  Run in the order of the graph, whatever else
 * overlaps, the slots must end as they do when the commands run one after the other.
 */
#include <pthread.h>

#include "runtime.h"

enum { SLOTS = 12, WORDS = 700, COMMANDS = 120, ROUNDS = 60 };

struct graph {
	uint64_t random;
	cl_context context;
	cl_command_queue queues[3];
	uint32_t slots[SLOTS][WORDS], reference[SLOTS][WORDS];
	cl_event events[COMMANDS];
	int writer[SLOTS];			/* the last command that writes it, or -1 */
	int readers[SLOTS][COMMANDS], n_readers[SLOTS];
	cl_event gates[8];
	int n_gates;
};

static uint32_t next(struct graph *graph, uint32_t below)
{
	graph->random ^= graph->random << 13;
	graph->random ^= graph->random >> 7;
	graph->random ^= graph->random << 17;
	return (uint32_t)(graph->random >> 20) % below;
}

static cl_uint add_wait(cl_event *list, cl_uint n, const struct graph *graph, int command)
{
	if (command >= 0)
		list[n++] = graph->events[command];
	return n;
}

/* What a command that reads @from (or -1) and writes @to must wait for. */
static cl_uint collect_waits(struct graph *graph, int from, int to, cl_event *list)
{
	cl_uint n = 0;

	if (from >= 0)
		n = add_wait(list, n, graph, graph->writer[from]);
	n = add_wait(list, n, graph, graph->writer[to]);
	for (int i = 0; i < graph->n_readers[to]; i++)
		n = add_wait(list, n, graph, graph->readers[to][i]);
	if (graph->n_gates < (int)COUNT(graph->gates) && next(graph, 20) == 0) {
		graph->gates[graph->n_gates] = new_user_event(graph->context);
		list[n++] = graph->gates[graph->n_gates++];
	}
	return n;
}

static void add_command(struct graph *graph, int index)
{
	cl_command_queue queue = graph->queues[next(graph, COUNT(graph->queues))];
	int to = next(graph, SLOTS), from = next(graph, SLOTS);
	cl_event list[COMMANDS + 3];
	uint32_t pattern = next(graph, UINT32_MAX);
	cl_uint n;

	if (from == to)
		from = -1;
	n = collect_waits(graph, from, to, list);
	if (from >= 0) {
		OK(clEnqueueSVMMemcpy(queue, CL_FALSE, graph->slots[to], graph->slots[from],
				      sizeof(graph->slots[to]), n, n ? list : NULL,
				      &graph->events[index]));
		memcpy(graph->reference[to], graph->reference[from], sizeof(graph->reference[to]));
		graph->readers[from][graph->n_readers[from]++] = index;
	} else {
		OK(clEnqueueSVMMemFill(queue, graph->slots[to], &pattern, sizeof(pattern),
				       sizeof(graph->slots[to]), n, n ? list : NULL,
				       &graph->events[index]));
		for (int i = 0; i < WORDS; i++)
			graph->reference[to][i] = pattern;
	}
	graph->writer[to] = index;
	graph->n_readers[to] = 0;
	if (next(graph, 15) == 0)
		OK(clEnqueueBarrierWithWaitList(queue, 0, NULL, NULL));
	if (next(graph, 15) == 0)
		OK(clEnqueueMarkerWithWaitList(queue, 0, NULL, NULL));
	if (next(graph, 25) == 0)
		OK(clFlush(queue));
}

static void open_gates(struct graph *graph)
{
	for (int i = graph->n_gates - 1; i >= 0; i--) {
		OK(clSetUserEventStatus(graph->gates[i], CL_COMPLETE));
		OK(clReleaseEvent(graph->gates[i]));
	}
	graph->n_gates = 0;
}

static void run_round(struct graph *graph)
{
	for (int i = 0; i < SLOTS; i++) {
		graph->writer[i] = -1;
		graph->n_readers[i] = 0;
	}
	for (int i = 0; i < COMMANDS; i++) {
		add_command(graph, i);
		if (next(graph, 30) == 0)
			open_gates(graph);
	}
	open_gates(graph);
	if (next(graph, 2))
		OK(clWaitForEvents(COMMANDS, graph->events));
	else
		for (size_t i = 0; i < COUNT(graph->queues); i++)
			OK(clFinish(graph->queues[i]));
	for (int i = 0; i < COMMANDS; i++) {
		assert_cl(status_of(graph->events[i]), CL_COMPLETE);
		OK(clReleaseEvent(graph->events[i]));
	}
	assert_memory_equal(graph->slots, graph->reference, sizeof(graph->slots));
}

static struct graph *new_graph(cl_context context, uint64_t seed)
{
	struct graph *graph = calloc(1, sizeof(*graph));

	assert_non_null(graph);
	graph->random = seed * 0x9e3779b97f4a7c15 + 1;
	graph->context = context;
	graph->queues[0] = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	graph->queues[1] = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE |
					      CL_QUEUE_PROFILING_ENABLE);
	graph->queues[2] = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	return graph;
}

static void free_graph(struct graph *graph)
{
	for (size_t i = 0; i < COUNT(graph->queues); i++)
		OK(clReleaseCommandQueue(graph->queues[i]));
	free(graph);
}

static void graphs(void **state)
{
	cl_context context = new_context();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct graph *graph = new_graph(context, round);

		run_round(graph);
		free_graph(graph);
	}
	OK(clReleaseContext(context));
}

/* In-order queues need no wait lists for what they do themselves. */
static void in_order_queues(void **state)
{
	enum { N = 2000 };
	cl_context context = new_context();
	cl_command_queue a = new_queue(context, 0), b = new_queue(context, 0);
	static uint32_t values[2][64];

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		OK(clEnqueueSVMMemFill(a, values[0], &i, sizeof(i), sizeof(values[0]), 0, NULL,
				       NULL));
		OK(clEnqueueSVMMemFill(b, values[1], &i, sizeof(i), sizeof(values[1]), 0, NULL,
				       NULL));
		if (i % 500 == 77) {
			OK(clFinish(a));
			assert_int_equal(values[0][63], i);
		}
	}
	OK(clFinish(a));
	OK(clFinish(b));
	for (int i = 0; i < 64; i++) {
		assert_int_equal(values[0][i], N - 1);
		assert_int_equal(values[1][i], N - 1);
	}
	OK(clReleaseCommandQueue(a));
	OK(clReleaseCommandQueue(b));
	OK(clReleaseContext(context));
}

static void *run_thread(void *data)
{
	struct graph *graph = data;

	for (int round = 0; round < ROUNDS / 6; round++)
		run_round(graph);
	return NULL;
}

/* Several threads on one context, each with its graph. */
static void threads(void **state)
{
	cl_context context = new_context();
	struct graph *graphs[4];
	pthread_t ids[4];

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		graphs[i] = new_graph(context, 1000 + i);
		assert_int_equal(pthread_create(&ids[i], NULL, run_thread, graphs[i]), 0);
	}
	for (size_t i = 0; i < COUNT(ids); i++) {
		pthread_join(ids[i], NULL);
		free_graph(graphs[i]);
	}
	OK(clReleaseContext(context));
}

struct shared {
	cl_context context;
	cl_command_queue queue;
	atomic_int stop;
};

/* Enqueues to the one queue that all share. */
static void *hammer(void *data)
{
	struct shared *shared = data;
	uint32_t from[16], to[16];

	for (uint32_t i = 0; i < 400; i++) {
		cl_event event;

		memset(from, (int)i, sizeof(from));
		OK(clEnqueueSVMMemcpy(shared->queue, CL_FALSE, to, from, sizeof(to), 0, NULL,
				      &event));
		if (i % 3 == 0)
			OK(clFinish(shared->queue));
		else
			OK(clWaitForEvents(1, &event));
		assert_memory_equal(from, to, sizeof(to));
		OK(clReleaseEvent(event));
	}
	return NULL;
}

static void share_a_queue(cl_command_queue_properties flags)
{
	struct shared shared = { .context = new_context() };
	pthread_t ids[4];

	shared.queue = new_queue(shared.context, flags);
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_int_equal(pthread_create(&ids[i], NULL, hammer, &shared), 0);
	for (size_t i = 0; i < COUNT(ids); i++)
		pthread_join(ids[i], NULL);
	OK(clReleaseCommandQueue(shared.queue));
	OK(clReleaseContext(shared.context));
}

static void one_queue_many_threads(void **state)
{
	(void)state;
	share_a_queue(0);
	share_a_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
}

static void *churn(void *data)
{
	(void)data;
	for (int i = 0; i < 20; i++) {
		cl_context context = new_context();
		cl_command_queue queue = new_queue(context, 0);
		int from = i, to = -1;

		OK(clEnqueueSVMMemcpy(queue, CL_TRUE, &to, &from, sizeof(to), 0, NULL, NULL));
		assert_int_equal(to, i);
		OK(clReleaseCommandQueue(queue));
		OK(clReleaseContext(context));
	}
	return NULL;
}

/* Contexts come and go in several threads: the engine starts and stops under them. */
static void contexts_come_and_go(void **state)
{
	pthread_t ids[3];

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_int_equal(pthread_create(&ids[i], NULL, churn, NULL), 0);
	for (size_t i = 0; i < COUNT(ids); i++)
		pthread_join(ids[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(graphs),
		cmocka_unit_test(in_order_queues),
		cmocka_unit_test(threads),
		cmocka_unit_test(one_queue_many_threads),
		cmocka_unit_test(contexts_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
