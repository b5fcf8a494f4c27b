/* SPDX-License-Identifier: GPL-2.0-only */
/* A piece of text that need not end in a zero, taken apart from its front. */
#ifndef TEXT_SPAN_H
#define TEXT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_span {
	const char *at;
	size_t length;
};

/* Takes the next line (without its newline) off rest; false at the end. */
bool text_span_line(struct text_span *rest, struct text_span *ret_line);

/* Takes what is before the next separator (or all) off rest, with the separator; false at its end.
 */
bool text_span_split(struct text_span *rest, char separator, struct text_span *ret_part);

/* Takes prefix off span where it starts with it. */
bool text_span_prefix(struct text_span *span, const char *prefix);

/* Takes all blanks and tabs off; their number. */
size_t text_span_blanks(struct text_span *span);

/*
 * Takes a number of the given base (10 or 16, digits only) off span. Returns 0; with nothing taken
 * -EINVAL where there is none, -ERANGE where it does not fit in 64 bits.
 */
int text_span_number(struct text_span *span, unsigned int base, uint64_t *ret);

bool text_span_equals(struct text_span span, const char *text);

#endif /* TEXT_SPAN_H */
