// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space of a cell's function. The header is by a table, capabilities by what the
 * cell's blob says of them; everything may be read that no row is about.
 */
#include "arch/arch.h"
#include "pci/function.h"

#define ALL_COMMANDS	(COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX)
#define DECODES		(COMMAND_IO | COMMAND_MEMORY)
#define ROM_ENABLE	1u
#define LINE		0x000000ffu
#define PIN		0x0000ff00u
#define POWER_EVENT	0x00000100u /* in the word behind the capability's first */
#define EXPRESS_CONTROL 8u
#define ERROR_TOLD	0x000fu /* in device control: errors of each kind */

enum rule {
	AS_IT_IS, /* it is the hardware's */
	COMMAND,  /* switches: those that the cell may have */
	BAR,	  /* the cell's own; where the registers are, its memory regions say */
	NOTHING,  /* there is none */
	NOTE,	  /* of the line, which nobody reads; the pin where the cell has pins */
};

/* What is written there: the rest of each word is read-only. */
static const struct row {
	enum rule rule;
	uint32_t writable;
} header[CONFIG_OWN / CONFIG_WORD_BYTES] = {
	/* Errors in the status are root's to see; so is who is told of them by SERR. */
	[CONFIG_COMMAND / 4] = {COMMAND, ALL_COMMANDS},
	/* How it bursts; a self test takes time that nobody has. */
	[CONFIG_CACHE_LINE / 4] = {AS_IT_IS, 0x0000ffff},
	[CONFIG_BAR0 / 4 + 0] = {BAR, ~0u},
	[CONFIG_BAR0 / 4 + 1] = {BAR, ~0u},
	[CONFIG_BAR0 / 4 + 2] = {BAR, ~0u},
	[CONFIG_BAR0 / 4 + 3] = {BAR, ~0u},
	[CONFIG_BAR0 / 4 + 4] = {BAR, ~0u},
	[CONFIG_BAR0 / 4 + 5] = {BAR, ~0u},
	/* It would decode at one more address. */
	[CONFIG_ROM / 4] = {NOTHING, 0},
	[CONFIG_INTERRUPT / 4] = {NOTE, LINE},
};

static bool is_writable(const struct pci_function *fn, unsigned int word)
{
	return fn->writable[word / 32] >> word % 32 & 1;
}

/* By accesses of the bytes that are written: others may be cleared by writing what they read. */
static void write_bytes(const struct pci_function *fn, unsigned int at, uint32_t value,
			uint32_t mask)
{
	if (mask == ~0u) {
		hardware_write(fn, at, value);
		return;
	}
	for (unsigned int half = 0; half < 2; half++, value >>= 16, mask >>= 16) {
		uint64_t address = fn->config + at + 2 * half;

		if ((mask & 0xffff) == 0xffff) {
			arch_device_write(address, 2, value & 0xffff);
			continue;
		}
		if (mask & 0x00ff)
			arch_device_write(address, 1, value & 0xff);
		if (mask & 0xff00)
			arch_device_write(address + 1, 1, value >> 8 & 0xff);
	}
}

static void write_command(const struct pci_function *fn, uint32_t command)
{
	arch_device_write(fn->config + CONFIG_COMMAND, 2, command);
}

/*
 * After a reset by the cell they may be anywhere: nothing is decoded before they are back. False:
 * they are not, as the device does not answer yet.
 */
static bool place_bars(const struct pci_function *fn)
{
	bool placed = true;

	for (unsigned int n = 0; n < FUNCTION_BARS; n++) {
		unsigned int at = CONFIG_BAR0 + 4 * n;

		if (hardware_read(fn, at) == fn->own_bars[n])
			continue;
		write_command(fn, COMMAND_NO_INTX);
		hardware_write(fn, at, fn->own_bars[n]);
		placed &= hardware_read(fn, at) == fn->own_bars[n];
	}
	return placed;
}

/* Without a pin of the cell's INTx would be somebody else's interrupt. */
static void apply_command(struct pci_function *fn)
{
	uint32_t wanted = fn->command | (fn->has_pins ? 0 : COMMAND_NO_INTX);

	if ((wanted & DECODES) && !place_bars(fn))
		wanted = COMMAND_NO_INTX;
	write_command(fn, wanted);
}

static uint32_t read_header(struct pci_function *fn, unsigned int word)
{
	uint32_t there = hardware_read(fn, word * 4);
	unsigned int bar = word - CONFIG_BAR0 / 4;

	switch (header[word].rule) {
	case COMMAND:
		/* What is on: a reset by the cell may have switched off what it had on. */
		return mix(there, fn->command, COMMAND_NO_INTX);
	case BAR:
		return mix(fn->own_bars[bar], fn->bars[bar], fn->device->bar_mask[bar]);
	case NOTHING:
		return 0;
	case NOTE:
		return mix(there, fn->line, fn->has_pins ? LINE : LINE | PIN);
	default:
		return there;
	}
}

static void write_header(struct pci_function *fn, unsigned int word, uint32_t value, uint32_t mask)
{
	unsigned int bar = word - CONFIG_BAR0 / 4;

	mask &= header[word].writable;
	if (!mask)
		return;
	switch (header[word].rule) {
	case COMMAND:
		fn->command = mix(fn->command, value, mask & fn->may_command);
		apply_command(fn);
		pci_messages_apply(fn);
		break;
	case BAR:
		fn->bars[bar] = mix(fn->bars[bar], value, mask);
		break;
	case NOTE:
		fn->line = mix(fn->line, value, mask);
		break;
	default:
		write_bytes(fn, word * 4, value, mask);
	}
}

uint32_t pci_function_read(struct pci_function *fn, unsigned int word)
{
	unsigned int n;
	uint32_t value;

	spin_lock(&fn->lock);
	if (word < CONFIG_OWN / 4)
		value = read_header(fn, word);
	else if (pci_msi_holds(fn, word, &n))
		value = pci_msi_read(fn, n);
	else if (pci_msix_holds(fn, word, &n))
		value = pci_msix_read(fn, n);
	else
		value = hardware_read(fn, word * 4);
	spin_unlock(&fn->lock);
	return value;
}

/* To wake the machine is an interrupt to root, which cannot end it. */
static uint32_t wakes_root(const struct pci_function *fn, unsigned int word)
{
	return fn->power && word == fn->power / 4 + 1 ? POWER_EVENT : 0;
}

void pci_function_write(struct pci_function *fn, unsigned int word, uint32_t value, uint32_t mask)
{
	unsigned int n;

	spin_lock(&fn->lock);
	if (fn->stopped)
		;
	else if (word < CONFIG_OWN / 4)
		write_header(fn, word, value, mask);
	else if (!is_writable(fn, word))
		;
	else if (pci_msi_holds(fn, word, &n))
		pci_msi_write(fn, n, value, mask);
	else if (pci_msix_holds(fn, word, &n))
		pci_msix_write(fn, n, value, mask);
	else
		write_bytes(fn, word * 4, value & ~wakes_root(fn, word), mask);
	spin_unlock(&fn->lock);
}

/* Where the cell finds what the hardware has there; that address itself, if it finds it nowhere. */
static uint64_t guest_address(const struct cell *cell, uint64_t phys)
{
	for_each_region (region, cell) {
		if (!(region->flags & BLOB_MEM_COMM_REGION) &&
		    phys - region->phys_start < region->size)
			return phys - region->phys_start + region->virt_start;
	}
	return phys;
}

/* Registers are where the cell finds them by its memory regions. */
static void show_bars(struct pci_function *fn)
{
	for (unsigned int n = 0; n < FUNCTION_BARS; n++) {
		uint64_t guest;

		fn->bars[n] = fn->own_bars[n];
		if (!pci_bar_is_memory(fn->own_bars[n]))
			continue;
		guest = guest_address(fn->cell, pci_bar_address(fn, n));
		fn->bars[n] = guest;
		if (pci_bar_is_wide(fn->own_bars[n]) && n + 1 < FUNCTION_BARS)
			fn->bars[++n] = guest >> 32;
	}
}

/* Root would be interrupted, at any rate that the cell likes, and cannot look at the device. */
static void tell_no_errors(const struct pci_function *fn)
{
	uint64_t control = fn->config + fn->express + EXPRESS_CONTROL;

	if (fn->express)
		arch_device_write(control, 2, arch_device_read(control, 2) & ~ERROR_TOLD);
}

void pci_function_reset(struct pci_function *fn, bool stopped)
{
	bool own = spin_held(&fn->lock);

	/* It is this CPU's already where it had an exception in here; it does not go back there. */
	if (!own)
		spin_lock(&fn->lock);
	fn->stopped = stopped;
	fn->told = false;
	fn->command = 0;
	fn->line = 0;
	write_command(fn, COMMAND_NO_INTX);
	hardware_write(fn, CONFIG_ROM, hardware_read(fn, CONFIG_ROM) & ~ROM_ENABLE);
	tell_no_errors(fn);
	pci_messages_reset(fn);
	show_bars(fn);
	spin_unlock(&fn->lock);
}
