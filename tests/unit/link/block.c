// SPDX-License-Identifier: GPL-2.0-only
/* Blocks of a link: what a reader gets, whatever a writer does and wherever it stops. */
#include <pthread.h>
#include <sched.h>

#include "sections.h"
#include "tests/lib/tap.h"

#define SECTION	 8192u
#define BLOCK	 256u
#define KHZ	 2500000u
#define WORDS	 (BLOCK / 8)
#define READINGS 50000u
#define UPDATES	 20000u /* seen by readers, at least */
#define PATIENCE 200000000u

static uint8_t *section;

static enum link_result read_at(uint32_t offset, void *data, uint32_t size,
				struct link_stamp *stamp)
{
	return link_read(section, SECTION, offset, data, size, stamp);
}

static void test_values(struct tap *tap)
{
	const double speed = 3000.25;
	const uint8_t flag = 1;
	struct link_writer writer;
	struct link_stamp stamp;
	uint8_t bytes[BLOCK];
	double value = 0;

	memset(section, 0, SECTION);
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_NONE,
	       "nothing is read where nobody wrote");
	tap_ok(tap, link_writer_init(&writer, section, SECTION, BLOCK, KHZ) == LINK_OK,
	       "a writer takes over its section");
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_NONE,
	       "and has written nothing before its first update");
	link_write(&writer, 8, &speed, sizeof(speed), 1000);
	link_write(&writer, 19, &flag, sizeof(flag), 2000);
	tap_ok(tap, read_at(8, &value, 8, &stamp) == LINK_OK && value == speed,
	       "a value is read back from its place");
	tap_ok(tap, stamp.updated == 2000 && stamp.counter_khz == KHZ && stamp.bytes == BLOCK,
	       "with the time of the last update");
	tap_ok(tap,
	       read_at(5, bytes, 17, &stamp) == LINK_OK && bytes[14] == 1 &&
		       memcmp(bytes + 3, &speed, 8) == 0,
	       "places and sizes need not be aligned");
	tap_ok(tap, read_at(BLOCK - 8, &value, 8, &stamp) == LINK_OK && value == 0,
	       "the rest of a block is zero");
	tap_ok(tap, read_at(BLOCK - 7, &value, 8, &stamp) == LINK_SHORT,
	       "behind what the writer has nothing is read");
	link_writer_init(&writer, section, SECTION, BLOCK, KHZ);
	tap_ok(tap, read_at(8, &value, 8, &stamp) == LINK_NONE,
	       "a new life of the writer does not give out the values of the last one");
}

static void test_limits(struct tap *tap)
{
	struct link_writer writer;
	struct link_stamp stamp;
	uint8_t bytes[16] = {0}, *large = section_make(2 * LINK_MAX_BYTES);

	link_writer_init(&writer, section, SECTION, BLOCK, KHZ);
	tap_ok(tap,
	       link_write(&writer, BLOCK - 15, bytes, 16, 1) == LINK_INVALID &&
		       link_write(&writer, UINT32_MAX, bytes, 16, 1) == LINK_INVALID &&
		       link_write_part(&writer, 0, bytes, UINT32_MAX) == LINK_INVALID,
	       "a write that is not all in the block is refused");
	tap_ok(tap,
	       link_writer_init(&writer, section, SECTION, SECTION - 63, 0) == LINK_INVALID &&
		       link_writer_init(&writer, section, 63, 0, 0) == LINK_INVALID &&
		       link_writer_init(&writer, section + 4, SECTION - 4, 8, 0) == LINK_INVALID &&
		       link_writer_init(&writer, section, SECTION, LINK_MAX_BYTES + 1, 0) ==
			       LINK_INVALID,
	       "a block that does not fit into its section is refused");
	tap_ok(tap,
	       link_writer_init(&writer, large, 2 * LINK_MAX_BYTES, LINK_MAX_BYTES + 1, 0) ==
			       LINK_INVALID &&
		       link_writer_init(&writer, large, 2 * LINK_MAX_BYTES, LINK_MAX_BYTES, 0) ==
			       LINK_OK,
	       "and one that is larger than blocks are");
	section_free(large, 2 * LINK_MAX_BYTES);
	tap_ok(tap, link_writer_init(&writer, section, SECTION, SECTION - 64, 0) == LINK_OK,
	       "a block that fills its section is not");
	tap_ok(tap,
	       read_at(SECTION - 63, bytes, 0, &stamp) == LINK_INVALID &&
		       read_at(SECTION - 64 - 15, bytes, 16, &stamp) == LINK_INVALID &&
		       read_at(UINT32_MAX, bytes, UINT32_MAX, &stamp) == LINK_INVALID &&
		       link_read(section, 0, 0, bytes, 0, &stamp) == LINK_INVALID &&
		       link_read(section + 1, 128, 0, bytes, 8, &stamp) == LINK_INVALID,
	       "a reading that is not all in the section is refused");
}

static void test_dead_writer(struct tap *tap)
{
	uint64_t value = 7, under_way;
	struct link_writer writer, heir;
	struct link_stamp stamp;

	link_writer_init(&writer, section, SECTION, BLOCK, KHZ);
	link_write(&writer, 0, &value, 8, 1);
	link_write_begin(&writer);
	link_write_part(&writer, 0, &value, 4);
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_UNFINISHED && (stamp.sequence & 1),
	       "a writer that stopped in the middle is noticed");
	under_way = stamp.sequence;
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_UNFINISHED && stamp.sequence == under_way,
	       "by an update that does not go on");
	link_writer_init(&heir, section, SECTION, BLOCK, KHZ);
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_NONE && stamp.sequence > under_way + 1,
	       "what its next life begins with is another update");
	link_write(&heir, 0, &value, 8, 2);
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_OK && stamp.sequence > under_way,
	       "its next life ends that update and goes on");
	link_write_begin(&heir);
	tap_ok(tap, read_at(0, &value, 8, &stamp) == LINK_UNFINISHED && stamp.sequence != under_way,
	       "another update under way is told from that one");
}

static void test_resumed(struct tap *tap)
{
	struct link_writer writer;
	struct link_stamp stamp;
	uint64_t value = 42, got = 0, before;

	link_writer_init(&writer, section, SECTION, BLOCK, KHZ);
	link_write(&writer, 8, &value, sizeof(value), 5);
	tap_ok(tap,
	       link_writer_resume(&writer, section, SECTION, BLOCK, KHZ + 1) == LINK_OK &&
		       read_at(8, &got, 8, &stamp) == LINK_OK && got == value &&
		       stamp.updated == 5 && stamp.counter_khz == KHZ + 1,
	       "a writer can go on with the values of its last life");
	before = stamp.sequence;
	link_write(&writer, 0, &got, sizeof(got), 6);
	tap_ok(tap,
	       read_at(8, &got, 8, &stamp) == LINK_OK && got == value && stamp.updated == 6 &&
		       stamp.sequence > before,
	       "and update them");
	tap_ok(tap,
	       link_writer_resume(&writer, section, SECTION, BLOCK - 8, KHZ) == LINK_OK &&
		       read_at(8, &got, 8, &stamp) == LINK_NONE,
	       "not with those of a block of another size");
	link_write(&writer, 8, &value, sizeof(value), 7);
	link_write_begin(&writer);
	tap_ok(tap,
	       link_writer_resume(&writer, section, SECTION, BLOCK - 8, KHZ) == LINK_OK &&
		       read_at(8, &got, 8, &stamp) == LINK_NONE,
	       "nor with those of an update that was not finished");
	tap_ok(tap, link_writer_resume(&writer, section, SECTION, SECTION, KHZ) == LINK_INVALID,
	       "nor where it does not fit");
}

struct shared {
	unsigned int stop;
	unsigned int written;
};

/* Every word of an update has the same number. */
static void *write_on(void *argument)
{
	struct shared *shared = argument;
	struct link_writer writer;
	uint64_t words[WORDS];

	if (link_writer_init(&writer, section, SECTION, BLOCK, KHZ) != LINK_OK)
		abort();
	for (uint64_t n = 1; !__atomic_load_n(&shared->stop, __ATOMIC_RELAXED); n++) {
		for (unsigned int w = 0; w < WORDS; w++)
			words[w] = n;
		link_write_begin(&writer);
		link_write_part(&writer, 0, words, sizeof(words) / 2);
		/* On one CPU a reader shall get its turn in the middle as well. */
		if (n % 16 == 0)
			sched_yield();
		link_write_part(&writer, sizeof(words) / 2, words, sizeof(words) / 2);
		link_write_end(&writer, n);
		if (n % 16 == 8)
			sched_yield();
		__atomic_store_n(&shared->written, n, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool is_whole(const uint64_t *words, const struct link_stamp *stamp)
{
	for (unsigned int w = 0; w < WORDS; w++) {
		if (words[w] != stamp->updated)
			return false;
	}
	return true;
}

static void test_torn(struct tap *tap)
{
	unsigned int good = 0, torn = 0, backwards = 0, seen = 0, odd = 0;
	struct shared shared = {0};
	struct link_stamp stamp;
	uint64_t words[WORDS], last = 0;
	enum link_result result;
	pthread_t thread;

	memset(section, 0, SECTION);
	if (pthread_create(&thread, NULL, write_on, &shared) != 0) {
		tap_ok(tap, false, "a thread can be made");
		return;
	}
	for (uint64_t n = 0; n < PATIENCE && (good < READINGS || seen < UPDATES); n++) {
		result = read_at(0, words, sizeof(words), &stamp);
		if (result != LINK_OK) {
			odd += result != LINK_BUSY && result != LINK_UNFINISHED &&
			       !(result == LINK_NONE && !good);
			if (result != LINK_BUSY)
				sched_yield();
			continue;
		}
		good++;
		torn += !is_whole(words, &stamp);
		backwards += stamp.updated < last;
		seen += stamp.updated != last;
		if (stamp.updated == last)
			sched_yield();
		last = stamp.updated;
	}
	__atomic_store_n(&shared.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	tap_note(tap, "%u readings of %u updates, of %u written", good, seen, shared.written);
	tap_ok(tap, good >= READINGS && seen >= UPDATES, "readers get through beside a writer");
	tap_is_u64(tap, torn, 0, "no reading is of two updates");
	tap_is_u64(tap, backwards, 0, "no reading is older than the one before");
	tap_is_u64(tap, odd, 0, "and none ends in another way");
}

int main(void)
{
	struct tap tap = {0};

	section = section_make(SECTION);
	test_values(&tap);
	test_limits(&tap);
	test_dead_writer(&tap);
	test_resumed(&tap);
	test_torn(&tap);
	section_free(section, SECTION);
	return tap_done(&tap);
}
