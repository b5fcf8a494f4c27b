/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text for terminals: display width, and making text from elsewhere harmless.
 *
 * Names, error texts and console output come from other programs and, in the end, from cells. What
 * a terminal would obey (escape sequences, cursor movements, changes of the writing direction) is
 * made visible instead.
 */
#ifndef CLIENT_TEXT_H
#define CLIENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_REPLACEMENT 0xfffdu

/* Whether the character may change more on a terminal than the place it is printed at. */
bool text_code_is_unsafe(uint32_t code);

/* Terminal columns that the character takes: 0, 1 or 2. Needs setlocale(LC_CTYPE) for more than 1.
 */
unsigned int text_code_width(uint32_t code);

/* Terminal columns that the (clean) text takes. */
size_t text_width(const char *text);

/*
 * Writes one character in a form that is safe on any terminal: control characters as ^X, other
 * unsafe ones as U+FFFD, and, unless unicode is set, all that is not ASCII as '?'.
 */
void text_put_code(FILE *stream, uint32_t code, bool unicode);

/* Writes text of one line safely; tabs and line breaks become blanks. */
void text_put_line(FILE *stream, const char *text, bool unicode);

/* The same into new memory, to be freed by the caller; NULL when memory is short. */
char *text_clean(const char *text, bool unicode);

/*
 * At most columns columns of the (clean) text; where it is longer, an ellipsis ends it. To be freed
 * by the caller; NULL when memory is short.
 */
char *text_shorten(const char *text, size_t columns, bool unicode);

#endif /* CLIENT_TEXT_H */
