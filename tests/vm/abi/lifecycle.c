// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the life of a cell takes, by bare ioctls: a line "NAME<tab>MICROSECONDS" for each step, the
 * least of some rounds. The daemon must not run. Its caller runs on CPU 0.
 *
 * usage: lifecycle steps: of cells of several sizes, with a CPU that is kept out of Linux and with
 *	one that comes from Linux, and of Linux' own hotplug of the same CPU
 *        lifecycle growth GIB: over the number of cells, of a cell's CPUs, and its memory up to so
 *	many GiB; there are as many as the machine's CPUs give
 *        lifecycle lives kept|linux: nothing but lives of 256 MiB, with a CPU that is kept or
 *	one of Linux'; the kernel's trace gets a line of each, "life MICROSECONDS MICROSECONDS",
 *	what it took until it ran and until it was gone, behind whatever is traced of it
 *        lifecycle holds: how long a CPU of Linux that is not concerned runs nothing of Linux', and
 *	how often one of another cell is in the hypervisor
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "lifecycle.h"

#define BIG_OFFSET  (48 * MIB) /* in the pool */
#define BIG_ADDRESS (2 * MIB)
#define FAR_ADDRESS (4096 * MIB) /* behind the APICs */
#define ROUNDS	    3
#define RUNS_US	    10000 /* between start and end */

static const char *const step_names[] = {"create", "load", "start", "destroy", "scrub"};

static uint8_t code[25 * 1024];
const struct image lifecycle_image = {code, sizeof(code)};

uint64_t lifecycle_now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

void lifecycle_say(uint64_t value, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\t%llu\n", (unsigned long long)value);
}

void lifecycle_check(const char *what, int result)
{
	if (result)
		broken("%s: %s", what, strerror(-result));
}

void lifecycle_keep(const struct abi *abi, uint32_t cpus)
{
	const struct cellvisor_keep_cpus keep = {.cpus[0] = cpus};

	lifecycle_check("keep", abi_call(abi, CELLVISOR_KEEP_CPUS, &keep));
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

void lifecycle_begin(const struct abi *abi, const struct wish *wish, uint64_t took[STEPS])
{
	uint64_t at[DESTROY + 1];

	at[CREATE] = lifecycle_now_us();
	lifecycle_check("create", abi_create(abi, wish));
	at[LOAD] = lifecycle_now_us();
	lifecycle_check("load", abi_load(abi, wish->name, &lifecycle_image, 0));
	at[START] = lifecycle_now_us();
	lifecycle_check("start", abi_start(abi, wish->name));
	at[DESTROY] = lifecycle_now_us();
	for (unsigned int step = CREATE; step < DESTROY; step++)
		took[step] = at[step + 1] - at[step];
}

void lifecycle_end(const struct abi *abi, const struct wish *wish, uint64_t took[STEPS])
{
	uint64_t begin = lifecycle_now_us(), answered;

	lifecycle_check("destroy", abi_destroy(abi, wish->name));
	answered = lifecycle_now_us();
	await_clean(abi, wish);
	took[DESTROY] = answered - begin;
	took[CLEAN] = lifecycle_now_us() - answered;
}

static void live_once(const struct abi *abi, const struct wish *wish, uint64_t took[STEPS])
{
	lifecycle_begin(abi, wish, took);
	usleep(RUNS_US);
	lifecycle_end(abi, wish, took);
}

static void live_rounds(const struct abi *abi, const struct wish *wish, uint64_t least[STEPS])
{
	uint64_t took[STEPS];

	memset(least, 0xff, STEPS * sizeof(*least));
	for (unsigned int round = 0; round < ROUNDS; round++) {
		live_once(abi, wish, took);
		for (unsigned int step = 0; step < STEPS; step++)
			least[step] = took[step] < least[step] ? took[step] : least[step];
	}
}

static void live(const struct abi *abi, const struct wish *wish, const char *what)
{
	uint64_t least[STEPS];

	live_rounds(abi, wish, least);
	for (unsigned int step = 0; step < STEPS; step++)
		lifecycle_say(least[step], "%s of %s", step_names[step], what);
}

static void put_online(unsigned int cpu, bool on)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, on ? "1" : "0", 1) != 1)
		broken("%s: %s", path, strerror(errno));
	close(fd);
}

/* Of the same kernel, without anything of ours. */
static void measure_hotplug(unsigned int cpu)
{
	uint64_t least[2] = {UINT64_MAX, UINT64_MAX}, begin;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int on = 0; on < 2; on++) {
			usleep(RUNS_US);
			begin = lifecycle_now_us();
			put_online(cpu, on);
			begin = lifecycle_now_us() - begin;
			least[on] = begin < least[on] ? begin : least[on];
		}
	}
	lifecycle_say(least[0], "Linux takes a CPU offline");
	lifecycle_say(least[1], "Linux brings a CPU online");
}

static void open_with_pool(struct abi *abi, uint64_t size, const char *name)
{
	struct cellvisor_pool pool = {.size = size, .source = CELLVISOR_POOL_LINUX};
	int fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	uint64_t begin = lifecycle_now_us();

	if (fd < 0 || ioctl(fd, CELLVISOR_POOL_RESERVE, &pool) < 0)
		broken("no pool of %s: %s", name, strerror(errno));
	lifecycle_say(lifecycle_now_us() - begin, "reserve a pool of %s", name);
	close(fd);
	abi_open(abi);
	begin = lifecycle_now_us();
	lifecycle_check("enable", abi_enable(abi, ROOT_OURS));
	lifecycle_say(lifecycle_now_us() - begin, "enable");
}

static void close_all(struct abi *abi)
{
	uint64_t begin = lifecycle_now_us();

	lifecycle_check("disable", abi_disable(abi));
	lifecycle_say(lifecycle_now_us() - begin, "disable");
	lifecycle_check("release", abi_release(abi));
}

static void measure_steps(void)
{
	static const struct {
		const char *name;
		uint64_t more; /* beside the first MiB */
	} sizes[] = {{"1 MiB", 0}, {"64 MiB", 63 * MIB}, {"256 MiB", 255 * MIB}};
	struct blob_memory memory = {0, BIG_ADDRESS, 0, READ | WRITE | EXECUTE | LOADABLE};
	struct wish wish = {.name = "cell", .cpus = CPU(3)};
	struct abi abi;
	char name[64];

	measure_hotplug(3);
	open_with_pool(&abi, 320 * MIB, "320 MiB");
	memory.phys_start = abi.pool.phys_start + BIG_OFFSET;
	for (unsigned int kept = 0; kept < 2; kept++) {
		lifecycle_keep(&abi, kept ? CPU(3) : 0);
		for (unsigned int n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
			memory.size = sizes[n].more;
			wish.memory = sizes[n].more ? &memory : NULL;
			wish.slot = n ? 1 : 0;
			snprintf(name, sizeof(name), "%s, CPU %s", sizes[n].name,
				 kept ? "kept" : "of Linux");
			live(&abi, &wish, name);
		}
	}
	close_all(&abi);
}

static void measure_lives(bool kept)
{
	struct blob_memory memory = {0, BIG_ADDRESS, 255 * MIB, READ | WRITE | EXECUTE | LOADABLE};
	const struct wish wish = {.name = "cell", .cpus = CPU(3), .slot = 1, .memory = &memory};
	int trace = open("/sys/kernel/tracing/trace_marker", O_WRONLY | O_CLOEXEC);
	uint64_t took[STEPS];
	struct abi abi;

	if (trace < 0)
		broken("trace_marker: %s", strerror(errno));
	open_with_pool(&abi, 320 * MIB, "320 MiB");
	memory.phys_start = abi.pool.phys_start + BIG_OFFSET;
	lifecycle_keep(&abi, kept ? CPU(3) : 0);
	dprintf(trace, "lives\n");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		live_once(&abi, &wish, took);
		dprintf(trace, "life %llu %llu\n",
			(unsigned long long)(took[CREATE] + took[LOAD] + took[START]),
			(unsigned long long)took[DESTROY]);
	}
	close(trace);
	close_all(&abi);
}

/* As many cells as there are CPUs, each of them measured while those before it run. */
static void measure_cells(const struct abi *abi, unsigned int count)
{
	uint64_t took[STEPS];
	char name[16];

	for (unsigned int n = 1; n <= count; n++) {
		const struct wish wish = {.name = name, .cpus = CPU(n), .slot = n};

		snprintf(name, sizeof(name), "c%u", n);
		lifecycle_begin(abi, &wish, took);
		if (!(n & (n - 1)))
			lifecycle_say(took[CREATE] + took[LOAD] + took[START], "begin cell %u", n);
	}
	/* Each one's CPU has had its turn, and has printed what it has to. */
	usleep(RUNS_US);
	for (unsigned int n = count; n; n--) {
		const struct wish wish = {.name = name, .cpus = CPU(n), .slot = n};

		snprintf(name, sizeof(name), "c%u", n);
		lifecycle_end(abi, &wish, took);
		if (!(n & (n - 1)))
			lifecycle_say(took[DESTROY], "end cell %u", n);
	}
}

static void measure_cpus(const struct abi *abi, unsigned int count)
{
	uint64_t took[STEPS];

	for (unsigned int n = 1; n <= count; n *= 2) {
		const struct wish wish = {.name = "wide", .cpus = CPU(n + 1) - CPU(1)};

		live_rounds(abi, &wish, took);
		lifecycle_say(took[CREATE] + took[LOAD] + took[START], "begin %u CPUs", n);
		lifecycle_say(took[DESTROY], "end %u CPUs", n);
	}
}

static void measure_memory(const struct abi *abi, unsigned int gib)
{
	struct blob_memory memory = {abi->pool.phys_start + BIG_OFFSET, FAR_ADDRESS, 0,
				     READ | WRITE | EXECUTE | LOADABLE};
	const struct wish wish = {.name = "big", .cpus = CPU(1), .memory = &memory};
	uint64_t took[STEPS];

	for (unsigned int n = 1; n <= gib; n *= 2) {
		memory.size = n * 1024 * MIB;
		live_once(abi, &wish, took);
		lifecycle_say(took[CREATE] + took[LOAD] + took[START], "begin %u GiB", n);
		lifecycle_say(took[DESTROY], "end %u GiB", n);
		lifecycle_say(took[CLEAN], "scrub %u GiB", n);
	}
}

static void measure_growth(unsigned int gib)
{
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	struct abi abi;

	open_with_pool(&abi, gib * 1024 * MIB + 64 * MIB, "all");
	lifecycle_keep(&abi, CPU(cpus + 1) - CPU(1));
	measure_cpus(&abi, cpus);
	measure_cells(&abi, cpus);
	measure_memory(&abi, gib);
	close_all(&abi);
}

static void measure_holds(void)
{
	struct abi abi;

	open_with_pool(&abi, 64 * MIB, "64 MiB");
	lifecycle_holds(&abi);
	close_all(&abi);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	memcpy(code, image_hello.code, image_hello.size);
	if (argc == 2 && strcmp(argv[1], "steps") == 0)
		measure_steps();
	else if (argc == 3 && strcmp(argv[1], "growth") == 0)
		measure_growth((unsigned int)atoi(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "lives") == 0)
		measure_lives(strcmp(argv[2], "kept") == 0);
	else if (argc == 2 && strcmp(argv[1], "holds") == 0)
		measure_holds();
	else
		broken("usage: lifecycle steps | lives kept|linux | growth GIB | holds");
	return 0;
}
