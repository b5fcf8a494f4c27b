// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root at what the hypervisor plays of PCI: configuration space by both doors and pages of
 * registers, at every offset, in every width, aligned or not, each by one instruction in user mode.
 *
 * usage: pci-probe read ADDRESS SIZE     each width gives what the bytes give: "differ=N ones=N"
 *        pci-probe ports BDF ADDRESS     so do the data ports; the bytes are at the address
 *        pci-probe write ADDRESS SIZE OFFSET...
 *        pci-probe write-ports BDF ADDRESS OFFSET...
 *                                        writes the complement, but where it touches one of the
 *                                        words at these offsets: "changed=N" bytes afterwards
 *        pci-probe registers ADDRESS     the registers that there are, and how many other
 *                                        readings of the page were not 0
 *        pci-probe registers-write ADDRESS  all ones in all other ways: the same afterwards
 *        pci-probe table ADDRESS         all ones into the table of vectors in ways that it does
 *                                        not take: "changed=N" words, "others=N" readings
 *        pci-probe strange ADDRESS       what instructions come to that no driver uses there
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ivshmem.h"
#include "page.h"
#include "probe_abi.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define BY_PORTS       256u
#define SKIPPED_MAX    16u
#define CHILD_SECONDS  20

static volatile uint8_t *page;
static uint8_t before[PAGE_BYTES];
static unsigned int skipped[SKIPPED_MAX], skipped_count;

static void map(const char *address)
{
	int fd = open(PROBE_DEVICE, O_RDWR | O_CLOEXEC);
	void *memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    (off_t)strtoull(address, NULL, 0));

	if (memory == MAP_FAILED) {
		perror(PROBE_DEVICE);
		exit(1);
	}
	page = memory;
}

static uint64_t load(unsigned int offset, unsigned int width)
{
	switch (width) {
	case 1:
		return page[offset];
	case 2:
		return *(volatile uint16_t *)(page + offset);
	case 4:
		return *(volatile uint32_t *)(page + offset);
	default:
		return *(volatile uint64_t *)(page + offset);
	}
}

static void store(unsigned int offset, unsigned int width, uint64_t value)
{
	if (width == 1)
		page[offset] = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)(page + offset) = (uint16_t)value;
	else if (width == 4)
		*(volatile uint32_t *)(page + offset) = (uint32_t)value;
	else
		*(volatile uint64_t *)(page + offset) = value;
}

static void read_bytes(uint8_t *to, unsigned int size)
{
	for (unsigned int n = 0; n < size; n++)
		to[n] = page[n];
}

/* Compares with the bytes from there on; the rest of the value must not be there. */
static bool is_bytes(uint64_t value, unsigned int offset, unsigned int width)
{
	uint64_t expected = 0;

	memcpy(&expected, before + offset, width);
	return value == expected;
}

static int read_all(unsigned int size)
{
	unsigned int differ = 0, ones = 0;

	read_bytes(before, size);
	for (unsigned int at = 0; at < size; at++) {
		ones += before[at] == 0xff;
		for (unsigned int width = 2; width <= 8 && at + width <= size; width *= 2)
			differ += !is_bytes(load(at, width), at, width);
	}
	printf("differ=%u ones=%u\n", differ, ones);
	return 0;
}

static void choose(unsigned int bdf, unsigned int offset)
{
	outl(0x80000000u | bdf << 8 | (offset & ~3u), CONFIG_ADDRESS);
}

static uint32_t port_load(unsigned int bdf, unsigned int offset, unsigned int width)
{
	uint16_t port = CONFIG_DATA + (offset & 3);

	choose(bdf, offset);
	return width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
}

static void port_store(unsigned int bdf, unsigned int offset, unsigned int width, uint32_t value)
{
	uint16_t port = CONFIG_DATA + (offset & 3);

	choose(bdf, offset);
	if (width == 1)
		outb((uint8_t)value, port);
	else if (width == 2)
		outw((uint16_t)value, port);
	else
		outl(value, port);
}

/* All that lies within a word: the data ports end there. */
#define for_each_port_access(at, width)                \
	for (unsigned int at = 0; at < BY_PORTS; at++) \
		for (unsigned int width = 1; (at & 3) + width <= 4; width *= 2)

static int read_ports(unsigned int bdf)
{
	unsigned int differ = 0, ones = 0;

	read_bytes(before, BY_PORTS);
	for_each_port_access(at, width)
	{
		uint32_t value = port_load(bdf, at, width);

		differ += !is_bytes(value, at, width);
		ones += width == 1 && value == 0xff;
	}
	printf("differ=%u ones=%u\n", differ, ones);
	return 0;
}

static bool touches_skipped(unsigned int at, unsigned int width)
{
	for (unsigned int n = 0; n < skipped_count; n++) {
		if (at < skipped[n] + 4 && skipped[n] < at + width)
			return true;
	}
	return false;
}

static int tell_changed(unsigned int size)
{
	static uint8_t after[PAGE_BYTES];
	unsigned int changed = 0;

	read_bytes(after, size);
	for (unsigned int n = 0; n < size; n++)
		changed += after[n] != before[n];
	printf("changed=%u\n", changed);
	return 0;
}

static int write_all(unsigned int size)
{
	read_bytes(before, size);
	for (unsigned int at = 0; at < size; at++) {
		for (unsigned int width = 1; width <= 8 && at + width <= size; width *= 2) {
			if (!touches_skipped(at, width))
				store(at, width, ~load(at, width));
		}
	}
	return tell_changed(size);
}

static int write_ports(unsigned int bdf)
{
	read_bytes(before, BY_PORTS);
	for_each_port_access(at, width)
	{
		if (!touches_skipped(at, width))
			port_store(bdf, at, width, ~port_load(bdf, at, width));
	}
	return tell_changed(BY_PORTS);
}

static bool is_register(unsigned int at, unsigned int width)
{
	return width == 4 && at <= IVSHMEM_STATE && at % 4 == 0;
}

static int show_registers(void)
{
	unsigned int others = 0;

	for (unsigned int at = 0; at < PAGE_BYTES; at++) {
		for (unsigned int width = 1; width <= 8 && at + width <= PAGE_BYTES; width *= 2)
			others += !is_register(at, width) && load(at, width) != 0;
	}
	printf("id=%lu peers=%lu control=%lu doorbell=%lu state=%lu others=%u\n",
	       (unsigned long)load(IVSHMEM_ID, 4), (unsigned long)load(IVSHMEM_MAX_PEERS, 4),
	       (unsigned long)load(IVSHMEM_INT_CONTROL, 4),
	       (unsigned long)load(IVSHMEM_DOORBELL, 4), (unsigned long)load(IVSHMEM_STATE, 4),
	       others);
	return 0;
}

static int write_registers(void)
{
	for (unsigned int at = 0; at < PAGE_BYTES; at++) {
		for (unsigned int width = 1; width <= 8 && at + width <= PAGE_BYTES; width *= 2) {
			if (!is_register(at, width))
				store(at, width, ~0ull);
		}
	}
	/* Those that are there to be read. */
	store(IVSHMEM_ID, 4, ~0u);
	store(IVSHMEM_MAX_PEERS, 4, ~0u);
	return show_registers();
}

/* By 32 bits or 64, aligned (PCI Local Bus 3.0, 6.8.2). */
static bool is_table_access(unsigned int at, unsigned int width)
{
	return width >= 4 && at % width == 0;
}

static int write_table(void)
{
	unsigned int changed = 0, others = 0;

	for (unsigned int at = 0; at < PAGE_BYTES; at += 4) {
		uint32_t word = (uint32_t)load(at, 4);

		memcpy(before + at, &word, sizeof(word));
	}
	for (unsigned int at = 0; at < PAGE_BYTES; at++) {
		for (unsigned int width = 1; width <= 8 && at + width <= PAGE_BYTES; width *= 2) {
			if (is_table_access(at, width))
				continue;
			store(at, width, ~0ull);
			others += load(at, width) != 0;
		}
	}
	for (unsigned int at = 0; at < PAGE_BYTES; at += 4)
		changed += !is_bytes(load(at, 4), at, 4);
	printf("changed=%u others=%u\n", changed, others);
	return 0;
}

static void lock_or(void)
{
	asm volatile("lock orl $0x7fffffff, (%0)" : : "r"(page) : "memory");
}

static void exchange(void)
{
	uint32_t value = 0x7fffffff;

	asm volatile("xchg %0, (%1)" : "+r"(value) : "r"(page) : "memory");
}

static void copy_out(void)
{
	static uint8_t buffer[64];
	void *to = buffer;
	const void *from = (const void *)page;
	unsigned long count = sizeof(buffer);

	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void fill(void)
{
	void *to = (void *)page;
	unsigned long count = 16;

	asm volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0x7fffffff) : "memory");
}

static void vector(void)
{
	asm volatile("movdqu (%0), %%xmm0\n movdqu %%xmm0, (%0)" : : "r"(page) : "xmm0", "memory");
}

static void run_code(void)
{
	/* NX: as of any device. */
	((void (*)(void))page)();
}

static int try_strange(void)
{
	static const struct {
		const char *name;
		void (*deed)(void);
	} deeds[] = {{"or", lock_or}, {"exchange", exchange}, {"copy", copy_out},
		     {"fill", fill},  {"vector", vector},     {"execute", run_code}};

	for (unsigned int n = 0; n < sizeof(deeds) / sizeof(deeds[0]); n++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			alarm(CHILD_SECONDS);
			/* So that the kernel does not write into its log what became of it. */
			signal(SIGSEGV, _exit);
			signal(SIGBUS, _exit);
			signal(SIGILL, _exit);
			deeds[n].deed();
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
			printf("%s=died ", deeds[n].name);
		else
			printf("%s=%s ", deeds[n].name, WEXITSTATUS(status) ? "refused" : "done");
	}
	putchar('\n');
	return 0;
}

static void skip_from(char **words)
{
	for (; *words && skipped_count < SKIPPED_MAX; words++)
		skipped[skipped_count++] = (unsigned int)strtoul(*words, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	bool ports = !strcmp(what, "ports") || !strcmp(what, "write-ports");
	unsigned int number = argc > 3 ? (unsigned int)strtoul(argv[ports ? 2 : 3], NULL, 0) : 0;

	if (ports && (argc < 4 || ioperm(CONFIG_ADDRESS, 8, 1) < 0)) {
		perror("ports");
		return 1;
	}
	if (argc > 2)
		map(argv[ports ? 3 : 2]);
	if (argc > 4)
		skip_from(argv + 4);
	if (!strcmp(what, "read") && number && number <= PAGE_BYTES)
		return read_all(number);
	if (!strcmp(what, "write") && number && number <= PAGE_BYTES)
		return write_all(number);
	if (!strcmp(what, "ports"))
		return read_ports(number);
	if (!strcmp(what, "write-ports"))
		return write_ports(number);
	if (!strcmp(what, "registers"))
		return show_registers();
	if (!strcmp(what, "registers-write"))
		return write_registers();
	if (!strcmp(what, "table"))
		return write_table();
	if (!strcmp(what, "strange"))
		return try_strange();
	fprintf(stderr, "pci-probe: look into the source for how\n");
	return 2;
}
