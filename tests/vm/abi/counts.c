// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events are counted, not sampled, but for what a cell does to be told of. Prints "ok WHAT" and
 * "not ok WHAT: WHY". The daemon must not run.
 *
 * usage: counts [often]: all of that, or only what is told while somebody calls the driver without
 * pause, which is for a machine in which a call does not take as long as it takes until somebody
 * looks
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "results.h"

#define CPU(n)	      (1u << (n))
#define ROUNDS	      20
#define ENDS	      5
#define SETTLE_US     200000 /* of what is looked at every 20 ms */
#define NOISY_S	      3
#define OFTEN_S	      2
#define EVENTS_A_S    10
#define FIRST_CELL_ID 1

static uint64_t events(const struct abi *abi)
{
	uint64_t count = 0;

	usleep(SETTLE_US);
	abi_call(abi, CELLVISOR_EVENTS, &count);
	return count;
}

static void between(const char *what, uint64_t got, uint64_t least, uint64_t most)
{
	if (got >= least && got <= most)
		printf("ok %s\n", what);
	else
		printf("not ok %s: %llu, expected %llu to %llu\n", what, (unsigned long long)got,
		       (unsigned long long)least, (unsigned long long)most);
}

static void restart_fast(const struct abi *abi)
{
	const struct wish wish = {.name = "fast", .cpus = CPU(2)};
	const struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "fast"};
	struct cellvisor_cell_status status = {.id = FIRST_CELL_ID};
	uint64_t before = events(abi);
	int r = abi_create(abi, &wish);

	for (unsigned int n = 0; n < ROUNDS && !r; n++) {
		r = abi_load(abi, wish.name, &image_hello, 0);
		r = r ?: abi_start(abi, wish.name);
	}
	gives("a cell is loaded and started many times", r, 0);
	gives("it has a status", abi_call(abi, CELLVISOR_CELL_STATUS, &status), 0);
	between("which says which start it is", status.started, ROUNDS, ROUNDS);
	gives("it is killed", abi_call(abi, CELLVISOR_CELL_KILL, &id), 0);
	gives("and destroyed at once", abi_destroy(abi, wish.name), 0);
	/* Creation, kill and end; a look may fall between a state and its count. */
	between("each of all that is counted", events(abi) - before, 2 * ROUNDS + 3, 3 * ROUNDS);
}

/* Nobody may have looked in between, but for who destroys it. */
static void end_fast(const struct abi *abi)
{
	const struct wish wish = {.name = "brief", .cpus = CPU(2)};
	const struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "brief"};
	uint64_t before, told = 0;

	for (unsigned int n = 0; n < ENDS; n++) {
		abi_run(abi, &wish, &image_hello);
		before = events(abi);
		gives("a cell is killed", abi_call(abi, CELLVISOR_CELL_KILL, &id), 0);
		gives("and gone at once", abi_destroy(abi, wish.name), 0);
		told += events(abi) - before;
	}
	between("of each, both are told", told, 2 * ENDS, 3 * ENDS);
}

static void be_noisy(const struct abi *abi)
{
	const struct wish wish = {.name = "noisy", .cpus = CPU(2)};
	const struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "noisy"};
	uint64_t before;

	abi_run(abi, &wish, &image_flipper);
	before = events(abi);
	sleep(NOISY_S);
	between("a cell that changes its state all the time is told of now and then",
		events(abi) - before, EVENTS_A_S, (NOISY_S + 2) * EVENTS_A_S);
	before = events(abi);
	gives("it is killed", abi_call(abi, CELLVISOR_CELL_KILL, &id), 0);
	between("which is told all the same", events(abi) - before, 1, 2 * EVENTS_A_S);
	gives("it goes", abi_destroy(abi, wish.name), 0);
}

/* A call puts off the look that is due, so that it is answered before all that listen are told. */
static void call_often(const struct abi *abi)
{
	const struct wish wish = {.name = "often", .cpus = CPU(2)};
	const struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "often"};
	time_t end = time(NULL) + OFTEN_S;
	uint64_t before, told = 0;
	int r = abi_create(abi, &wish);

	before = events(abi);
	while (!r && time(NULL) < end) {
		r = abi_load(abi, wish.name, &image_hello, 0);
		r = r ?: abi_start(abi, wish.name);
	}
	gives("it is called without pause", r, 0);
	abi_call(abi, CELLVISOR_EVENTS, &told);
	between("one look in two is there all the same", told > before, 1, 1);
	gives("it is killed", abi_call(abi, CELLVISOR_CELL_KILL, &id), 0);
	gives("and destroyed", abi_destroy(abi, wish.name), 0);
}

int main(int argc, char *argv[])
{
	struct abi abi;

	setvbuf(stdout, NULL, _IOLBF, 0);
	abi_open(&abi);
	gives("the hypervisor opens", abi_enable(&abi, ROOT_OURS), 0);
	if (argc > 1 && strcmp(argv[1], "often") == 0) {
		call_often(&abi);
	} else {
		restart_fast(&abi);
		end_fast(&abi);
		be_noisy(&abi);
	}
	gives("the hypervisor closes", abi_disable(&abi), 0);
	gives("its memory goes back to Linux", abi_release(&abi), 0);
	return 0;
}
