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

static uint64_t register_value(const struct mmio_insn *insn, uint64_t reg)
{
	return (insn->high_byte ? reg >> 8 : reg) & width_mask(insn->reg_width);
}

/* Writes to 32 bits clear the upper half, narrower ones leave the rest. */
static uint64_t register_merge(const struct mmio_insn *insn, uint64_t reg, uint64_t value)
{
	uint64_t mask = width_mask(insn->reg_width);

	if (insn->reg_width >= 4)
		return value & mask;
	if (insn->high_byte)
		return (reg & ~(mask << 8)) | (value & mask) << 8;
	return (reg & ~mask) | (value & mask);
}

static uint64_t extend(const struct mmio_insn *insn, uint64_t value)
{
	uint64_t sign = 1ull << (insn->width * 8 - 1);

	return insn->sign_extends ? (value ^ sign) - sign : value;
}

/* ZF, SF, PF: what the result alone tells. */
static uint64_t result_flags(uint64_t result, unsigned int width)
{
	uint64_t flags = 0;

	if (result == 0)
		flags |= FLAG_ZF;
	if (result >> (width * 8 - 1))
		flags |= FLAG_SF;
	if (!__builtin_parity(result & 0xff))
		flags |= FLAG_PF;
	return flags;
}

struct alu {
	unsigned int width;
	uint64_t flags; /* before, then after */
};

static void set_flags(struct alu *alu, uint64_t affected, uint64_t flags)
{
	alu->flags = (alu->flags & ~affected) | (flags & affected);
}

static uint64_t alu_add(struct alu *alu, uint64_t a, uint64_t b, uint64_t carry, uint64_t affected)
{
	uint64_t result = (a + b + carry) & width_mask(alu->width);
	uint64_t carries = (a & b) | ((a | b) & ~result); /* out of every bit */
	uint64_t top = alu->width * 8 - 1, flags = result_flags(result, alu->width);

	if (carries >> top & 1)
		flags |= FLAG_CF;
	if ((~(a ^ b) & (a ^ result)) >> top & 1)
		flags |= FLAG_OF;
	set_flags(alu, affected, flags | ((a ^ b ^ result) & FLAG_AF));
	return result;
}

/* a - b is a + ~b + 1; where that carries nothing was borrowed. */
static uint64_t alu_sub(struct alu *alu, uint64_t a, uint64_t b, uint64_t borrow, uint64_t affected)
{
	uint64_t result = alu_add(alu, a, ~b, !borrow, affected);

	alu->flags ^= affected & (FLAG_CF | FLAG_AF);
	return result;
}

static uint64_t alu_logic(struct alu *alu, uint64_t result)
{
	set_flags(alu, FLAGS_ARITHMETIC, result_flags(result, alu->width));
	return result;
}

/* The result of "a operation b"; what only compares returns a result that nobody stores. */
static uint64_t alu_run(struct alu *alu, enum mmio_operation operation, uint64_t a, uint64_t b)
{
	uint64_t carry = alu->flags & FLAG_CF;

	switch (operation) {
	case MMIO_OP_ADD:
		return alu_add(alu, a, b, 0, FLAGS_ARITHMETIC);
	case MMIO_OP_ADC:
		return alu_add(alu, a, b, carry, FLAGS_ARITHMETIC);
	case MMIO_OP_INC:
		return alu_add(alu, a, 1, 0, FLAGS_ARITHMETIC & ~FLAG_CF);
	case MMIO_OP_SUB:
	case MMIO_OP_CMP:
		return alu_sub(alu, a, b, 0, FLAGS_ARITHMETIC);
	case MMIO_OP_SBB:
		return alu_sub(alu, a, b, carry, FLAGS_ARITHMETIC);
	case MMIO_OP_DEC:
		return alu_sub(alu, a, 1, 0, FLAGS_ARITHMETIC & ~FLAG_CF);
	case MMIO_OP_NEG:
		return alu_sub(alu, 0, a, 0, FLAGS_ARITHMETIC);
	case MMIO_OP_OR:
		return alu_logic(alu, a | b);
	case MMIO_OP_AND:
	case MMIO_OP_TEST:
		return alu_logic(alu, a & b);
	case MMIO_OP_XOR:
		return alu_logic(alu, a ^ b);
	case MMIO_OP_NOT:
		return ~a & width_mask(alu->width);
	case MMIO_OP_MOV:
	case MMIO_OP_XCHG:
		return b;
	}
	return a;
}

void mmio_apply(const struct mmio_insn *insn, uint64_t reg, uint64_t data, uint64_t flags,
		struct mmio_effect *ret_effect)
{
	struct mmio_effect effect = {.reg = reg};
	struct alu alu = {.width = insn->width, .flags = flags};
	uint64_t operand, result;

	data &= width_mask(insn->width);
	operand = insn->operand == MMIO_OPERAND_REGISTER
			  ? register_value(insn, reg)
			  : insn->immediate & width_mask(insn->width);
	if (insn->to_register)
		result = alu_run(&alu, insn->operation, operand, data);
	else
		result = alu_run(&alu, insn->operation, data, operand);

	effect.writes_memory = insn->access != MMIO_READ && insn->access != MMIO_COMPARE;
	effect.writes_register = insn->access == MMIO_READ || insn->operation == MMIO_OP_XCHG;
	if (effect.writes_memory)
		effect.memory = result;
	if (insn->access == MMIO_READ)
		effect.reg = register_merge(insn, reg, extend(insn, result));
	else if (insn->operation == MMIO_OP_XCHG)
		effect.reg = register_merge(insn, reg, data);
	effect.flags = alu.flags;
	*ret_effect = effect;
}
