// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/logic/mmio_decode.h"

/* How the bytes behind an opcode are to be read. 0: it is not covered, or has no memory operand. */
#define FORM_RM	    (1u << 0) /* an operand by ModRM, which is memory */
#define FORM_TO_REG (1u << 1) /* the register is the destination */
#define FORM_IMM    (1u << 2) /* an immediate of the operand size, 4 bytes at most: no register */
#define FORM_IMM8   (1u << 3) /* ... an immediate byte, sign-extended */
#define FORM_MOFFS  (1u << 4) /* the address follows the opcode, the register is the accumulator */
#define FORM_EXTEND (1u << 5) /* memory narrower than the register: zero-extended */
#define FORM_SIGN   (1u << 6) /* ... sign-extended */

/* An even opcode stands for the odd one behind it as well. */
struct form {
	uint16_t opcode;
	uint8_t operation;
	uint8_t flags;
};

#define BEHIND_0F      0x100
#define OPCODE_MOVSXD  0x63
#define OPCODE_ALU_END 0x40

/* Where there is an immediate, ADD stands for all operations of the first eight. */
static const struct form forms[] = {
	{OPCODE_MOVSXD, MMIO_OP_MOV, FORM_RM | FORM_TO_REG | FORM_EXTEND | FORM_SIGN},
	{0x80, MMIO_OP_ADD, FORM_RM | FORM_IMM},
	{0x83, MMIO_OP_ADD, FORM_RM | FORM_IMM8},
	{0x84, MMIO_OP_TEST, FORM_RM},
	{0x86, MMIO_OP_XCHG, FORM_RM},
	{0x88, MMIO_OP_MOV, FORM_RM},
	{0x8a, MMIO_OP_MOV, FORM_RM | FORM_TO_REG},
	{0xa0, MMIO_OP_MOV, FORM_MOFFS | FORM_TO_REG},
	{0xa2, MMIO_OP_MOV, FORM_MOFFS},
	{0xc6, MMIO_OP_MOV, FORM_RM | FORM_IMM},
	{0xf6, MMIO_OP_TEST, FORM_RM | FORM_IMM},
	{BEHIND_0F | 0xb6, MMIO_OP_MOV, FORM_RM | FORM_TO_REG | FORM_EXTEND},
	{BEHIND_0F | 0xbe, MMIO_OP_MOV, FORM_RM | FORM_TO_REG | FORM_EXTEND | FORM_SIGN},
};

static struct form find_form(unsigned int opcode)
{
	/* From each eighth one on an operation: of memory, to a register, without memory. */
	static const uint8_t flags[4] = {FORM_RM, FORM_RM | FORM_TO_REG};

	if (opcode < OPCODE_ALU_END)
		return (struct form){opcode, opcode >> 3, flags[opcode >> 1 & 3]};
	for (unsigned int n = 0; n < sizeof(forms) / sizeof(forms[0]); n++) {
		if (forms[n].opcode == opcode || forms[n].opcode == (opcode & ~1u))
			return (struct form){opcode, forms[n].operation, forms[n].flags};
	}
	return (struct form){0};
}

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

struct decoder {
	const uint8_t *bytes;
	unsigned int count;    /* bytes there, MMIO_INSN_MAX at most */
	unsigned int position; /* of the next one */
	enum mmio_cpu_mode mode;
	bool operand_prefix, address_prefix, lock;
	uint8_t rex; /* 0: none */
	uint8_t modrm;
	/* Something was wrong. What is read after it is zeros, and of no importance. */
	bool failed;
};

static uint8_t next_byte(struct decoder *d)
{
	if (d->position < d->count)
		return d->bytes[d->position++];
	d->failed = true;
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

static bool take_prefix(struct decoder *d, struct mmio_insn *insn, uint8_t byte)
{
	if ((byte & 0xe7) == 0x26) /* ES, CS, SS, DS: without effect in 64-bit mode */
		insn->segment_prefix |= d->mode != MMIO_MODE_64;
	else if (byte == 0x64 || byte == 0x65)
		insn->segment_prefix = true;
	else if (byte == 0x66)
		d->operand_prefix = true;
	else if (byte == 0x67)
		d->address_prefix = true;
	else if (byte == 0xf0)
		d->lock = true;
	else
		return byte == 0xf2 || byte == 0xf3;
	return true;
}

/* Prefixes and opcode. REX counts only right before the opcode (APM vol. 3, 1.2.7). */
static struct form decode_opcode(struct decoder *d, struct mmio_insn *insn)
{
	uint8_t byte;

	for (;;) {
		byte = next_byte(d);
		if (take_prefix(d, insn, byte))
			d->rex = 0;
		else if (d->mode == MMIO_MODE_64 && (byte & 0xf0) == 0x40)
			d->rex = byte;
		else
			return find_form(byte == 0x0f ? BEHIND_0F | next_byte(d) : byte);
	}
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
	d->failed |= d->modrm >> 6 == 3; /* registers only */
	insn->reg = (d->modrm >> 3) & 7;
	if (address_size(d) == 2)
		decode_address_16(d, insn);
	else
		decode_address(d, insn);
}

static void decode_immediate(struct decoder *d, struct mmio_insn *insn, uint8_t flags)
{
	insn->has_immediate = true;
	insn->immediate = next_value(d, (flags & FORM_IMM8) ? 1
					: insn->width > 4   ? 4
							    : insn->width);
	/* The reg field of ModRM tells the operation: TEST has two numbers. */
	if (insn->operation == MMIO_OP_ADD)
		insn->operation = insn->reg;
	else
		d->failed |= insn->reg > (insn->operation == MMIO_OP_TEST);
}

static void set_register(const struct decoder *d, struct mmio_insn *insn)
{
	if (insn->reg_width == 1 && !d->rex && insn->reg >= 4) {
		insn->reg_shift = 8;
		insn->reg -= 4;
	}
	insn->reg |= (d->rex & REX_R) ? 8 : 0;
}

static void decode_operands(struct decoder *d, const struct form *form, struct mmio_insn *insn)
{
	unsigned int size = operand_size(d);

	insn->operation = form->operation;
	insn->to_register = form->flags & FORM_TO_REG;
	insn->sign_extends = form->flags & FORM_SIGN;
	insn->width = insn->reg_width = (form->opcode & 1) ? size : 1;
	if (form->flags & FORM_EXTEND) {
		insn->reg_width = size;
		insn->width = (form->opcode & 1) ? 2 : 1;
	}
	/* MOVSXD without REX.W only moves. */
	if (form->opcode == OPCODE_MOVSXD)
		insn->width = size == 8 ? 4 : size;
	if (form->flags & FORM_MOFFS)
		insn->displacement = next_value(d, address_size(d));
	else
		decode_modrm(d, insn);
	if (form->flags & (FORM_IMM | FORM_IMM8))
		decode_immediate(d, insn, form->flags);
	else
		set_register(d, insn);
}

bool mmio_decode(const uint8_t *bytes, unsigned int n, enum mmio_cpu_mode mode,
		 struct mmio_insn *ret_insn)
{
	struct decoder d = {
		.bytes = bytes,
		.count = n < MMIO_INSN_MAX ? n : MMIO_INSN_MAX,
		.mode = mode,
	};
	struct mmio_insn insn = {.base = MMIO_BASE_NONE, .index = MMIO_BASE_NONE};
	struct form form = decode_opcode(&d, &insn);

	if (!form.flags || (form.opcode == OPCODE_MOVSXD && mode != MMIO_MODE_64))
		return false;
	decode_operands(&d, &form, &insn);
	/* Elsewhere LOCK is an invalid opcode, which the processor says before any access. */
	if (d.lock && !(mmio_reads(&insn) && mmio_writes(&insn)))
		return false;
	if (d.failed || insn.operation == MMIO_OP_ADC || insn.operation == MMIO_OP_SBB)
		return false;
	insn.length = d.position;
	*ret_insn = insn;
	return true;
}

/* What a decoded instruction does to memory, register and flags once the data is there. */
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
static void put_register(const struct mmio_insn *insn, uint64_t *reg, uint64_t value)
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
		put_register(insn, reg, memory);
	else if (insn->to_register && insn->operation != MMIO_OP_CMP)
		put_register(insn, reg, result);
	return result;
}
