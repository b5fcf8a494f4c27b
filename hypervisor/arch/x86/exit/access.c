// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory accesses that the second-level tables did not let through: the APIC's page, byte-granular
 * device regions, strays.
 */
#include "arch/x86/exit/access.h"

#include <string.h>

#include "arch/x86/exit/refuse.h"
#include "arch/x86/irq/apic.h"
#include "core/state.h"

#define DEVICE_SLOT 3

/* How long the code segment says that addresses and operands are. */
static enum mmio_cpu_mode mode_of(const struct cpu *cpu)
{
	if (guest_runs_64bit_code(cpu))
		return MMIO_MODE_64;
	return (vcpu_get(cpu, VCPU_CS_ATTRIBUTES) & 0x400) ? MMIO_MODE_32 : MMIO_MODE_16;
}

static bool decode(struct cpu *cpu, struct mmio_insn *ret_insn)
{
	uint8_t bytes[INSTRUCTION_MAX];
	unsigned int length;

	/* Delivering an event touched the memory, not the instruction that RIP stands at. */
	if (!vendor->can_inject(cpu))
		return false;
	length = guest_fetch(cpu, bytes);
	return length > 0 && mmio_decode(bytes, length, mode_of(cpu), ret_insn) == MMIO_DECODE_OK;
}

static bool reads_memory(const struct mmio_insn *insn)
{
	return insn->access != MMIO_WRITE;
}

void access_complete(struct cpu *cpu, const struct mmio_insn *insn,
		     const struct mmio_effect *effect)
{
	if (effect->writes_register)
		gpr_set(cpu, insn->reg, effect->reg);
	vcpu_set(cpu, VCPU_RFLAGS, effect->flags);
	vendor->advance(cpu, insn->length);
}

void access_apply(struct cpu *cpu, const struct mmio_insn *insn, uint64_t data,
		  struct mmio_effect *ret_effect)
{
	uint64_t reg = 0;

	if (insn->operand == MMIO_OPERAND_REGISTER)
		reg = gpr_get(cpu, insn->reg);
	mmio_apply(insn, reg, data, vcpu_get(cpu, VCPU_RFLAGS), ret_effect);
}

static enum verdict access_apic(struct cpu *cpu, uint64_t guest_phys)
{
	unsigned int offset = guest_phys & (PAGE_SIZE - 1);
	struct mmio_effect effect;
	struct mmio_insn insn;
	enum verdict verdict;

	cpu->exits[EXITS_X86_XAPIC]++;
	/* APM vol. 2, 16.3.2: registers are accessed with aligned 32-bit accesses. */
	if (!decode(cpu, &insn) || insn.string || insn.width != 4 || (offset & 3))
		return exit_fault(cpu, FAILURE_INSTRUCTION, guest_phys, 0, 0);
	access_apply(cpu, &insn, reads_memory(&insn) ? apic_read(offset) : 0, &effect);
	if (effect.writes_memory) {
		verdict = apic_write(cpu, offset, effect.memory);
		if (verdict != VERDICT_HANDLED)
			return verdict;
	}
	access_complete(cpu, &insn, &effect);
	return VERDICT_HANDLED;
}

static const struct blob_memory *find_window(const struct cell *cell, uint64_t guest_phys,
					     unsigned int width)
{
	for (const struct blob_memory *window = cell->mmio; window < cell->mmio + cell->num_mmio;
	     window++) {
		if (guest_phys >= window->virt_start &&
		    guest_phys - window->virt_start < window->size &&
		    width <= window->size - (guest_phys - window->virt_start))
			return window;
	}
	return NULL;
}

static bool window_allows(const struct blob_memory *window, const struct mmio_insn *insn,
			  uint64_t guest_phys)
{
	uint64_t widths =
		window->flags & (BLOB_MEM_IO_8 | BLOB_MEM_IO_16 | BLOB_MEM_IO_32 | BLOB_MEM_IO_64);

	if (reads_memory(insn) && !(window->flags & BLOB_MEM_READ))
		return false;
	if (insn->access != MMIO_READ && insn->access != MMIO_COMPARE &&
	    !(window->flags & BLOB_MEM_WRITE))
		return false;
	if ((guest_phys & (insn->width - 1)) && !(window->flags & BLOB_MEM_IO_UNALIGNED))
		return false;
	/* BLOB_MEM_IO_8 << log2(width); without any of the flags every width is allowed. */
	return !widths || (widths & ((uint64_t)insn->width * BLOB_MEM_IO_8));
}

static uint64_t device_read(const volatile void *address, unsigned int width)
{
	switch (width) {
	case 1:
		return *(const volatile uint8_t *)address;
	case 2:
		return *(const volatile uint16_t *)address;
	case 4:
		return *(const volatile uint32_t *)address;
	default:
		return *(const volatile uint64_t *)address;
	}
}

static void device_write(volatile void *address, unsigned int width, uint64_t value)
{
	switch (width) {
	case 1:
		*(volatile uint8_t *)address = value;
		break;
	case 2:
		*(volatile uint16_t *)address = value;
		break;
	case 4:
		*(volatile uint32_t *)address = value;
		break;
	default:
		*(volatile uint64_t *)address = value;
	}
}

/* A byte-granular region: the access is done for the cell, on the registers that are its own. */
static bool access_window(struct cpu *cpu, const struct mmio_insn *insn, uint64_t guest_phys)
{
	const struct blob_memory *window;
	struct mmio_effect effect;
	uint64_t phys;
	uint8_t *page;

	window = find_window(cpu->cell, guest_phys, insn->width);
	if (!window || insn->string || !window_allows(window, insn, guest_phys))
		return false;
	phys = window->phys_start + (guest_phys - window->virt_start);
	/* An access across the end of the page would leave the mapping. */
	if ((phys & (PAGE_SIZE - 1)) + insn->width > PAGE_SIZE)
		return false;
	page = (uint8_t *)arch_map_page(DEVICE_SLOT, phys, true) + (phys & (PAGE_SIZE - 1));
	access_apply(cpu, insn, reads_memory(insn) ? device_read(page, insn->width) : 0, &effect);
	if (effect.writes_memory)
		device_write(page, insn->width, effect.memory);
	access_complete(cpu, insn, &effect);
	return true;
}

enum verdict exit_memory(struct cpu *cpu, uint64_t guest_phys, bool write, bool execute,
			 bool page_walk)
{
	enum failure_reason reason = execute ? FAILURE_MEMORY_EXECUTE
				     : write ? FAILURE_MEMORY_WRITE
					     : FAILURE_MEMORY_READ;
	struct mmio_insn insn, *decoded = NULL;
	struct mmio_effect effect;
	uint64_t value = 0;
	enum verdict verdict;

	if (!page_walk && write && (guest_phys & PAGE_MASK) == APIC_PHYS)
		return access_apic(cpu, guest_phys);
	cpu->exits[EXITS_MMIO]++;
	if (!execute && !page_walk && decode(cpu, &insn)) {
		if (access_window(cpu, &insn, guest_phys))
			return VERDICT_HANDLED;
		if (insn.access == MMIO_WRITE) {
			access_apply(cpu, &insn, 0, &effect);
			value = effect.memory;
		}
		decoded = &insn;
	}
	verdict = exit_fault(cpu, reason, guest_phys, value, decoded ? insn.width : 0);
	return cpu->cell == &root_cell ? refuse_memory(cpu, decoded) : verdict;
}
