/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How Linux' programs see an ivshmem device (ivshmem.h): the UIO devices of uio_ivshmem.ko.
 *
 * There is one for each interrupt vector, called "vector0" and so on in its attribute `name`, with
 * a count of its own: read() waits for the vector to be rung and gives the count of all times, a
 * uint32_t. write() of a uint32_t, 1 or 0, lets interrupts of the whole device in, or none.
 * "vector0" comes last and goes first; it alone has maps. A device without MSI-X has it too,
 * without events.
 *
 * UIO has room for five maps. They are known by their names; those of empty sections are left out,
 * and what is behind moves up. mmap() wants MAP_SHARED, with map * page size as offset. EACCES:
 * this peer may not write, or anybody execute, there. When the device goes, a touch of what is
 * still mapped is SIGBUS, and read() gives EIO.
 *
 * When the last file is closed, or the device goes, interrupts are off and the state is 0.
 */
#ifndef UIO_IVSHMEM_H
#define UIO_IVSHMEM_H

#include "words.h"

#define UIO_IVSHMEM_VECTOR_NAME "vector%u"

#define UIO_IVSHMEM_MAPS(X)                                                       \
	X(UIO_IVSHMEM_REGISTERS, "registers")                                     \
	X(UIO_IVSHMEM_STATE_TABLE, "state-table") /* read only */                 \
	X(UIO_IVSHMEM_COMMON, "common")                                           \
	X(UIO_IVSHMEM_OUTPUTS, "outputs") /* of all peers by number, read only */ \
	X(UIO_IVSHMEM_OUTPUT, "output")	  /* this peer's among them, to write */

enum uio_ivshmem_map { UIO_IVSHMEM_MAPS(WORD_SYMBOL) UIO_IVSHMEM_MAP_COUNT };

#endif /* UIO_IVSHMEM_H */
