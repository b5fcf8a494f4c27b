// SPDX-License-Identifier: GPL-2.0-only
/*
 * One access where Linux must not reach, from kernel mode through the probe's module or from user
 * mode. Prints what came of it: the value read in hexadecimal, "done", or which fault it was.
 * Exit status 0: the access was tried; 1: it could not be; 2: usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image_abi.h"
#include "page.h"
#include "probe_abi.h"

#define CHILD_SECONDS 20

enum answer { ANSWER_DONE, ANSWER_VALUE, ANSWER_ELEMENTS, ANSWER_PAGE, ANSWER_DIFFER };

/* Arguments follow the name in the order of the fields that are said to be given. */
struct verb {
	const char *name;
	enum probe_operation operation;
	const char *arguments; /* a: address, w: width, v: value, c: count */
	enum answer answer;
};

static const struct verb verbs[] = {
	{"read", PROBE_READ, "aw", ANSWER_VALUE},
	{"write", PROBE_WRITE, "awv", ANSWER_DONE},
	{"or", PROBE_OR, "awv", ANSWER_DONE},
	{"xchg", PROBE_XCHG, "awv", ANSWER_VALUE},
	{"compare", PROBE_COMPARE, "awv", ANSWER_VALUE},
	{"copy-from", PROBE_COPY_FROM, "awc", ANSWER_ELEMENTS},
	{"copy-to", PROBE_COPY_TO, "awcv", ANSWER_ELEMENTS},
	{"fill", PROBE_FILL, "awcv", ANSWER_ELEMENTS},
	{"vector", PROBE_VECTOR, "a", ANSWER_DONE},
	{"in", PROBE_PORT_READ, "aw", ANSWER_VALUE},
	{"out", PROBE_PORT_WRITE, "awv", ANSWER_DONE},
	{"ins", PROBE_PORT_COPY_FROM, "ac", ANSWER_ELEMENTS},
	{"outs", PROBE_PORT_COPY_TO, "acv", ANSWER_ELEMENTS},
	{"rdmsr", PROBE_MSR_READ, "a", ANSWER_VALUE},
	{"wrmsr", PROBE_MSR_WRITE, "av", ANSWER_DONE},
	{"ipi", PROBE_IPI, "av", ANSWER_DONE},
	{"page", PROBE_PAGE, "v", ANSWER_PAGE},
	{"page-check", PROBE_PAGE_CHECK, "v", ANSWER_DIFFER},
	{"hypercall", PROBE_HYPERCALL, "av", ANSWER_VALUE},
	{"hypercall-idle", PROBE_HYPERCALL_IDLE, "av", ANSWER_VALUE},
	{"debug", PROBE_DEBUG_WRITE, "v", ANSWER_DONE},
	{"hotplug-hold", PROBE_HOTPLUG_HOLD, "v", ANSWER_DONE},
	{"cpu-veto", PROBE_CPU_VETO, "v", ANSWER_DONE},
	{"cpu-present", PROBE_CPU_PRESENT, "av", ANSWER_DONE},
};

static void die(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(void)
{
	fprintf(stderr, "usage: probe VERB NUMBER...\n"
			"a: address (port, MSR, APIC id), w: width, v: value, c: count\n");
	for (unsigned int n = 0; n < sizeof(verbs) / sizeof(verbs[0]); n++)
		fprintf(stderr, "  %s %s\n", verbs[n].name, verbs[n].arguments);
	fprintf(stderr,
		"  user-read|user-exec|user-vector|copy-user ADDRESS\n  user-write ADDRESS VALUE\n"
		"  vmmcall CODE ARGUMENT1 ARGUMENT2\n  cpuid LEAF\n  pages ADDRESS SIZE\n"
		"  public-pages\n  storm TARGET SENDER SENDER COUNT PAUSES LINUX-HANDLES\n");
	exit(2);
}

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end) {
		fprintf(stderr, "probe: not a number: %s\n", text);
		exit(2);
	}
	return value;
}

static int open_device(void)
{
	int fd = open(PROBE_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(PROBE_DEVICE);
	return fd;
}

static void parse(const struct verb *verb, char **arguments, struct probe_request *ret_request)
{
	const char *field;

	for (field = verb->arguments; *field; field++) {
		if (!*arguments)
			usage();
		switch (*field) {
		case 'a':
			ret_request->address = number(*arguments++);
			break;
		case 'w':
			ret_request->width = number(*arguments++);
			break;
		case 'v':
			ret_request->value = number(*arguments++);
			break;
		case 'c':
			ret_request->count = number(*arguments++);
			break;
		}
	}
	if (*arguments)
		usage();
}

static void print_answer(const struct verb *verb, const struct probe_request *request)
{
	if (request->faulted) {
		puts("fault");
		return;
	}
	switch (verb->answer) {
	case ANSWER_DONE:
		puts("done");
		break;
	case ANSWER_VALUE:
		printf("0x%" PRIx64 "\n", (uint64_t)request->value);
		break;
	case ANSWER_ELEMENTS:
		printf("0x%" PRIx64 " differ=%u left=%u\n", (uint64_t)request->value,
		       request->differ, request->left);
		break;
	case ANSWER_PAGE:
		printf("0x%" PRIx64 "\n", (uint64_t)request->address);
		break;
	case ANSWER_DIFFER:
		printf("%u\n", request->differ);
		break;
	}
}

static void kernel_access(const struct verb *verb, char **arguments)
{
	struct probe_request request = {.operation = verb->operation, .width = 1};

	parse(verb, arguments, &request);
	if (ioctl(open_device(), PROBE_ACCESS, &request) < 0)
		die(verb->name);
	print_answer(verb, &request);
}

/* The page that holds a physical address, as user memory. */
static void *map_physical(uint64_t address)
{
	uint8_t *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED,
			     open_device(), address & ~(PAGE_BYTES - 1));

	if (page == MAP_FAILED)
		die("mmap");
	return page + (address & (PAGE_BYTES - 1));
}

/* A handler, so that the kernel does not write what happened into its log, which shall stay clean.
 */
static void on_fault(int signal)
{
	const char *name = signal == SIGILL   ? "SIGILL\n"
			   : signal == SIGBUS ? "SIGBUS\n"
					      : "SIGSEGV\n";

	if (write(STDOUT_FILENO, name, strlen(name)) < 0)
		_exit(1);
	_exit(0);
}

/* In the child: prints by itself, or dies of a signal. */
static void user_access(const char *verb, char **arguments)
{
	void *memory = map_physical(number(arguments[0]));

	if (strcmp(verb, "user-read") == 0) {
		printf("0x%" PRIx64 "\n", *(volatile uint64_t *)memory);
	} else if (strcmp(verb, "user-write") == 0) {
		*(volatile uint64_t *)memory = number(arguments[1]);
		puts("done");
	} else if (strcmp(verb, "user-vector") == 0) {
		asm volatile("movdqu %0, %%xmm0" : : "m"(*(uint64_t(*)[2])memory) : "xmm0");
		puts("done");
	} else {
		((void (*)(void))memory)();
		puts("done");
	}
	fflush(stdout);
}

static unsigned int count_bytes(const uint8_t *memory, size_t size, uint8_t wanted)
{
	unsigned int count = 0;

	while (size > 0)
		count += memory[--size] == wanted;
	return count;
}

static uint8_t *fresh_page(void)
{
	uint8_t *page =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		die("mmap");
	return page;
}

/*
 * The kernel copies from the address into a page that was only read so far, which Linux has backed
 * with the one page of zeros that all share. Prints how many bytes of all ones came here, how many
 * zeros are left in other such pages.
 */
static void copy_to_user_page(char **arguments)
{
	uint8_t *page = fresh_page(), *other = fresh_page();
	struct probe_request request = {
		.operation = PROBE_COPY_USER,
		.width = 8,
		.address = number(arguments[0]),
		.value = (uintptr_t)page,
		.count = PROBE_MAX_COUNT,
	};

	if (count_bytes(page, PAGE_BYTES, 0) != PAGE_BYTES)
		die("fresh page");
	if (ioctl(open_device(), PROBE_ACCESS, &request) < 0)
		die("copy-user");
	printf("ones=%u left=%u zeros-elsewhere=%u\n", count_bytes(page, PROBE_MAX_COUNT, 0xff),
	       request.left, count_bytes(other, PAGE_BYTES, 0));
	fflush(stdout);
}

/* A hypercall from user mode. */
static void user_hypercall(char **arguments)
{
	uint64_t code = number(arguments[0]);

	asm volatile("vmmcall"
		     : "+a"(code)
		     : "D"(number(arguments[1])), "S"(number(arguments[2]))
		     : "memory");
	printf("%d\n", (int)code);
	fflush(stdout);
}

static void user_cpuid(char **arguments)
{
	uint32_t eax = number(arguments[0]), ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	printf("0x%x 0x%x 0x%x 0x%x\n", eax, ebx, ecx, edx);
	fflush(stdout);
}

static uint64_t access_page(int fd, enum probe_operation operation, uint64_t address,
			    uint64_t value)
{
	struct probe_request request = {
		.operation = operation, .width = 8, .address = address, .value = value};

	if (ioctl(fd, PROBE_ACCESS, &request) < 0)
		die("access");
	return request.value;
}

/*
 * Which pages from an address on answer, by number from there, how many of all take a write (which
 * is undone), and how many that answer are not zero. What nobody answers reads as all ones.
 */
static void walk_pages(char **arguments)
{
	uint64_t start = number(arguments[0]), count = number(arguments[1]) / PAGE_BYTES;
	unsigned int taking = 0, nonzero = 0;
	int fd = open_device();

	printf("answering");
	for (uint64_t n = 0; n < count; n++) {
		/* In the middle: the first word may be all ones by chance, this one is text or 0.
		 */
		uint64_t at = start + n * PAGE_BYTES + PAGE_BYTES / 2;
		uint64_t value = access_page(fd, PROBE_READ, at, 0);

		access_page(fd, PROBE_WRITE, at, ~value);
		if (access_page(fd, PROBE_READ, at, 0) == ~value) {
			taking++;
			access_page(fd, PROBE_WRITE, at, value);
		}
		if (value == ~0ull)
			continue;
		printf(" %" PRIu64, n);
		nonzero += value != 0;
	}
	printf("\ntaking %u\nnonzero %u\n", taking, nonzero);
	fflush(stdout);
	close(fd);
}

/* How many pages of the hypervisor are public: always, and for each cell. */
static void public_pages(char **arguments)
{
	(void)arguments;
	printf("%u %u\n",
	       (unsigned int)((sizeof(struct public_area) + PAGE_BYTES - 1) / PAGE_BYTES),
	       (unsigned int)PUBLIC_CELL_PAGES);
	fflush(stdout);
}

/* Prints what came of NMIs to a CPU from two others. */
static int nmi_storm(char **arguments)
{
	struct probe_storm storm = {
		.target = number(arguments[0]),
		.senders = {number(arguments[1]), number(arguments[2])},
		.count = number(arguments[3]),
		.pauses = number(arguments[4]),
		.linux_handles = number(arguments[5]),
	};

	if (ioctl(open_device(), PROBE_STORM, &storm) < 0)
		die("storm");
	printf("sent=%llu taken=%llu early=%llu lost=%u control-alone=%u control-within=%u "
	       "early-at=%llu\n",
	       storm.sent, storm.taken, storm.early, storm.lost, storm.control_alone,
	       storm.control_within, storm.early_at);
	return 0;
}

/* The access may be the end of whoever tries it. */
static void in_child(const char *verb, char **arguments)
{
	pid_t child;
	int status;

	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		/* One that never ends must not hold the test up. */
		alarm(CHILD_SECONDS);
		signal(SIGSEGV, on_fault);
		signal(SIGILL, on_fault);
		signal(SIGBUS, on_fault);
		if (strcmp(verb, "vmmcall") == 0)
			user_hypercall(arguments);
		else if (strcmp(verb, "cpuid") == 0)
			user_cpuid(arguments);
		else if (strcmp(verb, "pages") == 0)
			walk_pages(arguments);
		else if (strcmp(verb, "public-pages") == 0)
			public_pages(arguments);
		else if (strcmp(verb, "copy-user") == 0)
			copy_to_user_page(arguments);
		else
			user_access(verb, arguments);
		_exit(0);
	}
	if (waitpid(child, &status, 0) < 0)
		die("waitpid");
	if (WIFSIGNALED(status))
		printf("SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
}

static const struct {
	const char *name;
	int arguments;
} user_verbs[] = {
	{"user-read", 1}, {"user-write", 2}, {"user-vector", 1},
	{"user-exec", 1}, {"copy-user", 1},  {"vmmcall", 3},
	{"cpuid", 1},	  {"pages", 2},	     {"public-pages", 0},
};

int main(int argc, char **argv)
{
	if (argc < 2)
		usage();
	for (unsigned int n = 0; n < sizeof(verbs) / sizeof(verbs[0]); n++) {
		if (strcmp(argv[1], verbs[n].name) == 0) {
			kernel_access(&verbs[n], argv + 2);
			return 0;
		}
	}
	if (strcmp(argv[1], "storm") == 0 && argc - 2 == 6)
		return nmi_storm(argv + 2);
	for (unsigned int n = 0; n < sizeof(user_verbs) / sizeof(user_verbs[0]); n++) {
		if (strcmp(argv[1], user_verbs[n].name) == 0 &&
		    argc - 2 == user_verbs[n].arguments) {
			in_child(argv[1], argv + 2);
			return 0;
		}
	}
	usage();
}
