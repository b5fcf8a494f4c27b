/* SPDX-License-Identifier: GPL-2.0-only */
/* What the blob checker found, as a line for people. Freestanding, as the checker itself. */
#ifndef BLOB_ERROR_H
#define BLOB_ERROR_H

#include "lib/blob/blob_check.h"

#define BLOB_ERROR_LINE 192 /* bytes that every line fits in, the terminating zero included */

/*
 * Writes a line without a line feed: "memory region 3: address and size wrap around: phys_start
 * 0xfffffffffffff000", "made for revision 12, this is revision 14". Cut, but always terminated,
 * where size (at least 1) is too small. Allocates nothing, callable in any context.
 */
void blob_error_format(const struct blob_error *error, char *buffer, size_t size);

/* What is wrong, as half a sentence without the numbers. Never NULL. */
const char *blob_error_text(enum blob_error_code code);

#endif /* BLOB_ERROR_H */
