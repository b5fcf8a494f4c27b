/* SPDX-License-Identifier: GPL-2.0-only */
/* UTF-8, character by character. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one character of at most length bytes. Returns the number of bytes it takes and sets
 * *ret_code; returns 0 if the bytes are no complete valid UTF-8 character (overlong forms,
 * surrogates and codes past U+10FFFF are not valid).
 */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code);

/* Writes the character as UTF-8 into buffer (room for 4 bytes) and returns the number of bytes. */
size_t utf8_encode(uint32_t code, char *buffer);

/* Whether all of text is UTF-8. */
bool utf8_is_valid(const char *text);

/* Whether all of text is UTF-8 without control characters, which terminals obey. */
bool utf8_is_printable(const char *text);

#endif /* UTF8_H */
