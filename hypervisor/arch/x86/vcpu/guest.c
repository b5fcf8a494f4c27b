// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/vcpu/guest.h"

#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/setup/paging.h"

static uint64_t *gpr_at(struct cpu *cpu, unsigned int number)
{
	static const uint8_t offsets[16] = {
		offsetof(struct guest_gprs, rax),
		offsetof(struct guest_gprs, rcx),
		offsetof(struct guest_gprs, rdx),
		offsetof(struct guest_gprs, rbx),
		0,
		offsetof(struct guest_gprs, rbp),
		offsetof(struct guest_gprs, rsi),
		offsetof(struct guest_gprs, rdi),
		offsetof(struct guest_gprs, r8),
		offsetof(struct guest_gprs, r9),
		offsetof(struct guest_gprs, r10),
		offsetof(struct guest_gprs, r11),
		offsetof(struct guest_gprs, r12),
		offsetof(struct guest_gprs, r13),
		offsetof(struct guest_gprs, r14),
		offsetof(struct guest_gprs, r15),
	};

	return (uint64_t *)((uint8_t *)cpu_gprs(cpu) + offsets[number & 15]);
}

uint64_t gpr_get(struct cpu *cpu, unsigned int number)
{
	return number == FAILURE_RSP ? vcpu_get(cpu, VCPU_RSP) : *gpr_at(cpu, number);
}

void gpr_set(struct cpu *cpu, unsigned int number, uint64_t value)
{
	if (number == FAILURE_RSP)
		vcpu_set(cpu, VCPU_RSP, value);
	else
		*gpr_at(cpu, number) = value;
}

enum temporary_slot { SLOT_TABLE = 1, SLOT_DATA = 2 };

/*
 * A page of the cell's memory, of whatever size, as its second-level tables have it. What was found
 * last often serves for what lies beside it.
 */
struct piece {
	uint64_t guest, size, phys;
	unsigned int attributes;
	/* The guest's table entry that was read last: where, and what it said. */
	uint64_t entry_phys, entry;
};

/* False where the cell has no memory. */
static bool find_piece(const struct cpu *cpu, uint64_t guest_phys, struct piece *piece)
{
	struct page_table_leaf leaf;

	if (guest_phys - piece->guest < piece->size)
		return true;
	piece->size = 0;
	if (!page_table_walk(&cpu->cell->stage2, guest_phys, &leaf) ||
	    (leaf.attributes & PT_DEVICE))
		return false;
	piece->guest = guest_phys & ~(leaf.page_size - 1);
	piece->phys = leaf.phys & ~(leaf.page_size - 1);
	piece->size = leaf.page_size;
	piece->attributes = leaf.attributes;
	return true;
}

static void *map_piece(const struct piece *piece, uint64_t guest_phys, enum temporary_slot slot)
{
	uint64_t phys = piece->phys + (guest_phys - piece->guest);

	return (uint8_t *)arch_map_page(slot, phys, false) + (phys & (PAGE_SIZE - 1));
}

/* Reads a page-table entry of the guest, through the cell's second-level tables like the processor
 * would. */
static bool read_entry(struct cpu *cpu, struct piece *piece, uint64_t guest_phys, unsigned int size,
		       uint64_t *ret_entry)
{
	const void *there;

	if (!find_piece(cpu, guest_phys, piece))
		return false;
	there = map_piece(piece, guest_phys, SLOT_TABLE);
	*ret_entry = size == 8 ? *(const uint64_t *)there : *(const uint32_t *)there;
	piece->entry_phys = piece->phys + (guest_phys - piece->guest);
	piece->entry = *ret_entry;
	return *ret_entry & PTE_PRESENT;
}

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
 * Translates a guest-linear address with the guest's own tables; false where they do not map it or
 * lie outside the cell's memory. Changes nothing in the guest (no accessed bits). *ret_rights has
 * PTE_WRITE and PTE_USER where the entries of all levels have them.
 */
static bool translate(struct cpu *cpu, struct piece *piece, uint64_t linear,
		      uint64_t *ret_guest_phys, uint64_t *ret_rights)
{
	struct walk_shape shape = shape_of(cpu);
	unsigned int shift, index, bits;
	uint64_t table, entry, page;

	*ret_rights = PTE_WRITE | PTE_USER;
	if (!(vcpu_get(cpu, VCPU_CR0) & CR0_PG)) {
		*ret_guest_phys = linear & 0xffffffff;
		return true;
	}
	table = vcpu_get(cpu, VCPU_CR3) & shape.root_mask;
	for (unsigned int level = shape.levels; level > 0; level--) {
		shift = 12 + (level - 1) * shape.index_bits;
		/* The PAE root has four entries only. */
		bits = shape.levels == 3 && level == 3 ? 2 : shape.index_bits;
		index = (linear >> shift) & ((1u << bits) - 1);
		if (!read_entry(cpu, piece, table + index * shape.entry_size, shape.entry_size,
				&entry))
			return false;
		/* The entries of the PAE root have no such bits. */
		if (!(shape.levels == 3 && level == 3))
			*ret_rights &= entry;
		if (level == 1 || ((entry & PTE_LARGE) && level <= shape.large_levels)) {
			page = 1ull << shift;
			table = entry & PTE_ADDRESS & ~(page - 1);
			if (shape.entry_size == 4 && level == 2)
				table |= ((entry >> 13) & 0xff) << 32; /* PSE-36 */
			*ret_guest_phys = table + (linear & (page - 1));
			return true;
		}
		table = entry & PTE_ADDRESS;
	}
	return false;
}

uint32_t guest_write_error(struct cpu *cpu, uint64_t linear)
{
	uint32_t error = PF_WRITE | (vcpu_get(cpu, VCPU_CPL) == 3 ? PF_USER : 0);
	uint64_t guest_phys, rights;
	struct piece piece = {0};

	if (!translate(cpu, &piece, linear, &guest_phys, &rights))
		return error;
	if (vcpu_get(cpu, VCPU_CPL) == 3 && !(rights & PTE_USER))
		return error | PF_PRESENT;
	if (!(rights & PTE_WRITE) &&
	    (vcpu_get(cpu, VCPU_CPL) == 3 || (vcpu_get(cpu, VCPU_CR0) & CR0_WP)))
		return error | PF_PRESENT;
	return 0;
}

/*
 * The page that was looked up last, for guests that have the same instruction exit over and over on
 * processors that do not tell its bytes. Like in a TLB, what the guest's upper tables say now may
 * be newer; the last entry is compared. What the second-level tables say is not: they change with a
 * flush (guest_forget).
 */
static void remember(struct cpu *cpu, uint64_t linear, const struct piece *piece,
		     uint64_t guest_phys)
{
	uint64_t phys = piece->phys + (guest_phys - piece->guest);

	cpu->arch.looked_up = (struct looked_up){
		.linear = linear & PAGE_MASK,
		.cr3 = vcpu_get(cpu, VCPU_CR3),
		.phys = phys & PAGE_MASK,
		.entry_phys = piece->entry_phys,
		.entry = piece->entry,
	};
}

void guest_forget(struct cpu *cpu)
{
	cpu->arch.looked_up.entry_phys = 0;
}

/* Copies an instruction from the page that was looked up last; false where it is not from there. */
static bool fetch_again(struct cpu *cpu, uint64_t linear, uint8_t *bytes)
{
	const struct looked_up *last = &cpu->arch.looked_up;
	unsigned int offset = linear & (PAGE_SIZE - 1);
	const uint8_t *there;

	/* Only what was found by entries of 8 bytes is compared right. */
	if (last->linear != linear - offset || last->cr3 != vcpu_get(cpu, VCPU_CR3) ||
	    !last->entry_phys || offset > PAGE_SIZE - INSTRUCTION_MAX ||
	    !(vcpu_get(cpu, VCPU_EFER) & EFER_LMA) || !(vcpu_get(cpu, VCPU_CR0) & CR0_PG))
		return false;
	there = arch_map_page(SLOT_TABLE, last->entry_phys, false);
	if (*(const uint64_t *)(there + (last->entry_phys & (PAGE_SIZE - 1))) != last->entry)
		return false;
	there = arch_map_page(SLOT_DATA, last->phys, false);
	__builtin_memcpy(bytes, there + offset, INSTRUCTION_MAX);
	return true;
}

/* As much of guest memory as lies in one page, mapped; NULL where there is none. */
static uint8_t *map_guest(struct cpu *cpu, uint64_t linear, unsigned int attributes,
			  unsigned int *ret_size)
{
	struct piece piece = {0};
	uint64_t guest_phys, rights;

	if (!translate(cpu, &piece, linear, &guest_phys, &rights) ||
	    !find_piece(cpu, guest_phys, &piece) || (piece.attributes & attributes) != attributes)
		return NULL;
	*ret_size = PAGE_SIZE - (guest_phys & (PAGE_SIZE - 1));
	remember(cpu, linear, &piece, guest_phys);
	return map_piece(&piece, guest_phys, SLOT_DATA);
}

/* As far as the cell has the memory: returns the number of bytes copied. */
static unsigned int copy(struct cpu *cpu, uint64_t linear, uint8_t *buffer, unsigned int size,
			 bool write)
{
	unsigned int done, chunk;
	uint8_t *there;

	for (done = 0; done < size; done += chunk) {
		there = map_guest(cpu, linear + done, write ? PT_READ | PT_WRITE : PT_READ, &chunk);
		if (!there)
			break;
		if (chunk > size - done)
			chunk = size - done;
		if (write)
			memcpy(there, buffer + done, chunk);
		else
			memcpy(buffer + done, there, chunk);
	}
	return done;
}

unsigned int guest_write(struct cpu *cpu, uint64_t linear, const void *buffer, unsigned int size)
{
	return copy(cpu, linear, (uint8_t *)buffer, size, true);
}

bool guest_runs_64bit_code(const struct cpu *cpu)
{
	return (vcpu_get(cpu, VCPU_EFER) & EFER_LMA) && (vcpu_get(cpu, VCPU_CS_ATTRIBUTES) & 0x200);
}

unsigned int guest_fetch(struct cpu *cpu, uint8_t *bytes)
{
	unsigned int fetched = vendor->fetched(cpu, bytes);
	uint64_t linear;

	if (fetched)
		return fetched;
	linear = vcpu_get(cpu, VCPU_RIP);
	if (!guest_runs_64bit_code(cpu))
		linear = (uint32_t)(vcpu_get(cpu, VCPU_CS_BASE) + linear);
	if (fetch_again(cpu, linear, bytes))
		return INSTRUCTION_MAX;
	return copy(cpu, linear, bytes, INSTRUCTION_MAX, false);
}
