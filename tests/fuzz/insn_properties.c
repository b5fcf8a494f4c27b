// SPDX-License-Identifier: GPL-2.0-only
#include "insn_properties.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition, text)       \
	do {                           \
		if (!(condition))      \
			return (text); \
	} while (0)

static bool is_width(unsigned int width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static const char *look_at_insn(const struct mmio_insn *insn, unsigned int size,
				enum mmio_cpu_mode mode)
{
	REQUIRE(insn->length > 0 && insn->length <= size && insn->length <= MMIO_INSN_MAX,
		"impossible length");
	REQUIRE(is_width(insn->width), "impossible width of memory");
	REQUIRE(insn->width < 8 || mode == MMIO_MODE_64, "64 bits outside 64-bit mode");
	REQUIRE(insn->base <= MMIO_BASE_RIP && insn->index <= MMIO_BASE_NONE && insn->scale <= 3,
		"impossible address");
	REQUIRE(mode == MMIO_MODE_64 || (insn->base != MMIO_BASE_RIP && (insn->base & 0xf) < 8),
		"address by a register that is not there");
	if (insn->operand != MMIO_OPERAND_REGISTER)
		return NULL;
	REQUIRE(is_width(insn->reg_width) && insn->reg_width >= insn->width,
		"impossible width of the register");
	REQUIRE(insn->reg < (mode == MMIO_MODE_64 ? 16 : 8), "register that is not there");
	REQUIRE(!insn->high_byte || (insn->reg < 4 && insn->reg_width == 1),
		"upper byte of a register that has none");
	return NULL;
}

static const char *look_at_effect(const struct mmio_insn *insn)
{
	const uint64_t arithmetic = 0x8d5;
	const uint64_t reg = 0x8877665544332211, data = 0x99aabbccddeeff00, flags = 0x10246;
	struct mmio_effect effect;

	mmio_apply(insn, reg, data, flags, &effect);
	REQUIRE(((effect.flags ^ flags) & ~arithmetic) == 0, "flags other than arithmetic change");
	REQUIRE(effect.writes_register || effect.reg == reg, "register changes unannounced");
	REQUIRE(effect.writes_memory == (insn->access != MMIO_READ && insn->access != MMIO_COMPARE),
		"memory written by a read, or not by a write");
	REQUIRE(!effect.writes_memory || insn->width == 8 ||
			effect.memory >> (insn->width * 8) == 0,
		"memory written beyond the width");
	return NULL;
}

/* The instruction ends where it says: one byte less is too few, what follows does not matter. */
static const char *look_at_ends(const uint8_t *bytes, const struct mmio_insn *insn,
				enum mmio_cpu_mode mode)
{
	struct mmio_insn again;

	memset(&again, 0, sizeof(again));
	REQUIRE(mmio_decode(bytes, insn->length, mode, &again) == MMIO_DECODE_OK &&
			again.length == insn->length && again.immediate == insn->immediate &&
			again.access == insn->access && again.operation == insn->operation,
		"another instruction without what follows it");
	REQUIRE(mmio_decode(bytes, insn->length - 1, mode, &again) == MMIO_DECODE_TRUNCATED,
		"complete without its last byte");
	return NULL;
}

/* The short way, where it is taken, tells the same as the long one. */
static const char *look_at_plain(const uint8_t *bytes, unsigned int size, enum mmio_cpu_mode mode,
				 enum mmio_decode_result result, const struct mmio_insn *insn)
{
	struct mmio_plain plain;

	memset(&plain, 0, sizeof(plain));
	if (!mmio_decode_plain(bytes, size, mode, &plain))
		return NULL;
	REQUIRE(result == MMIO_DECODE_OK, "decoded the short way only");
	REQUIRE(insn->operation == MMIO_OP_MOV && insn->width == 4 &&
			plain.length == insn->length &&
			insn->access == (plain.read ? MMIO_READ : MMIO_WRITE),
		"another instruction the short way");
	REQUIRE(plain.has_immediate ? insn->operand == MMIO_OPERAND_IMMEDIATE &&
					      plain.immediate == (int64_t)insn->immediate
				    : insn->operand == MMIO_OPERAND_REGISTER &&
					      insn->reg_width == 4 && plain.reg == insn->reg,
		"another operand the short way");
	return NULL;
}

enum mmio_decode_result insn_try(const uint8_t *bytes, unsigned int size, enum mmio_cpu_mode mode,
				 const char **ret_broken)
{
	enum mmio_decode_result result;
	uint8_t *copy = malloc(size + 1);
	struct mmio_insn insn;

	if (!copy)
		abort();
	memcpy(copy + 1, bytes, size);
	memset(&insn, 0, sizeof(insn));
	result = mmio_decode(copy + 1, size, mode, &insn);
	*ret_broken = look_at_plain(copy + 1, size, mode, result, &insn);
	if (*ret_broken) {
		free(copy);
		return result;
	}
	if (result == MMIO_DECODE_OK) {
		*ret_broken = look_at_insn(&insn, size, mode);
		if (!*ret_broken)
			*ret_broken = look_at_effect(&insn);
		if (!*ret_broken)
			*ret_broken = look_at_ends(copy + 1, &insn, mode);
	} else if (result == MMIO_DECODE_TRUNCATED && size >= MMIO_INSN_MAX) {
		*ret_broken = "asks for more than the longest instruction";
	}
	free(copy);
	return result;
}
