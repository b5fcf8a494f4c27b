/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failure records (failure_record.h) in words. The record comes from below and may say anything:
 * every value is accepted.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include "common/cleanup.h"
#include "failure_record.h"

/*
 * The word of FAILURE_REASONS for a reason; "unknown" for one that this version does not know.
 */
const char *failure_reason_name(uint32_t reason);

/*
 * What the cell did, to follow "Cell NAME failed: ": "wrote 4 bytes at guest address 0xdead000,
 * which is not its memory (rip 0x1234, CPU 2)". Of a cell that was killed the record does not say
 * why; because does, or is NULL where that is not known. To be freed; NULL without memory.
 */
char *failure_describe(const struct failure_record *record, const char *because);

#define FAILURE_MAX_FIELDS 12

/*
 * Journal fields "NAME=value": REASON, ADDRESS, RIP, CPU and so on, as far as they apply. Fills
 * fields with strings to be freed and returns their number.
 */
unsigned int failure_fields(const struct failure_record *record, char *fields[FAILURE_MAX_FIELDS]);

#define FAILURE_MAX_REGISTERS 32

struct failure_register {
	const char *name; /* a constant */
	uint64_t value;
};

/*
 * The registers of the CPU that did it; none where the record has no state of a CPU. Returns their
 * number.
 */
unsigned int failure_registers(const struct failure_record *record,
			       struct failure_register ret_registers[FAILURE_MAX_REGISTERS]);

#endif /* FAILURE_H */
