// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library for Linux programs against a directory of files in place of a device: two programs
 * that are two peers, with what the hypervisor does between them.
 *
 * Usage: test-link-linux READ-LINK.PY
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/link/linux_link.h"
#include "sections.h"
#include "tests/lib/tap.h"

#define PEERS	 3u
#define OUTPUT	 8192u
#define MESSAGES 20000u
#define WAIT_MS	 20000

static char directory[] = "/tmp/test-link-XXXXXX";
static const struct link_queue_shape shape = {.block_bytes = 64, .record_bytes = 8, .records = 16};

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *path_of(const char *end, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s/%s", directory, end, file);
	return path;
}

static void make_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, size) < 0)
		die(path);
	close(fd);
}

static void put_u32(const char *path, off_t offset, uint32_t value)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, &value, sizeof(value), offset) != sizeof(value))
		die(path);
	close(fd);
}

static uint32_t get_u32(const char *path, off_t offset)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint32_t value;

	if (fd < 0 || pread(fd, &value, sizeof(value), offset) != sizeof(value))
		die(path);
	close(fd);
	return value;
}

/* Both ends share the sections; each has registers and vectors of its own. */
static void make_end(const char *end, uint32_t own)
{
	static const char *const sections[] = {"state-table", "common", "outputs"};
	char shared[128];

	snprintf(shared, sizeof(shared), "%s/%s", directory, end);
	if (mkdir(shared, 0700) < 0)
		die(shared);
	for (unsigned int n = 0; n < 3; n++) {
		snprintf(shared, sizeof(shared), "%s/%s", directory, sections[n]);
		if (symlink(shared, path_of(end, sections[n])) < 0)
			die(shared);
	}
	make_file(path_of(end, "registers"), SECTION_PAGE);
	put_u32(path_of(end, "registers"), IVSHMEM_ID, own);
	put_u32(path_of(end, "registers"), IVSHMEM_MAX_PEERS, PEERS);
	for (unsigned int n = 0; n < 2; n++) {
		if (mkfifo(path_of(end, n ? "vector1" : "vector0"), 0600) < 0)
			die("mkfifo");
	}
}

/* The own section is a piece of all outputs, which files cannot say: it is their first for peer 0.
 */
static void make_directory(void)
{
	if (!mkdtemp(directory))
		die(directory);
	make_file(path_of(".", "state-table"), SECTION_PAGE);
	make_file(path_of(".", "common"), SECTION_PAGE);
	make_file(path_of(".", "outputs"), PEERS * OUTPUT);
	make_end("linux", 0);
	make_file(path_of("linux", "output"), OUTPUT);
}

static void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	if (system(command) != 0)
		tap_note(&(struct tap){0}, "%s stays", directory);
}

/* What the kernel does when the vector is rung. */
static void ring_linux(unsigned int vector)
{
	static uint32_t count;
	int fd = open(path_of("linux", vector ? "vector1" : "vector0"), O_RDWR | O_CLOEXEC);

	count++;
	if (fd < 0 || write(fd, &count, sizeof(count)) != sizeof(count))
		die("ring");
	close(fd);
}

static struct cellmgr_link *open_link(void)
{
	struct cellmgr_link *link = NULL;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "%s/linux", directory);
	err = cellmgr_link_open(path, &link);
	if (err) {
		errno = -err;
		die(path);
	}
	return link;
}

static int refused(const char *path)
{
	struct cellmgr_link *link;

	return -cellmgr_link_open(path, &link);
}

static unsigned int open_files(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Files that are too small, or are none. */
static void test_bad_files(struct tap *tap, const char *path)
{
	char name[300];
	unsigned int files = open_files();

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	tap_is_u64(tap, refused(name), EINVAL, "a name that is too long for a file");
	make_file(path_of("linux", "registers"), IVSHMEM_STATE);
	tap_is_u64(tap, refused(path), EINVAL, "registers without the last one");
	make_file(path_of("linux", "registers"), SECTION_PAGE);
	make_file(path_of(".", "state-table"), (PEERS - 1) * sizeof(uint32_t));
	tap_is_u64(tap, refused(path), EINVAL, "a state table without the last peer");
	make_file(path_of(".", "state-table"), SECTION_PAGE);
	mkdir(path_of("linux", "vector5"), 0700);
	tap_is_u64(tap, refused(path), EISDIR, "a vector that is none");
	rmdir(path_of("linux", "vector5"));
	tap_is_u64(tap, open_files(), files, "and nothing of them stays open");
}

static void test_refusals(struct tap *tap)
{
	struct cellmgr_link *link;
	char path[64];

	snprintf(path, sizeof(path), "%s/linux", directory);
	tap_is_u64(tap, -cellmgr_link_open("no-such-link", &link), ENOENT,
		   "a link that is not there");
	tap_is_u64(tap, -cellmgr_link_open("/dev/null", &link), EINVAL, "a device that is no link");
	tap_is_u64(tap, -cellmgr_link_open("/etc/passwd", &link), EINVAL, "a file");
	tap_is_u64(tap, -cellmgr_link_open("/", &link), EINVAL, "a directory without maps");
	put_u32(path_of("linux", "registers"), IVSHMEM_ID, PEERS);
	tap_is_u64(tap, -cellmgr_link_open(path, &link), EINVAL, "an own number that cannot be");
	put_u32(path_of("linux", "registers"), IVSHMEM_ID, 0);
	put_u32(path_of("linux", "registers"), IVSHMEM_MAX_PEERS, 1025);
	tap_is_u64(tap, -cellmgr_link_open(path, &link), EINVAL, "more peers than have states");
	put_u32(path_of("linux", "registers"), IVSHMEM_MAX_PEERS, 2);
	tap_is_u64(tap, -cellmgr_link_open(path, &link), EINVAL,
		   "output sections that are not the own one's size");
	put_u32(path_of("linux", "registers"), IVSHMEM_MAX_PEERS, PEERS);
	test_bad_files(tap, path);
	cellmgr_link_close(NULL);
}

/* As many vectors as there can be, from here on. */
static void test_all_vectors(struct tap *tap)
{
	struct cellmgr_link *link;
	char name[16];

	for (unsigned int n = 2; n < IVSHMEM_MAX_VECTORS; n++) {
		snprintf(name, sizeof(name), "vector%u", n);
		if (mkfifo(path_of("linux", name), 0600) < 0)
			die("mkfifo");
	}
	link = open_link();
	tap_ok(tap,
	       cellmgr_link_vectors(link) == IVSHMEM_MAX_VECTORS &&
		       cellmgr_link_fd(link, IVSHMEM_MAX_VECTORS - 1) >= 0 &&
		       cellmgr_link_fd(link, IVSHMEM_MAX_VECTORS) == -EINVAL,
	       "all vectors that there can be");
	cellmgr_link_close(link);
}

/* What a peer writes nobody else does, by whatever pointer. */
static void test_rights(struct tap *tap)
{
	struct cellmgr_link *link = open_link();
	size_t bytes;
	const void *section = cellmgr_link_section(link, 1, &bytes);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile uint8_t *)section = 1;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	tap_ok(tap, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	       "another one's section is only read");
	cellmgr_link_close(link);
}

static void test_parts(struct tap *tap)
{
	struct cellmgr_link *link = open_link();
	size_t bytes, own_bytes;

	tap_ok(tap,
	       cellmgr_link_own(link) == 0 && cellmgr_link_peers(link) == PEERS &&
		       cellmgr_link_vectors(link) == 2,
	       "who this is, how many there are");
	tap_is_u64(tap, get_u32(path_of("linux", "registers"), IVSHMEM_INT_CONTROL), 1,
		   "interrupts are let in");
	put_u32(path_of(".", "state-table"), 4, LINK_STATE_READY);
	put_u32(path_of(".", "state-table"), 4 * PEERS, LINK_STATE_READY);
	tap_ok(tap,
	       cellmgr_link_state(link, 1) == LINK_STATE_READY &&
		       cellmgr_link_state(link, 2) == LINK_STATE_OFF &&
		       cellmgr_link_state(link, PEERS) == 0,
	       "states of the peers");
	cellmgr_link_set_state(link, LINK_STATE_READY);
	cellmgr_link_ring(link, 2, 1);
	tap_ok(tap,
	       get_u32(path_of("linux", "registers"), IVSHMEM_STATE) == LINK_STATE_READY &&
		       get_u32(path_of("linux", "registers"), IVSHMEM_DOORBELL) == (2 << 16 | 1),
	       "the own state and the doorbell are written");
	tap_ok(tap,
	       (const uint8_t *)cellmgr_link_section(link, 2, &bytes) -
				       (const uint8_t *)cellmgr_link_section(link, 1, &bytes) ==
			       OUTPUT &&
		       bytes == OUTPUT && !cellmgr_link_section(link, PEERS, &bytes) && bytes == 0,
	       "sections of the peers");
	tap_ok(tap,
	       cellmgr_link_writable(link, 0, &own_bytes) && own_bytes == OUTPUT &&
		       cellmgr_link_writable(link, CELLMGR_LINK_COMMON, &bytes) &&
		       bytes == SECTION_PAGE && !cellmgr_link_writable(link, 1, &bytes),
	       "the own one and the common one can be written");
	cellmgr_link_close(link);
}

static void test_blocks(struct tap *tap)
{
	struct cellmgr_link *link = open_link();
	double value = 1.5, got = 0;
	struct link_writer writer;
	struct link_stamp stamp;
	uint64_t age;

	tap_ok(tap,
	       cellmgr_link_writer(link, CELLMGR_LINK_COMMON, 16, &writer) == LINK_OK &&
		       cellmgr_link_writer(link, 1, 16, &writer) == LINK_INVALID,
	       "a block can be written where one may");
	cellmgr_link_writer(link, CELLMGR_LINK_COMMON, 16, &writer);
	link_write(&writer, 8, &value, sizeof(value), cellmgr_link_now());
	usleep(10000);
	tap_ok(tap,
	       cellmgr_link_read(link, CELLMGR_LINK_COMMON, 8, &got, sizeof(got), &stamp) ==
			       LINK_OK &&
		       got == value,
	       "and read back");
	age = cellmgr_link_age(&stamp);
	tap_ok(tap, age >= 9900000 && age < 5000000000, "its age is known, %llu us",
	       (unsigned long long)age / 1000);
	stamp.updated = cellmgr_link_now() + (1ull << 40);
	tap_is_u64(tap, cellmgr_link_age(&stamp), 0, "what is of tomorrow is new");
	stamp.counter_khz = 0;
	tap_ok(tap, cellmgr_link_age(&stamp) == UINT64_MAX, "or known not to be");
	tap_ok(tap,
	       cellmgr_link_read(link, 1, 0, &got, sizeof(got), &stamp) == LINK_NONE &&
		       cellmgr_link_read(link, PEERS, 0, &got, sizeof(got), &stamp) == LINK_INVALID,
	       "where nobody wrote, nothing is read");
	cellmgr_link_close(link);
}

static void test_waits(struct tap *tap)
{
	struct cellmgr_link *link = open_link();

	tap_is_u64(tap, -cellmgr_link_wait(link, 0, 10), ETIMEDOUT, "a wait ends without a ring");
	ring_linux(1);
	tap_is_u64(tap, -cellmgr_link_wait(link, 0, 10), ETIMEDOUT, "and with another vector's");
	tap_is_u64(tap, -cellmgr_link_wait(link, 1, WAIT_MS), 0,
		   "one that came before is not missed");
	tap_is_u64(tap, -cellmgr_link_wait(link, 1, 0), ETIMEDOUT, "and comes once");
	tap_is_u64(tap, -cellmgr_link_wait(link, 2, 0), EINVAL, "no vector, no wait");
	tap_ok(tap, cellmgr_link_fd(link, 1) >= 0 && cellmgr_link_fd(link, 2) == -EINVAL,
	       "a vector has a file for loops of other kinds");
	cellmgr_link_close(link);
}

/* ---- A peer that sends ---------------------------------------------------------------------- */

/* As peer 1, in a thread; rings for each record. Its view of Linux' section is the file of that. */
static void *send_all(void *argument)
{
	uint8_t *outputs = argument;
	struct timespec begin, now;
	struct link_sender sender;

	if (link_sender_init(&sender, &shape, outputs + OUTPUT, outputs + PEERS * OUTPUT, OUTPUT, 1,
			     0, 1) != LINK_OK)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (uint64_t n = 0; n < MESSAGES;) {
		if (link_send(&sender, &n) == LINK_OK) {
			n++;
			ring_linux(0);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - begin.tv_sec > WAIT_MS / 1000)
			return NULL;
	}
	return argument;
}

static uint8_t *map_sections(void)
{
	uint8_t *memory =
		mmap(NULL, (PEERS + 2) * OUTPUT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int outputs = open(path_of(".", "outputs"), O_RDWR | O_CLOEXEC);
	int own = open(path_of("linux", "output"), O_RDWR | O_CLOEXEC);

	if (memory == MAP_FAILED ||
	    mmap(memory, PEERS * OUTPUT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, outputs,
		 0) == MAP_FAILED ||
	    mmap(memory + PEERS * OUTPUT, OUTPUT, PROT_READ, MAP_SHARED | MAP_FIXED, own, 0) ==
		    MAP_FAILED)
		die("mmap");
	close(outputs);
	close(own);
	return memory;
}

static void test_queue(struct tap *tap)
{
	unsigned int received = 0, wrong = 0;
	struct cellmgr_link *link = open_link();
	struct link_receiver receiver;
	uint64_t record = 0;
	pthread_t thread;
	void *sent_all;
	int err = 0;

	if (cellmgr_link_receiver(link, 1, &shape, &receiver) != LINK_OK ||
	    cellmgr_link_receiver(link, 0, &shape, &receiver) != LINK_INVALID ||
	    pthread_create(&thread, NULL, send_all, map_sections()) != 0)
		die("queue");
	tap_is_u64(tap, -cellmgr_link_wait_for(link, 1, &receiver, 0) % ETIMEDOUT, 0,
		   "a wait for a queue ends");
	while (received < MESSAGES && !err) {
		err = cellmgr_link_wait_for(link, 0, &receiver, WAIT_MS);
		while (link_receive(&receiver, &record) == LINK_OK)
			wrong += record != received++;
	}
	pthread_join(thread, &sent_all);
	tap_ok(tap, sent_all && received == MESSAGES && wrong == 0 && !err,
	       "%u records, none lost or doubled, and no wake-up missed", received);
	cellmgr_link_close(link);
}

/* A peer that rings and sends nothing; and one that sends at last, and does not ring for it. */
static void *ring_only(void *argument)
{
	struct link_sender sender;
	uint8_t *outputs = argument;
	const time_t end = time(NULL) + 2;
	uint64_t record = 1;

	/* Faster than a millisecond: no remainder of the time is without a ring. */
	do {
		ring_linux(0);
		usleep(100);
	} while (time(NULL) < end);
	if (link_sender_init(&sender, &shape, outputs + OUTPUT, outputs + PEERS * OUTPUT, OUTPUT, 1,
			     0, 2) != LINK_OK ||
	    link_send(&sender, &record) != LINK_OK)
		return NULL;
	return argument;
}

static void test_idle_peer(struct tap *tap)
{
	struct cellmgr_link *link = open_link();
	struct link_receiver receiver;
	pthread_t thread;
	void *sent;

	if (cellmgr_link_receiver(link, 1, &shape, &receiver) != LINK_OK ||
	    pthread_create(&thread, NULL, ring_only, map_sections()) != 0)
		die("queue");
	tap_is_u64(tap, -cellmgr_link_wait_for(link, 0, &receiver, 100), ETIMEDOUT,
		   "a wait for a queue ends where a peer only rings");
	tap_is_u64(tap, -cellmgr_link_wait_for(link, 1, &receiver, 3000), 0,
		   "what came without a ring is found in the end");
	pthread_join(thread, &sent);
	tap_ok(tap, sent, "control: it was sent");
	cellmgr_link_close(link);
}

/* ---- The example in Python ------------------------------------------------------------------ */

/* What it prints of the value at 16 of peer 1. */
static void run_python(struct tap *tap, const char *script, const char *when)
{
	char command[512], line[64] = "";
	FILE *output;

	snprintf(command, sizeof(command), "timeout 20 python3 %s %s/linux 1 16 '<d' 1", script,
		 directory);
	output = popen(command, "r");
	if (output && fgets(line, sizeof(line), output))
		line[strcspn(line, "\n")] = 0;
	tap_ok(tap, output && pclose(output) == 0, "the example in Python ends well%s", when);
	tap_is_str(tap, line, "2999.5", "and prints the value");
}

static void test_python(struct tap *tap, const char *script)
{
	uint8_t *sections = map_sections();
	struct link_writer writer;
	double value = 2999.5;
	/* What is in a pipe goes with its last file. */
	int pipe = open(path_of("linux", "vector0"), O_RDWR | O_CLOEXEC);

	link_writer_init(&writer, sections + OUTPUT, OUTPUT, 64, 0);
	link_write(&writer, 16, &value, sizeof(value), 1);
	put_u32(path_of("linux", "registers"), IVSHMEM_STATE, LINK_STATE_OFF);
	ring_linux(0);
	run_python(tap, script, "");
	tap_is_u64(tap, get_u32(path_of("linux", "registers"), IVSHMEM_STATE), LINK_STATE_READY,
		   "it tells that it is ready: many peers ring nobody else");
	run_python(tap, script, " where nobody rings");
	close(pipe);
	munmap(sections, (PEERS + 2) * OUTPUT);
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	if (argc != 2)
		return EXIT_FAILURE;
	make_directory();
	test_refusals(&tap);
	test_parts(&tap);
	test_rights(&tap);
	test_blocks(&tap);
	test_waits(&tap);
	test_queue(&tap);
	test_idle_peer(&tap);
	test_python(&tap, argv[1]);
	test_all_vectors(&tap);
	remove_directory();
	return tap_done(&tap);
}
