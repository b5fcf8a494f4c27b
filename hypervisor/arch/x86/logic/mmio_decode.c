// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/logic/mmio_decode.h"

/* How the bytes behind an opcode are to be read. 0: the opcode is not covered. */
#define FORM_RM	    (1u << 0)  /* an operand by ModRM, which is memory */
#define FORM_TO_REG (1u << 1)  /* the register is the destination */
#define FORM_REG    (1u << 2)  /* the other operand is a register */
#define FORM_IMM    (1u << 3)  /* ... an immediate of the operand size, 4 bytes at most */
#define FORM_IMM8   (1u << 4)  /* ... an immediate byte, sign-extended */
#define FORM_GROUP  (1u << 5)  /* the operation is in the reg field of ModRM */
#define FORM_MOFFS  (1u << 6)  /* the address follows the opcode, the register is the accumulator */
#define FORM_EXTEND (1u << 7)  /* memory narrower than the register: zero-extended */
#define FORM_SIGN   (1u << 8)  /* ... sign-extended */
#define FORM_64	    (1u << 9)  /* only so in 64-bit mode */
#define FORM_NO_MEM (1u << 10) /* known not to access memory by an operand */

#define RM_REG	  (FORM_RM | FORM_REG)
#define REG_RM	  (RM_REG | FORM_TO_REG)
#define MOFFS_REG (FORM_MOFFS | FORM_REG)
#define GROUP	  (FORM_RM | FORM_GROUP)

enum group { GROUP_ALU, GROUP_MOV, GROUP_UNARY, GROUP_STEP, GROUP_COUNT };

/* Even opcodes have operands of one byte, odd ones of the operand size. */
struct form {
	uint16_t first, last;
	uint16_t flags;
	uint8_t operation; /* or group */
};

#define BEHIND_0F	0x100
#define OPCODE_MOVSXD	0x63
#define OPCODE_ALU_LAST 0x3f

/* Beside those of the eight operations in the order of their numbers, from 0 to 3f. */
static const struct form forms[] = {
	{OPCODE_MOVSXD, OPCODE_MOVSXD, REG_RM | FORM_EXTEND | FORM_SIGN | FORM_64, MMIO_OP_MOV},
	{0x80, 0x81, GROUP | FORM_IMM, GROUP_ALU},
	{0x83, 0x83, GROUP | FORM_IMM8, GROUP_ALU},
	{0x84, 0x85, RM_REG, MMIO_OP_TEST},
	{0x86, 0x87, RM_REG, MMIO_OP_XCHG},
	{0x88, 0x89, RM_REG, MMIO_OP_MOV},
	{0x8a, 0x8b, REG_RM, MMIO_OP_MOV},
	{0xa0, 0xa1, MOFFS_REG | FORM_TO_REG, MMIO_OP_MOV},
	{0xa2, 0xa3, MOFFS_REG, MMIO_OP_MOV},
	{0xc6, 0xc7, GROUP | FORM_IMM, GROUP_MOV},
	{0xf6, 0xf7, GROUP, GROUP_UNARY},
	{0xfe, 0xff, GROUP, GROUP_STEP},
	{BEHIND_0F | 0xb6, BEHIND_0F | 0xb7, REG_RM | FORM_EXTEND, MMIO_OP_MOV},
	{BEHIND_0F | 0xbe, BEHIND_0F | 0xbf, REG_RM | FORM_EXTEND | FORM_SIGN, MMIO_OP_MOV},
};

static struct form find_form(unsigned int opcode)
{
	static const uint16_t alu[8] = {RM_REG, RM_REG, REG_RM, REG_RM, FORM_NO_MEM, FORM_NO_MEM};

	for (unsigned int n = 0; n < sizeof(forms) / sizeof(forms[0]); n++) {
		if (forms[n].first <= opcode && opcode <= forms[n].last)
			return forms[n];
	}
	/* MMIO_OP_ADD to MMIO_OP_CMP. */
	return (struct form){.flags = opcode <= OPCODE_ALU_LAST ? alu[opcode & 7] : 0,
			     .operation = opcode >> 3};
}

#define NO_OPERATION 0xff

/* By the reg field of ModRM. */
static const uint8_t group_operations[GROUP_COUNT][8] = {
	[GROUP_ALU] = {MMIO_OP_ADD, MMIO_OP_OR, MMIO_OP_ADC, MMIO_OP_SBB, MMIO_OP_AND, MMIO_OP_SUB,
		       MMIO_OP_XOR, MMIO_OP_CMP},
	[GROUP_MOV] = {MMIO_OP_MOV, [1 ... 7] = NO_OPERATION},
	[GROUP_UNARY] = {MMIO_OP_TEST, MMIO_OP_TEST, MMIO_OP_NOT, MMIO_OP_NEG,
			 [4 ... 7] = NO_OPERATION},
	[GROUP_STEP] = {MMIO_OP_INC, MMIO_OP_DEC, [2 ... 7] = NO_OPERATION},
};

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

struct decoder {
	const uint8_t *bytes;
	unsigned int count;    /* bytes there, MMIO_INSN_MAX at most */
	unsigned int position; /* of the next one */
	enum mmio_cpu_mode mode;
	bool operand_prefix, address_prefix, segment_prefix, lock;
	uint8_t rex; /* 0: none */
	uint8_t modrm;
	unsigned int opcode;
	struct form form;
	/* The first thing that was wrong. What is read after it is zeros, and of no importance. */
	enum mmio_decode_result result;
};

static void stop(struct decoder *d, enum mmio_decode_result why)
{
	if (d->result == MMIO_DECODE_OK)
		d->result = why;
}

static uint8_t next_byte(struct decoder *d)
{
	if (d->position < d->count)
		return d->bytes[d->position++];
	/* The processor refuses what is longer. */
	stop(d, d->position < MMIO_INSN_MAX ? MMIO_DECODE_TRUNCATED : MMIO_DECODE_UNKNOWN);
	return 0;
}

/* Little-endian, sign-extended. */
static uint64_t next_value(struct decoder *d, unsigned int size)
{
	uint64_t value = 0, sign = size ? 1ull << (size * 8 - 1) : 0;

	for (unsigned int n = 0; n < size; n++)
		value |= (uint64_t)next_byte(d) << (n * 8);
	return (value ^ sign) - sign;
}

static unsigned int address_size(const struct decoder *d)
{
	if (d->mode == MMIO_MODE_64)
		return d->address_prefix ? 4 : 8;
	return (d->mode == MMIO_MODE_16) == d->address_prefix ? 4 : 2;
}

static unsigned int operand_size(const struct decoder *d)
{
	if (d->rex & REX_W)
		return 8;
	return (d->mode == MMIO_MODE_16) == d->operand_prefix ? 4 : 2;
}

static bool take_prefix(struct decoder *d, uint8_t byte)
{
	switch (byte) {
	case 0x64:
	case 0x65:
		d->segment_prefix = true;
		return true;
	case 0x66:
		d->operand_prefix = true;
		return true;
	case 0x67:
		d->address_prefix = true;
		return true;
	case 0xf0:
		d->lock = true;
		return true;
	case 0x26: /* without effect in 64-bit mode */
	case 0x2e:
	case 0x36:
	case 0x3e:
		d->segment_prefix |= d->mode != MMIO_MODE_64;
		return true;
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return false;
	}
}

/* Prefixes and opcode. REX counts only right before the opcode (APM vol. 3, 1.2.7). */
static void decode_opcode(struct decoder *d)
{
	uint8_t byte;

	for (;;) {
		byte = next_byte(d);
		if (take_prefix(d, byte))
			d->rex = 0;
		else if (d->mode == MMIO_MODE_64 && (byte & 0xf0) == 0x40)
			d->rex = byte;
		else
			break;
	}
	d->opcode = byte == 0x0f ? BEHIND_0F | next_byte(d) : byte;
	d->form = find_form(d->opcode);
	if (!d->form.flags || ((d->form.flags & FORM_64) && d->mode != MMIO_MODE_64))
		stop(d, MMIO_DECODE_UNKNOWN);
	if (d->form.flags & FORM_NO_MEM)
		stop(d, MMIO_DECODE_NO_MEMORY);
}

/* APM vol. 3, 1.4 and appendix A.3. */
static void decode_address_16(struct decoder *d, struct mmio_insn *insn)
{
	static const uint8_t bases[8] = {3, 3, 5, 5, 6, 7, 5, 3};
	static const uint8_t indices[4] = {6, 7, 6, 7};
	unsigned int mod = d->modrm >> 6, rm = d->modrm & 7;

	if (mod == 0 && rm == 6) {
		insn->displacement = next_value(d, 2);
		return;
	}
	insn->base = bases[rm];
	if (rm < 4)
		insn->index = indices[rm];
	insn->displacement = next_value(d, mod);
}

static void decode_address(struct decoder *d, struct mmio_insn *insn)
{
	unsigned int mod = d->modrm >> 6, base = d->modrm & 7, index;
	bool sib = base == 4;
	uint8_t byte;

	if (sib) {
		byte = next_byte(d);
		base = byte & 7;
		index = ((byte >> 3) & 7) | ((d->rex & REX_X) ? 8 : 0);
		insn->index = index == 4 ? MMIO_BASE_NONE : index;
		insn->scale = byte >> 6;
	}
	if (mod != 0 || base != 5)
		insn->base = base | ((d->rex & REX_B) ? 8 : 0);
	else if (!sib && d->mode == MMIO_MODE_64)
		insn->base = MMIO_BASE_RIP;
	insn->displacement = next_value(d, mod == 2 || (mod == 0 && base == 5) ? 4 : mod);
}

static void decode_modrm(struct decoder *d, struct mmio_insn *insn)
{
	d->modrm = next_byte(d);
	if (d->form.flags & FORM_GROUP) {
		d->form.operation = group_operations[d->form.operation][(d->modrm >> 3) & 7];
		if (d->form.operation == NO_OPERATION)
			stop(d, MMIO_DECODE_UNKNOWN);
		/* The only one of its group with an immediate. */
		if (d->form.operation == MMIO_OP_TEST)
			d->form.flags |= FORM_IMM;
	}
	if ((d->modrm >> 6) == 3)
		stop(d, MMIO_DECODE_NO_MEMORY);
	if (address_size(d) == 2)
		decode_address_16(d, insn);
	else
		decode_address(d, insn);
}

static void set_register(const struct decoder *d, struct mmio_insn *insn)
{
	uint32_t flags = d->form.flags;

	insn->operand = MMIO_OPERAND_REGISTER;
	/* A narrow memory operand that is extended has a register of the operand size. */
	insn->reg_width = (flags & FORM_EXTEND) ? operand_size(d) : insn->width;
	if (flags & FORM_RM)
		insn->reg = ((d->modrm >> 3) & 7) | ((d->rex & REX_R) ? 8 : 0);
	if (insn->reg_width == 1 && !d->rex && insn->reg >= 4) {
		insn->high_byte = true;
		insn->reg -= 4;
	}
}

static uint8_t memory_width(const struct decoder *d)
{
	unsigned int size = operand_size(d);

	if (!(d->opcode & 1))
		return 1;
	if (d->opcode & BEHIND_0F)
		return 2;
	/* MOVSXD without REX.W only moves. */
	return d->opcode == OPCODE_MOVSXD && size == 8 ? 4 : size;
}

static enum mmio_access access_of(const struct decoder *d)
{
	if (d->form.operation == MMIO_OP_CMP || d->form.operation == MMIO_OP_TEST)
		return MMIO_COMPARE;
	if (d->form.flags & FORM_TO_REG)
		return MMIO_READ;
	return d->form.operation == MMIO_OP_MOV ? MMIO_WRITE : MMIO_UPDATE;
}

static void decode_operands(struct decoder *d, struct mmio_insn *insn)
{
	unsigned int size;

	if (d->form.flags & FORM_RM)
		decode_modrm(d, insn);
	else if (d->form.flags & FORM_MOFFS)
		insn->displacement = next_value(d, address_size(d));
	insn->width = memory_width(d);
	if (d->form.flags & (FORM_IMM8 | FORM_IMM)) {
		size = (d->form.flags & FORM_IMM8) ? 1 : insn->width > 4 ? 4 : insn->width;
		insn->immediate = next_value(d, size);
		insn->operand = MMIO_OPERAND_IMMEDIATE;
	}
	if (d->form.flags & FORM_REG)
		set_register(d, insn);
}

enum mmio_decode_result mmio_decode(const uint8_t *bytes, unsigned int n, enum mmio_cpu_mode mode,
				    struct mmio_insn *ret_insn)
{
	struct decoder d = {
		.bytes = bytes,
		.count = n < MMIO_INSN_MAX ? n : MMIO_INSN_MAX,
		.mode = mode,
	};
	struct mmio_insn insn = {.base = MMIO_BASE_NONE, .index = MMIO_BASE_NONE};

	decode_opcode(&d);
	decode_operands(&d, &insn);
	insn.access = access_of(&d);
	/* Elsewhere the prefix is an invalid opcode, which the processor says before any access. */
	if (d.lock && insn.access != MMIO_UPDATE)
		stop(&d, MMIO_DECODE_UNKNOWN);
	if (d.result != MMIO_DECODE_OK)
		return d.result;
	insn.operation = d.form.operation;
	insn.to_register = d.form.flags & FORM_TO_REG;
	insn.sign_extends = d.form.flags & FORM_SIGN;
	insn.segment_prefix = d.segment_prefix;
	insn.length = d.position;
	*ret_insn = insn;
	return MMIO_DECODE_OK;
}
