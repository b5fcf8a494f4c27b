/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86 instructions that access memory, as far as drivers use them on device registers: what a
 * trapped one wants to do, and what it does once the data is there. The trap tells the
 * address that was not reached; what the instruction says of it is told beside. Pure logic: no
 * state, callable anywhere.
 */
#ifndef MMIO_DECODE_H
#define MMIO_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define MMIO_INSN_MAX 15 /* bytes of the longest instruction */

/* Default size of addresses and operands: CS.L and CS.D with EFER.LMA. */
enum mmio_cpu_mode {
	MMIO_MODE_16,
	MMIO_MODE_32,
	MMIO_MODE_64,
};

enum mmio_operation {
	/* In the order that the opcodes have; those two are not covered. */
	MMIO_OP_ADD,
	MMIO_OP_OR,
	MMIO_OP_ADC,
	MMIO_OP_SBB,
	MMIO_OP_AND,
	MMIO_OP_SUB,
	MMIO_OP_XOR,
	MMIO_OP_CMP,

	MMIO_OP_MOV,
	MMIO_OP_TEST,
	MMIO_OP_XCHG,
};

#define MMIO_BASE_STACK 4 /* and 5: with RSP and RBP the segment is SS, else DS */
/* In place of a register in an address. */
#define MMIO_BASE_NONE	16
#define MMIO_BASE_RIP	17 /* of the next instruction */

struct mmio_insn {
	uint8_t length; /* bytes, prefixes included */
	uint8_t width;	/* bytes of memory accessed: 1, 2, 4, 8 */
	enum mmio_operation operation;
	bool to_register; /* the register is the first operand and the result, memory the second */

	/* The operand beside the memory: an immediate, or a register. */
	bool has_immediate;
	uint64_t immediate; /* sign-extended to 64 bits */
	uint8_t reg;	    /* 0-15 as encoded (0 = RAX, 4 = RSP) */
	uint8_t reg_shift;  /* 8: of AH, CH, DH, BH; else 0 */
	uint8_t reg_width;  /* bytes of the register operand: 1, 2, 4, 8 */
	bool sign_extends;  /* into a register wider than the memory; else with zeros */

	/* The address: base + (index << scale) + displacement, in a segment. */
	uint8_t base, index; /* register numbers, or MMIO_BASE_… */
	uint8_t scale;
	int64_t displacement;
	bool segment_prefix; /* FS or GS; outside 64-bit mode any */
};

static inline bool mmio_reads(const struct mmio_insn *insn)
{
	return insn->operation != MMIO_OP_MOV || insn->to_register;
}

static inline bool mmio_writes(const struct mmio_insn *insn)
{
	return !insn->to_register && insn->operation != MMIO_OP_CMP &&
	       insn->operation != MMIO_OP_TEST;
}

/*
 * Decodes the instruction at bytes, n of them. False, and *ret_insn not written: it does not access
 * memory, is not covered, or does not end there.
 */
bool mmio_decode(const uint8_t *bytes, unsigned int n, enum mmio_cpu_mode mode,
		 struct mmio_insn *ret_insn);

#define MMIO_OPCODE_STORE     0x89
#define MMIO_OPCODE_LOAD      0x8b
#define MMIO_OPCODE_IMMEDIATE 0xc7

/* What drivers mostly do: MOV of 32 bits, without prefixes but REX. */
struct mmio_plain {
	uint8_t length;
	uint8_t reg;
	bool read;
	bool has_immediate; /* in place of the register */
	int32_t immediate;
};

/* False where it is something else, or where bytes may be missing. */
static inline bool mmio_decode_plain(const uint8_t *bytes, unsigned int n, enum mmio_cpu_mode mode,
				     struct mmio_plain *ret_move)
{
	unsigned int length = 2, reg = 0, modrm, base;
	const uint8_t *start = bytes;

	if (n < MMIO_INSN_MAX || mode == MMIO_MODE_16)
		return false;
	if (mode == MMIO_MODE_64 && (*bytes & 0xf8) == 0x40) { /* W would make it 64 bits */
		reg = (*bytes++ & 4) << 1;
		length++;
	}
	modrm = bytes[1];
	base = modrm & 7;
	if (base == 4) {
		base = bytes[2] & 7;
		length++;
	}
	if (modrm >= 0xc0)
		return false;
	if (modrm >= 0x80 || (modrm < 0x40 && base == 5))
		length += 4;
	else
		length += modrm >> 6;
	ret_move->has_immediate = false;
	ret_move->read = *bytes == MMIO_OPCODE_LOAD;
	if (*bytes == MMIO_OPCODE_IMMEDIATE && !(modrm & 0x38)) {
		ret_move->has_immediate = true;
		__builtin_memcpy(&ret_move->immediate, start + length, 4);
		length += 4;
	} else if (*bytes != MMIO_OPCODE_STORE && !ret_move->read) {
		return false;
	}
	ret_move->reg = reg + ((modrm >> 3) & 7);
	ret_move->length = length;
	return true;
}

/*
 * Executes a decoded instruction, of whose operands data was read from memory. *reg is the whole
 * register insn->reg, *flags RFLAGS. Returns what is to be written to memory, where it writes. AF
 * is worked out where the manual defines it and cleared where it does not.
 */
uint64_t mmio_apply(const struct mmio_insn *insn, uint64_t data, uint64_t *reg, uint64_t *flags);

#endif /* MMIO_DECODE_H */
