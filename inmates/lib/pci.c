// SPDX-License-Identifier: BSD-2-Clause
/* Functions of bus 0: finding them, their base addresses, their MSI-X tables. */
#include "page.h"
#include "pci_parts.h"

#define CONFIG_SIZE   4096u
#define BUS_FUNCTIONS 256u
#define CAPS_MAX      48u /* as many as have room */
#define FIRST_CAP     0x40u
#define HEADER_DEVICE 0
#define HEADER_MULTI  0x80u
#define NO_VENDOR     0xffffu
#define MAX_FOREIGN   64u
#define BAR_IO	      1u
#define BAR_TYPE      6u
#define BAR_64	      4u
#define BAR_FLAGS     0xfull

/* Where base addresses are placed: the customary hole below 4 GiB, up to the interrupt controllers.
 */
#define WINDOW_START 0xc0000000ull
#define WINDOW_END   0xfec00000ull

#define MSIX_CONTROL  2
#define MSIX_TABLE    4
#define MSIX_ENABLE   0x8000u
#define MSIX_MASK_ALL 0x4000u
#define MSIX_COUNT    0x7ffu
#define MSIX_BIR      7u
#define ENTRY_WORDS   4
#define ENTRY_MASKED  1u

uint32_t pci_read(unsigned int function, unsigned int offset, unsigned int size)
{
	uint32_t value;

	if (offset >= CONFIG_SIZE || (size != 1 && size != 2 && size != 4) || offset & (size - 1))
		return UINT32_MAX;
	value = pci_config_read(function, offset & ~3u) >> 8 * (offset & 3);
	return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

void pci_write(unsigned int function, unsigned int offset, unsigned int size, uint32_t value)
{
	if (offset >= CONFIG_SIZE || (size != 1 && size != 2 && size != 4) || offset & (size - 1))
		return;
	pci_config_write(function, offset, size, value);
}

/* The next one of bus 0 that is there, from function on; false behind the last. */
static bool next_function(unsigned int *function)
{
	for (; *function < BUS_FUNCTIONS; ++*function) {
		/* Without function 0 there is no other one, and one device in many has several. */
		if (*function & 7 &&
		    !(pci_read(*function & ~7u, PCI_HEADER_TYPE, 1) & HEADER_MULTI)) {
			*function |= 7;
			continue;
		}
		if (pci_read(*function, PCI_VENDOR, 2) != NO_VENDOR)
			return true;
		if (!(*function & 7))
			*function |= 7;
	}
	return false;
}

int pci_find(uint16_t vendor, uint16_t device, unsigned int nth, unsigned int *ret_function)
{
	for (unsigned int function = 0; next_function(&function); function++) {
		if (pci_read(function, PCI_VENDOR, 4) != (vendor | (uint32_t)device << 16))
			continue;
		if (nth-- == 0) {
			*ret_function = function;
			return 0;
		}
	}
	return -ENOENT;
}

unsigned int pci_find_capability(unsigned int function, unsigned int id)
{
	unsigned int at;

	if (!(pci_read(function, PCI_STATUS, 2) & PCI_STATUS_CAPS))
		return 0;
	at = pci_read(function, PCI_CAPS, 1) & ~3u;
	/* A list may run in a circle. */
	for (unsigned int n = 0; n < CAPS_MAX && at >= FIRST_CAP; n++) {
		if (pci_read(function, at, 1) == id)
			return at;
		at = pci_read(function, at + 1, 1) & ~3u;
	}
	return 0;
}

/* ---- Base addresses ------------------------------------------------------------------------- */

struct bar {
	uint64_t address, size; /* size 0: no memory BAR */
	bool wide;		/* takes the next register as well */
};

static uint64_t read_bar(unsigned int function, unsigned int n, bool wide)
{
	uint64_t value = pci_read(function, PCI_BAR(n), 4);

	return wide ? value | (uint64_t)pci_read(function, PCI_BAR(n + 1), 4) << 32 : value;
}

static void write_bar(unsigned int function, unsigned int n, bool wide, uint64_t value)
{
	pci_write(function, PCI_BAR(n), 4, value);
	if (wide)
		pci_write(function, PCI_BAR(n + 1), 4, value >> 32);
}

static bool is_wide(unsigned int function, unsigned int n)
{
	return (pci_read(function, PCI_BAR(n), 4) & (BAR_TYPE | BAR_IO)) == BAR_64 &&
	       n + 1 < PCI_BARS;
}

/* The device does not answer meanwhile. */
static struct bar look_at_bar(unsigned int function, unsigned int n)
{
	uint32_t command = pci_read(function, PCI_COMMAND, 2);
	struct bar bar = {0};
	uint64_t value, mask;

	if (pci_read(function, PCI_BAR(n), 4) & BAR_IO)
		return bar;
	bar.wide = is_wide(function, n);
	value = read_bar(function, n, bar.wide);
	pci_write(function, PCI_COMMAND, 2, command & ~PCI_COMMAND_MEMORY);
	write_bar(function, n, bar.wide, UINT64_MAX);
	mask = read_bar(function, n, bar.wide) & ~BAR_FLAGS;
	write_bar(function, n, bar.wide, value);
	pci_write(function, PCI_COMMAND, 2, command);
	bar.address = value & ~BAR_FLAGS;
	/* The lowest address bit that can be written. */
	bar.size = mask & -mask;
	return bar;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/*
 * What was placed before anything was placed here; looked at once, because a device does not answer
 * while it is looked at. Placing goes upwards, so that what is placed here is never met.
 */
static struct bar foreign[MAX_FOREIGN];
static unsigned int foreigners;
static uint64_t next_place;

static int look_at_others(void)
{
	struct bar bar;

	for (unsigned int function = 0; next_function(&function); function++) {
		if ((pci_read(function, PCI_HEADER_TYPE, 1) & ~HEADER_MULTI) != HEADER_DEVICE)
			continue;
		for (unsigned int n = 0; n < PCI_BARS; n += bar.wide ? 2 : 1) {
			bar = look_at_bar(function, n);
			if (!bar.size || !bar.address)
				continue;
			if (foreigners == MAX_FOREIGN)
				return -ENOSPC;
			foreign[foreigners++] = bar;
		}
	}
	return 0;
}

/* The end of what a range meets, or 0. */
static uint64_t met(uint64_t address, uint64_t size)
{
	uint64_t memory_end = ((uintptr_t)comm_region() | (PAGE_BYTES - 1)) + 1;

	if (address < memory_end)
		return memory_end;
	if (overlap(address, size, pci_config_base(), pci_config_size()))
		return pci_config_base() + pci_config_size();
	for (unsigned int n = 0; n < foreigners; n++) {
		if (overlap(address, size, foreign[n].address, foreign[n].size))
			return foreign[n].address + foreign[n].size;
	}
	return 0;
}

static int place_bar(unsigned int function, unsigned int n, struct bar *bar)
{
	/* Each has its page for itself. */
	uint64_t size = bar->size < PAGE_BYTES ? PAGE_BYTES : bar->size;
	int64_t given = WINDOW_START;
	uint64_t address, end;
	int err;

	if (!next_place) {
		err = look_at_others();
		if (err)
			return err;
		param_int("bars", &given);
		next_place = given;
	}
	address = (next_place + size - 1) & ~(size - 1);
	while (address < WINDOW_END && size <= WINDOW_END - address) {
		end = met(address, size);
		if (!end) {
			next_place = address + size;
			bar->address = address;
			write_bar(function, n, bar->wide, address);
			return 0;
		}
		address = (end + size - 1) & ~(size - 1);
	}
	return -ENOSPC;
}

int pci_map_bar(unsigned int function, unsigned int n, void **ret_address)
{
	struct bar bar;
	int err;

	if (n >= PCI_BARS)
		return -ENOENT;
	bar = look_at_bar(function, n);
	if (!bar.size)
		return -ENOENT;
	if (!bar.address) {
		err = place_bar(function, n, &bar);
		if (err)
			return err;
	}
	err = memory_map(bar.address, bar.size, MEMORY_UNCACHED);
	if (err)
		return err;
	pci_write(function, PCI_COMMAND, 2,
		  pci_read(function, PCI_COMMAND, 2) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			  PCI_COMMAND_NO_INTX);
	*ret_address = (void *)bar.address;
	return 0;
}

/* ---- MSI-X ---------------------------------------------------------------------------------- */

unsigned int pci_msix_count(unsigned int function)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_MSIX);

	return cap ? (pci_read(function, cap + MSIX_CONTROL, 2) & MSIX_COUNT) + 1 : 0;
}

int pci_msix_enable(unsigned int function)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_MSIX);
	volatile uint32_t *table;
	uint32_t place;
	void *bar;
	int err;

	if (!cap)
		return -ENOENT;
	place = pci_read(function, cap + MSIX_TABLE, 4);
	err = pci_map_bar(function, place & MSIX_BIR, &bar);
	if (err)
		return err;
	table = (volatile uint32_t *)((uintptr_t)bar + (place & ~MSIX_BIR));
	for (unsigned int n = 0; n < pci_msix_count(function); n++)
		table[n * ENTRY_WORDS + 3] = ENTRY_MASKED;
	pci_write(function, cap + MSIX_CONTROL, 2,
		  (pci_read(function, cap + MSIX_CONTROL, 2) & ~MSIX_MASK_ALL) | MSIX_ENABLE);
	return 0;
}

static uint64_t bar_address(unsigned int function, unsigned int n)
{
	return read_bar(function, n, is_wide(function, n)) & ~BAR_FLAGS;
}

int pci_msix_set(unsigned int function, unsigned int n, unsigned int vector)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_MSIX);
	volatile uint32_t *entry;
	uint64_t table, address = 0;
	uint32_t place, data = 0;
	int err = 0;

	if (!cap || n >= pci_msix_count(function) ||
	    !(pci_read(function, cap + MSIX_CONTROL, 2) & MSIX_ENABLE))
		return -ENOENT;
	if (vector && (vector < INTERRUPT_FIRST || vector >= INTERRUPT_TIMER))
		return -EINVAL;
	place = pci_read(function, cap + MSIX_TABLE, 4);
	table = bar_address(function, place & MSIX_BIR) + (place & ~MSIX_BIR);
	if (vector)
		err = pci_msi_message(vector, &address, &data);
	if (err)
		return err;
	entry = (volatile uint32_t *)table + n * ENTRY_WORDS;
	/* Never half of a message. */
	entry[3] = ENTRY_MASKED;
	entry[0] = address;
	entry[1] = address >> 32;
	entry[2] = data;
	if (vector)
		entry[3] = 0;
	return 0;
}
