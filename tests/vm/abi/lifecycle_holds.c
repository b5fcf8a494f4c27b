// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom the life of a cell on CPU 3 disturbs. A thread on CPU 1 that comes before all others reads
 * the clock all the time: the longest step between two readings is as long as it could not run. It
 * has turns with the emulator's other CPUs, which are as short as the next timer is near: the third
 * cell's, on CPU 2, is. Only what stands out of what there is without anything going on counts.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include "lifecycle.h"
#include "sysfs_abi.h"

#define WATCHED_US 20000
#define ROUNDS	   5

/* 16-bit code: an APIC timer that comes every 10 us, for a CPU that halts with interrupts closed.
 */
#define SET_MSR(msr, a, b, c)                                          \
	0x66, 0xb9, (msr)&0xff, (msr) >> 8, 0, 0, /* mov $msr, %ecx */ \
		0x66, 0xb8, a, b, c, 0,		  /* mov $..., %eax */ \
		0x66, 0x31, 0xd2, 0x0f, 0x30	  /* xor %edx, %edx; wrmsr */

static const uint8_t metronome[] = {
	SET_MSR(0x80f, 0xff, 0x01, 0), /* the APIC is on */
	SET_MSR(0x83e, 0x0b, 0, 0),    /* divided by 1 */
	SET_MSR(0x832, 0x20, 0, 0x02), /* periodic */
	SET_MSR(0x838, 0x10, 0x27, 0), /* 10 000 ticks of a nanosecond */
	0xf4,
	0xeb,
	0xfd, /* hlt; jmp to it */
};
static const struct image image_metronome = {metronome, sizeof(metronome)};

static _Atomic uint64_t longest; /* in ticks */
static atomic_bool ended;

static void *watch(void *unused)
{
	uint64_t last = __rdtsc(), now, gap;

	while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
		now = __rdtsc();
		gap = now - last;
		last = now;
		if (gap > atomic_load_explicit(&longest, memory_order_relaxed))
			atomic_store_explicit(&longest, gap, memory_order_relaxed);
	}
	return NULL;
}

/* Before all others, and without the pause of each second that Linux makes for those. */
static void begin_watch(pthread_t *thread)
{
	const struct sched_param first = {.sched_priority = 90};
	FILE *limit = fopen("/proc/sys/kernel/sched_rt_runtime_us", "we");
	pthread_attr_t attributes;
	cpu_set_t cpu;

	if (!limit || fputs("-1", limit) < 0 || fclose(limit))
		broken("sched_rt_runtime_us: %s", strerror(errno));
	CPU_ZERO(&cpu);
	CPU_SET(1, &cpu);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(cpu), &cpu);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &first);
	if (pthread_create(thread, &attributes, watch, NULL))
		broken("no thread");
	pthread_attr_destroy(&attributes);
}

static uint64_t ticks_each_us(void)
{
	uint64_t begin = lifecycle_now_us(), ticks = __rdtsc();

	usleep(50000);
	return (__rdtsc() - ticks) / (lifecycle_now_us() - begin);
}

/* All exits of the CPUs of a cell so far; id 0 is root. */
static uint64_t exits_of(unsigned int id)
{
	unsigned long long count;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path),
		 JAILHOUSE_SYSFS "/" SYSFS_CELLS "/%u/" SYSFS_STATISTICS
				 "/" SYSFS_CPU_STATISTICS("%u") "/" SYSFS_COUNTER("total"),
		 id, id ? 2 : 1);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &count) != 1)
		broken("%s cannot be read", path);
	fclose(file);
	return count;
}

/* What is done, between two of which the thread is asked. */
static void begin_nothing(const struct abi *abi, const struct wish *wish)
{
	usleep(WATCHED_US);
}

static void begin_create(const struct abi *abi, const struct wish *wish)
{
	lifecycle_check("create", abi_create(abi, wish));
}

static void begin_load(const struct abi *abi, const struct wish *wish)
{
	lifecycle_check("load", abi_load(abi, wish->name, &lifecycle_image, 0));
}

static void begin_start(const struct abi *abi, const struct wish *wish)
{
	lifecycle_check("start", abi_start(abi, wish->name));
}

static void begin_destroy(const struct abi *abi, const struct wish *wish)
{
	lifecycle_check("destroy", abi_destroy(abi, wish->name));
	/* And until it is scrubbed. */
	usleep(WATCHED_US);
}

static const struct {
	const char *name;
	void (*run)(const struct abi *abi, const struct wish *wish);
} deeds[] = {
	{"nothing", begin_nothing}, {"create", begin_create},	{"load", begin_load},
	{"start", begin_start},	    {"destroy", begin_destroy},
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

void lifecycle_holds(const struct abi *abi)
{
	const struct wish third = {.name = "third", .cpus = CPU(2), .slot = 1};
	const struct wish wish = {.name = "cell", .cpus = CPU(3)};
	uint64_t gaps[DEEDS], exits[DEEDS], exits_third[DEEDS], before, each_us = ticks_each_us();
	pthread_t thread;

	lifecycle_keep(abi, CPU(2) | CPU(3));
	abi_run(abi, &third, &image_metronome);
	begin_watch(&thread);
	memset(gaps, 0xff, sizeof(gaps));
	memset(exits, 0xff, sizeof(exits));
	memset(exits_third, 0xff, sizeof(exits_third));
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int n = 0; n < DEEDS; n++) {
			uint64_t root = exits_of(0), other = exits_of(1);

			usleep(WATCHED_US);
			atomic_store(&longest, 0);
			deeds[n].run(abi, &wish);
			before = atomic_load(&longest) / each_us;
			gaps[n] = before < gaps[n] ? before : gaps[n];
			root = exits_of(0) - root;
			other = exits_of(1) - other;
			exits[n] = root < exits[n] ? root : exits[n];
			exits_third[n] = other < exits_third[n] ? other : exits_third[n];
		}
	}
	atomic_store(&ended, true);
	pthread_join(thread, NULL);
	for (unsigned int n = 0; n < DEEDS; n++) {
		lifecycle_say(gaps[n], "longest pause of a CPU of Linux, %s", deeds[n].name);
		lifecycle_say(exits[n], "exits of that CPU, %s", deeds[n].name);
		lifecycle_say(exits_third[n], "exits of another cell's CPU, %s", deeds[n].name);
	}
	lifecycle_check("destroy", abi_destroy(abi, third.name));
}
