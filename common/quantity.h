/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quantities as people write them: sizes ("64K", "1M", "0x1000"), guest or physical addresses
 * ("0x100000", "1M") and times ("500ms", "5s", "1min"). Whole numbers only, no sign, no blanks,
 * units exactly as listed. The text needs no terminating zero.
 */
#ifndef QUANTITY_H
#define QUANTITY_H

#include <stddef.h>
#include <stdint.h>

/*
 * A size or an address in bytes: decimal or 0x… hexadecimal digits, decimal ones optionally
 * followed by K, M or G (powers of 1024). Returns 0; -EINVAL where it is not of that form; -ERANGE
 * where it does not fit in 64 bits.
 */
int quantity_parse_bytes(const char *text, size_t length, uint64_t *ret_bytes);

/*
 * A time in nanoseconds: decimal digits and one of the units ms, s, min.
 * Returns 0; -EINVAL where it is not of that form (a number without unit is not);
 * -ERANGE where it does not fit in 63 bits.
 */
int quantity_parse_time(const char *text, size_t length, uint64_t *ret_ns);

#define QUANTITY_TEXT_MAX 32

/*
 * Writes bytes as a person would, with the largest of K, M, G that divides it exactly: 1048576 is
 * "1M". buffer has QUANTITY_TEXT_MAX bytes. Returns buffer.
 */
const char *quantity_format_bytes(uint64_t bytes, char *buffer);

#endif /* QUANTITY_H */
