// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others are told while one operation takes long. Prints "ok WHAT" and "not ok WHAT: WHY". The
 * daemon must not run.
 *
 * usage: meanwhile failures MIB READERS: a cell fails while the memory of another, of as many MiB,
 *		is scrubbed, loaded and scrubbed again, and READERS of nobody's read all of sysfs
 *	  meanwhile waits: a load waits for a page that is not there
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "abi.h"

#include "cell_abi.h"
#include "page.h"
#include "results.h"
#include "sysfs_abi.h"

#define CPU(n)	       (1u << (n))
#define MIB	       (1ull << 20)
#define BIG_ADDRESS    (4096 * MIB) /* above what is not memory below 4 GiB */
#define BIG_OFFSET     (32 * MIB)   /* in the pool */
#define LOADED	       (256 * MIB)
#define TOLD_MS	       50
#define AFTER_MS       12
#define AFTER_SCRUB_MS 300
#define NOBODY	       65534
#define PATIENCE_MS    20000
#define MAX_READERS    16
#define PATH_MAX_HERE  400

/* It tells the time until it is the deadline's, and touches what is not there. */
static struct {
	uint8_t code[43];
	uint64_t deadline;
} __attribute__((packed)) ticker = {
	.code =
		{
			0xb8, 0xff, 0xff, 0x8e, 0xd8, /* mov $0xffff, %ax; mov %ax, %ds */
			0x66, 0xc7, 0x06, 0x10, 0x08, 'C',
			'H',  'T',  'B',		 /* the heartbeat's magic */
			0x0f, 0x31,			 /* rdtsc */
			0x66, 0xa3, 0x18, 0x08,		 /* mov %eax, counter */
			0x66, 0x89, 0x16, 0x1c, 0x08,	 /* mov %edx, counter + 4 */
			0x66, 0x2e, 0x2b, 0x06, 43,   0, /* sub %cs:deadline, %eax */
			0x66, 0x2e, 0x1b, 0x16, 47,   0, /* sbb %cs:deadline + 4, %edx */
			0x72, 0xe7,			 /* jb to rdtsc */
			0xa0, 0x10, 0x20,		 /* mov 0x2010, %al */
		},
};

static uint64_t ticks_per_ms;

static void sleep_ms(unsigned int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void measure_ticks(void)
{
	struct timespec from, to;
	uint64_t ticks, ns;

	clock_gettime(CLOCK_MONOTONIC, &from);
	ticks = __rdtsc();
	sleep_ms(100);
	ticks = __rdtsc() - ticks;
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns = (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u + (uint64_t)to.tv_nsec -
	     (uint64_t)from.tv_nsec;
	ticks_per_ms = ticks * 1000000 / ns;
}

static int32_t id_of(const struct abi *abi, const char *name)
{
	char path[64], found[64];

	for (int32_t id = 1; id < 32; id++) {
		struct cellvisor_cell_status status = {.id = id};
		FILE *file;

		if (abi_call(abi, CELLVISOR_CELL_STATUS, &status) < 0)
			continue;
		snprintf(path, sizeof(path), JAILHOUSE_SYSFS "/cells/%d/name", id);
		file = fopen(path, "re");
		if (file && fscanf(file, "%63s", found) == 1 && strcmp(found, name) == 0) {
			fclose(file);
			return id;
		}
		if (file)
			fclose(file);
	}
	broken("there is no cell %s", name);
}

/* Who waits for events, as the daemon does. */
struct watcher {
	int32_t id;
	atomic_bool ready;
	uint64_t last_beat, told_at; /* ticks; 0: never */
};

static void *watch(void *argument)
{
	struct watcher *watcher = argument;
	int fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	struct pollfd waiter = {.fd = fd, .events = POLLPRI};
	uint64_t events;

	watcher->ready = true;
	while (poll(&waiter, 1, PATIENCE_MS) > 0) {
		struct cellvisor_cell_status status = {.id = watcher->id};

		if (ioctl(fd, CELLVISOR_EVENTS, &events) < 0 ||
		    ioctl(fd, CELLVISOR_CELL_STATUS, &status) < 0)
			break;
		if (status.state != CELL_FAILED)
			continue;
		watcher->told_at = __rdtsc();
		watcher->last_beat = status.heartbeat;
		break;
	}
	close(fd);
	return NULL;
}

/* Everything that can be asked without changing anything, again and again. */
struct asker {
	int32_t id;
	atomic_bool stop;
	uint64_t longest;
};

static void *ask(void *argument)
{
	struct asker *asker = argument;
	int fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	char path[64], text[64];
	int state;

	snprintf(path, sizeof(path), JAILHOUSE_SYSFS "/cells/%d/state", asker->id);
	state = open(path, O_RDONLY | O_CLOEXEC);
	while (!asker->stop) {
		struct cellvisor_cell_status status = {.id = asker->id};
		struct cellvisor_cell_console console = {
			.id = asker->id, .length = sizeof(text), .buffer = (uintptr_t)text};
		struct cellvisor_features features;
		struct cellvisor_pool pool;
		uint64_t begin = __rdtsc(), ticks;

		if (ioctl(fd, CELLVISOR_CELL_STATUS, &status) < 0 ||
		    ioctl(fd, CELLVISOR_CELL_CONSOLE, &console) < 0 ||
		    ioctl(fd, CELLVISOR_FEATURES, &features) < 0 ||
		    ioctl(fd, CELLVISOR_POOL_INFO, &pool) < 0 ||
		    pread(state, text, sizeof(text), 0) < 0)
			broken("asking: %s", strerror(errno));
		ticks = __rdtsc() - begin;
		if (ticks > asker->longest)
			asker->longest = ticks;
		sleep_ms(1);
	}
	close(state);
	close(fd);
	return NULL;
}

static void read_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static void read_tree(const char *path)
{
	char inner[PATH_MAX_HERE];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || snprintf(inner, sizeof(inner), "%s/%s", path,
							entry->d_name) >= (int)sizeof(inner))
			continue;
		if (entry->d_type == DT_DIR)
			read_tree(inner);
		else if (entry->d_type == DT_REG)
			read_file(inner);
	}
	if (dir)
		closedir(dir);
}

static pid_t readers[MAX_READERS];
static unsigned int num_readers;

static void begin_reading(unsigned int count)
{
	for (; num_readers < count; num_readers++) {
		readers[num_readers] = fork();
		if (readers[num_readers])
			continue;
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setgid(NOBODY) < 0 ||
		    setuid(NOBODY) < 0)
			_exit(1);
		for (;;)
			read_tree(JAILHOUSE_SYSFS);
	}
}

static void end_reading(void)
{
	for (unsigned int n = 0; n < num_readers; n++)
		kill(readers[n], SIGKILL);
	num_readers = 0;
}

/*
 * The small cell is to fail so many milliseconds from its start on: later than it takes to start,
 * which is long where the hypervisor scrubs meanwhile, and before what is done then has ended.
 */
static void fail_during(const struct abi *abi, const char *what, unsigned int after_ms,
			int (*operation)(void *), void *argument)
{
	const struct image image = {ticker.code, sizeof(ticker)};
	struct watcher watcher = {.id = id_of(abi, "small")};
	struct asker asker = {.id = watcher.id};
	char text[100], got[32];
	pthread_t watching, asking;
	uint64_t begin, took;
	int r;

	ticker.deadline = UINT64_MAX;
	r = abi_load(abi, "small", &image, 0);
	if (pthread_create(&watching, NULL, watch, &watcher) ||
	    pthread_create(&asking, NULL, ask, &asker))
		broken("no threads");
	while (!watcher.ready)
		sleep_ms(1);
	ticker.deadline = __rdtsc() + after_ms * ticks_per_ms;
	r = r ?: abi_load(abi, "small", &image, 0);
	r = r ?: abi_start(abi, "small");
	if (r)
		broken("start of the small cell: %s", strerror(-r));
	begin = __rdtsc();
	r = operation(argument);
	took = __rdtsc() - begin;
	snprintf(text, sizeof(text), "%s is done", what);
	gives(text, r, 0);
	pthread_join(watching, NULL);
	asker.stop = true;
	pthread_join(asking, NULL);
	printf("# %s: %llu us; told %lld us after the last heartbeat; asking took %llu us\n", what,
	       (unsigned long long)(took * 1000 / ticks_per_ms),
	       (long long)(watcher.told_at - watcher.last_beat) * 1000 / (long long)ticks_per_ms,
	       (unsigned long long)(asker.longest * 1000 / ticks_per_ms));
	snprintf(text, sizeof(text), "%s lasts while the cell fails", what);
	is(text, ticker.deadline > begin && ticker.deadline < begin + took ? "yes" : "no", "yes");
	snprintf(got, sizeof(got), "%s",
		 !watcher.told_at						? "never"
		 : watcher.told_at - watcher.last_beat < TOLD_MS * ticks_per_ms ? "in time"
										: "late");
	snprintf(text, sizeof(text), "of a cell that fails during %s one is told", what);
	is(text, got, "in time");
	snprintf(text, sizeof(text), "and who asks is answered during %s", what);
	is(text, asker.longest < TOLD_MS * ticks_per_ms ? "in time" : "late", "in time");
}

struct big {
	const struct abi *abi;
	struct blob_memory memory;
	struct wish wish;
	struct image image;
};

static int create_big(void *argument)
{
	const struct big *big = argument;

	return abi_create(big->abi, &big->wish);
}

static int load_big(void *argument)
{
	const struct big *big = argument;

	return abi_load(big->abi, big->wish.name, &big->image, BIG_ADDRESS);
}

static int destroy_big(void *argument)
{
	const struct big *big = argument;

	return abi_destroy(big->abi, big->wish.name);
}

static void reserve(uint64_t size)
{
	struct cellvisor_pool pool = {.size = size, .source = CELLVISOR_POOL_LINUX};
	int fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);

	/* Whoever failed before may have left one. */
	ioctl(fd, CELLVISOR_POOL_RELEASE);
	if (fd < 0 || ioctl(fd, CELLVISOR_POOL_RESERVE, &pool) < 0)
		broken("no pool of %llu MiB: %s", size / MIB, strerror(errno));
	close(fd);
}

static void failures(uint64_t size, unsigned int count)
{
	const struct wish small = {.name = "small", .cpus = CPU(3)};
	const struct image image = {ticker.code, sizeof(ticker)};
	struct abi abi;
	struct big big = {.abi = &abi};

	reserve(BIG_OFFSET + size);
	abi_open(&abi);
	big.memory = (struct blob_memory){abi.pool.phys_start + BIG_OFFSET, BIG_ADDRESS, size,
					  READ | WRITE | EXECUTE | LOADABLE};
	big.wish = (struct wish){
		.name = "big", .cpus = CPU(2), .slot = LAST_SLOT, .memory = &big.memory};
	/* All of it is the one page of zeros. */
	big.image.size = size < LOADED ? size : LOADED;
	big.image.code = mmap(NULL, big.image.size, PROT_READ,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	gives("the hypervisor opens", abi_enable(&abi, ROOT_OURS), 0);
	ticker.deadline = UINT64_MAX;
	abi_run(&abi, &small, &image);
	measure_ticks();
	begin_reading(count);
	fail_during(&abi, "making a large cell", AFTER_MS, create_big, &big);
	fail_during(&abi, "loading it", AFTER_MS, load_big, &big);
	fail_during(&abi, "destroying it", AFTER_MS, destroy_big, &big);
	fail_during(&abi, "scrubbing it, for who wants it again", AFTER_SCRUB_MS, create_big, &big);
	gives("the large cell goes", destroy_big(&big), 0);
	end_reading();
	gives("the small cell goes", abi_destroy(&abi, "small"), 0);
	gives("the hypervisor closes", abi_disable(&abi), 0);
	gives("its memory goes back to Linux", abi_release(&abi), 0);
}

struct call {
	const struct abi *abi;
	struct image image;
	atomic_bool done;
	int result;
};

static void *load_one(void *argument)
{
	struct call *call = argument;

	call->result = abi_load(call->abi, "one", &call->image, 0);
	call->done = true;
	return NULL;
}

static void *start_one(void *argument)
{
	struct call *call = argument;

	call->result = abi_start(call->abi, "one");
	call->done = true;
	return NULL;
}

static void waits(void)
{
	const struct wish one = {.name = "one", .cpus = CPU(2)};
	const struct wish two = {.name = "two", .cpus = CPU(3), .slot = 1};
	struct cellvisor_cell_status status = {0};
	struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "two"};
	pthread_t loading, starting;
	struct abi abi;
	struct call load = {.abi = &abi}, start = {.abi = &abi};
	struct uffd_msg fault;
	int faults;

	abi_open(&abi);
	gives("the hypervisor opens", abi_enable(&abi, ROOT_OURS), 0);
	gives("a cell is created", abi_create(&abi, &one), 0);
	load.image = (struct image){missing_page(&faults), PAGE_BYTES};
	if (pthread_create(&loading, NULL, load_one, &load) ||
	    read(faults, &fault, sizeof(fault)) < 0)
		broken("no load that waits");
	status.id = id_of(&abi, "one");
	gives("its state is told while its load waits",
	      abi_call(&abi, CELLVISOR_CELL_STATUS, &status), 0);
	status = (struct cellvisor_cell_status){.id = status.id, .reserved = 1};
	gives("who says what has no meaning is refused",
	      abi_call(&abi, CELLVISOR_CELL_STATUS, &status), -EINVAL);
	abi_run(&abi, &two, &image_hello);
	gives("another one is killed", abi_call(&abi, CELLVISOR_CELL_KILL, &id), 0);
	gives("and destroyed", abi_destroy(&abi, "two"), 0);
	if (pthread_create(&starting, NULL, start_one, &start))
		broken("no thread");
	sleep_ms(300);
	is("who wants to start what is being loaded waits", load.done || start.done ? "no" : "yes",
	   "yes");
	fill_page(faults, (void *)(uintptr_t)load.image.code);
	pthread_join(loading, NULL);
	pthread_join(starting, NULL);
	gives("the load comes to its end", load.result, 0);
	gives("then it starts", start.result, 0);
	gives("it goes", abi_destroy(&abi, "one"), 0);
	gives("the hypervisor closes", abi_disable(&abi), 0);
	gives("its memory goes back to Linux", abi_release(&abi), 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && strcmp(argv[1], "failures") == 0 && atoi(argv[3]) <= MAX_READERS)
		failures(strtoull(argv[2], NULL, 0) * MIB, (unsigned int)atoi(argv[3]));
	else if (argc == 2 && strcmp(argv[1], "waits") == 0)
		waits();
	else
		return 2;
	return 0;
}
