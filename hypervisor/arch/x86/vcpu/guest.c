// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/vcpu/guest.h"

#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/setup/setup.h"

/*
 * Pages of the guest that stay mapped, one for each level of its tables and one of its code, until
 * the second-level translations that they follow are flushed: guest_forget().
 */
static const uint8_t *guest_page(struct cpu *cpu, unsigned int slot, uint64_t guest_phys)
{
	struct page_table_leaf leaf;

	if (cpu->arch.mapped[slot] == (guest_phys | ~PAGE_MASK))
		return mapping_of_page(this_cpu(), slot);
	if (!page_table_walk(&cpu->cell->stage2, guest_phys & PAGE_MASK, &leaf) ||
	    (leaf.attributes & PT_DEVICE))
		return NULL;
	cpu->arch.mapped[slot] = guest_phys | ~PAGE_MASK;
	return arch_map_page(slot, leaf.phys, false);
}

void guest_forget(struct cpu *cpu)
{
	memset(cpu->arch.mapped, 0, sizeof(cpu->arch.mapped));
}

/* Those of levels 1 to 4 come last. */
enum temporary_slot { SLOT_CODE = 1, SLOT_LEVEL_5 = 2, SLOT_LEVELS = 3 };

struct walk_shape {
	unsigned int levels;
	unsigned int entry_size;
	unsigned int index_bits;
	unsigned int large_levels; /* the highest whose entries may be pages */
	uint64_t root_mask;
};

static struct walk_shape shape_of(const struct cpu *cpu)
{
	uint64_t cr4 = vcpu_get(cpu, VCPU_CR4);

	/* APM vol. 2, 5.2 (legacy) and 5.3 (long mode). */
	if (vcpu_get(cpu, VCPU_EFER) & EFER_LMA)
		return (struct walk_shape){(cr4 & CR4_LA57) ? 5 : 4, 8, 9, 3, PTE_ADDRESS};
	if (cr4 & CR4_PAE)
		return (struct walk_shape){3, 8, 9, 2, 0xffffffe0};
	return (struct walk_shape){2, 4, 10, (cr4 & CR4_PSE) ? 2 : 1, 0xfffff000};
}

/*
 * Translates a guest-linear address with the guest's own tables, through the cell's second-level
 * tables like the processor would; false where they do not map it or lie outside the cell's memory.
 * Changes nothing in the guest (no accessed bits).
 */
static bool translate(struct cpu *cpu, uint64_t linear, uint64_t *ret_guest_phys)
{
	struct walk_shape shape = shape_of(cpu);
	uint64_t table = vcpu_get(cpu, VCPU_CR3) & shape.root_mask, entry;
	const uint8_t *page;

	for (unsigned int level = shape.levels; level > 0; level--) {
		unsigned int shift = 12 + (level - 1) * shape.index_bits;
		unsigned int index = (linear >> shift) & ((1u << shape.index_bits) - 1);

		page = guest_page(cpu, level == 5 ? SLOT_LEVEL_5 : SLOT_LEVELS + level, table);
		if (!page)
			return false;
		page += (table & ~PAGE_MASK) + index * shape.entry_size;
		entry = shape.entry_size == 8 ? *(const volatile uint64_t *)page
					      : *(const volatile uint32_t *)page;
		if (!(entry & PTE_PRESENT))
			return false;
		table = entry & PTE_ADDRESS;
		if (level > 1 && level <= shape.large_levels && (entry & PTE_LARGE)) {
			if (shape.entry_size == 4)
				table |= ((entry >> 13) & 0xff) << 32; /* PSE-36 */
			linear &= (1ull << shift) - 1;
			table &= ~((1ull << shift) - 1);
			break;
		}
		if (level == 1)
			linear &= ~PAGE_MASK;
	}
	*ret_guest_phys = table + linear;
	return true;
}

unsigned int guest_read_code(struct cpu *cpu, uint8_t *bytes)
{
	/* Linear addresses outside 64-bit code wrap at 4 GiB. */
	uint64_t mask = guest_runs_64bit_code(cpu) ? ~0ull : 0xffffffff;
	uint64_t linear = vcpu_get(cpu, VCPU_RIP), guest_phys;
	unsigned int done = 0, chunk;
	const uint8_t *page;

	if (mask != ~0ull)
		linear += vcpu_get(cpu, VCPU_CS_BASE);
	for (; done < INSTRUCTION_MAX; done += chunk) {
		guest_phys = (linear + done) & mask;
		if ((vcpu_get(cpu, VCPU_CR0) & CR0_PG) && !translate(cpu, guest_phys, &guest_phys))
			break;
		page = guest_page(cpu, SLOT_CODE, guest_phys);
		if (!page)
			break;
		page += guest_phys & ~PAGE_MASK;
		chunk = PAGE_SIZE - (guest_phys & ~PAGE_MASK);
		if (likely(chunk >= INSTRUCTION_MAX && done == 0)) {
			__builtin_memcpy(bytes, page, INSTRUCTION_MAX);
			return INSTRUCTION_MAX;
		}
		if (chunk > INSTRUCTION_MAX - done)
			chunk = INSTRUCTION_MAX - done;
		memcpy(bytes + done, page, chunk);
	}
	return done;
}
