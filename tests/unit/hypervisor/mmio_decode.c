// SPDX-License-Identifier: GPL-2.0-only
/* The instruction decoder against what the assembler makes (mmio_encodings.S). */
#include "arch/x86/logic/mmio_decode.h"

#include <stdlib.h>

#include "tests/lib/tap.h"
#include "tests/lib/mmio_encodings.h"

static const char *access_of(const struct mmio_insn *insn)
{
	if (mmio_reads(insn) && mmio_writes(insn))
		return "update";
	if (mmio_writes(insn))
		return "write";
	return insn->operation == MMIO_OP_CMP || insn->operation == MMIO_OP_TEST ? "compare"
										 : "read";
}

static const char *const operation_names[] = {
	[MMIO_OP_ADD] = "add",	 [MMIO_OP_OR] = "or",	  [MMIO_OP_ADC] = "adc",
	[MMIO_OP_SBB] = "sbb",	 [MMIO_OP_AND] = "and",	  [MMIO_OP_SUB] = "sub",
	[MMIO_OP_XOR] = "xor",	 [MMIO_OP_CMP] = "cmp",	  [MMIO_OP_MOV] = "mov",
	[MMIO_OP_TEST] = "test", [MMIO_OP_XCHG] = "xchg",
};

static const char *const legacy_names[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
static const char *const byte_names[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
static const char *const high_names[] = {"ah", "ch", "dh", "bh"};

static void print_register(FILE *out, const struct mmio_insn *insn)
{
	if (insn->reg_shift)
		fputs(insn->reg_shift == 8 && insn->reg < 4 && insn->reg_width == 1
			      ? high_names[insn->reg]
			      : "?",
		      out);
	else if (insn->reg >= 8)
		fprintf(out, "r%u%s", insn->reg,
			insn->reg_width == 1   ? "b"
			: insn->reg_width == 2 ? "w"
			: insn->reg_width == 4 ? "d"
					       : "");
	else if (insn->reg_width == 1)
		fputs(byte_names[insn->reg], out);
	else
		fprintf(out, "%s%s",
			insn->reg_width == 2   ? ""
			: insn->reg_width == 4 ? "e"
					       : "r",
			legacy_names[insn->reg]);
}

static void print_operand(FILE *out, const struct mmio_insn *insn)
{
	fputs(insn->to_register ? " -> " : " <- ", out);
	if (insn->has_immediate)
		fprintf(out, "%lld", (long long)insn->immediate);
	else
		print_register(out, insn);
}

static void print_insn(FILE *out, const struct mmio_insn *insn)
{
	fprintf(out, "%s %s m%u", access_of(insn), operation_names[insn->operation], insn->width);
	print_operand(out, insn);
	if (insn->reg_width > insn->width)
		fputs(insn->sign_extends ? " sign" : " zero", out);
	if (insn->segment_prefix)
		fputs(" segment", out);
}

/* The decoder's answer in the words of mmio_encodings.S; to be freed. */
static char *describe(bool decoded, const struct mmio_insn *insn)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	if (decoded)
		print_insn(out, insn);
	else
		fputs("refused", out);
	fclose(out);
	return text;
}

/* Decodes a copy that ends where the bytes end, so that a look behind them is found. */
static bool decode_exact(const uint8_t *bytes, unsigned int n, enum mmio_cpu_mode mode,
			 struct mmio_insn *ret_insn)
{
	bool decoded;
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, n);
	decoded = mmio_decode(n ? copy : copy + 1, n, mode, ret_insn);
	free(copy);
	return decoded;
}

static enum mmio_cpu_mode mode_of(const struct encoding *e)
{
	return e->bits == 64 ? MMIO_MODE_64 : e->bits == 32 ? MMIO_MODE_32 : MMIO_MODE_16;
}

/* No proper beginning of an instruction is one. */
static void test_beginnings(struct tap *tap, const struct encoding *e, unsigned int length)
{
	struct mmio_insn insn;
	unsigned int n;

	for (n = 0; n < length; n++) {
		if (decode_exact(e->start, n, mode_of(e), &insn))
			break;
	}
	tap_is_u64(tap, n, length, "%u-bit %s: every beginning is refused", (unsigned int)e->bits,
		   e->text);
}

/* What follows an instruction does not change it. */
static void test_follower(struct tap *tap, const struct encoding *e, unsigned int length)
{
	uint8_t bytes[MMIO_INSN_MAX + 8];
	struct mmio_insn alone, followed;
	unsigned int same = 0;

	memset(&alone, 0, sizeof(alone));
	memset(&followed, 0, sizeof(followed));
	decode_exact(e->start, length, mode_of(e), &alone);
	for (unsigned int filler = 0; filler < 256; filler++) {
		memset(bytes, (int)filler, sizeof(bytes));
		memcpy(bytes, e->start, length);
		if (mmio_decode(bytes, sizeof(bytes), mode_of(e), &followed))
			same += memcmp(&alone, &followed, sizeof(alone)) == 0;
	}
	tap_is_u64(tap, same, 256, "%u-bit %s: bytes behind it do not matter",
		   (unsigned int)e->bits, e->text);
}

static void test_encoding(struct tap *tap, const struct encoding *e)
{
	unsigned int length = (unsigned int)(e->end - e->start);
	struct mmio_insn insn;
	bool decoded = decode_exact(e->start, length, mode_of(e), &insn);
	char *text = describe(decoded, &insn);

	tap_is_str(tap, text, e->expected, "%u-bit %s", (unsigned int)e->bits, e->text);
	free(text);
	if (!decoded)
		return;
	tap_is_u64(tap, insn.length, length, "%u-bit %s: length", (unsigned int)e->bits, e->text);
	test_beginnings(tap, e, length);
	test_follower(tap, e, length);
}

/* A refused instruction leaves the caller's structure alone. */
static void test_untouched(struct tap *tap)
{
	static const uint8_t hlt[] = {0xf4};
	struct mmio_insn insn, before;

	memset(&insn, 0x5a, sizeof(insn));
	before = insn;
	mmio_decode(hlt, sizeof(hlt), MMIO_MODE_64, &insn);
	tap_ok(tap, memcmp(&insn, &before, sizeof(insn)) == 0,
	       "a refused instruction leaves the result untouched");
}

int main(void)
{
	struct tap tap = {0};
	const struct encoding *e;

	for (e = mmio_encodings; e->start; e++)
		test_encoding(&tap, e);
	tap_note(&tap, "%u encodings", (unsigned int)(e - mmio_encodings));
	tap_ok(&tap, e - mmio_encodings > 300, "the table of encodings was linked whole");
	test_untouched(&tap);
	return tap_done(&tap);
}
