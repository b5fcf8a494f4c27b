// SPDX-License-Identifier: GPL-2.0-only
/*
 * Execution of decoded instructions against the processor that the test runs on: every operation at
 * every width with random operands and flags, results and flags compared.
 */
#include "arch/x86/logic/mmio_decode.h"

#include "tests/lib/random.h"
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
NATIVE_ALL(and, "%[y], %[x]")
NATIVE_ALL(sub, "%[y], %[x]")
NATIVE_ALL(xor, "%[y], %[x]")
NATIVE_ALL(cmp, "%[y], %[x]")
NATIVE_ALL(test, "%[y], %[x]")
NATIVE_ALL(mov, "%[y], %[x]")

struct operation {
	const char *name;
	enum mmio_operation operation;
	bool logic;	      /* AF is undefined */
	native_fn *native[4]; /* by binary logarithm of the width */
};

#define ROW(op, code, logic)                                                               \
	{                                                                                  \
#op, MMIO_OP_##code, logic,                                                \
		{                                                                          \
			native_##op##_1, native_##op##_2, native_##op##_4, native_##op##_8 \
		}                                                                          \
	}

static const struct operation operations[] = {
	ROW(add, ADD, false), ROW(or, OR, true),    ROW(and, AND, true),   ROW(sub, SUB, false),
	ROW(xor, XOR, true),  ROW(cmp, CMP, false), ROW(test, TEST, true), ROW(mov, MOV, false),
};

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
	uint64_t value = random_next(state);

	if (value & 1)
		value = edges[(value >> 8) % (sizeof(edges) / sizeof(edges[0]))] +
			(value >> 32) % 3 - 1;
	else
		value = random_next(state);
	return width == 8 ? value : value & ((1ull << (width * 8)) - 1);
}

static bool compares(const struct operation *o)
{
	return o->operation == MMIO_OP_CMP || o->operation == MMIO_OP_TEST;
}

/* Memory is the destination, the other operand a register or an immediate. */
static bool same_to_memory(const struct operation *o, unsigned int width, bool immediate,
			   uint64_t *random)
{
	uint64_t a = next_operand(random, width), b = next_operand(random, width);
	uint64_t before = immediate ? random_next(random) : b, reg = before;
	uint64_t flags = (random_next(random) & FLAGS_TRIED) | 2, native = flags, memory, result;
	struct mmio_insn insn = {
		.width = width,
		.reg_width = width,
		.operation = o->operation,
		.has_immediate = immediate,
		.immediate = b,
	};
	uint64_t mask = FLAGS_TRIED & ~(o->logic ? FLAG_AF : 0);

	result = o->native[__builtin_ctz(width)](a, b, &native);
	memory = mmio_apply(&insn, a, &reg, &flags);
	return mmio_writes(&insn) == !compares(o) && reg == before &&
	       (compares(o) || memory == result) && ((flags ^ native) & mask) == 0;
}

/* The register is the destination: add (%rbx), %eax. */
static bool same_to_register(const struct operation *o, unsigned int width, uint64_t *random)
{
	struct mmio_insn insn = {
		.width = width,
		.reg_width = width,
		.operation = o->operation,
		.to_register = true,
	};
	uint64_t a = next_operand(random, width), b = next_operand(random, width);
	uint64_t upper = width < 8 ? random_next(random) << (width * 8) : 0, reg = a | upper;
	uint64_t flags = (random_next(random) & FLAGS_TRIED) | 2, native = flags, result;
	uint64_t mask = FLAGS_TRIED & ~(o->logic ? FLAG_AF : 0);

	result = o->native[__builtin_ctz(width)](a, b, &native);
	if (width < 4)
		result |= upper;
	if (compares(o))
		result = reg;
	mmio_apply(&insn, b, &reg, &flags);
	return !mmio_writes(&insn) && mmio_reads(&insn) && reg == result &&
	       ((flags ^ native) & mask) == 0;
}

static void test_operation(struct tap *tap, const struct operation *o, unsigned int width,
			   uint64_t *random)
{
	unsigned int same_reg = 0, same_imm = 0, same_read = 0;
	bool has_read = o->operation != MMIO_OP_TEST;

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

static uint64_t read_into(const struct mmio_insn *insn, uint64_t reg, uint64_t data)
{
	uint64_t flags = 2;

	mmio_apply(insn, data, &reg, &flags);
	return reg;
}

static void test_extensions(struct tap *tap)
{
	struct mmio_insn insn = {
		.width = 1,
		.reg_width = 8,
		.operation = MMIO_OP_MOV,
		.sign_extends = true,
		.to_register = true,
	};
	const uint64_t reg = 0x1122334455667788;

	tap_is_u64(tap, read_into(&insn, reg, 0xabcd80), 0xffffffffffffff80,
		   "byte sign-extended to 64 bits");
	insn.reg_width = 4;
	tap_is_u64(tap, read_into(&insn, reg, 0x80), 0xffffff80,
		   "byte sign-extended to 32 bits clears the upper half");
	insn.reg_width = 2;
	tap_is_u64(tap, read_into(&insn, reg, 0x80), 0x112233445566ff80,
		   "byte sign-extended to 16 bits keeps the rest");
	insn.sign_extends = false;
	tap_is_u64(tap, read_into(&insn, reg, 0x80), 0x1122334455660080,
		   "byte zero-extended to 16 bits keeps the rest");
	insn.width = 2;
	insn.reg_width = 8;
	tap_is_u64(tap, read_into(&insn, reg, 0xffff8001), 0x8001, "word zero-extended to 64 bits");
	insn.width = 4;
	insn.sign_extends = true;
	tap_is_u64(tap, read_into(&insn, reg, 0x80000001), 0xffffffff80000001,
		   "double word sign-extended to 64 bits");
}

static void test_high_byte(struct tap *tap)
{
	struct mmio_insn insn = {
		.width = 1,
		.reg_width = 1,
		.reg_shift = 8,
		.operation = MMIO_OP_MOV,
		.to_register = true,
	};
	const uint64_t before = 0x1122334455667788;
	uint64_t reg = before, flags = 2;

	tap_is_u64(tap, read_into(&insn, reg, 0xee), 0x112233445566ee88,
		   "read into AH changes bits 15:8 only");
	insn.to_register = false;
	tap_is_u64(tap, mmio_apply(&insn, 0, &reg, &flags), 0x77, "write from AH takes bits 15:8");
	tap_is_u64(tap, reg, before, "write from AH leaves the register");
	insn.operation = MMIO_OP_XCHG;
	tap_ok(tap, mmio_apply(&insn, 0xee, &reg, &flags) == 0x77 && reg == 0x112233445566ee88,
	       "exchange with AH swaps bits 15:8");
}

static void test_exchange(struct tap *tap)
{
	struct mmio_insn insn = {
		.width = 4,
		.reg_width = 4,
		.operation = MMIO_OP_XCHG,
	};
	uint64_t reg = 0x1122334455667788, flags = 2 | FLAG_CF | FLAG_ZF;

	tap_ok(tap,
	       mmio_apply(&insn, 0xcafef00d, &reg, &flags) == 0x55667788 && mmio_reads(&insn) &&
		       mmio_writes(&insn),
	       "exchange writes the register's lower half");
	tap_is_u64(tap, reg, 0xcafef00d, "exchange of 32 bits clears the register's upper half");
	tap_is_u64(tap, flags, 2 | FLAG_CF | FLAG_ZF, "exchange leaves the flags");
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
	test_exchange(&tap);
	return tap_done(&tap);
}
