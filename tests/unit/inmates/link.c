// SPDX-License-Identifier: GPL-2.0-only
/*
 * The runtime library's links against a device of memory: finding and placing it, its sections, its
 * interrupts, and that no ring is missed wherever it comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "inmate_link.h"
#include "inmate_pci.h"
#include "internal.h"
#include "page.h"
#include "pci_parts.h"
#include "tests/lib/tap.h"

#define FUNCTION     PCI_FUNCTION(0, 0x1e, 0)
#define OTHER	     PCI_FUNCTION(0, 0x03, 0)
#define SECTIONS     0x50000000ull
#define FIRST_VECTOR 0x40u
#define PEERS	     3u
#define OUTPUT	     0x2000u
#define COMMON	     0x1000u
#define WINDOW	     0x40000000ull
#define WINDOW_BYTES 0x100000u
#define FOREIGN_WIDE WINDOW /* 64 KiB, by an address of 64 bits */
#define FOREIGN_BAR  (WINDOW + 0x11000)

/* Configuration space of bus 0; all ones where nothing is. */
static uint8_t config[256][256];
static bool there[256];

static struct {
	interrupt_handler handler;
	void *argument;
} handlers[256];

static bool interrupts_on, interrupt_pending;
static unsigned int sleeps, asleep_for_ever;
/* Below the shadow of AddressSanitizer. */
static const char *const parameters = "bars=0x40000000";
const char inmate_command_line[CELL_PARAMETERS_SIZE];
const uint8_t bss_end[1];

/* ---- What is below -------------------------------------------------------------------------- */

static uint32_t *registers(void)
{
	uint32_t address;

	memcpy(&address, &config[FUNCTION][PCI_BAR(0)], 4);
	return (uint32_t *)(uintptr_t)address;
}

/* What the hypervisor does when a peer rings. */
static void rung(unsigned int vector)
{
	if (!(registers()[IVSHMEM_INT_CONTROL / 4] & IVSHMEM_INT_ENABLE))
		return;
	if (config[FUNCTION][IVSHMEM_CAP + IVSHMEM_CAP_CONTROL] & IVSHMEM_CONTROL_ONE_SHOT)
		registers()[IVSHMEM_INT_CONTROL / 4] = 0;
	interrupt_pending = true;
	if (interrupts_on)
		interrupts_enable();
	(void)vector;
}

/* A peer acts when the countdown is at its end. */
static int countdown = -1;
static unsigned int arrived;

static void let_peer_act(void)
{
	if (countdown >= 0 && countdown-- == 0) {
		arrived++;
		rung(1);
	}
}

void interrupts_enable(void)
{
	interrupts_on = true;
	if (!interrupt_pending)
		return;
	interrupt_pending = false;
	interrupts_on = false;
	handlers[FIRST_VECTOR + 1].handler(handlers[FIRST_VECTOR + 1].argument);
	interrupts_on = true;
}

void interrupts_disable(void)
{
	let_peer_act();
	interrupts_on = false;
	let_peer_act();
}

bool interrupts_save(void)
{
	bool before = interrupts_on;

	interrupts_on = false;
	return before;
}

void interrupts_restore(bool enabled)
{
	if (enabled)
		interrupts_enable();
}

void cpu_idle(void)
{
	let_peer_act();
	sleeps++;
	/* Another interrupt, of a timer say, ends it at last: too late. */
	asleep_for_ever += !interrupt_pending && arrived && countdown < 0;
	interrupts_enable();
}

int interrupt_register(unsigned int vector, interrupt_handler handler, void *argument)
{
	if (vector < INTERRUPT_FIRST || vector >= INTERRUPT_TIMER)
		return -EINVAL;
	handlers[vector].handler = handler;
	handlers[vector].argument = argument;
	return 0;
}

int memory_map(uint64_t start, uint64_t size, enum memory_type type)
{
	return start + size > 1ull << 47 ? -EINVAL : 0;
}

volatile struct comm_region *comm_region(void)
{
	return (volatile struct comm_region *)0x100000;
}

void inmate_fail(const char *format, ...)
{
	abort();
}

uint64_t pci_config_base(void)
{
	return 0;
}

uint64_t pci_config_size(void)
{
	return 0;
}

uint32_t pci_config_read(unsigned int function, unsigned int offset)
{
	uint32_t value;

	/* It would be somewhere else in memory. */
	if (function > 0xffff)
		abort();
	if (function > 255 || offset > 252 || !there[function])
		return UINT32_MAX;
	memcpy(&value, &config[function][offset], 4);
	return value;
}

static unsigned int moved_while_on;

void pci_config_write(unsigned int function, unsigned int offset, unsigned int size, uint32_t value)
{
	if (function > 255 || !there[function])
		return;
	if (function == OTHER && offset >= PCI_BAR(0) && offset < PCI_BAR(6))
		moved_while_on += config[function][PCI_COMMAND] & PCI_COMMAND_MEMORY;
	/* BARs of 4 KiB; what else is read-only nobody writes. */
	if (offset == PCI_BAR(0) || offset == PCI_BAR(1))
		value &= 0xfffff000;
	else if (function == OTHER && offset == PCI_BAR(4))
		value = (value & 0xffff0000) | 0xc;
	else if (function == OTHER && offset == PCI_BAR(5))
		;
	else if (offset >= PCI_BAR(2) && offset < PCI_BAR(6))
		return;
	memcpy(&config[function][offset], &value, size);
}

int pci_msi_message(unsigned int vector, uint64_t *ret_address, uint32_t *ret_data)
{
	*ret_address = 0xfee03000;
	*ret_data = vector;
	return 0;
}

/* ---- The device ----------------------------------------------------------------------------- */

static void set(unsigned int function, unsigned int offset, uint64_t value, unsigned int size)
{
	memcpy(&config[function][offset], &value, size);
}

static void make_device(unsigned int function)
{
	there[function] = true;
	set(function, PCI_VENDOR, IVSHMEM_VENDOR_ID | IVSHMEM_DEVICE_ID << 16, 4);
	set(function, PCI_STATUS, PCI_STATUS_CAPS, 2);
	set(function, PCI_INTERFACE, IVSHMEM_PROTOCOL_CELLMGR & 0xff, 1);
	set(function, PCI_SUBCLASS, IVSHMEM_PROTOCOL_CELLMGR >> 8, 1);
	set(function, PCI_CAPS, IVSHMEM_CAP, 1);
	set(function, IVSHMEM_CAP, PCI_CAP_VENDOR | IVSHMEM_MSIX_CAP << 8 | IVSHMEM_CAP_SIZE << 16,
	    4);
	set(function, IVSHMEM_CAP + IVSHMEM_CAP_STATE, PAGE_BYTES, 4);
	set(function, IVSHMEM_CAP + IVSHMEM_CAP_COMMON, COMMON, 8);
	set(function, IVSHMEM_CAP + IVSHMEM_CAP_OUTPUT, OUTPUT, 8);
	set(function, IVSHMEM_CAP + IVSHMEM_CAP_BASE, SECTIONS, 8);
	set(function, IVSHMEM_MSIX_CAP, PCI_CAP_MSIX, 2);
	set(function, IVSHMEM_MSIX_CAP + 2, 2 - 1, 2); /* two vectors */
	set(function, IVSHMEM_MSIX_CAP + 4, IVSHMEM_BAR_MSIX, 4);
}

/* Whichever page BAR 0 gets to be in. */
static void set_registers(unsigned int offset, uint32_t value)
{
	for (unsigned int n = 0; n < WINDOW_BYTES / PAGE_BYTES; n++)
		((uint32_t *)WINDOW)[n * 1024 + offset / 4] = value;
}

/* As after a reset. */
static void reset(void)
{

	memset(config, 0, sizeof(config));
	memset(there, 0, sizeof(there));
	memset((void *)WINDOW, 0, WINDOW_BYTES);
	memset((void *)SECTIONS, 0, PAGE_BYTES + COMMON + PEERS * OUTPUT);
	make_device(FUNCTION);
	set_registers(IVSHMEM_ID, 1);
	set_registers(IVSHMEM_MAX_PEERS, PEERS);
	params_set_line(parameters);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void test_open(struct tap *tap)
{
	struct link link;
	uint32_t *table;
	uint32_t at;

	reset();
	/* Another device was placed in the middle of where one would begin, and answers. */
	there[OTHER] = true;
	set(OTHER, PCI_VENDOR, 0x8086, 2);
	set(OTHER, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	set(OTHER, PCI_BAR(0), FOREIGN_BAR, 4);
	set(OTHER, PCI_BAR(4), FOREIGN_WIDE | 0xc, 8);
	tap_is_u64(tap, -link_open(&link, "plant", FIRST_VECTOR), 0, "a link opens");
	tap_ok(tap,
	       link.own == 1 && link.peers == PEERS && link.vectors == 2 &&
		       link.protocol == IVSHMEM_PROTOCOL_CELLMGR,
	       "who this is, how many there are, what for");
	tap_ok(tap,
	       link.state_table == (void *)SECTIONS &&
		       link.common == (uint8_t *)SECTIONS + PAGE_BYTES &&
		       link_output(&link, 0) == (uint8_t *)SECTIONS + PAGE_BYTES + COMMON &&
		       link_output(&link, 2) == link_output(&link, 0) + 2 * OUTPUT &&
		       !link_output(&link, PEERS),
	       "sections are where the capability says");
	memcpy(&at, &config[FUNCTION][PCI_BAR(0)], 4);
	tap_is_u64(tap, at, WINDOW + 0x10000, "BAR 0 is where nothing is");
	memcpy(&at, &config[FUNCTION][PCI_BAR(1)], 4);
	tap_is_u64(tap, at, WINDOW + 0x12000, "BAR 1 too, and not over another device's");
	tap_ok(tap,
	       !moved_while_on && config[OTHER][PCI_COMMAND] == PCI_COMMAND_MEMORY &&
		       pci_read(OTHER, PCI_BAR(0), 4) == FOREIGN_BAR &&
		       pci_read(OTHER, PCI_BAR(4), 4) == (FOREIGN_WIDE | 0xc),
	       "which did not answer while it was looked at, and is as it was");
	table = (uint32_t *)(uintptr_t)at;
	tap_ok(tap,
	       table[0] == 0xfee03000 && table[2] == FIRST_VECTOR && table[3] == 0 &&
		       table[6] == FIRST_VECTOR + 1 && table[7] == 0,
	       "its vectors interrupt this CPU");
	tap_ok(tap,
	       (config[FUNCTION][IVSHMEM_MSIX_CAP + 3] & 0xc0) == 0x80 &&
		       config[FUNCTION][PCI_COMMAND] == 6 &&
		       registers()[IVSHMEM_INT_CONTROL / 4] == IVSHMEM_INT_ENABLE,
	       "and are on");
	((uint32_t *)SECTIONS)[2] = LINK_STATE_READY;
	tap_ok(tap,
	       link_state(&link, 2) == LINK_STATE_READY && link_state(&link, 0) == 0 &&
		       link_state(&link, PEERS) == 0,
	       "states are read from the table");
	link_ring(&link, 2, 1);
	tap_is_u64(tap, registers()[IVSHMEM_DOORBELL / 4], 2 << 16 | 1, "a peer is rung");
}

static int open_named(const char *line, const char *name)
{
	struct link link;

	params_set_line(line);
	return link_open(&link, name, FIRST_VECTOR);
}

static void test_names(struct tap *tap)
{
	struct link link;

	reset();
	make_device(OTHER);
	tap_is_u64(tap, -open_named("", "plant"), ENOENT, "of several links none is guessed");
	tap_is_u64(tap, -open_named("link.plant=0xf0 link.b=0x18", "plant"), 0,
		   "a parameter says which one a name is");
	tap_is_u64(tap, -open_named("link.plant=0xf1", "plant"), ENOENT, "not one that is no link");
	tap_is_u64(tap, -open_named("link.plant=xyz", "plant"), EINVAL, "nor something else");
	tap_ok(tap,
	       open_named("link.plant=-1", "plant") == -ENOENT &&
		       open_named("link.plant=0x10018", "plant") == -ENOENT,
	       "nor where there can be none");
	tap_ok(tap,
	       link_open_number(&link, 1, FIRST_VECTOR) == 0 && link.function == FUNCTION &&
		       link_open_number(&link, 0, FIRST_VECTOR) == 0 && link.function == OTHER &&
		       link_open_number(&link, 2, FIRST_VECTOR) == -ENOENT,
	       "links can be counted");
	there[FUNCTION] = there[OTHER] = false;
	tap_is_u64(tap, -open_named("", "plant"), ENOENT, "where there is no link none is opened");
}

static void test_impossible(struct tap *tap)
{
	static const struct {
		unsigned int offset, size;
		uint64_t value;
		const char *name;
	} cases[] = {
		{IVSHMEM_CAP + IVSHMEM_CAP_STATE, 4, 8, "a state table of two peers"},
		{IVSHMEM_CAP + IVSHMEM_CAP_OUTPUT, 8, ~0xfffull, "sections over the end"},
		{IVSHMEM_CAP + IVSHMEM_CAP_COMMON, 8, ~0xfffull, "a common section over the end"},
		{IVSHMEM_CAP + IVSHMEM_CAP_BASE, 8, SECTIONS + 8, "a base in a page"},
		{IVSHMEM_CAP + IVSHMEM_CAP_BASE, 8, 1ull << 60, "a base out of reach"},
		{PCI_STATUS, 2, 0, "no capabilities"},
		{IVSHMEM_CAP, 2, PCI_CAP_VENDOR + 1, "no capability with the sections"},
		{PCI_CAPS, 1, IVSHMEM_MSIX_CAP, "only the other capability"},
	};
	struct link link;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		reset();
		set(FUNCTION, cases[n].offset, cases[n].value, cases[n].size);
		tap_is_u64(tap, -link_open_number(&link, 0, FIRST_VECTOR), EINVAL, "refused: %s",
			   cases[n].name);
	}
	reset();
	set_registers(IVSHMEM_ID, PEERS);
	tap_is_u64(tap, -link_open_number(&link, 0, FIRST_VECTOR), EINVAL,
		   "refused: an own number that no peer has");
	reset();
	set_registers(IVSHMEM_MAX_PEERS, PAGE_BYTES / sizeof(uint32_t) + 1);
	tap_is_u64(tap, -link_open_number(&link, 0, FIRST_VECTOR), EINVAL,
		   "refused: more peers than have states");
	reset();
	tap_is_u64(tap, -link_open_number(&link, 0, INTERRUPT_TIMER - 1), EINVAL,
		   "refused: vectors that are the library's");
}

/* What a device may be as well. */
static void test_other_shapes(struct tap *tap)
{
	struct link link;
	uint32_t *table;

	reset();
	set(FUNCTION, IVSHMEM_CAP + IVSHMEM_CAP_COMMON, 0, 8);
	set(FUNCTION, IVSHMEM_MSIX_CAP + 2, 32 - 1, 2);
	tap_is_u64(tap, -link_open_number(&link, 0, FIRST_VECTOR), 0, "a link of another shape");
	tap_ok(tap,
	       !link.common && link_output(&link, 0) == (uint8_t *)SECTIONS + PAGE_BYTES &&
		       link.vectors == IVSHMEM_MAX_VECTORS,
	       "without a common section, and with no more vectors than links have");
	table = (uint32_t *)(uintptr_t)pci_read(FUNCTION, PCI_BAR(1), 4);
	tap_ok(tap, table[15 * 4 + 3] == 0 && table[16 * 4 + 3] == 1 && table[31 * 4 + 3] == 1,
	       "those that are left are masked");
	tap_ok(tap,
	       pci_msix_set(FUNCTION, 32, FIRST_VECTOR) == -ENOENT &&
		       pci_msix_set(FUNCTION, 0, INTERRUPT_TIMER) == -EINVAL &&
		       pci_msix_set(FUNCTION, 0, INTERRUPT_FIRST - 1) == -EINVAL &&
		       table[2] == FIRST_VECTOR,
	       "none is set that there is not, or to what is the library's");
	reset();
	set(FUNCTION, IVSHMEM_MSIX_CAP + 1, IVSHMEM_CAP, 1);
	tap_is_u64(tap, pci_find_capability(FUNCTION, 0x33), 0,
		   "the search for a capability ends where the list does not");
	tap_ok(tap,
	       pci_read(FUNCTION, 1, 2) == UINT32_MAX && pci_read(FUNCTION, 2, 4) == UINT32_MAX &&
		       pci_read(FUNCTION, 4096, 1) == UINT32_MAX &&
		       pci_read(FUNCTION, 2, 2) == IVSHMEM_DEVICE_ID,
	       "no register is read in parts of two");
}

static bool has_arrived(void *argument)
{
	bool found = arrived > *(unsigned int *)argument;

	let_peer_act();
	return found;
}

/* The peer acts at every point of a wait, in turn. */
static void test_waits(struct tap *tap, bool one_shot)
{
	unsigned int seen, waits;
	struct link link;

	reset();
	asleep_for_ever = 0;
	if (link_open_number(&link, 0, FIRST_VECTOR) < 0)
		abort();
	link_set_one_shot(&link, one_shot);
	for (int point = 0; point < 8; point++) {
		seen = arrived;
		countdown = point;
		/* A peer that comes only after this wait is waited for by the next one. */
		for (waits = 0; waits < 4 && !link_wait(&link, has_arrived, &seen); waits++)
			;
		tap_ok(tap, arrived == seen + 1 && waits < 4 && countdown < 0,
		       "%s, a peer that rings at point %d is noticed",
		       one_shot ? "one-shot" : "always on", point);
	}
	tap_is_u64(tap, asleep_for_ever, 0, "nobody sleeps after that");
	tap_ok(tap,
	       link_rings(&link, 1) > 0 && link_rings(&link, 0) == 0 && link_rings(&link, 2) == 0,
	       "rings are counted by vector");
}

static void test_one_shot(struct tap *tap)
{
	struct link link;
	uint32_t before;

	reset();
	countdown = -1;
	if (link_open_number(&link, 0, FIRST_VECTOR) < 0)
		abort();
	link_set_one_shot(&link, true);
	interrupts_enable();
	before = link_rings(&link, 1);
	rung(1);
	rung(1);
	rung(1);
	tap_is_u64(tap, link_rings(&link, 1) - before, 1,
		   "one-shot: one interrupt until it is waited");
	link_set_one_shot(&link, false);
	before = link_rings(&link, 1);
	rung(1);
	rung(1);
	tap_is_u64(tap, link_rings(&link, 1) - before, 2, "else each one");
}

int main(void)
{
	struct tap tap = {0};

	if (mmap((void *)WINDOW, WINDOW_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)WINDOW ||
	    mmap((void *)SECTIONS, PAGE_BYTES + COMMON + PEERS * OUTPUT, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)SECTIONS) {
		printf("Bail out! the addresses of a cell are taken\n");
		return 1;
	}
	test_open(&tap);
	test_names(&tap);
	test_impossible(&tap);
	test_other_shapes(&tap);
	test_waits(&tap, false);
	test_waits(&tap, true);
	test_one_shot(&tap);
	return tap_done(&tap);
}
