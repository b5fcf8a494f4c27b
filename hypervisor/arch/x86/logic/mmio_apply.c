// SPDX-License-Identifier: GPL-2.0-only
/* What a decoded instruction does to memory, register and flags once the data is there. */
#include "arch/x86/logic/mmio_decode.h"

#define FLAG_CF		 (1ull << 0)
#define FLAG_PF		 (1ull << 2)
#define FLAG_AF		 (1ull << 4)
#define FLAG_ZF		 (1ull << 6)
#define FLAG_SF		 (1ull << 7)
#define FLAG_OF		 (1ull << 11)
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static uint64_t width_mask(unsigned int width)
{
	return width >= 8 ? ~0ull : (1ull << (width * 8)) - 1;
}

/* a + b + carry; *ret_flags is what it carried. */
static uint64_t add(unsigned int width, uint64_t a, uint64_t b, uint64_t carry, uint64_t *ret_flags)
{
	uint64_t result = (a + b + carry) & width_mask(width), top = width * 8 - 1;
	uint64_t carries = (a & b) | ((a | b) & ~result); /* out of every bit */

	*ret_flags = (carries >> top & 1 ? FLAG_CF : 0) | ((a ^ b ^ result) & FLAG_AF) |
		     ((~(a ^ b) & (a ^ result)) >> top & 1 ? FLAG_OF : 0);
	return result;
}

/* The result of "a operation b"; what only compares returns a result that nobody stores. */
static uint64_t run(const struct mmio_insn *insn, uint64_t a, uint64_t b, uint64_t *flags)
{
	uint64_t result, now = 0;

	switch (insn->operation) {
	case MMIO_OP_ADD:
		result = add(insn->width, a, b, 0, &now);
		break;
	case MMIO_OP_SUB:
	case MMIO_OP_CMP:
		/* a + ~b + 1: where that carries nothing was borrowed. */
		result = add(insn->width, a, ~b, 1, &now);
		now ^= FLAG_CF | FLAG_AF;
		break;
	case MMIO_OP_OR:
		result = a | b;
		break;
	case MMIO_OP_AND:
	case MMIO_OP_TEST:
		result = a & b;
		break;
	case MMIO_OP_XOR:
		result = a ^ b;
		break;
	default: /* moves and exchanges, which leave the flags */
		return b;
	}
	now |= (result ? 0 : FLAG_ZF) | (result >> (insn->width * 8 - 1) ? FLAG_SF : 0) |
	       (__builtin_parity(result & 0xff) ? 0 : FLAG_PF);
	*flags = (*flags & ~FLAGS_ARITHMETIC) | now;
	return result;
}

/* Writes to 32 bits clear the upper half, narrower ones leave the rest. */
static void set_register(const struct mmio_insn *insn, uint64_t *reg, uint64_t value)
{
	uint64_t mask = width_mask(insn->reg_width), shift = insn->reg_shift;

	*reg = (insn->reg_width >= 4 ? 0 : *reg & ~(mask << shift)) | (value & mask) << shift;
}

uint64_t mmio_apply(const struct mmio_insn *insn, uint64_t data, uint64_t *reg, uint64_t *flags)
{
	uint64_t memory = data & width_mask(insn->width), sign = 1ull << (insn->width * 8 - 1);
	uint64_t operand = insn->has_immediate ? insn->immediate : *reg >> insn->reg_shift, result;

	operand &= width_mask(insn->reg_width);
	if (insn->sign_extends)
		memory = (memory ^ sign) - sign;
	result = insn->to_register ? run(insn, operand, memory, flags)
				   : run(insn, memory, operand, flags);
	if (insn->operation == MMIO_OP_XCHG)
		set_register(insn, reg, memory);
	else if (insn->to_register && insn->operation != MMIO_OP_CMP)
		set_register(insn, reg, result);
	return result;
}
