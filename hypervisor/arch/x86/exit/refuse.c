// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/exit/refuse.h"

#include "arch/x86/asm.h"
#include "arch/x86/exit/access.h"
#include "core/state.h"

#define ALL_ONES (~0ull)

/* The first ones are all told, then fewer and fewer: the console is not root's to flood. */
#define TOLD_ALWAYS 16

#define PREFIX_ADDRESS_SIZE 0x67
#define PREFIX_REPNE	    0xf2
#define PREFIX_REP	    0xf3

static void count_and_tell(struct cpu *cpu)
{
	uint64_t n = __atomic_add_fetch(&public_area.root_violations, 1, __ATOMIC_SEQ_CST);

	if (n <= TOLD_ALWAYS || (n & (n - 1)) == 0)
		record_tell(cpu, "refused");
}

static void advance_register(struct cpu *cpu, unsigned int number, int64_t by,
			     unsigned int address_size)
{
	uint64_t reg = gpr_get(cpu, number);
	uint64_t mask = address_size == 8 ? ~0ull : (1ull << (8 * address_size)) - 1;
	uint64_t moved = (reg + by) & mask;

	gpr_set(cpu, number, address_size == 2 ? (reg & ~mask) | moved : moved);
}

/* One element of a string instruction whose other side, a port or memory, root may not reach. */
struct string_element {
	uint8_t length;	      /* of the instruction */
	uint8_t width;	      /* of the element */
	uint8_t address_size; /* also of the count */
	bool repeat;
	bool stores_ones; /* what was read from nowhere goes to where RDI points */
	bool moves_rdi, moves_rsi;
};

/*
 * What was read from nowhere goes where root wants it, if its own page tables allow that: the page
 * may be one that Linux has yet to copy or to make. False: a page fault has been injected, after
 * which the instruction comes again.
 */
static bool store_ones(struct cpu *cpu, const struct string_element *element)
{
	uint64_t to = gpr_get(cpu, FAILURE_RDI), at, ones = ALL_ONES;
	uint32_t error;

	if (element->address_size == 4)
		to = (uint32_t)to;
	at = to;
	error = guest_write_error(cpu, at);
	if (!error) {
		at = to + element->width - 1;
		error = guest_write_error(cpu, at);
	}
	if (error) {
		vendor->inject_page_fault(cpu, at, error);
		return false;
	}
	/* Where the destination is not root's either, this write is lost, too. */
	guest_write(cpu, to, &ones, element->width);
	return true;
}

/* The next element traps again, so that nothing is skipped that is allowed. */
static void refuse_element(struct cpu *cpu, const struct string_element *element)
{
	uint64_t count;
	int64_t step;

	if (!guest_runs_64bit_code(cpu)) {
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
		return;
	}
	if (element->stores_ones && !store_ones(cpu, element))
		return;
	step = (vcpu_get(cpu, VCPU_RFLAGS) & RFLAGS_DF) ? -(int64_t)element->width : element->width;
	if (element->moves_rdi)
		advance_register(cpu, FAILURE_RDI, step, element->address_size);
	if (element->moves_rsi)
		advance_register(cpu, FAILURE_RSI, step, element->address_size);
	if (element->repeat) {
		advance_register(cpu, FAILURE_RCX, -1, element->address_size);
		count = gpr_get(cpu, FAILURE_RCX);
		if (element->address_size == 8 ? count : (uint32_t)count)
			return;
	}
	vendor->advance(cpu, element->length);
}

enum verdict refuse_memory(struct cpu *cpu, const struct mmio_insn *insn)
{
	bool read = cpu->failure.reason == FAILURE_MEMORY_READ;
	struct mmio_effect effect;

	count_and_tell(cpu);
	if (cpu->failure.reason == FAILURE_MEMORY_EXECUTE) {
		/* All ones would be fetched, which is no instruction. */
		vendor->inject_exception(cpu, VECTOR_UD, false, 0);
	} else if (!insn) {
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
	} else if (insn->string) {
		refuse_element(cpu, &(struct string_element){
					    .length = insn->length,
					    .width = insn->width,
					    .address_size = insn->address_size,
					    .repeat = insn->repeat,
					    .stores_ones = insn->access == MMIO_COPY && read,
					    .moves_rdi = true,
					    .moves_rsi = insn->access == MMIO_COPY,
				    });
	} else {
		access_apply(cpu, insn, ALL_ONES, &effect);
		access_complete(cpu, insn, &effect);
	}
	return VERDICT_HANDLED;
}

static void refuse_port_string(struct cpu *cpu, unsigned int length, bool in)
{
	struct string_element element = {
		.length = length,
		.width = cpu->failure.size,
		.address_size = 8,
		.stores_ones = in,
		.moves_rdi = in,
		.moves_rsi = !in,
	};
	uint8_t bytes[INSTRUCTION_MAX];
	unsigned int fetched;

	fetched = guest_fetch(cpu, bytes);
	/* Only 64-bit code gets further: all before the opcode, the last byte, is prefixes. */
	for (unsigned int n = 0; n + 1 < length && n < fetched; n++) {
		if (bytes[n] == PREFIX_ADDRESS_SIZE)
			element.address_size = 4;
		if (bytes[n] == PREFIX_REPNE || bytes[n] == PREFIX_REP)
			element.repeat = true;
	}
	refuse_element(cpu, &element);
}

enum verdict refuse_port(struct cpu *cpu, bool string, unsigned int instruction_length)
{
	bool in = cpu->failure.reason == FAILURE_PORT_READ;
	uint64_t ones = 0xffffffffull >> (32 - 8 * cpu->failure.size);
	uint64_t *rax = &cpu_gprs(cpu)->rax;

	count_and_tell(cpu);
	if (string) {
		refuse_port_string(cpu, instruction_length, in);
		return VERDICT_HANDLED;
	}
	/* Nobody drives the bus: all ones are read, a write is lost. */
	if (in)
		*rax = cpu->failure.size == 4 ? ones : *rax | ones;
	vendor->advance(cpu, instruction_length);
	return VERDICT_HANDLED;
}

void refuse_other(struct cpu *cpu)
{
	count_and_tell(cpu);
	switch (cpu->failure.reason) {
	case FAILURE_UNHANDLED_EXIT:
	case FAILURE_TRIPLE_FAULT:
	case FAILURE_MACHINE_CHECK:
		record_tell(cpu, "stopped");
		cell_fail(cpu);
		break;
	default:
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
	}
}
