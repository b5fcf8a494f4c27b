/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a blob may ask for beside CPUs, memory and ports. Each is served by a subsystem of the
 * hypervisor that claims it, or by nobody: then a cell that asks is refused, since it would run
 * without the isolation that it relies on.
 */
#ifndef BLOB_CLAIMS_H
#define BLOB_CLAIMS_H

#include "lib/blob/blob_check.h"

/* In words, as what "the hypervisor does not serve". */
#define BLOB_CLAIMS(X)                                       \
	X(BLOB_CLAIM_PCI_DEVICES, "PCI devices")             \
	X(BLOB_CLAIM_SHARED_MEMORY, "shared-memory devices") \
	X(BLOB_CLAIM_INTERRUPT_PINS, "interrupt pins")       \
	X(BLOB_CLAIM_CACHES, "cache regions")                \
	X(BLOB_CLAIM_STREAM_IDS, "stream ids")               \
	X(BLOB_CLAIM_TEST_DEVICE, "the test device")         \
	X(BLOB_CLAIM_IOMMUS, "IOMMU units")

enum blob_claim { BLOB_CLAIMS(WORD_SYMBOL) BLOB_CLAIM_COUNT };

/*
 * What a checked blob asks for: a bit, 1 << enum blob_claim, for each. DMA to memory is no such
 * thing: nearly every region of every blob permits it, and without devices nobody uses it.
 */
uint32_t blob_claims_cell(const struct cell_desc *cell);
uint32_t blob_claims_system(const struct system_desc *system);

/* The words of a claim. */
const char *blob_claim_text(enum blob_claim claim);

#endif /* BLOB_CLAIMS_H */
