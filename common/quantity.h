/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quantities as people write them: sizes ("64K", "1M", "0x1000"), guest or physical addresses
 * ("0x100000", "1M") and times ("500ms", "5s", "1min"). No sign, no blanks, units exactly as
 * listed. What a description takes are whole numbers only, and the text needs no terminating zero.
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

/*
 * A time as it is typed on a command line (terminated by zero), in nanoseconds: with digits behind
 * a point too, in hours (h) too, and in seconds where it has no unit. Errors are the same.
 */
int quantity_parse_interval(const char *text, uint64_t *ret_ns);

/* All that follow write a terminated string into buffer, QUANTITY_TEXT_MAX bytes, and return it. */
#define QUANTITY_TEXT_MAX 64

/* Bytes with the largest of K, M, G that divides them exactly: 1048576 is "1M". */
const char *quantity_format_bytes(uint64_t bytes, char *buffer);

/*
 * Bytes with the largest unit and one digit behind the point: "1M", "1.5G", "4095B". Rounded down,
 * so that free memory is never overstated.
 */
const char *quantity_round_bytes(uint64_t bytes, char *buffer);

/* The same rounded up: for what is wanted, which so never reads as what there is where it is more.
 */
const char *quantity_round_bytes_up(uint64_t bytes, char *buffer);

/* A duration in its two largest units: "3min 5s", "2d 4h", "250ms". */
const char *quantity_format_time(uint64_t ns, char *buffer);

#endif /* QUANTITY_H */
