// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO-APICs: whose each pin is, and whom it may interrupt. Root and cells each see a controller with
 * what they wrote; the machine's has that only as far as it reaches CPUs of their own, and is
 * masked else.
 */
#include <errno.h>

#include "arch/x86/ioapic.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/message.h"
#include "core/console.h"
#include "core/lock.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"

#define READ_ONLY (IOAPIC_SENDING | IOAPIC_REMOTE_IRR)
/* What of an entry stands in the message's data, and what is the wire's. */
#define TO_DATA	  0x7ffu
#define OF_WIRE	  (IOAPIC_LOW_ACTIVE | IOAPIC_LEVEL)

struct pin {
	const struct cell *owner;
	/* As root and the other owner wrote them, and as it is in the machine. */
	uint64_t roots, cells, hardware;
	bool told; /* that the owner's is held back */
};

struct ioapic {
	struct ioapic *next;
	uint64_t phys;
	uint32_t pin_base; /* what a blob calls the first one */
	uint16_t bdf;	   /* by which an IOMMU knows it */
	uint32_t version;
	uint32_t pins;
	uint8_t index[PUBLIC_MAX_CELLS]; /* that each cell chose last */
	struct pin pin[];
};

static struct ioapic *ioapics;
static struct cpu_set
	cells_cpus; /* from before they are the cells' until after: not for root's pins */
static struct spinlock lock;

#define for_each_ioapic(each) for (struct ioapic *each = ioapics; each; each = each->next)
#define for_each_pin(each, chip) \
	for (struct pin *each = (chip)->pin; each < (chip)->pin + (chip)->pins; each++)

static void write_half(const struct ioapic *chip, const struct pin *pin, unsigned int half)
{
	ioapic_set(chip->phys, IOAPIC_ENTRY + 2 * (pin - chip->pin) + half,
		   pin->hardware >> 32 * half);
}

/* Masked first, unmasked last: the owner changes a half at a time, so it is never half of each. */
static void set_hardware(const struct ioapic *chip, struct pin *pin, uint64_t entry)
{
	uint64_t changed = pin->hardware ^ entry;

	pin->hardware = entry;
	if ((changed >> 32) && !(entry & IOAPIC_MASKED))
		write_half(chip, pin, 1);
	if ((uint32_t)changed)
		write_half(chip, pin, 0);
	if ((changed >> 32) && (entry & IOAPIC_MASKED))
		write_half(chip, pin, 1);
}

/*
 * An entry is sent as a message: its upper bits are the address', with the IOMMU's format where
 * they say so (Intel VT-d, 5.1.5.1). False: it may not be.
 */
static bool confine(const struct ioapic *chip, const struct cell *owner, uint64_t *entry)
{
	uint64_t address = MESSAGE_BASE | (*entry >> 48) << 4 |
			   ((*entry & IOAPIC_LOGICAL) ? MESSAGE_LOGICAL : 0);
	uint32_t data = *entry & TO_DATA;

	if (owner == &root_cell)
		return message_spares(&cells_cpus, chip->bdf, address, data);
	if (!arch_message_confine(owner, &address, &data))
		return false;
	*entry = (*entry & OF_WIRE) | (data & TO_DATA) | IOAPIC_TO(MESSAGE_DESTINATION(address));
	return true;
}

/* Makes the machine's what it may be of the owner's. False: it is held back. */
static bool apply(struct ioapic *chip, struct pin *pin)
{
	uint64_t entry = pin->owner == &root_cell ? pin->roots : pin->cells;
	bool held = !(entry & IOAPIC_MASKED) && !confine(chip, pin->owner, &entry);

	if (held) {
		entry |= IOAPIC_MASKED;
		if (!pin->told)
			console_printf("cell %s: IO-APIC 0x%lx, pin %u: masked, as 0x%lx is no "
				       "interrupt to CPUs of its own\n",
				       pin->owner->desc->name, chip->phys,
				       (unsigned int)(pin - chip->pin), entry);
		pin->told = true;
	}
	/* Of a cell's masked one nothing but the wire matters. */
	if (pin->owner != &root_cell && (entry & IOAPIC_MASKED))
		entry &= OF_WIRE | IOAPIC_MASKED;
	set_hardware(chip, pin, entry);
	return !held;
}

/* Root's are looked at again when others' CPUs are no longer the same. */
static void apply_roots(void)
{
	for_each_ioapic (chip) {
		for_each_pin (pin, chip) {
			if (pin->owner == &root_cell)
				apply(chip, pin);
		}
	}
}

/* Masked by an edge: what was in service for the last owner is forgotten. */
static void pass_to(struct ioapic *chip, struct pin *pin, const struct cell *owner)
{
	set_hardware(chip, pin, IOAPIC_MASKED);
	pin->owner = owner;
	pin->cells = IOAPIC_MASKED;
	pin->told = false;
}

/* NULL: it is no entry's. */
static struct pin *pin_of_register(struct ioapic *chip, unsigned int index)
{
	unsigned int n = (index - IOAPIC_ENTRY) / 2;

	return index >= IOAPIC_ENTRY && n < chip->pins ? &chip->pin[n] : NULL;
}

static uint32_t read_register(struct ioapic *chip, const struct cell *cell, unsigned int index)
{
	struct pin *pin = pin_of_register(chip, index);
	bool root = cell == &root_cell;
	uint64_t entry;

	if (!pin)
		return index <= IOAPIC_VERSION ? ioapic_get(chip->phys, index) : 0;
	entry = root ? pin->roots : pin->cells;
	if (pin->owner != cell)
		entry = (root ? entry : 0) | IOAPIC_MASKED;
	else if (!(index & 1))
		entry |= ioapic_get(chip->phys, index) & READ_ONLY;
	return entry >> 32 * (index & 1);
}

static void write_register(struct ioapic *chip, const struct cell *cell, unsigned int index,
			   uint32_t value)
{
	struct pin *pin = pin_of_register(chip, index);
	unsigned int shift = 32 * (index & 1);
	bool root = cell == &root_cell;
	uint64_t *entry;

	if (!pin) {
		if (root && index == IOAPIC_ID)
			ioapic_set(chip->phys, index, value);
		return;
	}
	if (!root && pin->owner != cell)
		return;
	entry = root ? &pin->roots : &pin->cells;
	*entry = (*entry & ~(0xffffffffull << shift)) | (uint64_t)value << shift;
	*entry &= ~READ_ONLY;
	if (pin->owner == cell && !apply(chip, pin) && root)
		refuse_count();
}

/* Of interrupts that are another owner's as well as of its own, should both have the same vector.
 */
static void end_interrupt(struct ioapic *chip, const struct cell *cell, uint32_t vector)
{
	bool has = false;

	for_each_pin (pin, chip)
		has |= pin->owner == cell && (pin->hardware & IOAPIC_LEVEL) &&
		       (pin->hardware & 0xff) == (vector & 0xff);
	if (has && IOAPIC_HAS_EOI(chip->version))
		ioapic_end(chip->phys, vector & 0xff);
}

static enum io_answer access_page(struct cpu *cpu, const struct io_region *region,
				  struct io_access *access)
{
	struct ioapic *chip = (struct ioapic *)region->argument;
	uint8_t *index = &chip->index[cpu->cell->slot];
	unsigned int offset = access->address - chip->phys;

	if (access->width != 4)
		return IO_REFUSED;
	spin_lock(&lock);
	if (offset == IOAPIC_INDEX && access->write)
		*index = access->value;
	else if (offset == IOAPIC_INDEX)
		access->value = *index;
	else if (offset == IOAPIC_WINDOW && access->write)
		write_register(chip, cpu->cell, *index, access->value);
	else if (offset == IOAPIC_WINDOW)
		access->value = read_register(chip, cpu->cell, *index);
	else if (offset == IOAPIC_EOI && access->write)
		end_interrupt(chip, cpu->cell, access->value);
	else if (!access->write)
		access->value = 0;
	spin_unlock(&lock);
	return IO_DONE;
}

static struct ioapic *ioapic_at(uint64_t phys)
{
	for_each_ioapic (chip) {
		if (chip->phys == phys)
			return chip;
	}
	return NULL;
}

/* With what firmware and Linux have in it. */
static int take_over(const struct blob_irqchip *irqchip)
{
	uint32_t version = ioapic_get(irqchip->address, IOAPIC_VERSION);
	uint32_t pins = IOAPIC_PINS(version);
	struct ioapic *chip;

	if (version == IOAPIC_NOT_THERE || pins > IOAPIC_MAX_PINS) {
		/* Firmware lists some that are off; Linux does not use them either. */
		console_printf("no IO-APIC at 0x%lx\n", irqchip->address);
		return 0;
	}
	chip = page_pool_alloc((sizeof(*chip) + pins * sizeof(*chip->pin) + PAGE_SIZE - 1) /
			       PAGE_SIZE);
	if (!chip)
		return -ENOMEM;
	*chip = (struct ioapic){.next = ioapics,
				.phys = irqchip->address,
				.pin_base = irqchip->pin_base,
				.bdf = irqchip->id,
				.version = version,
				.pins = pins};
	ioapics = chip;
	for_each_pin (pin, chip) {
		unsigned int low = IOAPIC_ENTRY + 2 * (pin - chip->pin);

		pin->owner = &root_cell;
		pin->hardware = ((uint64_t)ioapic_get(chip->phys, low + 1) << 32 |
				 ioapic_get(chip->phys, low)) &
				~READ_ONLY;
		pin->roots = pin->hardware;
	}
	return 0;
}

static int take_over_all(void)
{
	const struct blob_irqchip *irqchip = cell_desc_irqchips(root_cell.desc);
	int err = 0;

	ioapics = NULL;
	cells_cpus = cpus_none;
	for (uint32_t n = 0; n < root_cell.desc->num_irqchips && !err; n++, irqchip++) {
		struct ioapic *chip = ioapic_at(irqchip->address);

		if (!chip)
			err = take_over(irqchip);
		else if (irqchip->pin_base < chip->pin_base)
			chip->pin_base = irqchip->pin_base;
	}
	return err;
}

/* Does that with all pins that a cell names; there may be none (NULL). */
static int each_named_pin(const struct cell *cell,
			  int (*act)(const struct cell *cell, struct ioapic *chip, struct pin *pin))
{
	const struct blob_irqchip *irqchip = cell_desc_irqchips(cell->desc);
	int err = 0;

	for (uint32_t n = 0; n < cell->desc->num_irqchips; n++, irqchip++) {
		struct ioapic *chip = ioapic_at(irqchip->address);
		uint32_t first = irqchip->pin_base - (chip ? chip->pin_base : 0);

		for (uint32_t bit = 0; bit < 8 * sizeof(irqchip->pin_bitmap) && !err; bit++) {
			if (!(irqchip->pin_bitmap[bit / 32] & 1u << bit % 32))
				continue;
			err = act(cell, chip,
				  chip && first + bit < chip->pins ? &chip->pin[first + bit]
								   : NULL);
		}
	}
	return err;
}

static int check_pin(const struct cell *cell, struct ioapic *chip, struct pin *pin)
{
	const char *why = NULL;
	int err = -EINVAL;

	if (!pin) {
		why = "there is no such pin of an IO-APIC";
	} else if (pin->owner != &root_cell) {
		why = "a pin is another cell's";
		err = -EBUSY;
	} else if (arch_messages_remapped()) {
		why = "Linux has interrupts remapped by an IOMMU: boot it with intremap=off";
		err = -EOPNOTSUPP;
	}
	for_each_region (region, cell) {
		if (pin && ranges_overlap(region->virt_start, region->size, chip->phys, PAGE_SIZE))
			why = "its memory is where the IO-APIC is";
	}
	if (!why)
		return 0;
	console_printf("cell %s: %s\n", cell->desc->name, why);
	return err;
}

static int take_pin(const struct cell *cell, struct ioapic *chip, struct pin *pin)
{
	pass_to(chip, pin, cell);
	chip->index[cell->slot] = 0;
	return 0;
}

static int ioapic_cell_create(struct cell *cell)
{
	int err = cell == &root_cell ? take_over_all() : each_named_pin(cell, check_pin);

	if (err || cell == &root_cell)
		return err;
	spin_lock(&lock);
	each_named_pin(cell, take_pin);
	/* Linux moves its interrupts when it gives a CPU up: none is left but what it forgot. */
	cpu_set_join(&cells_cpus, &cell->cpus);
	apply_roots();
	spin_unlock(&lock);
	return 0;
}

static void ioapic_cell_destroy(struct cell *cell)
{
	const struct cpu_set cpus = cell_desc_cpus(cell->desc);

	spin_lock(&lock);
	for_each_ioapic (chip) {
		for_each_pin (pin, chip) {
			if (pin->owner == cell)
				pass_to(chip, pin, &root_cell);
		}
	}
	cpu_set_leave(&cells_cpus, &cpus);
	apply_roots();
	spin_unlock(&lock);
}

/* As after power-on, when it begins; silent, when it has ended. */
static void ioapic_cell_reset(struct cell *cell, bool runs)
{
	spin_lock(&lock);
	for_each_ioapic (chip) {
		for_each_pin (pin, chip) {
			if (pin->owner == cell)
				pass_to(chip, pin, cell);
		}
	}
	spin_unlock(&lock);
}

/* Whatever the blob says, root has no controller's page. */
static int ioapic_memory_map(struct cell *cell, const struct blob_memory *region)
{
	int err = 0;

	for_each_ioapic (chip) {
		if (cell == &root_cell && !err &&
		    ranges_overlap(region->virt_start, region->size, chip->phys, PAGE_SIZE))
			err = page_table_unmap(&cell->stage2, chip->phys, PAGE_SIZE);
	}
	return err;
}

static void ioapic_io_regions(struct io_builder *builder, const struct cell *owner,
			      const struct cell *cause)
{
	for_each_ioapic (chip) {
		bool has = owner == &root_cell;

		for_each_pin (pin, chip)
			has |= pin->owner == owner;
		if (has && builder->space == IO_MEMORY && owner == cause)
			io_add(builder, (struct io_region){chip->phys, PAGE_SIZE, access_page, chip,
							   EXITS_MMIO});
	}
}

SUBSYSTEM(15, ioapic_subsystem) = {
	.name = "IO-APICs",
	.claims = 1u << BLOB_CLAIM_INTERRUPT_PINS,
	.cell_create = ioapic_cell_create,
	.cell_destroy = ioapic_cell_destroy,
	.cell_reset = ioapic_cell_reset,
	.memory_map = ioapic_memory_map,
	.io_regions = ioapic_io_regions,
};
