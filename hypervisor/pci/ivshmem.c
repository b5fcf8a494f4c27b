// SPDX-License-Identifier: GPL-2.0-only
/* The device as its driver sees it: registers, vectors, configuration space. */

#include "pci/device.h"

#include <string.h>

#include "arch/arch.h"
#include "core/console.h"
#include "pci/link.h"

/* Words of configuration space (PCI Local Bus 3.0, 6.1). */
#define CONFIG_ID	 0x00
#define CONFIG_COMMAND	 0x04 /* the lower half; status is the upper one */
#define CONFIG_CLASS	 0x08
#define CONFIG_BAR0	 0x10
#define CONFIG_BAR1	 0x14
#define CONFIG_SUBSYSTEM 0x2c
#define CONFIG_CAPS	 0x34
#define COMMAND_MEMORY	 0x0002u
#define COMMAND_MASTER	 0x0004u
#define COMMAND_NO_INTX	 0x0400u
#define STATUS_CAPS	 0x00100000u
#define CAP_VENDOR	 0x09u
#define CAP_MSIX	 0x11u
#define MSIX_ENABLE	 0x80000000u
#define MSIX_MASK_ALL	 0x40000000u
#define MSIX_TABLE	 (IVSHMEM_MSIX_CAP + 4)
#define MSIX_PBA	 (IVSHMEM_MSIX_CAP + 8)
#define ENTRY_SIZE	 16u
#define ENTRY_CONTROL	 3
#define ENTRY_MASKED	 1u

/* What a driver may change of its configuration space; everything else is read only. */
static const struct policy {
	uint8_t at;
	uint32_t writable;
} policy[] = {
	/* Memory decoding, messages of its own; INTx can be switched off, there is none. */
	{CONFIG_COMMAND, COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX},
	/* Where its registers are: wherever the cell likes, it is only this cell's affair. */
	{CONFIG_BAR0, 0xfffff000},
	/* The table of vectors: the same. */
	{CONFIG_BAR1, 0xfffff000},
	/* Whether an interrupt switches the next one off. */
	{IVSHMEM_CAP, IVSHMEM_ONE_SHOT},
	/* Vectors as a whole; how many there are is not to be changed. */
	{IVSHMEM_MSIX_CAP, MSIX_ENABLE | MSIX_MASK_ALL},
};

static uint32_t *config(struct ivshmem *dev, unsigned int at)
{
	return &dev->config[at / 4];
}

/* Once, by whoever takes the bit: one who rings, or one who has changed the route. */
static void send_pending(struct ivshmem *dev, unsigned int n, uint64_t route)
{
	if (route && (__atomic_fetch_and(&dev->pending, ~(1u << n), __ATOMIC_SEQ_CST) & 1u << n))
		arch_message_send(this_cpu(), dev->cell, route);
}

/* What becomes of a ring of this vector, after a change; sends what has waited for it. */
static void find_route(struct ivshmem *dev, unsigned int n)
{
	const uint32_t *entry = dev->vectors[n].entry;
	uint32_t control = *config(dev, IVSHMEM_MSIX_CAP);
	bool on = (control & MSIX_ENABLE) && (*config(dev, CONFIG_COMMAND) & COMMAND_MASTER);
	bool masked = (control & MSIX_MASK_ALL) || (entry[ENTRY_CONTROL] & ENTRY_MASKED);
	uint64_t address = entry[0] | (uint64_t)entry[1] << 32;
	uint64_t route =
		on ? arch_message_route(dev->cell, dev->device->bdf, address, entry[2]) : 0;

	if (on && !masked && !route && !dev->told) {
		dev->told = true;
		console_printf(
			"cell %s: PCI device 0x%x: vector %u, 0x%x at 0x%lx, is no interrupt "
			"of its CPUs\n",
			dev->cell->desc->name, dev->device->bdf, n, entry[2], address);
	}
	__atomic_store_n(&dev->vectors[n].route, route && masked ? route | IVSHMEM_MASKED : route,
			 __ATOMIC_SEQ_CST);
	if (!masked)
		send_pending(dev, n, route);
}

static void find_all_routes(struct ivshmem *dev)
{
	for (unsigned int n = 0; n < dev->num_vectors; n++)
		find_route(dev, n);
}

void ivshmem_remember(struct ivshmem *dev, unsigned int vector)
{
	uint64_t route;

	__atomic_or_fetch(&dev->pending, 1u << vector, __ATOMIC_SEQ_CST);
	/* Whoever has unmasked it meanwhile may have looked before. */
	route = __atomic_load_n(&dev->vectors[vector].route, __ATOMIC_SEQ_CST);
	if (!(route & IVSHMEM_MASKED))
		send_pending(dev, vector, route);
}

/* Registers. */

/* Returns whether the others are to be told. With the lock. */
static bool set_state(struct ivshmem *dev, uint32_t state)
{
	bool changed = dev->state != state;
	uint32_t *table;

	if (changed) {
		dev->state = state;
		table = arch_map_page(0, dev->sections->phys_start, false);
		__atomic_store_n(&table[dev->device->shmem_dev_id], state, __ATOMIC_SEQ_CST);
	}
	return changed;
}

static void write_state(struct ivshmem *dev, uint32_t state)
{
	bool changed;

	spin_lock(&dev->lock);
	changed = !dev->stopped && set_state(dev, state);
	spin_unlock(&dev->lock);
	if (changed)
		ivshmem_ring_others(dev);
}

/* Whoever still rings by what was before has sent: after this write there comes no interrupt. */
static void write_control(struct ivshmem *dev, uint32_t value)
{
	__atomic_store_n(&dev->int_control, value, __ATOMIC_SEQ_CST);
	if (!value)
		cpus_end_visits();
}

static uint32_t read_register(const struct ivshmem *dev, unsigned int offset)
{
	switch (offset) {
	case IVSHMEM_ID:
		return dev->device->shmem_dev_id;
	case IVSHMEM_MAX_PEERS:
		return dev->link->peers;
	case IVSHMEM_INT_CONTROL:
		return __atomic_load_n(&dev->int_control, __ATOMIC_SEQ_CST);
	case IVSHMEM_STATE:
		return __atomic_load_n(&dev->state, __ATOMIC_SEQ_CST);
	default:
		return 0;
	}
}

void ivshmem_access_register(struct ivshmem *dev, unsigned int offset, struct io_access *access)
{
	if (!access->write)
		access->value = access->width == 4 ? read_register(dev, offset) : 0;
	else if (access->width == 4 && offset == IVSHMEM_INT_CONTROL)
		write_control(dev, access->value & IVSHMEM_INT_ENABLE);
	else if (access->width == 4 && offset == IVSHMEM_STATE)
		write_state(dev, access->value);
}

/* One of the table's words, or of the pending bits behind it; NULL: nothing is there. */
static uint32_t *table_word(struct ivshmem *dev, unsigned int offset)
{
	if (offset == IVSHMEM_MSIX_PBA_OFFSET)
		return &dev->pending;
	if (offset / ENTRY_SIZE >= dev->num_vectors)
		return NULL;
	return &dev->vectors[offset / ENTRY_SIZE].entry[offset % ENTRY_SIZE / 4];
}

static void write_table(struct ivshmem *dev, unsigned int offset, uint32_t value)
{
	uint32_t *word = table_word(dev, offset);

	if (!word || word == &dev->pending)
		return;
	if (offset % ENTRY_SIZE / 4 == 0)
		value &= ~3u;
	else if (offset % ENTRY_SIZE / 4 == ENTRY_CONTROL)
		value &= ENTRY_MASKED;
	*word = value;
	find_route(dev, offset / ENTRY_SIZE);
}

/* The table is accessed by 32 bits or 64 (PCI Local Bus 3.0, 6.8.2). */
static enum io_answer msix_table(struct cpu *cpu, const struct io_region *region,
				 struct io_access *access)
{
	struct ivshmem *dev = (struct ivshmem *)region->argument;
	unsigned int offset = access->address & ~PAGE_MASK;
	bool valid = access->width >= 4 && (offset & (access->width - 1)) == 0;
	uint64_t value = 0;

	spin_lock(&dev->lock);
	for (unsigned int done = 0; valid && done < access->width; done += 4) {
		if (access->write) {
			write_table(dev, offset + done, access->value >> (8 * done));
		} else {
			const uint32_t *word = table_word(dev, offset + done);

			value |= (word ? (uint64_t)__atomic_load_n(word, __ATOMIC_SEQ_CST) : 0)
				 << (8 * done);
		}
	}
	spin_unlock(&dev->lock);
	if (!access->write)
		access->value = value;
	else
		cpus_end_visits(); /* it may be masked now: as in write_control() */
	return IO_DONE;
}

/* Configuration space. */

/*
 * A BAR that moves is nowhere in between: other CPUs may look. It stays nowhere over what is
 * answered otherwise, so that it does not matter who is asked first.
 */
static void place_bars(struct ivshmem *dev)
{
	bool on = *config(dev, CONFIG_COMMAND) & COMMAND_MEMORY;

	for (unsigned int bar = 0; bar < IVSHMEM_BARS; bar++) {
		struct io_region *region = &dev->bars[bar];
		uint64_t start = *config(dev, CONFIG_BAR0 + 4 * bar);
		bool there = on && (bar == IVSHMEM_BAR_REGISTERS || dev->num_vectors) &&
			     !io_answers(dev->cell->io[IO_MEMORY], start, IVSHMEM_BAR_SIZE);

		if (there && region->start == start && region->size)
			continue;
		__atomic_store_n(&region->size, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&region->start, start, __ATOMIC_SEQ_CST);
		__atomic_store_n(&region->size, there ? IVSHMEM_BAR_SIZE : 0, __ATOMIC_SEQ_CST);
	}
}

struct ivshmem *ivshmem_find(const struct cell *cell, uint16_t domain, uint16_t bdf)
{
	struct ivshmem *dev = __atomic_load_n(&cell->ivshmem, __ATOMIC_ACQUIRE);

	while (dev && (dev->device->bdf != bdf || dev->device->domain != domain))
		dev = __atomic_load_n(&dev->next, __ATOMIC_ACQUIRE);
	return dev;
}

uint32_t ivshmem_config_read(const struct ivshmem *dev, unsigned int word)
{
	return word < IVSHMEM_CONFIG_WORDS ? __atomic_load_n(&dev->config[word], __ATOMIC_SEQ_CST)
					   : 0;
}

void ivshmem_config_write(struct ivshmem *dev, unsigned int word, uint32_t value, uint32_t mask)
{
	uint32_t writable = 0, changed;

	for (unsigned int n = 0; n < sizeof(policy) / sizeof(policy[0]); n++) {
		if (policy[n].at == word * 4)
			writable = policy[n].writable;
	}
	/* Without vectors there is neither their table nor their capability. */
	if (!dev->num_vectors && (word == CONFIG_BAR1 / 4 || word == IVSHMEM_MSIX_CAP / 4))
		writable = 0;
	if (!(writable & mask))
		return;
	spin_lock(&dev->lock);
	changed = (dev->config[word] ^ value) & writable & mask;
	__atomic_store_n(&dev->config[word], dev->config[word] ^ changed, __ATOMIC_SEQ_CST);
	if (changed) {
		place_bars(dev);
		find_all_routes(dev);
	}
	spin_unlock(&dev->lock);
	if (changed)
		cpus_end_visits();
}

static void set_capability(struct ivshmem *dev)
{
	const struct blob_memory *s = dev->sections;

	*config(dev, IVSHMEM_CAP) = CAP_VENDOR | (dev->num_vectors ? IVSHMEM_MSIX_CAP << 8 : 0) |
				    IVSHMEM_CAP_SIZE << 16;
	*config(dev, IVSHMEM_CAP + IVSHMEM_CAP_STATE) = s[SHMEM_STATE_TABLE].size;
	*config(dev, IVSHMEM_CAP + IVSHMEM_CAP_COMMON) = s[SHMEM_READ_WRITE].size;
	*config(dev, IVSHMEM_CAP + IVSHMEM_CAP_OUTPUT) = s[SHMEM_OUTPUT].size;
	*config(dev, IVSHMEM_CAP + IVSHMEM_CAP_BASE) = s[SHMEM_STATE_TABLE].virt_start;
	*config(dev, IVSHMEM_CAP + IVSHMEM_CAP_BASE + 4) = s[SHMEM_STATE_TABLE].virt_start >> 32;
	if (!dev->num_vectors)
		return;
	*config(dev, IVSHMEM_MSIX_CAP) = CAP_MSIX | (dev->num_vectors - 1) << 16;
	*config(dev, MSIX_TABLE) = IVSHMEM_BAR_MSIX;
	*config(dev, MSIX_PBA) = IVSHMEM_MSIX_PBA_OFFSET | IVSHMEM_BAR_MSIX;
}

/* With the lock, or alone. */
static void set_defaults(struct ivshmem *dev)
{
	const struct blob_pci_device *device = dev->device;

	memset(dev->config, 0, sizeof(dev->config));
	*config(dev, CONFIG_ID) = IVSHMEM_VENDOR_ID | IVSHMEM_DEVICE_ID << 16;
	*config(dev, CONFIG_COMMAND) = STATUS_CAPS;
	*config(dev, CONFIG_CLASS) = (uint32_t)IVSHMEM_CLASS << 24 | device->shmem_protocol << 8;
	*config(dev, CONFIG_SUBSYSTEM) = IVSHMEM_VENDOR_ID | IVSHMEM_DEVICE_ID << 16;
	*config(dev, CONFIG_CAPS) = IVSHMEM_CAP;
	set_capability(dev);
	/* Root has been told where they are. */
	if (dev->bar_address) {
		*config(dev, CONFIG_BAR0) = dev->bar_address;
		*config(dev, CONFIG_BAR1) = dev->bar_address + IVSHMEM_BAR_SIZE;
	}
	place_bars(dev);
	dev->told = false;
	__atomic_store_n(&dev->int_control, 0, __ATOMIC_SEQ_CST);
	for (unsigned int n = 0; n < IVSHMEM_MAX_VECTORS; n++) {
		memset(dev->vectors[n].entry, 0, sizeof(dev->vectors[n].entry));
		dev->vectors[n].entry[ENTRY_CONTROL] = ENTRY_MASKED;
		__atomic_store_n(&dev->vectors[n].route, 0, __ATOMIC_SEQ_CST);
	}
}

void ivshmem_init(struct ivshmem *dev)
{
	dev->num_vectors = dev->device->num_msix_vectors < IVSHMEM_MAX_VECTORS
				   ? dev->device->num_msix_vectors
				   : IVSHMEM_MAX_VECTORS;
	dev->bars[IVSHMEM_BAR_REGISTERS] =
		(struct io_region){0, 0, ivshmem_registers, dev, EXITS_MMIO};
	dev->bars[IVSHMEM_BAR_MSIX] = (struct io_region){0, 0, msix_table, dev, EXITS_MMIO};
	set_defaults(dev);
}

void ivshmem_reset(struct ivshmem *dev, bool stopped)
{
	bool own = spin_held(&dev->lock), changed;

	/* It is this CPU's already where it had an exception in here; it does not go back there. */
	if (!own)
		spin_lock(&dev->lock);
	set_defaults(dev);
	dev->stopped = stopped;
	changed = set_state(dev, 0);
	spin_unlock(&dev->lock);
	/* Of those who saw it as it was before nothing is pending. */
	cpus_end_visits();
	__atomic_store_n(&dev->pending, 0, __ATOMIC_SEQ_CST);
	if (changed)
		ivshmem_ring_others(dev);
}
