// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program at one end of shared memory, by the device's own interface (uio_ivshmem.h).
 *
 * usage: link-device DEVICE maps               each map: name, bytes
 *        link-device DEVICE rights             each map: what mmap() and mprotect() say
 *        link-device DEVICE ring PEER VECTOR TIMES
 *        link-device DEVICE wait SECONDS [TIMES]  lets interrupts in, prints "ready", then what
 *                                        was counted since, at each event
 *        link-device DEVICE call PEER VECTOR TIMES  rings, waits for an answer; how many came
 *        link-device DEVICE states             the table of them
 *        link-device DEVICE state VALUE SECONDS  sets the own one, prints the table, holds the
 *                                              device open
 *        link-device DEVICE write MAP TEXT     at the start of the map
 *        link-device DEVICE read PEER          the text at the start of its output section
 *        link-device DEVICE hold SECONDS       maps all, prints "ready", waits for the end of it
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ivshmem.h"
#include "uio_ivshmem.h"

#define MAX_MAPS 5

struct map {
	char name[32];
	size_t size;
	bool writable; /* as it should be */
	volatile uint32_t *words;
};

static const char *name, *path; /* as given, and in sysfs */
static int fd;
static struct map maps[MAX_MAPS];
static unsigned int map_count;

static void broken(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

/* An attribute in sysfs, without its newline; false: there is none. */
static bool attribute(const char *attribute, char *text, size_t size)
{
	char file[128];
	FILE *stream;
	bool found;

	snprintf(file, sizeof(file), "/sys/class/uio/%s/%s", strrchr(path, '/') + 1, attribute);
	stream = fopen(file, "re");
	if (!stream)
		return false;
	found = fgets(text, (int)size, stream);
	text[found ? strcspn(text, "\n") : 0] = '\0';
	fclose(stream);
	return found;
}

static bool map_attribute(const char *name, char *text, size_t size)
{
	char file[64];

	snprintf(file, sizeof(file), "maps/map%u/%s", map_count, name);
	return attribute(file, text, size);
}

static void find_maps(void)
{
	static const char *const read_only[] = {"state-table", "outputs"};
	char size[32];

	while (map_count < MAX_MAPS &&
	       map_attribute("name", maps[map_count].name, sizeof(maps[0].name)) &&
	       map_attribute("size", size, sizeof(size))) {
		struct map *map = &maps[map_count++];

		map->size = strtoul(size, NULL, 0);
		map->writable = strcmp(map->name, read_only[0]) && strcmp(map->name, read_only[1]);
	}
}

static void *try_map(const struct map *map, int protection, int flags)
{
	return mmap(NULL, map->size, protection, flags, fd, (map - maps) * sysconf(_SC_PAGESIZE));
}

static struct map *open_map(const char *name)
{
	for (unsigned int n = 0; n < map_count; n++) {
		struct map *map = &maps[n];
		void *memory;

		if (strcmp(map->name, name) != 0)
			continue;
		memory = try_map(map, PROT_READ | (map->writable ? PROT_WRITE : 0), MAP_SHARED);
		if (memory == MAP_FAILED)
			broken(name);
		map->words = memory;
		return map;
	}
	errno = ENOENT;
	broken(name);
	return NULL;
}

static const char *outcome(bool failed)
{
	return failed ? strerrorname_np(errno) : "ok";
}

static int show_rights(void)
{
	for (unsigned int n = 0; n < map_count; n++) {
		const struct map *map = &maps[n];
		void *memory = try_map(map, PROT_READ, MAP_SHARED);

		printf("%s: read %s", map->name, outcome(memory == MAP_FAILED));
		if (memory != MAP_FAILED) {
			printf(", mprotect to write %s",
			       outcome(mprotect(memory, map->size, PROT_READ | PROT_WRITE) < 0));
			printf(", to execute %s",
			       outcome(mprotect(memory, map->size, PROT_READ | PROT_EXEC) < 0));
			munmap(memory, map->size);
		}
		memory = try_map(map, PROT_READ | PROT_WRITE, MAP_SHARED);
		printf(", write %s", outcome(memory == MAP_FAILED));
		memory = try_map(map, PROT_READ | PROT_EXEC, MAP_SHARED);
		printf(", execute %s", outcome(memory == MAP_FAILED));
		memory = try_map(map, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		printf(", private %s\n", outcome(memory == MAP_FAILED));
	}
	return 0;
}

/* Interrupts of the whole device. */
static void let_in(uint32_t on)
{
	if (write(fd, &on, sizeof(on)) != sizeof(on))
		broken("write");
}

/* The count after the next event, or ends the program. */
static uint32_t next_event(int seconds)
{
	struct pollfd device = {.fd = fd, .events = POLLIN};
	uint32_t count;

	if (poll(&device, 1, seconds * 1000) != 1) {
		printf("no event within %d s\n", seconds);
		exit(1);
	}
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		broken("read");
	return count;
}

/* Rings a peer, and goes on when it is rung itself; prints how often that was. */
static int call(unsigned int peer, unsigned int vector, unsigned int times)
{
	struct map *registers = open_map("registers");
	uint32_t first = 0, count = 0;
	char waited_for[256];

	if (vector > 0) {
		snprintf(waited_for, sizeof(waited_for), "%s.vector%u", name, vector);
		fd = open(waited_for, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			broken(waited_for);
	}
	let_in(1);
	for (unsigned int n = 0; n < times; n++) {
		registers->words[IVSHMEM_DOORBELL / 4] = IVSHMEM_RING(peer, vector);
		count = next_event(5);
		if (n == 0)
			first = count - 1;
	}
	printf("%u\n", count - first);
	return 0;
}

static int wait_for_rings(int seconds, unsigned int times)
{
	char before[16] = "";

	attribute("event", before, sizeof(before));
	let_in(1);
	puts("ready");
	for (unsigned int n = 0; n < times; n++)
		printf("%u\n", next_event(seconds) - (uint32_t)strtoul(before, NULL, 10));
	return 0;
}

static int ring(unsigned int peer, unsigned int vector, unsigned int times)
{
	struct map *registers = open_map("registers");

	for (unsigned int n = 0; n < times; n++)
		registers->words[IVSHMEM_DOORBELL / 4] = IVSHMEM_RING(peer, vector);
	return 0;
}

static int show_states(void)
{
	struct map *registers = open_map("registers"), *table = open_map("state-table");
	uint32_t peers = registers->words[IVSHMEM_MAX_PEERS / 4];

	for (uint32_t n = 0; n < peers; n++)
		printf("%s%u", n ? " " : "", table->words[n]);
	putchar('\n');
	return 0;
}

static int set_state(uint32_t value, unsigned int seconds)
{
	open_map("registers")->words[IVSHMEM_STATE / 4] = value;
	show_states();
	sleep(seconds);
	return 0;
}

static sigjmp_buf touched;

static void on_bus_error(int signal)
{
	siglongjmp(touched, 1);
}

/* Whether a touch of it is SIGBUS. */
static bool page_is_gone(const volatile uint32_t *page)
{
	if (sigsetjmp(touched, 1))
		return true;
	(void)*page;
	return false;
}

static bool is_gone(const struct map *map)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	bool gone = true;

	for (size_t at = 0; at < map->size; at += page_size)
		gone &= page_is_gone(map->words + at / sizeof(*map->words));
	return gone;
}

static void show_gone(const char *who)
{
	for (unsigned int n = 0; n < map_count; n++)
		printf("%s%s: %s\n", who, maps[n].name, is_gone(&maps[n]) ? "SIGBUS" : "readable");
}

/* A process with copies of the mappings, which looks at them when the pipe is closed. */
static pid_t fork_watcher(int *ret_pipe)
{
	int ends[2];
	pid_t child;
	char byte;

	if (pipe(ends) < 0)
		broken("pipe");
	child = fork();
	if (child < 0)
		broken("fork");
	if (child == 0) {
		close(ends[1]);
		(void)!read(ends[0], &byte, 1);
		show_gone("child's ");
		exit(0);
	}
	close(ends[0]);
	*ret_pipe = ends[1];
	return child;
}

/* Of each map with several pages most are never touched before the device goes. */
static int hold(unsigned int seconds)
{
	int watcher_pipe;
	uint32_t count;
	pid_t watcher;

	signal(SIGBUS, on_bus_error);
	for (unsigned int n = 0; n < map_count; n++) {
		open_map(maps[n].name);
		(void)maps[n].words[0];
	}
	let_in(1);
	watcher = fork_watcher(&watcher_pipe);
	puts("ready");
	alarm(seconds);
	/* An event may come along with the end. */
	while (read(fd, &count, sizeof(count)) == sizeof(count))
		;
	printf("read: %s\n", strerrorname_np(errno));
	show_gone("");
	printf("mmap: %s\n", outcome(try_map(&maps[0], PROT_READ, MAP_SHARED) == MAP_FAILED));
	close(watcher_pipe);
	waitpid(watcher, NULL, 0);
	return 0;
}

static int write_text(const char *name, const char *text)
{
	volatile char *to = (volatile char *)open_map(name)->words;

	do
		*to++ = *text;
	while (*text++);
	return 0;
}

static int read_text(unsigned int peer)
{
	const char *outputs = (const char *)open_map("outputs")->words;

	printf("%s\n", outputs + peer * open_map("output")->size);
	return 0;
}

static int show_maps(void)
{
	for (unsigned int n = 0; n < map_count; n++)
		printf("%s %zu\n", maps[n].name, maps[n].size);
	return 0;
}

static int carry_out(int count, char **words)
{
	const char *what = words[0];
	unsigned int numbers[4] = {0};

	for (int n = 1; n < count && n < 4; n++)
		numbers[n] = (unsigned int)strtoul(words[n], NULL, 0);
	if (!strcmp(what, "maps"))
		return show_maps();
	if (!strcmp(what, "rights"))
		return show_rights();
	if (!strcmp(what, "ring") && count == 4)
		return ring(numbers[1], numbers[2], numbers[3]);
	if (!strcmp(what, "wait") && (count == 2 || count == 3))
		return wait_for_rings((int)numbers[1], count == 3 ? numbers[2] : UINT_MAX);
	if (!strcmp(what, "call") && count == 4)
		return call(numbers[1], numbers[2], numbers[3]);
	if (!strcmp(what, "states"))
		return show_states();
	if (!strcmp(what, "state") && count == 3)
		return set_state(numbers[1], numbers[2]);
	if (!strcmp(what, "hold") && count == 2)
		return hold(numbers[1]);
	if (!strcmp(what, "write") && count == 3)
		return write_text(words[1], words[2]);
	if (!strcmp(what, "read") && count == 2)
		return read_text(numbers[1]);
	fprintf(stderr, "link-device: %s: look into the source for how\n", what);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: link-device DEVICE WHAT ...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* The link's name leads to the device that sysfs knows. */
	name = argv[1];
	path = realpath(name, NULL);
	fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		broken(name);
	find_maps();
	return carry_out(argc - 2, argv + 2);
}
