// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory accesses that the second-level tables did not let through: the instruction is decoded, and
 * carried out on what the cell's table of regions has there (io/io.h).
 */
#pragma GCC optimize("O2") /* on the way of exits that are frequent */

#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "arch/x86/logic/mmio_decode.h"
#include "pci/device.h"

/* How long the code segment says that addresses and operands are. */
static inline __attribute__((always_inline)) enum mmio_cpu_mode mode_of(const struct cpu *cpu)
{
	if (guest_runs_64bit_code(cpu))
		return MMIO_MODE_64;
	return (vcpu_get(cpu, VCPU_CS_ATTRIBUTES) & 0x400) ? MMIO_MODE_32 : MMIO_MODE_16;
}

/* The answer of the region to a plain move, which is then done; IO_REFUSED: nothing has been. */
static inline __attribute__((always_inline)) enum io_answer
carry_out_plain(struct cpu *cpu, const struct io_region *region, uint64_t guest_phys)
{
	const struct mmio_plain *move = &cpu->arch.decoded.move;
	enum io_answer answer;
	struct io_access access;

	if (unlikely(!io_holds(region, guest_phys, 4)))
		return IO_REFUSED;
	access.address = guest_phys;
	access.width = 4;
	access.write = !move->read;
	access.update = false;
	if (move->has_immediate)
		access.value = (uint32_t)move->immediate;
	else
		access.value = (uint32_t)gpr_get(cpu, move->reg);
	answer = region->handler(cpu, region, &access);
	if (unlikely(answer != IO_DONE))
		return answer;
	if (move->read)
		gpr_set(cpu, move->reg, (uint32_t)access.value);
	vcpu_set(cpu, VCPU_NEXT_RIP,
		 (vcpu_get(cpu, VCPU_RIP) + move->length) & cpu->arch.decoded.rip_mask);
	return IO_DONE;
}

/*
 * The processor tells the first byte that is not mapped. If that is the first one of a page, the
 * access may have begun in the page before: only bytes of its end would be in the region. Where a
 * prefix names the segment, this is not asked, but refused.
 */
static bool __attribute__((cold))
begins_before(struct cpu *cpu, const struct mmio_insn *insn, uint64_t guest_phys)
{
	bool on_stack = (insn->base & ~1) == MMIO_BASE_STACK;
	uint64_t address = insn->displacement;

	if (guest_phys & ~PAGE_MASK)
		return false;
	if (insn->segment_prefix)
		return true;
	if (!guest_runs_64bit_code(cpu))
		address += vcpu_get(cpu, on_stack ? VCPU_SS_BASE : VCPU_DS_BASE);
	if (insn->base == MMIO_BASE_RIP)
		address += vcpu_get(cpu, VCPU_RIP) + insn->length;
	else if (insn->base != MMIO_BASE_NONE)
		address += gpr_get(cpu, insn->base);
	if (insn->index != MMIO_BASE_NONE)
		address += gpr_get(cpu, insn->index) << insn->scale;
	return address & ~PAGE_MASK;
}

static uint64_t operand_of(const struct mmio_insn *insn, struct cpu *cpu)
{
	return insn->has_immediate ? insn->immediate : gpr_get(cpu, insn->reg);
}

static enum io_answer __attribute__((cold))
carry_out(struct cpu *cpu, const struct io_region *region, const struct mmio_insn *insn,
	  uint64_t guest_phys)
{
	uint64_t reg = operand_of(insn, cpu), flags = vcpu_get(cpu, VCPU_RFLAGS);
	struct io_access access = {
		.address = guest_phys, .width = insn->width, .update = mmio_writes(insn)};
	enum io_answer answer = IO_DONE;

	if (mmio_reads(insn))
		answer = region->handler(cpu, region, &access);
	access.value = mmio_apply(insn, access.value, &reg, &flags);
	access.write = true;
	if (answer == IO_DONE && mmio_writes(insn))
		answer = region->handler(cpu, region, &access);
	if (answer != IO_DONE)
		return answer;
	if (!insn->has_immediate)
		gpr_set(cpu, insn->reg, reg);
	vcpu_set(cpu, VCPU_RFLAGS, flags);
	vendor->advance(cpu, insn->length);
	return IO_DONE;
}

/* An empty bus: reads give all ones, writes are lost. */
static enum io_answer nothing(struct cpu *cpu, const struct io_region *region,
			      struct io_access *access)
{
	access->value = ~0ull;
	return IO_DONE;
}

static enum failure_reason reason(bool write)
{
	return write ? FAILURE_MEMORY_WRITE : FAILURE_MEMORY_READ;
}

/*
 * To root like by an empty bus. What cannot be emulated (insn is NULL: vector and string
 * instructions, a walk of its own page tables) gets a general-protection exception, which Linux'
 * guarded accesses survive.
 */
static enum verdict __attribute__((cold, noinline))
refuse(struct cpu *cpu, enum failure_reason why, uint64_t guest_phys, const struct mmio_insn *insn)
{
	static const struct io_region empty_bus = {.handler = nothing};
	uint64_t written = 0, reg, flags = 0;

	if (insn && !mmio_reads(insn)) {
		reg = operand_of(insn, cpu);
		written = mmio_apply(insn, 0, &reg, &flags);
	}
	if (cpu->cell != &root_cell)
		return exit_fault(cpu, why, guest_phys, written, insn ? insn->width : 0);
	if (refuse_count())
		refuse_tell(cpu, why, guest_phys, written, insn ? insn->width : 0);
	if (!insn) /* all ones would be fetched, which is no instruction */
		return why == FAILURE_MEMORY_EXECUTE ? VERDICT_UD : VERDICT_GP;
	carry_out(cpu, &empty_bus, insn, guest_phys);
	return VERDICT_HANDLED;
}

/*
 * A driver's loop comes with the same instruction again and again: what it is has been remembered.
 * Only the code segment is compared; who changes modes by anything else and has the same bytes
 * there as well harms himself. The number of bytes that are known stands before them.
 */
static inline __attribute__((always_inline)) bool is_remembered(const struct cpu *cpu,
								const uint8_t *told)
{
	uint64_t first, second;

	__builtin_memcpy(&first, told, 8);
	__builtin_memcpy(&second, told + 8, 8);
	return first == cpu->arch.decoded.told[0] && second == cpu->arch.decoded.told[1] &&
	       vcpu_get(cpu, VCPU_CS_ATTRIBUTES) == cpu->arch.decoded.attributes;
}

static bool __attribute__((cold, noinline)) remember(struct cpu *cpu, const uint8_t *told)
{
	/* No code segment has all of these bits: nothing is remembered. */
	cpu->arch.decoded.attributes = ~0u;
	if (!mmio_decode_plain(told + 1, *told & 0xf, mode_of(cpu), &cpu->arch.decoded.move))
		return false;
	__builtin_memcpy(cpu->arch.decoded.told, told, sizeof(cpu->arch.decoded.told));
	cpu->arch.decoded.attributes = vcpu_get(cpu, VCPU_CS_ATTRIBUTES);
	/* IP wraps at its size outside 64-bit code. */
	cpu->arch.decoded.rip_mask = (cpu->arch.decoded.attributes & 0x200) ? ~0ull : 0xffffffffull;
	return true;
}

static enum verdict __attribute__((cold, noinline))
access_any(struct cpu *cpu, enum failure_reason why, uint64_t guest_phys,
	   const struct io_region *region, const uint8_t *bytes, unsigned int length)
{
	enum io_answer answer = IO_REFUSED;
	struct mmio_insn insn;

	if (!mmio_decode(bytes, length, mode_of(cpu), &insn))
		return refuse(cpu, why, guest_phys, NULL);
	if (region && io_holds(region, guest_phys, insn.width) &&
	    !begins_before(cpu, &insn, guest_phys))
		answer = carry_out(cpu, region, &insn, guest_phys);
	if (answer == IO_DONE)
		return VERDICT_HANDLED;
	return answer == IO_FAULT ? VERDICT_FAULT : refuse(cpu, why, guest_phys, &insn);
}

/* Registers that the guest may move are where nothing else is: whom to ask first does not matter.
 */
static inline const struct io_region *find_region(const struct cell *cell, uint64_t guest_phys)
{
	const struct io_region *region = ivshmem_bar(cell, guest_phys);

	return region ? region : io_find(cell->io[IO_MEMORY], guest_phys);
}

enum verdict exit_memory(struct cpu *cpu, uint64_t guest_phys, bool write, bool execute,
			 bool no_operand)
{
	const struct io_region *region = find_region(cpu->cell, guest_phys);
	const uint8_t *told = (const uint8_t *)cpu->arch.control + vendor->told_at;
	uint8_t read[1 + INSTRUCTION_MAX];
	enum io_answer answer;

	cpu->exits[region ? region->counter : EXITS_MMIO]++;
	if (unlikely(execute || no_operand))
		return refuse(cpu, execute ? FAILURE_MEMORY_EXECUTE : reason(write), guest_phys,
			      NULL);
	if (unlikely(!*told)) {
		*read = guest_read_code(cpu, read + 1);
		told = read;
	}
	/* At the start of a page all of the instruction's address may be needed. */
	if (likely(region && (guest_phys & ~PAGE_MASK) &&
		   (is_remembered(cpu, told) || remember(cpu, told)))) {
		answer = carry_out_plain(cpu, region, guest_phys);
		if (likely(answer != IO_REFUSED))
			return answer == IO_DONE ? VERDICT_NEXT : VERDICT_FAULT;
	}
	return access_any(cpu, reason(write), guest_phys, region, told + 1, *told & 0xf);
}
