// SPDX-License-Identifier: GPL-2.0-only
/*
 * Execution of decoded instructions against the processor that the test runs on: every operation at
 * every width with random operands and flags, results and flags compared.
 */
#include "arch/x86/logic/mmio_decode.h"

#include "tests/lib/tap.h"

#define FLAG_CF	    0x001ull
#define FLAG_AF	    0x010ull
#define FLAG_ZF	    0x040ull
#define FLAGS_TRIED 0x8d5ull /* OF SF ZF AF PF CF */
#define ROUNDS	    4000

/* Runs "instruction b, a" with the flags given; returns a. Built without a red zone: it pushes. */
typedef uint64_t native_fn(uint64_t a, uint64_t b, uint64_t *flags);

#define NATIVE(name, instruction, type)                                                      \
	static uint64_t name(uint64_t a, uint64_t b, uint64_t *flags)                        \
	{                                                                                    \
		type x = (type)a, y = (type)b;                                               \
		uint64_t f = *flags;                                                         \
                                                                                             \
		asm volatile("pushq %[f]\n\tpopfq\n\t" instruction "\n\tpushfq\n\tpopq %[f]" \
			     : [x] "+r"(x), [y] "+r"(y), [f] "+r"(f)                         \
			     :                                                               \
			     : "cc", "memory");                                              \
		*flags = f;                                                                  \
		return x;                                                                    \
	}

#define NATIVE_ALL(op, operands)                            \
	NATIVE(native_##op##_1, #op " " operands, uint8_t)  \
	NATIVE(native_##op##_2, #op " " operands, uint16_t) \
	NATIVE(native_##op##_4, #op " " operands, uint32_t) \
	NATIVE(native_##op##_8, #op " " operands, uint64_t)

NATIVE_ALL(add, "%[y], %[x]")
NATIVE_ALL(or, "%[y], %[x]")
NATIVE_ALL(adc, "%[y], %[x]")
NATIVE_ALL(sbb, "%[y], %[x]")
NATIVE_ALL(and, "%[y], %[x]")
NATIVE_ALL(sub, "%[y], %[x]")
NATIVE_ALL(xor, "%[y], %[x]")
NATIVE_ALL(cmp, "%[y], %[x]")
NATIVE_ALL(test, "%[y], %[x]")
NATIVE_ALL(mov, "%[y], %[x]")
NATIVE_ALL(inc, "%[x]")
NATIVE_ALL(dec, "%[x]")
NATIVE_ALL(not, "%[x]")
NATIVE_ALL(neg, "%[x]")

struct operation {
	const char *name;
	enum mmio_operation operation;
	enum mmio_access access;
	bool logic;	      /* AF is undefined */
	native_fn *native[4]; /* by binary logarithm of the width */
};

#define ROW(op, code, access, logic)                                                       \
	{                                                                                  \
#op, MMIO_OP_##code, access, logic,                                        \
		{                                                                          \
			native_##op##_1, native_##op##_2, native_##op##_4, native_##op##_8 \
		}                                                                          \
	}

static const struct operation operations[] = {
	ROW(add, ADD, MMIO_UPDATE, false),   ROW(or, OR, MMIO_UPDATE, true),
	ROW(adc, ADC, MMIO_UPDATE, false),   ROW(sbb, SBB, MMIO_UPDATE, false),
	ROW(and, AND, MMIO_UPDATE, true),    ROW(sub, SUB, MMIO_UPDATE, false),
	ROW(xor, XOR, MMIO_UPDATE, true),    ROW(cmp, CMP, MMIO_COMPARE, false),
	ROW(test, TEST, MMIO_COMPARE, true), ROW(mov, MOV, MMIO_WRITE, false),
	ROW(inc, INC, MMIO_UPDATE, false),   ROW(dec, DEC, MMIO_UPDATE, false),
	ROW(not, NOT, MMIO_UPDATE, false),   ROW(neg, NEG, MMIO_UPDATE, false),
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Half of the time something near an edge, where carries and signs happen. */
static uint64_t next_operand(uint64_t *state, unsigned int width)
{
	static const uint64_t edges[] = {0,
					 1,
					 0x7f,
					 0x80,
					 0xff,
					 0x7fff,
					 0x8000,
					 0xffff,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x7fffffffffffffff,
					 0x8000000000000000,
					 ~0ull};
	uint64_t value = next_random(state);

	if (value & 1)
		value = edges[(value >> 8) % (sizeof(edges) / sizeof(edges[0]))] +
			(value >> 32) % 3 - 1;
	else
		value = next_random(state);
	return width == 8 ? value : value & ((1ull << (width * 8)) - 1);
}

static bool is_unary(enum mmio_operation operation)
{
	return operation == MMIO_OP_INC || operation == MMIO_OP_DEC || operation == MMIO_OP_NOT ||
	       operation == MMIO_OP_NEG;
}

/* Memory is the destination, the other operand a register or an immediate. */
static bool same_to_memory(const struct operation *o, unsigned int width, bool immediate,
			   uint64_t *random)
{
	struct mmio_insn insn = {
		.width = width,
		.reg_width = width,
		.access = o->access,
		.operation = o->operation,
	};
	uint64_t a = next_operand(random, width), b = next_operand(random, width), reg = b;
	uint64_t flags = next_random(random) & FLAGS_TRIED, native = flags | 2, mask, result;
	struct mmio_effect effect;

	if (!is_unary(o->operation)) {
		insn.operand = immediate ? MMIO_OPERAND_IMMEDIATE : MMIO_OPERAND_REGISTER;
		insn.immediate = b;
	}
	result = o->native[__builtin_ctz(width)](a, b, &native);
	mmio_apply(&insn, reg, a, flags | 2, &effect);
	mask = FLAGS_TRIED & ~(o->logic ? FLAG_AF : 0);
	return effect.writes_memory == (o->access != MMIO_COMPARE) && !effect.writes_register &&
	       effect.reg == reg && (!effect.writes_memory || effect.memory == result) &&
	       ((effect.flags ^ native) & mask) == 0;
}

/* The register is the destination: add (%rbx), %eax. */
static bool same_to_register(const struct operation *o, unsigned int width, uint64_t *random)
{
	bool compares = o->access == MMIO_COMPARE;
	struct mmio_insn insn = {
		.width = width,
		.reg_width = width,
		.access = compares ? MMIO_COMPARE : MMIO_READ,
		.operation = o->operation,
		.operand = MMIO_OPERAND_REGISTER,
		.to_register = true,
	};
	uint64_t a = next_operand(random, width), b = next_operand(random, width);
	uint64_t upper = width < 8 ? next_random(random) << (width * 8) : 0;
	uint64_t flags = next_random(random) & FLAGS_TRIED, native = flags | 2, result;
	uint64_t mask = FLAGS_TRIED & ~(o->logic ? FLAG_AF : 0);
	struct mmio_effect effect;

	result = o->native[__builtin_ctz(width)](a, b, &native);
	if (width < 4)
		result |= upper;
	if (compares)
		result = a | upper;
	mmio_apply(&insn, a | upper, b, flags | 2, &effect);
	return !effect.writes_memory && effect.writes_register == !compares &&
	       effect.reg == result && ((effect.flags ^ native) & mask) == 0;
}

static void test_operation(struct tap *tap, const struct operation *o, unsigned int width,
			   uint64_t *random)
{
	unsigned int same_reg = 0, same_imm = 0, same_read = 0;
	bool has_read = !is_unary(o->operation) && o->operation != MMIO_OP_TEST;

	for (unsigned int n = 0; n < ROUNDS; n++) {
		same_reg += same_to_memory(o, width, false, random);
		same_imm += same_to_memory(o, width, true, random);
		if (has_read)
			same_read += same_to_register(o, width, random);
	}
	tap_is_u64(tap, same_reg, ROUNDS, "%s register, memory of %u bytes", o->name, width);
	tap_is_u64(tap, same_imm, ROUNDS, "%s immediate, memory of %u bytes", o->name, width);
	if (has_read)
		tap_is_u64(tap, same_read, ROUNDS, "%s memory of %u bytes, register", o->name,
			   width);
}

static void test_extensions(struct tap *tap)
{
	struct mmio_insn insn = {
		.width = 1,
		.reg_width = 8,
		.access = MMIO_READ,
		.operation = MMIO_OP_MOV,
		.operand = MMIO_OPERAND_REGISTER,
		.sign_extends = true,
		.to_register = true,
	};
	const uint64_t reg = 0x1122334455667788;
	struct mmio_effect effect;

	mmio_apply(&insn, reg, 0xabcd80, 2, &effect);
	tap_is_u64(tap, effect.reg, 0xffffffffffffff80, "byte sign-extended to 64 bits");
	insn.reg_width = 4;
	mmio_apply(&insn, reg, 0x80, 2, &effect);
	tap_is_u64(tap, effect.reg, 0xffffff80,
		   "byte sign-extended to 32 bits clears the upper half");
	insn.reg_width = 2;
	mmio_apply(&insn, reg, 0x80, 2, &effect);
	tap_is_u64(tap, effect.reg, 0x112233445566ff80,
		   "byte sign-extended to 16 bits keeps the rest");
	insn.sign_extends = false;
	mmio_apply(&insn, reg, 0x80, 2, &effect);
	tap_is_u64(tap, effect.reg, 0x1122334455660080,
		   "byte zero-extended to 16 bits keeps the rest");
	insn.width = 2;
	insn.reg_width = 8;
	mmio_apply(&insn, reg, 0xffff8001, 2, &effect);
	tap_is_u64(tap, effect.reg, 0x8001, "word zero-extended to 64 bits");
	insn.width = 4;
	insn.sign_extends = true;
	mmio_apply(&insn, reg, 0x80000001, 2, &effect);
	tap_is_u64(tap, effect.reg, 0xffffffff80000001, "double word sign-extended to 64 bits");
}

static void test_high_byte(struct tap *tap)
{
	struct mmio_insn insn = {
		.width = 1,
		.reg_width = 1,
		.high_byte = true,
		.access = MMIO_READ,
		.operation = MMIO_OP_MOV,
		.operand = MMIO_OPERAND_REGISTER,
		.to_register = true,
	};
	const uint64_t reg = 0x1122334455667788;
	struct mmio_effect effect;

	mmio_apply(&insn, reg, 0xee, 2, &effect);
	tap_is_u64(tap, effect.reg, 0x112233445566ee88, "read into AH changes bits 15:8 only");
	insn.access = MMIO_WRITE;
	insn.to_register = false;
	mmio_apply(&insn, reg, 0, 2, &effect);
	tap_is_u64(tap, effect.memory, 0x77, "write from AH takes bits 15:8");
	tap_ok(tap, effect.writes_memory && !effect.writes_register && effect.reg == reg,
	       "write from AH leaves the register");
	insn.access = MMIO_UPDATE;
	insn.operation = MMIO_OP_XCHG;
	mmio_apply(&insn, reg, 0xee, 2, &effect);
	tap_ok(tap, effect.memory == 0x77 && effect.reg == 0x112233445566ee88,
	       "exchange with AH swaps bits 15:8");
}

static void test_exchange_and_copy(struct tap *tap)
{
	struct mmio_insn insn = {
		.width = 4,
		.reg_width = 4,
		.access = MMIO_UPDATE,
		.operation = MMIO_OP_XCHG,
		.operand = MMIO_OPERAND_REGISTER,
	};
	struct mmio_effect effect;

	mmio_apply(&insn, 0x1122334455667788, 0xcafef00d, 2 | FLAG_CF | FLAG_ZF, &effect);
	tap_ok(tap, effect.writes_memory && effect.memory == 0x55667788,
	       "exchange writes the register's lower half");
	tap_ok(tap, effect.writes_register && effect.reg == 0xcafef00d,
	       "exchange of 32 bits clears the register's upper half");
	tap_is_u64(tap, effect.flags, 2 | FLAG_CF | FLAG_ZF, "exchange leaves the flags");
}

int main(void)
{
	uint64_t random = 0x9e3779b97f4a7c15;
	struct tap tap = {0};

	for (unsigned int n = 0; n < sizeof(operations) / sizeof(operations[0]); n++) {
		for (unsigned int width = 1; width <= 8; width *= 2)
			test_operation(&tap, &operations[n], width, &random);
	}
	test_extensions(&tap);
	test_high_byte(&tap);
	test_exchange_and_copy(&tap);
	return tap_done(&tap);
}
