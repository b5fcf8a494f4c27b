// SPDX-License-Identifier: GPL-2.0-only
/*
 * Artefacts of the field through the device: each case opens the hypervisor, has a cell or two, and
 * closes it again. Prints "ok WHAT" and "not ok WHAT: WHY". The daemon must not run.
 *
 * usage: abi CASE | abi enable | abi data | abi hold | abi pool | abi disable
 *   abi data: the same with a root that cannot execute what is in the pool
 *   abi life CPU: the hypervisor is on, and the daemon may run
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"
#include "results.h"

#define CPU(n)	  (1u << (n))
#define LISTEN_MS 10000
#define TEXT_MAX  (1u << 20)

#define HPET_PAGE 0xfed00000ull

/* Of the device's text what begins now. */
static int listen_from_now(void)
{
	static char skipped[TEXT_MAX];
	int fd = open(JAILHOUSE_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		broken(JAILHOUSE_DEVICE ": %s", strerror(errno));
	while (read(fd, skipped, sizeof(skipped)) > 0)
		;
	return fd;
}

/* Appends what there is to text until it has the wanted words, or nothing came for ten seconds. */
static bool hear(int fd, char *text, const char *wanted)
{
	size_t length = strlen(text);
	unsigned int silent_ms = 0;

	while (silent_ms < LISTEN_MS && !strstr(text, wanted)) {
		ssize_t done = read(fd, text + length, TEXT_MAX - 1 - length);

		if (done > 0) {
			length += (size_t)done;
			text[length] = '\0';
			silent_ms = 0;
			continue;
		}
		usleep(20000);
		silent_ms += 20;
	}
	return strstr(text, wanted);
}

/* The cell says that, and the hypervisor nothing in between. */
static void says(const char *what, int fd, const char *wanted)
{
	static char text[TEXT_MAX];

	text[0] = '\0';
	if (hear(fd, text, wanted))
		printf("ok %s\n", what);
	else
		printf("not ok %s: \"%s\" is not in: %.200s\n", what, wanted, text);
}

/* One cell that says something, from its creation to its end. */
static void one_cell(const struct abi *abi, const char *what, const struct wish *wish,
		     const struct image *image, const char *wanted)
{
	int fd = listen_from_now();

	abi_run(abi, wish, image);
	says(what, fd, wanted);
	close(fd);
	gives("and it goes", abi_destroy(abi, wish->name), 0);
}

static void case_trailing(struct abi *abi)
{
	const struct blob_memory nothing = {0};
	const struct wish behind = {.name = "behind", .cpus = CPU(2), .trailing = 16};
	const struct wish empty = {.name = "empty", .cpus = CPU(2), .memory = &nothing};

	one_cell(abi, "a cell whose blob has bytes behind it runs", &behind, &image_hello, "K");
	one_cell(abi, "one with a region of size 0 runs", &empty, &image_hello, "K");
}

static void case_refused(struct abi *abi)
{
	const struct wish cell = {.name = "first", .cpus = CPU(2)};
	const struct wish same = {.name = "first", .cpus = CPU(3), .slot = 1};
	const struct wish cpu0 = {.name = "zero", .cpus = CPU(0), .slot = 1};
	const struct wish cut = {.name = "cut", .cpus = CPU(3), .cut = 100};

	gives("a cell is created", abi_create(abi, &cell), 0);
	gives("another one of its name is refused", abi_create(abi, &same), -EEXIST);
	gives("CPU 0 is refused", abi_create(abi, &cpu0), -EINVAL);
	gives("half a descriptor is refused", abi_create(abi, &cut), -EINVAL);
	gives("the cell goes", abi_destroy(abi, "first"), 0);
}

/* Reads that may not wait until the text ends; what one got, to be freed. */
static char *all_text(int fd)
{
	char *text = calloc(1, TEXT_MAX);
	size_t length = 0;
	ssize_t done;

	while (text && (done = read(fd, text + length, 1000)) > 0)
		length += (size_t)done;
	return text;
}

static unsigned long count_lost(const char *text)
{
	unsigned long lost = 0, one;

	for (const char *line = text; (line = strstr(line, "\n[")); line++) {
		if (sscanf(line, "\n[%lu bytes lost]", &one) == 1)
			lost += one;
	}
	return lost;
}

/* Whether all that it says was heard, or told as lost; the hypervisor's lines have an x, too. */
static bool adds_up(const char *heard)
{
	unsigned long count = count_lost(heard);

	for (const char *c = heard; *c; c++)
		count += *c == 'x';
	return count >= CHATTER_LENGTH && count < CHATTER_LENGTH + 100;
}

static void case_read(struct abi *abi)
{
	static char heard[TEXT_MAX];
	const struct wish wish = {.name = "chatter", .cpus = CPU(2)};
	int late = listen_from_now(), fd = listen_from_now();
	unsigned long lost = 0;
	char *line, *text;

	/* On a busy host the emulator's timers are late, and nobody keeps up: then it tries again.
	 */
	for (int life = 1; life <= 6; life++) {
		heard[0] = '\0';
		abi_run(abi, &wish, &image_chatter);
		is("who keeps up hears the end", hear(fd, heard, "xK") ? "yes" : "no", "yes");
		is("and all, or how much is lost", adds_up(heard) ? "yes" : "no", "yes");
		if (!count_lost(heard) || life == 6)
			break;
		gives("it goes, to say it again", abi_destroy(abi, "chatter"), 0);
	}
	is("and loses nothing", count_lost(heard) ? "lost" : "all", "all");
	gives("it goes", abi_destroy(abi, "chatter"), 0);
	gives("the hypervisor closes", abi_disable(abi), 0);
	text = all_text(late);
	line = strstr(text, "\n[");
	if (line)
		lost = strtoul(line + 2, NULL, 10);
	is("who comes late is told", line && strstr(line, " bytes lost]\n") ? "yes" : "no", "yes");
	/* In front of the rest. */
	is("once, at the beginning", line == text && !strstr(text + 1, "\n[") ? "yes" : "no",
	   "yes");
	is("how much it is", strlen(strchr(text, ']') ?: "") + lost > strlen(heard) ? "yes" : "no",
	   "yes");
	is("the end is there, though the hypervisor is off",
	   strstr(text, "cell chatter destroyed") ? "yes" : "no", "yes");
	free(text);
	gives("the hypervisor opens again", abi_enable(abi, ROOT_OURS), 0);
	close(fd);
	close(late);
}

struct waiting_call {
	int fd, result;
	void *argument;
};

static void *make_call(void *argument)
{
	struct waiting_call *call = argument;

	call->result = ioctl(call->fd, JAILHOUSE_CELL_CREATE, call->argument) < 0 ? -errno : 0;
	return NULL;
}

static void end_wait(int signal)
{
	(void)signal;
}

static void case_busy(struct abi *abi)
{
	struct sigaction no_restart = {.sa_handler = end_wait};
	struct waiting_call call = {.fd = abi->fd};
	int fd = listen_from_now(), faults;
	struct uffd_msg fault;
	pthread_t thread;
	char text[64];

	sigaction(SIGALRM, &no_restart, NULL);
	call.argument = missing_page(&faults);
	if (pthread_create(&thread, NULL, make_call, &call) != 0 ||
	    read(faults, &fault, sizeof(fault)) < 0)
		broken("no call that waits");
	alarm(5);
	is("who may not wait gets nothing while a call is served",
	   read(fd, text, sizeof(text)) == 0 ? "nothing" : strerrorname_np(errno), "nothing");
	alarm(0);
	fill_page(faults, call.argument);
	pthread_join(thread, NULL);
	gives("the call comes to its end", call.result, -EINVAL);
	close(fd);
}

static void case_x2apic(struct abi *abi)
{
	const struct wish wish = {.name = "id", .cpus = CPU(2)};

	one_cell(abi, "a cell reads its id as x2APIC register", &wish, &image_id, "K");
}

static void case_divide(struct abi *abi)
{
	const struct wish wish = {.name = "divide", .cpus = CPU(2)};

	one_cell(abi, "its timer divides by 16 at first", &wish, &image_divide, "3");
}

static void case_pm_timer(struct abi *abi)
{
	const struct wish wish = {.name = "timer", .cpus = CPU(2)};

	one_cell(abi, "a cell reads the PM timer without asking for it", &wish, &image_pm_timer,
		 "K");
}

static void case_smp(struct abi *abi)
{
	const struct wish wish = {.name = "smp", .cpus = CPU(1) | CPU(2) | CPU(3)};

	one_cell(abi, "three CPUs start at once", &wish, &image_smp, "KKK");
}

static void case_locked(struct abi *abi)
{
	const struct wish wish = {.name = "locked", .cpus = CPU(2), .listens = true};
	const struct wish other = {.name = "other", .cpus = CPU(3), .slot = 1};
	int fd = listen_from_now();

	abi_run(abi, &wish, &image_locked);
	says("it locks", fd, "L");
	gives("nothing else is created meanwhile", abi_create(abi, &other), -EPERM);
	gives("it can itself be destroyed", abi_destroy(abi, "locked"), 0);
	gives("it is gone", abi_destroy(abi, "locked"), -ENOENT);
	close(fd);
}

static void case_messages(struct abi *abi)
{
	const struct wish wish = {.name = "listener", .cpus = CPU(2), .listens = true};
	const struct wish other = {.name = "other", .cpus = CPU(3), .slot = 1};
	int fd = listen_from_now();

	abi_run(abi, &wish, &image_messages);
	says("a cell listens", fd, "R");
	gives("another one is created", abi_create(abi, &other), 0);
	says("it is told", fd, "2");
	gives("the other one is destroyed", abi_destroy(abi, "other"), 0);
	says("it is told again", fd, "2");
	gives("it goes", abi_destroy(abi, "listener"), 0);
	close(fd);
}

static void case_device(struct abi *abi)
{
	const struct blob_memory page = {HPET_PAGE, HPET_PAGE, 4096, READ | WRITE};
	const struct wish wish = {.name = "device", .cpus = CPU(2), .memory = &page};

	one_cell(abi, "a cell has device memory that nobody calls I/O", &wish, &image_hello, "K");
}

/* What Linux calls IO-APICs whose interrupts an IOMMU remaps. */
static bool remapped(void)
{
	char line[512];
	bool found = false;
	FILE *file = fopen("/proc/interrupts", "re");

	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, "IR-IO-APIC") != NULL;
	if (file)
		fclose(file);
	return found;
}

static void case_claims(struct abi *abi)
{
	const struct blob_cache cache = {.start = 0, .size = 1, .type = 3};
	const struct blob_irqchip irqchip = {.address = 0xfec00000, .pin_bitmap = {0x100}};
	const struct blob_irqchip none = {.address = 0xfec00000, .pin_bitmap = {0, 0, 0, 1}};
	const struct blob_pci_device device = {.type = BLOB_PCI_DEVICE, .bdf = 0xfef8};
	const struct wish wants_cache = {.name = "cache", .cpus = CPU(2), .cache = &cache};
	const struct wish wants_pins = {.name = "pins", .cpus = CPU(2), .irqchip = &irqchip};
	const struct wish wants_device = {.name = "pci", .cpus = CPU(2), .device = &device};

	const struct wish wants_them_too = {
		.name = "too", .cpus = CPU(3), .slot = 1, .irqchip = &irqchip};
	const struct wish wants_none = {
		.name = "none", .cpus = CPU(3), .slot = 1, .irqchip = &none};

	gives("a cache region is refused", abi_create(abi, &wants_cache), -EOPNOTSUPP);
	gives("a PCI device that is not there is", abi_create(abi, &wants_device), -ENODEV);
	if (remapped()) {
		gives("pins are, where an IOMMU remaps", abi_create(abi, &wants_pins), -EOPNOTSUPP);
		return;
	}
	gives("a cell has a pin", abi_create(abi, &wants_pins), 0);
	gives("a second one with that is refused", abi_create(abi, &wants_them_too), -EBUSY);
	gives("and one with a pin that is none", abi_create(abi, &wants_none), -EINVAL);
	gives("it goes", abi_destroy(abi, "pins"), 0);
	gives("another one has the pin", abi_create(abi, &wants_them_too), 0);
	gives("it goes", abi_destroy(abi, "too"), 0);
}

static void case_test_page(struct abi *abi)
{
	const struct wish wish = {.name = "tested", .cpus = CPU(2), .flags = BLOB_CELL_TEST_DEVICE};

	one_cell(abi, "the test device shows the communication region", &wish, &image_test_page,
		 "JH");
}

/* Every combination of rights that there is, used in every way. */
static void case_rights(struct abi *abi)
{
	static const struct {
		uint64_t right;
		const struct image *image;
		const char *refusal;
	} uses[] = {
		{READ, &image_reader, "stopped: memory-read, address 0x102000"},
		{WRITE, &image_writer, "stopped: memory-write, address 0x102000"},
		{EXECUTE, &image_caller, "stopped: memory-execute, address 0x102000"},
	};
	static const char *const verbs[] = {"read", "written", "executed"};
	struct blob_memory memory = {abi->pool.phys_start + RIGHTS_OFFSET, RIGHTS_ADDRESS, 4096, 0};
	const struct wish wish = {
		.name = "rights", .cpus = CPU(2), .memory = &memory, .there = &image_return};
	char what[64];

	for (unsigned int more = 0; more < 4; more++) {
		memory.flags = READ | (more & 1 ? WRITE : 0) | (more & 2 ? EXECUTE : 0) | LOADABLE;
		for (unsigned int n = 0; n < 3; n++) {
			bool allowed = memory.flags & uses[n].right;

			snprintf(what, sizeof(what), "memory of rights 0x%x is%s %s",
				 (unsigned int)(memory.flags & (READ | WRITE | EXECUTE)),
				 allowed ? "" : " not", verbs[n]);
			one_cell(abi, what, &wish, uses[n].image, allowed ? "K" : uses[n].refusal);
		}
	}
}

static void case_ports(struct abi *abi)
{
	const struct blob_pio ports = {CONSOLE_PORT, 8};
	const struct cell_console console = {.address = CONSOLE_PORT, .size = 8, .type = 2};
	const struct wish one = {
		.name = "one", .cpus = CPU(1), .ports = &ports, .console = &console};
	const struct wish two = {
		.name = "two", .cpus = CPU(2), .slot = 1, .ports = &ports, .console = &console};
	const struct wish three = {.name = "three", .cpus = CPU(3), .slot = 2, .ports = &ports};

	one_cell(abi, "a cell uses its ports", &one, &image_uart, "K");
	gives("a cell has a console", abi_create(abi, &one), 0);
	gives("another one has the same", abi_create(abi, &two), 0);
	gives("a third one that is not told to share is refused", abi_create(abi, &three), -EBUSY);
	gives("the second goes", abi_destroy(abi, "two"), 0);
	gives("the first goes", abi_destroy(abi, "one"), 0);
}

/* The hypervisor's memory, and the pool, where they cannot be: there is nothing at 64 GiB. */
static void case_memory(struct abi *abi)
{
	struct cellvisor_pool pool = {.size = abi->pool.size, .source = CELLVISOR_POOL_BOOT};
	struct system_desc *system = root_blob(abi, ROOT_OURS);

	gives("the hypervisor closes first", abi_disable(abi), 0);
	system->hypervisor_memory.phys_start = pool.phys_start = 64ull << 30;
	gives("the hypervisor in no memory", abi_call(abi, JAILHOUSE_ENABLE, system), -EINVAL);
	free(system);
	gives("the pool goes", abi_release(abi), 0);
	gives("a pool of no memory", abi_call(abi, CELLVISOR_POOL_RESERVE, &pool), -EINVAL);
	pool.phys_start = abi->pool.phys_start;
	gives("a pool of Linux'", abi_call(abi, CELLVISOR_POOL_RESERVE, &pool), -EBUSY);
	pool = (struct cellvisor_pool){abi->pool.size, 0, CELLVISOR_POOL_LINUX, UINT32_MAX};
	gives("of no node", abi_call(abi, CELLVISOR_POOL_RESERVE, &pool), -EINVAL);
	pool.node = 900;
	gives("of one that is not there", abi_call(abi, CELLVISOR_POOL_RESERVE, &pool), -ENOMEM);
	pool.node = 1;
	gives("of the first", abi_call(abi, CELLVISOR_POOL_RESERVE, &pool), 0);
	is("which it says", pool.node == 1 ? "1" : "another", "1");
	abi->pool = pool;
	gives("the hypervisor opens with that", abi_enable(abi, ROOT_OURS), 0);
}

/* Beside what others have in the pool, on a CPU that Linux has given up before. */
static void live(struct abi *abi, unsigned int cpu)
{
	const struct wish wish = {.name = "life", .cpus = CPU(cpu), .slot = LAST_SLOT};
	struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "life"};
	int fd = listen_from_now();

	gives("a cell is created", abi_create(abi, &wish), 0);
	gives("it is loaded", abi_load(abi, wish.name, &image_hello, 0), 0);
	gives("it is started", abi_start(abi, wish.name), 0);
	says("it runs", fd, "K");
	close(fd);
	gives("it is killed", ioctl(abi->fd, CELLVISOR_CELL_KILL, &id) < 0 ? -errno : 0, 0);
	gives("it is destroyed", abi_destroy(abi, wish.name), 0);
}

static const struct {
	const char *name;
	void (*run)(struct abi *abi);
	enum variant variant;
} cases[] = {
	{"trailing", case_trailing, ROOT_OURS},
	{"refused", case_refused, ROOT_OURS},
	{"read", case_read, ROOT_OURS},
	{"x2apic", case_x2apic, ROOT_OURS},
	{"busy", case_busy, ROOT_OURS},
	{"divide", case_divide, ROOT_OURS},
	{"pm-timer", case_pm_timer, ROOT_OURS},
	{"smp", case_smp, ROOT_OURS},
	{"locked", case_locked, ROOT_OURS},
	{"messages", case_messages, ROOT_OURS},
	{"device", case_device, ROOT_WITHOUT_IO_FLAGS},
	{"claims", case_claims, ROOT_OURS},
	{"test-page", case_test_page, ROOT_OURS},
	{"rights", case_rights, ROOT_OURS},
	{"memory", case_memory, ROOT_OURS},
	{"ports", case_ports, ROOT_OURS},
	{"ports-of-nobody", case_ports, ROOT_WITHOUT_UART},
};

/* A cell with the first piece of the pool, which is left as it is. */
static int hold(const struct abi *abi)
{
	const struct wish wish = {.name = "holder", .cpus = CPU(3)};

	return abi_create(abi, &wish) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct abi abi;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		return 2;
	abi_open(&abi);
	if (strcmp(argv[1], "pool") == 0)
		return printf("0x%llx\n", (unsigned long long)abi.pool.phys_start) < 0;
	if (strcmp(argv[1], "hold") == 0)
		return hold(&abi);
	if (strcmp(argv[1], "data") == 0)
		return abi_enable(&abi, ROOT_POOL_IS_DATA) ? 1 : 0;
	if (strcmp(argv[1], "enable") == 0)
		return abi_enable(&abi, ROOT_WITHOUT_PCI) ? 1 : 0;
	if (strcmp(argv[1], "disable") == 0)
		return abi_disable(&abi) || abi_release(&abi) ? 1 : 0;
	if (strcmp(argv[1], "life") == 0 && argc == 3) {
		live(&abi, (unsigned int)atoi(argv[2]));
		return 0;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		gives("the hypervisor opens", abi_enable(&abi, cases[i].variant), 0);
		cases[i].run(&abi);
		gives("the hypervisor closes", abi_disable(&abi), 0);
		gives("its memory goes back to Linux", abi_release(&abi), 0);
		return 0;
	}
	fprintf(stderr, "abi: no case %s\n", argv[1]);
	return 2;
}
