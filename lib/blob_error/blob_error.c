// SPDX-License-Identifier: GPL-2.0-only
#include "lib/blob_error/blob_error.h"

/* What of an error there is to say besides its words. */
enum detail {
	DETAIL_NOTHING,
	DETAIL_FIELD,
	DETAIL_VALUE,
	DETAIL_BOTH,  /* what was found, what was expected */
	DETAIL_OTHER, /* the second element */
};

#define ERROR_ENTRY(symbol, text, detail, label) [symbol] = {text, DETAIL_##detail, label},

static const struct {
	const char *text;
	enum detail detail;
	const char *label; /* of what was expected, or of the second element */
} errors[] = {BLOB_ERRORS(ERROR_ENTRY)};

static const char *const parts[] = {BLOB_PARTS(WORD_ENTRY)};

const char *blob_error_text(enum blob_error_code code)
{
	return (unsigned int)code < BLOB_ERROR_COUNT ? errors[code].text : "unknown error";
}

struct line {
	char *at;
	size_t left; /* without the terminating zero */
};

static void put(struct line *line, const char *text)
{
	for (; *text && line->left > 0; text++, line->left--)
		*line->at++ = *text;
	*line->at = '\0';
}

/* 32 bits are enough for it, and need no 64-bit division where that is a library call. */
static void put_decimal(struct line *line, uint32_t value)
{
	char digits[11], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(line, at);
}

static void put_hex(struct line *line, uint64_t value)
{
	char digits[19], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	*--at = 'x';
	*--at = '0';
	put(line, at);
}

static void put_place(struct line *line, const struct blob_error *error)
{
	/* Of the blob itself and the CPU set the text says what it is about. */
	if (error->part >= BLOB_PART_COUNT || !*parts[error->part])
		return;
	put(line, parts[error->part]);
	if (error->index >= 0) {
		put(line, " ");
		put_decimal(line, (uint32_t)error->index);
	}
	put(line, ": ");
}

static const char *architecture_name(uint64_t architecture)
{
	switch (architecture) {
	case BLOB_ARCH_X86:
		return "x86";
	case BLOB_ARCH_ARM:
		return "arm";
	case BLOB_ARCH_ARM64:
		return "arm64";
	default:
		return "an unknown architecture";
	}
}

static void put_detail(struct line *line, const struct blob_error *error)
{
	enum detail detail;

	if ((unsigned int)error->code >= BLOB_ERROR_COUNT)
		return;
	detail = errors[error->code].detail;
	if (error->field && detail != DETAIL_NOTHING) {
		put(line, ": ");
		put(line, error->field);
	}
	if (detail == DETAIL_VALUE || detail == DETAIL_BOTH) {
		put(line, error->field ? " " : ": ");
		put_hex(line, error->value);
	}
	put(line, errors[error->code].label);
	if (detail == DETAIL_BOTH)
		put_hex(line, error->expected);
	if (detail == DETAIL_OTHER)
		put_decimal(line, (uint32_t)error->other);
}

void blob_error_format(const struct blob_error *error, char *buffer, size_t size)
{
	struct line line = {buffer, size - 1};

	*buffer = '\0';
	switch (error->code) {
	case BLOB_WRONG_REVISION:
		put(&line, "made for revision ");
		put_decimal(&line, (uint32_t)error->value);
		put(&line, ", this is revision ");
		put_decimal(&line, (uint32_t)error->expected);
		return;
	case BLOB_ARCHITECTURE:
		put(&line, "made for ");
		put(&line, architecture_name(error->value));
		put(&line, ", this is ");
		put(&line, architecture_name(error->expected));
		return;
	default:
		put_place(&line, error);
		put(&line, blob_error_text(error->code));
		put_detail(&line, error);
	}
}
