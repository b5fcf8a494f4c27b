// SPDX-License-Identifier: GPL-2.0-only
/* A link's memory as the daemon reads and writes it, over a directory of files: whatever its writer
 * does, and when it goes. */
#include "driver/link_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ivshmem.h"
#include "common/cleanup.h"
#include "tests/lib/tap.h"

DEFINE_FREEP(struct cellmgr_link *, cellmgr_link_close)

#define SECTION	   4096u
#define PEERS	   2u
#define BLOCK	   256u
#define VALUES	   16u
#define UPDATES	   5000u
#define CELL	   1u
#define COMMON	   CELLMGR_LINK_COMMON
#define ALL_VALUES (VALUES * sizeof(uint64_t))

static char directory[] = "/tmp/test-link-memory-XXXXXX";

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_file(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path);
	return fd;
}

static void size_file(const char *name, size_t size)
{
	int fd = open_file(name);

	if (ftruncate(fd, (off_t)size) < 0)
		die(name);
	close(fd);
}

static void make_files(void)
{
	const uint32_t peers = PEERS;
	int fd;

	size_file("state-table", SECTION);
	size_file("common", SECTION);
	size_file("output", SECTION);
	size_file("outputs", PEERS * SECTION);
	size_file("registers", SECTION);
	fd = open_file("registers");
	if (pwrite(fd, &peers, sizeof(peers), IVSHMEM_MAX_PEERS) != sizeof(peers))
		die("registers");
	close(fd);
}

static uint8_t *map_file(const char *name, size_t size)
{
	int fd = open_file(name);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die(name);
	close(fd);
	return memory;
}

static struct cellmgr_link *open_memory(void)
{
	struct cellmgr_link *memory = NULL;
	int r = link_memory_open(directory, &memory);

	if (r < 0) {
		errno = -r;
		die("link_memory_open");
	}
	return memory;
}

static int read_u64(struct cellmgr_link *memory, unsigned int peer, uint32_t offset,
		    uint64_t *ret_value, bool *ret_missing)
{
	struct link_part part = {offset, sizeof(*ret_value), ret_value, false};
	struct link_stamp stamp;
	int result = link_memory_read(memory, peer, &part, 1, &stamp);

	*ret_missing = part.missing;
	return result;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void test_what_is_read(struct tap *tap, uint8_t *section)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	struct link_writer writer;
	uint64_t value = 7;
	bool missing;

	memset(section, 0, SECTION);
	tap_is_u64(tap, read_u64(memory, CELL, 0, &value, &missing), LINK_NONE, "nobody wrote yet");
	link_writer_init(&writer, section, SECTION, BLOCK, 1000000);
	tap_is_u64(tap, read_u64(memory, CELL, 0, &value, &missing), LINK_NONE,
		   "begun, but nothing written");
	link_write(&writer, BLOCK - 8, &(uint64_t){42}, 8, 1);
	tap_is_u64(tap, read_u64(memory, CELL, BLOCK - 8, &value, &missing), LINK_OK, "written");
	tap_is_u64(tap, value, 42, "what was written");
	tap_ok(tap, !missing, "is there");
	value = 7;
	tap_is_u64(tap, read_u64(memory, CELL, BLOCK - 4, &value, &missing), LINK_OK,
		   "half behind the block");
	tap_ok(tap, missing && value == 0, "is missing, and zero");
	tap_is_u64(tap, read_u64(memory, CELL, UINT32_MAX, &value, &missing), LINK_OK, "far away");
	tap_ok(tap, missing, "is missing");
	writer.header->bytes = UINT64_MAX;
	read_u64(memory, CELL, SECTION - LINK_HEADER_BYTES, &value, &missing);
	tap_ok(tap, missing, "a block that claims more than the section has no more than that");
	tap_is_u64(tap, read_u64(memory, PEERS, 0, &value, &missing), LINK_INVALID, "no such peer");
	link_write_begin(&writer);
	tap_is_u64(tap, read_u64(memory, CELL, 0, &value, &missing), LINK_UNFINISHED,
		   "left in the middle");
	writer.header->version++;
	link_write_end(&writer, 1);
	tap_is_u64(tap, read_u64(memory, CELL, 0, &value, &missing), LINK_NONE, "another version");
}

/* The cell, in between any two instructions of the reader: a thread might run only while that one
 * does not, and so never in the middle of a reading. */
static struct link_writer cell;
static volatile uint64_t updates;

static void on_alarm(int number)
{
	const uint64_t value = updates + 1;

	link_write_begin(&cell);
	for (uint32_t n = 0; n < VALUES; n++)
		link_write_part(&cell, n * 8, &value, sizeof(value));
	link_write_end(&cell, value);
	updates = value;
}

static void set_alarm(long usec)
{
	const struct itimerval timer = {{0, usec}, {0, usec}};

	signal(SIGALRM, on_alarm);
	if (setitimer(ITIMER_REAL, &timer, NULL) < 0)
		die("setitimer");
}

static bool all_equal(const uint64_t values[VALUES])
{
	for (unsigned int n = 1; n < VALUES; n++) {
		if (values[n] != values[0])
			return false;
	}
	return true;
}

static void test_parts_are_of_one_update(struct tap *tap, uint8_t *section)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	unsigned int good = 0, torn = 0, changes = 0;
	uint64_t values[VALUES], last = 0;
	struct link_part parts[VALUES];
	struct link_stamp stamp;

	for (uint32_t n = 0; n < VALUES; n++)
		parts[n] = (struct link_part){n * 8, 8, &values[n], false};
	link_writer_init(&cell, section, SECTION, BLOCK, 1000000);
	set_alarm(50);
	while (updates < UPDATES) {
		if (link_memory_read(memory, CELL, parts, VALUES, &stamp) != LINK_OK)
			continue;
		good++;
		torn += !all_equal(values) || stamp.updated != values[0];
		changes += values[0] != last;
		last = values[0];
	}
	set_alarm(0);
	tap_note(tap, "%u readings, %u different", good, changes);
	tap_ok(tap, good > UPDATES / 10 && changes > UPDATES / 10, "readings come through");
	tap_is_u64(tap, torn, 0, "and none is of two updates");
}

/* ---- Between any two instructions ------------------------------------------------------------ */

/* By x86's trap flag (APM vol. 2, 3.1.6), below what a function may have under its stack. */
#define CHANGE_FLAGS(change)                                            \
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\t" change \
			 ", (%%rsp)\n\tpopfq\n\tleaq 128(%%rsp), %%rsp" \
			 :                                              \
			 :                                              \
			 : "memory", "cc")

static void (*between)(void);

static void on_step(int number)
{
	between();
}

static void steps_begin(void (*look)(void))
{
	between = look;
	signal(SIGTRAP, on_step);
	CHANGE_FLAGS("orq $0x100");
}

static void steps_end(void)
{
	CHANGE_FLAGS("andq $-0x101");
}

static unsigned int steps, steps_of_update;

static void update_often(void)
{
	if (++steps % steps_of_update == 0)
		on_alarm(0);
}

/* So often that each try meets one: then there is no reading. */
static void test_busy_writer(struct tap *tap, uint8_t *section)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	unsigned int good = 0, torn = 0, busy = 0;
	struct link_part parts[VALUES];
	uint64_t values[VALUES];
	struct link_stamp stamp;

	for (uint32_t n = 0; n < VALUES; n++)
		parts[n] = (struct link_part){n * 8, 8, &values[n], false};
	link_writer_init(&cell, section, SECTION, BLOCK, 1000000);
	on_alarm(0);
	/* A try takes 2000. */
	for (steps_of_update = 1000; steps_of_update <= 8000; steps_of_update *= 8) {
		int result;

		steps_begin(update_often);
		result = link_memory_read(memory, CELL, parts, VALUES, &stamp);
		steps_end();
		good += result == LINK_OK;
		busy += result == LINK_BUSY;
		torn += result == LINK_OK && (!all_equal(values) || stamp.updated != values[0]);
	}
	tap_ok(tap, good == 1 && busy == 1, "a reading comes through where it has the time");
	tap_is_u64(tap, torn, 0, "and what comes through is of one update");
}

static uint64_t word;
static unsigned int halves;

static void turn_over(void)
{
	if (++steps % steps_of_update == 0)
		word = ~word;
}

static void look_at_word(void)
{
	halves += word != 0 && word != UINT64_MAX;
}

/* A value has no halves, whether readers look at the sequence or not. */
static void test_words(struct tap *tap)
{
	const uint64_t ones = UINT64_MAX, zeros = 0;
	uint64_t copy;

	halves = 0;
	for (steps_of_update = 1; steps_of_update < 20; steps_of_update++) {
		steps_begin(turn_over);
		link_load(&copy, &word, sizeof(word));
		steps_end();
		halves += copy != 0 && copy != UINT64_MAX;
	}
	tap_is_u64(tap, halves, 0, "a word is read at once");
	word = 0;
	steps_begin(look_at_word);
	for (unsigned int n = 0; n < 20; n++)
		link_store(&word, n & 1 ? &zeros : &ones, sizeof(word));
	steps_end();
	tap_is_u64(tap, halves, 0, "and written");
}

/* ---- Writing -------------------------------------------------------------------------------- */

static int write_u64(struct cellmgr_link *memory, unsigned int peer, uint32_t block,
		     uint32_t offset, uint64_t value)
{
	const struct link_part part = {offset, sizeof(value), &value, false};

	return link_memory_write(memory, peer, block, &part);
}

static void test_what_is_written(struct tap *tap, uint8_t *section)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	struct link_header *header = (struct link_header *)section;
	uint64_t value, sequence;
	bool missing;

	memset(section, 0xa5, SECTION);
	tap_is_u64(tap, write_u64(memory, COMMON, 16, 8, 1), LINK_OK, "over noise");
	read_u64(memory, COMMON, 0, &value, &missing);
	tap_is_u64(tap, value, 0, "what nobody wrote is zero");
	tap_is_u64(tap, header->bytes, 16, "the block is as long as it has to be");
	tap_is_u64(tap, write_u64(memory, COMMON, 32, 24, 2), LINK_OK, "a longer block");
	read_u64(memory, COMMON, 8, &value, &missing);
	tap_is_u64(tap, value, 1, "what was there stays");
	read_u64(memory, COMMON, 16, &value, &missing);
	tap_ok(tap, value == 0 && !missing, "what is new is zero");
	tap_is_u64(tap, write_u64(memory, COMMON, 8, 0, 3), LINK_OK, "a shorter one");
	tap_is_u64(tap, header->bytes, 32, "does not shorten it");
	sequence = ++header->sequence;
	tap_is_u64(tap, write_u64(memory, COMMON, 8, 0, 4), LINK_OK, "one left in the middle");
	read_u64(memory, COMMON, 0, &value, &missing);
	tap_is_u64(tap, value, 4, "is whole again");
	tap_ok(tap, header->sequence > sequence + 1, "and no reader takes it for the same update");
	tap_is_u64(tap, write_u64(memory, COMMON, 8, 8, 5), LINK_INVALID, "behind the block");
	tap_is_u64(tap, write_u64(memory, COMMON, 8, 16, 5), LINK_INVALID, "far behind the block");
	tap_is_u64(tap, write_u64(memory, COMMON, SECTION, 0, 5), LINK_INVALID,
		   "a block that does not fit");
	tap_is_u64(tap, write_u64(memory, CELL, 8, 0, 5), LINK_INVALID, "another one's section");
	tap_is_u64(tap, write_u64(memory, 0, 8, 0, 6), LINK_OK, "Linux' own");
}

static uint8_t *grown;
static unsigned int half_done;

/* Where the block is longer than it was, what it got longer for is there. */
static void look_at_growth(void)
{
	struct link_stamp stamp;
	uint64_t value = 0;

	if (link_read(grown, SECTION, 64, &value, sizeof(value), &stamp) == LINK_OK)
		half_done += value != 9;
}

/* What a writer before has left, or somebody else. */
static void test_what_was_there(struct tap *tap, uint8_t *section)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	struct link_header *header = (struct link_header *)section;
	uint64_t value, begin = cellmgr_link_now();
	bool missing;

	write_u64(memory, COMMON, 8, 0, 1);
	tap_ok(tap, header->updated >= begin && header->updated <= cellmgr_link_now(),
	       "the time of the write");
	header->counter_khz = 0;
	write_u64(memory, COMMON, 8, 0, 2);
	tap_ok(tap, header->counter_khz > 1000, "and how it counts");
	header->version++;
	write_u64(memory, COMMON, 8, 0, 3);
	tap_is_u64(tap, read_u64(memory, COMMON, 0, &value, &missing), LINK_OK,
		   "a block of another version becomes one of this");
	header->bytes = 1ull << 32;
	tap_ok(tap,
	       write_u64(memory, COMMON, 8, 0, 4) == LINK_OK && header->bytes == 8 &&
		       read_u64(memory, COMMON, 0, &value, &missing) == LINK_OK && value == 4,
	       "one that claims more than the section begins anew");
	grown = section;
	half_done = 0;
	steps_begin(look_at_growth);
	write_u64(memory, COMMON, 72, 64, 9);
	steps_end();
	look_at_growth();
	tap_is_u64(tap, half_done, 0, "no reader sees a block that has grown and no value yet");
}

static void test_rings(struct tap *tap)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	volatile uint32_t *doorbell =
		(uint32_t *)(map_file("registers", SECTION) + IVSHMEM_DOORBELL);
	volatile uint32_t *states = (uint32_t *)map_file("state-table", SECTION);

	*doorbell = ~0u;
	states[0] = LINK_STATE_READY;
	write_u64(memory, COMMON, 8, 0, 1);
	tap_is_u64(tap, *doorbell, ~0u, "nobody rings himself, or who is off");
	states[CELL] = LINK_STATE_STARTING;
	write_u64(memory, COMMON, 8, 8, 1);
	tap_is_u64(tap, *doorbell, ~0u, "nor for what was not written");
	write_u64(memory, COMMON, 8, 0, 1);
	tap_is_u64(tap, *doorbell, IVSHMEM_RING(CELL, LINK_VECTOR_CHANGE),
		   "who begins to work is rung");
	states[0] = states[CELL] = LINK_STATE_OFF;
}

/* ---- Going ---------------------------------------------------------------------------------- */

static void test_memory_that_goes(struct tap *tap)
{
	_cleanup_(cellmgr_link_closep) struct cellmgr_link *memory = open_memory();
	struct cellmgr_link *none = NULL;
	uint64_t value;
	bool missing;

	size_file("outputs", 0);
	tap_is_u64(tap, -read_u64(memory, CELL, 0, &value, &missing), ENODEV, "reading");
	tap_is_u64(tap, read_u64(memory, CELL, 0, &value, &missing), LINK_NONE,
		   "what is left until it is freed is nothing");
	size_file("common", 0);
	tap_is_u64(tap, -write_u64(memory, COMMON, 8, 0, 5), ENODEV, "writing");
	make_files();
	memory = (cellmgr_link_close(memory), open_memory());
	tap_ok(tap, write_u64(memory, COMMON, 8, 0, 5) == LINK_OK, "what comes again is used");
	tap_is_u64(tap, -link_memory_open("/nowhere/at-all", &none), ENOENT, "what is not there");
	tap_ok(tap, !none, "gives nothing");
}

/* A fault of the daemon's own is not to be hidden. */
static void test_other_faults_kill(struct tap *tap, uint8_t *section)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct cellmgr_link *memory = open_memory();

		cellmgr_link_close(memory);
		size_file("outputs", 0);
		_exit(*(volatile uint8_t *)section);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	make_files();
	tap_ok(tap, WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
	       "a touch that nobody guards is the end");
}

int main(void)
{
	struct tap tap = {0};
	uint8_t *outputs, *common;
	char command[64];

	if (!mkdtemp(directory))
		die(directory);
	make_files();
	outputs = map_file("outputs", PEERS * SECTION);
	common = map_file("common", SECTION);
	test_what_is_read(&tap, outputs + SECTION);
	test_parts_are_of_one_update(&tap, outputs + SECTION);
	test_busy_writer(&tap, outputs + SECTION);
	test_words(&tap);
	test_what_is_written(&tap, common);
	test_what_was_there(&tap, common);
	test_rings(&tap);
	test_other_faults_kill(&tap, outputs + SECTION);
	test_memory_that_goes(&tap);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	if (system(command) != 0)
		tap_note(&tap, "%s stays", directory);
	return tap_done(&tap);
}
