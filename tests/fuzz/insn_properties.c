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
	if (insn->has_immediate)
		return NULL;
	REQUIRE(is_width(insn->reg_width) && insn->reg_width >= insn->width,
		"impossible width of the register");
	REQUIRE(insn->reg < (mode == MMIO_MODE_64 ? 16 : 8), "register that is not there");
	REQUIRE(!insn->reg_shift || (insn->reg_shift == 8 && insn->reg < 4 && insn->reg_width == 1),
		"upper byte of a register that has none");
	return NULL;
}

static const char *look_at_effect(const struct mmio_insn *insn)
{
	const uint64_t arithmetic = 0x8d5, data = 0x99aabbccddeeff00;
	const uint64_t reg_before = 0x8877665544332211, flags_before = 0x10246;
	uint64_t reg = reg_before, flags = flags_before;
	uint64_t memory = mmio_apply(insn, data, &reg, &flags);

	REQUIRE(((flags ^ flags_before) & ~arithmetic) == 0, "flags other than arithmetic change");
	REQUIRE(insn->to_register || insn->operation == MMIO_OP_XCHG || reg == reg_before,
		"register changes unannounced");
	REQUIRE(mmio_reads(insn) || mmio_writes(insn), "no access at all");
	REQUIRE(!mmio_writes(insn) || insn->width == 8 || memory >> (insn->width * 8) == 0,
		"memory written beyond the width");
	return NULL;
}

/* The instruction ends where it says: one byte less is too few, what follows does not matter. */
static const char *look_at_ends(const uint8_t *bytes, const struct mmio_insn *insn,
				enum mmio_cpu_mode mode)
{
	struct mmio_insn again;

	memset(&again, 0, sizeof(again));
	REQUIRE(mmio_decode(bytes, insn->length, mode, &again) && again.length == insn->length &&
			again.immediate == insn->immediate &&
			again.to_register == insn->to_register &&
			again.operation == insn->operation,
		"another instruction without what follows it");
	REQUIRE(!mmio_decode(bytes, insn->length - 1, mode, &again),
		"complete without its last byte");
	return NULL;
}

/* The short way, where it is taken, tells the same as the long one. */
static const char *look_at_plain(const uint8_t *bytes, unsigned int size, enum mmio_cpu_mode mode,
				 bool decoded, const struct mmio_insn *insn)
{
	struct mmio_plain plain;

	memset(&plain, 0, sizeof(plain));
	if (!mmio_decode_plain(bytes, size, mode, &plain))
		return NULL;
	REQUIRE(decoded, "decoded the short way only");
	REQUIRE(insn->operation == MMIO_OP_MOV && insn->width == 4 &&
			plain.length == insn->length && insn->to_register == plain.read,
		"another instruction the short way");
	REQUIRE(plain.has_immediate
			? insn->has_immediate && plain.immediate == (int64_t)insn->immediate
			: !insn->has_immediate && insn->reg_width == 4 && plain.reg == insn->reg,
		"another operand the short way");
	return NULL;
}

bool insn_try(const uint8_t *bytes, unsigned int size, enum mmio_cpu_mode mode,
	      const char **ret_broken)
{
	uint8_t *copy = malloc(size + 1);
	struct mmio_insn insn;
	bool decoded;

	if (!copy)
		abort();
	memcpy(copy + 1, bytes, size);
	memset(&insn, 0, sizeof(insn));
	decoded = mmio_decode(copy + 1, size, mode, &insn);
	*ret_broken = look_at_plain(copy + 1, size, mode, decoded, &insn);
	if (decoded && !*ret_broken)
		*ret_broken = look_at_insn(&insn, size, mode);
	if (decoded && !*ret_broken)
		*ret_broken = look_at_effect(&insn);
	if (decoded && !*ret_broken)
		*ret_broken = look_at_ends(copy + 1, &insn, mode);
	free(copy);
	return decoded;
}
