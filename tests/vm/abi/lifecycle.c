// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the life of a cell takes, by bare ioctls: a line "NAME<tab>MICROSECONDS" for each step, the
 * least of some rounds. The daemon must not run.
 *
 * usage: lifecycle
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"

#define CPU(n)	    (1u << (n))
#define MIB	    (1ull << 20)
#define POOL	    (320 * MIB)
#define BIG_OFFSET  (48 * MIB) /* in the pool */
#define BIG_ADDRESS (2 * MIB)
#define ROUNDS	    3
#define RUNS_US	    10000 /* between start and end */

enum step { CREATE, LOAD, START, DESTROY, CLEAN, STEPS };

static const char *const step_names[] = {"create", "load", "start", "destroy", "scrub"};

static uint64_t now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void check(const char *what, int result)
{
	if (result)
		broken("%s: %s", what, strerror(-result));
}

/* Nothing of the cell is left: its memory can be had again at once. */
static void await_clean(const struct abi *abi, const struct wish *wish)
{
	const struct wish same = {
		.name = wish->name, .cpus = CPU(0), .slot = wish->slot, .memory = wish->memory};
	int r = abi_create(abi, &same);

	/* Refused for its CPU, when it has waited for the memory. */
	if (r != -EINVAL)
		broken("CPU 0: %s", r ? strerror(-r) : "given away");
}

static void live_once(const struct abi *abi, const struct wish *wish, const struct image *image,
		      uint64_t took[STEPS])
{
	uint64_t at[STEPS + 1];

	at[CREATE] = now_us();
	check("create", abi_create(abi, wish));
	at[LOAD] = now_us();
	check("load", abi_load(abi, wish->name, image, 0));
	at[START] = now_us();
	check("start", abi_start(abi, wish->name));
	took[START] = now_us() - at[START];
	usleep(RUNS_US);
	at[DESTROY] = now_us();
	check("destroy", abi_destroy(abi, wish->name));
	at[CLEAN] = now_us();
	await_clean(abi, wish);
	at[STEPS] = now_us();
	for (unsigned int step = 0; step < STEPS; step++) {
		if (step != START)
			took[step] = at[step + 1] - at[step];
	}
}

static void live(const struct abi *abi, const char *what, const struct wish *wish,
		 const struct image *image)
{
	uint64_t least[STEPS], took[STEPS];

	memset(least, 0xff, sizeof(least));
	for (unsigned int round = 0; round < ROUNDS; round++) {
		live_once(abi, wish, image, took);
		for (unsigned int step = 0; step < STEPS; step++)
			least[step] = took[step] < least[step] ? took[step] : least[step];
	}
	for (unsigned int step = 0; step < STEPS; step++)
		printf("%s of %s\t%llu\n", step_names[step], what, (unsigned long long)least[step]);
}

int main(void)
{
	static uint8_t code[25 * 1024];
	const struct image image = {code, sizeof(code)};
	struct cellvisor_pool pool = {.size = POOL, .source = CELLVISOR_POOL_LINUX};
	struct blob_memory memory = {0, BIG_ADDRESS, 0, READ | WRITE | EXECUTE | LOADABLE};
	const struct wish small = {.name = "small", .cpus = CPU(3)};
	const struct wish big = {.name = "big", .cpus = CPU(3), .slot = 1, .memory = &memory};
	int fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	struct abi abi;
	uint64_t begin;

	setvbuf(stdout, NULL, _IOLBF, 0);
	memcpy(code, image_hello.code, image_hello.size);
	begin = now_us();
	if (fd < 0 || ioctl(fd, CELLVISOR_POOL_RESERVE, &pool) < 0)
		broken("no pool: %s", strerror(errno));
	printf("reserve a pool of 320 MiB\t%llu\n", (unsigned long long)(now_us() - begin));
	close(fd);
	abi_open(&abi);
	begin = now_us();
	check("enable", abi_enable(&abi, ROOT_OURS));
	printf("enable\t%llu\n", (unsigned long long)(now_us() - begin));
	memory.phys_start = abi.pool.phys_start + BIG_OFFSET;
	live(&abi, "1 MiB", &small, &image);
	memory.size = 63 * MIB;
	live(&abi, "64 MiB", &big, &image);
	memory.size = 255 * MIB;
	live(&abi, "256 MiB", &big, &image);
	begin = now_us();
	check("disable", abi_disable(&abi));
	printf("disable\t%llu\n", (unsigned long long)(now_us() - begin));
	check("release", abi_release(&abi));
	return 0;
}
