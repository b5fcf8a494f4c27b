/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that access memory, as the assembler makes them (unit/hypervisor/mmio_encodings.S).
 */
#ifndef MMIO_ENCODINGS_H
#define MMIO_ENCODINGS_H

#include <stdint.h>

struct encoding {
	const uint8_t *start, *end;
	const char *text, *expected;
	uint64_t bits; /* of the mode: 16, 32, 64 */
};

/* The last one has no start. */
extern const struct encoding mmio_encodings[];

#endif /* MMIO_ENCODINGS_H */
