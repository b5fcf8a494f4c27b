/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring of the public area, which the hypervisor writes while it is read. */
#ifndef CELLVISOR_RING_H
#define CELLVISOR_RING_H

#include "image_abi.h"

/*
 * Copies up to size bytes of what was written from *offset on, and moves that behind the last one.
 * Returns their number, and in *ret_lost how many were skipped before them, as they were there no
 * longer or were overwritten while they were copied. An offset that the ring has not come to is of
 * one that was here before: from the first byte on then. Needs no lock.
 */
size_t ring_copy(const struct public_ring *ring, uint64_t *offset, uint64_t *ret_lost,
		 uint8_t *buffer, size_t size);

#endif /* CELLVISOR_RING_H */
