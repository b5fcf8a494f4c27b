// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a cell's function. What the cell writes is kept here; to the hardware goes what
 * interrupts the cell's own CPUs, or nothing (PCI Local Bus 3.0, 6.8).
 */
#include "arch/arch.h"
#include "core/console.h"
#include "pci/function.h"

/* Control words: the lower half says which capability it is. */
#define MSI_ENABLE	   (1u << 16)
#define MSI_LOG(control)   ((control) >> 20 & 7) /* how many are switched on, as a power of two */
#define MSI_CAN(control)   ((control) >> 17 & 7) /* and can be */
#define MSI_LOG_BITS	   (7u << 20)
#define MSIX_ENABLE	   (1u << 31)
#define MSIX_MASK_ALL	   (1u << 30)
#define CONTROL_HALF	   2 /* bytes before it, in its word */
#define ENTRY_CONTROL	   3
#define ENTRY_MASKED	   1u
#define ENTRY_ADDRESS_BITS (~3u)

static void write_control(const struct pci_function *fn, unsigned int cap, uint32_t control)
{
	arch_device_write(fn->config + cap + CONTROL_HALF, 2, control >> 16);
}

/* Makes it one that the hardware may send; told where it may not. */
static bool confine(struct pci_function *fn, uint64_t *address, uint32_t *data)
{
	if (arch_message_confine(fn->cell, address, data))
		return true;
	if (!fn->told)
		console_printf(
			"cell %s: PCI device 0x%x: message 0x%x at 0x%lx is no interrupt of its "
			"CPUs\n",
			fn->cell->desc->name, fn->device->bdf, *data, *address);
	fn->told = true;
	return false;
}

/* MSI. */

bool pci_msi_holds(const struct pci_function *fn, unsigned int word, unsigned int *ret_n)
{
	/* Behind the data: what is masked, what is pending, where there is that. */
	*ret_n = word - fn->msi / 4;
	return fn->msi && word >= fn->msi / 4 && *ret_n <= fn->msi_last;
}

/* Which of the words that are kept it is; MSI_WORDS: it is the hardware's. */
static enum msi_word kept(const struct pci_function *fn, unsigned int n)
{
	if (n == fn->msi_data)
		return MSI_DATA;
	return n < fn->msi_data ? n : MSI_WORDS;
}

static uint32_t msi_writable(enum msi_word which)
{
	static const uint32_t bits[MSI_WORDS] = {
		[MSI_CONTROL] = MSI_ENABLE | MSI_LOG_BITS,
		[MSI_ADDRESS] = ENTRY_ADDRESS_BITS,
		[MSI_UPPER] = ~0u,
		[MSI_DATA] = 0xffff,
	};

	return bits[which];
}

uint32_t pci_msi_read(struct pci_function *fn, unsigned int n)
{
	uint32_t there = hardware_read(fn, fn->msi + 4 * n);
	enum msi_word which = kept(fn, n);

	return which == MSI_WORDS ? there : mix(there, fn->msi_words[which], msi_writable(which));
}

/* The device puts the number of an interrupt into the lowest bits of the data. */
static bool msi_message(struct pci_function *fn, uint64_t *ret_address, uint32_t *ret_data)
{
	const uint32_t *words = fn->msi_words;
	unsigned int log = MSI_LOG(words[MSI_CONTROL]);
	uint32_t there = hardware_read(fn, fn->msi);

	if (log > MSI_CAN(there) || 1u << log > fn->device->num_msi_vectors)
		return false;
	*ret_address = words[MSI_ADDRESS] | (uint64_t)words[MSI_UPPER] << 32;
	*ret_data = words[MSI_DATA] & ~((1u << log) - 1);
	return confine(fn, ret_address, ret_data);
}

static void apply_msi(struct pci_function *fn)
{
	uint32_t there = hardware_read(fn, fn->msi), data;
	bool on = fn->msi_words[MSI_CONTROL] & MSI_ENABLE;
	uint64_t address;

	write_control(fn, fn->msi, there & ~msi_writable(MSI_CONTROL));
	if (!on || !msi_message(fn, &address, &data))
		address = data = on = 0;
	hardware_write(fn, fn->msi + 4 * MSI_ADDRESS, address);
	if (fn->msi_data > MSI_UPPER)
		hardware_write(fn, fn->msi + 4 * MSI_UPPER, address >> 32);
	arch_device_write(fn->config + fn->msi + 4 * fn->msi_data, 2, data);
	if (on)
		write_control(fn, fn->msi,
			      mix(there, fn->msi_words[MSI_CONTROL], msi_writable(MSI_CONTROL)));
}

/* Which vectors are masked, behind the data: all of it is the cell's, where it is there. */
static void write_masks(const struct pci_function *fn, uint32_t value, uint32_t mask)
{
	unsigned int at = fn->msi + 4 * (fn->msi_data + 1);

	if (fn->msi_last > fn->msi_data)
		hardware_write(fn, at, mix(hardware_read(fn, at), value, mask));
}

void pci_msi_write(struct pci_function *fn, unsigned int n, uint32_t value, uint32_t mask)
{
	enum msi_word which = kept(fn, n);
	uint32_t now;

	if (!fn->device->num_msi_vectors)
		return;
	if (which == MSI_WORDS) {
		/* What is pending cannot be written. */
		if (n == fn->msi_data + 1)
			write_masks(fn, value, mask);
		return;
	}
	now = mix(fn->msi_words[which], value, mask & msi_writable(which));
	/* Off, it may be so by a reset of the cell's, that writes what it had before. */
	if (now == fn->msi_words[which] && (hardware_read(fn, fn->msi) & MSI_ENABLE))
		return;
	fn->msi_words[which] = now;
	apply_msi(fn);
}

/* MSI-X. */

bool pci_msix_holds(const struct pci_function *fn, unsigned int word, unsigned int *ret_n)
{
	/* Control, and where table and pending bits are. */
	*ret_n = word - fn->msix / 4;
	return fn->msix && word >= fn->msix / 4 && *ret_n < 3;
}

uint32_t pci_msix_read(struct pci_function *fn, unsigned int n)
{
	uint32_t there = hardware_read(fn, fn->msix + 4 * n);

	return n ? there : mix(there, fn->msix_control, MSIX_ENABLE | MSIX_MASK_ALL);
}

static void write_entry(const struct pci_function *fn, unsigned int n, unsigned int word,
			uint32_t value)
{
	arch_device_write(fn->table + n * MSIX_ENTRY_SIZE + 4 * word, 4, value);
}

/* Masked while it changes, and where it would go astray. */
static void apply_entry(struct pci_function *fn, unsigned int n)
{
	const uint32_t *vector = fn->vectors[n];
	uint64_t address = vector[0] | (uint64_t)vector[1] << 32;
	uint32_t data = vector[2];

	write_entry(fn, n, ENTRY_CONTROL, ENTRY_MASKED);
	if ((vector[ENTRY_CONTROL] & ENTRY_MASKED) || !confine(fn, &address, &data))
		return;
	write_entry(fn, n, 0, address);
	write_entry(fn, n, 1, address >> 32);
	write_entry(fn, n, 2, data);
	write_entry(fn, n, ENTRY_CONTROL, 0);
}

/* The table is reached while the device decodes memory: only then it may be on. */
static bool msix_wanted(const struct pci_function *fn)
{
	return (fn->msix_control & MSIX_ENABLE) &&
	       (hardware_read(fn, CONFIG_COMMAND) & COMMAND_MEMORY);
}

static void apply_msix(struct pci_function *fn)
{
	uint32_t there = hardware_read(fn, fn->msix);

	if (!msix_wanted(fn)) {
		write_control(fn, fn->msix, there & ~(MSIX_ENABLE | MSIX_MASK_ALL));
		return;
	}
	/* Whatever somebody, or a reset, has left there. */
	for (unsigned int n = 0; !(there & MSIX_ENABLE) && n < fn->num_vectors; n++)
		apply_entry(fn, n);
	write_control(fn, fn->msix, mix(there, fn->msix_control, MSIX_ENABLE | MSIX_MASK_ALL));
}

void pci_msix_write(struct pci_function *fn, unsigned int n, uint32_t value, uint32_t mask)
{
	if (n || !fn->vectors)
		return;
	fn->msix_control = mix(fn->msix_control, value, mask & (MSIX_ENABLE | MSIX_MASK_ALL));
	apply_msix(fn);
}

static uint32_t read_table(const struct pci_function *fn, uint64_t at)
{
	uint64_t n = (at - fn->table) / MSIX_ENTRY_SIZE;

	if (at >= fn->table && n < fn->num_vectors)
		return fn->vectors[n][(at - fn->table) % MSIX_ENTRY_SIZE / 4];
	/* Beside it: pending bits, or something else that is only read. */
	return arch_device_read(at, 4);
}

static void write_table(struct pci_function *fn, uint64_t at, uint32_t value)
{
	uint64_t n = (at - fn->table) / MSIX_ENTRY_SIZE;
	unsigned int word = (at - fn->table) % MSIX_ENTRY_SIZE / 4;

	if (at < fn->table || n >= fn->num_vectors)
		return;
	if (word == 0)
		value &= ENTRY_ADDRESS_BITS;
	else if (word == ENTRY_CONTROL)
		value &= ENTRY_MASKED;
	if (fn->vectors[n][word] == value)
		return;
	fn->vectors[n][word] = value;
	if (msix_wanted(fn))
		apply_entry(fn, n);
}

/* The table is accessed by 32 bits or 64 (6.8.2). */
enum io_answer pci_msix_table(struct cpu *cpu, const struct io_region *region,
			      struct io_access *access)
{
	struct pci_function *fn = (struct pci_function *)region->argument;
	bool valid = access->width >= 4 && (access->address & (access->width - 1)) == 0;
	uint64_t value = 0;

	spin_lock(&fn->lock);
	for (unsigned int done = 0; valid && done < access->width; done += 4) {
		if (access->write)
			write_table(fn, access->address + done, access->value >> 8 * done);
		else
			value |= (uint64_t)read_table(fn, access->address + done) << 8 * done;
	}
	spin_unlock(&fn->lock);
	if (!access->write)
		access->value = value;
	return IO_DONE;
}

void pci_messages_apply(struct pci_function *fn)
{
	if (fn->msix)
		apply_msix(fn);
}

void pci_messages_reset(struct pci_function *fn)
{
	for (unsigned int n = 0; n < MSI_WORDS; n++)
		fn->msi_words[n] = 0;
	fn->msix_control = 0;
	for (unsigned int n = 0; n < fn->num_vectors; n++) {
		fn->vectors[n][0] = fn->vectors[n][1] = fn->vectors[n][2] = 0;
		fn->vectors[n][ENTRY_CONTROL] = ENTRY_MASKED;
	}
	if (fn->msi) {
		apply_msi(fn);
		write_masks(fn, 0, ~0u);
	}
	if (fn->msix)
		apply_msix(fn);
}
