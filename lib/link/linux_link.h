/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcellmgr-link: links between cells and Linux (cellmgr_link.h) for Linux programs.
 *
 *	struct cellmgr_link *link;
 *	struct link_stamp stamp;
 *	double speed;
 *	int err = cellmgr_link_open("turbine-plant", &link);
 *
 *	while (!err) {
 *		err = cellmgr_link_wait(link, 0, 1000);
 *		if (!err && cellmgr_link_read(link, 1, 0, &speed, sizeof(speed), &stamp) == LINK_OK)
 *			printf("%f\n", speed);
 *	}
 *
 * Functions that return int give 0 or a negative errno. No function but cellmgr_link_open(),
 * cellmgr_link_wait() and cellmgr_link_wait_for() waits or calls the kernel. A link may be used by
 * several threads, each of its queues and blocks by one at a time.
 *
 * When the link goes (no description names it any more, or the hypervisor or the driver does),
 * waits end with -ENODEV and what is mapped is no more: a touch is SIGBUS.
 */
#ifndef LINUX_LINK_H
#define LINUX_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "cellmgr_link_queue.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct cellmgr_link;

/* In place of a peer's number: the common section, which all may write. */
#define CELLMGR_LINK_COMMON (~0u)

/*
 * Opens the link of a name, as /dev/cellmgr has it, and lets its interrupts in; the state stays as
 * it is. With a "/" in it the name is a path: of such a device, or of a directory with a file for
 * each map and each vector, by their names (uio_ivshmem.h), for trying programs without a cell.
 *
 * -ENOENT: no such link; -EACCES, -EPERM: no right to it; -EINVAL: no link, or none of this kind.
 */
int cellmgr_link_open(const char *name, struct cellmgr_link **ret_link);
void cellmgr_link_close(struct cellmgr_link *link); /* NULL: nothing */

/* Number of this peer, and how many there are at most. */
unsigned int cellmgr_link_own(const struct cellmgr_link *link);
unsigned int cellmgr_link_peers(const struct cellmgr_link *link);
unsigned int cellmgr_link_vectors(const struct cellmgr_link *link);

/* What a peer says of itself (enum link_state by convention); 0 for one that is not there. */
uint32_t cellmgr_link_state(const struct cellmgr_link *link, unsigned int peer);
/* Tells the others; it is 0 again when the last one has closed the link. */
void cellmgr_link_set_state(struct cellmgr_link *link, uint32_t state);

/* A section: of a peer to read, by CELLMGR_LINK_COMMON the common one. NULL: there is none. */
const void *cellmgr_link_section(const struct cellmgr_link *link, unsigned int peer,
				 size_t *ret_bytes);
/* To write: this peer's, or the common one. NULL for all others. */
void *cellmgr_link_writable(struct cellmgr_link *link, unsigned int peer, size_t *ret_bytes);

/* link_read() of that section; LINK_INVALID where there is none. */
enum link_result cellmgr_link_read(const struct cellmgr_link *link, unsigned int peer,
				   uint32_t offset, void *data, uint32_t size,
				   struct link_stamp *stamp);
/*
 * link_writer_init() of the section that this program writes. The first time for a link it takes
 * 20 ms, to measure the time stamp counter.
 */
enum link_result cellmgr_link_writer(struct cellmgr_link *link, unsigned int peer,
				     uint32_t block_bytes, struct link_writer *writer);
/* The time stamp counter, for link_write(); how fast it counts (measured, as above). */
uint64_t cellmgr_link_now(void);
uint64_t cellmgr_link_khz(struct cellmgr_link *link);
/* How old what was read is, in nanoseconds; UINT64_MAX where nobody can tell. */
uint64_t cellmgr_link_age(const struct link_stamp *stamp);

/* Queues to and from a peer: link_sender_init() and link_receiver_init(). */
enum link_result cellmgr_link_sender(struct cellmgr_link *link, unsigned int peer,
				     const struct link_queue_shape *shape,
				     struct link_sender *sender);
enum link_result cellmgr_link_receiver(struct cellmgr_link *link, unsigned int peer,
				       const struct link_queue_shape *shape,
				       struct link_receiver *receiver);

/* Interrupts a peer by one of its vectors. What was written before is there when it looks. */
void cellmgr_link_ring(struct cellmgr_link *link, unsigned int peer, unsigned int vector);

/*
 * Waits until the vector was rung since the last time that this returned for it, or timeout_ms is
 * over (-1: for ever): rings are counted by the kernel, so one that came before is not missed.
 * -ETIMEDOUT; -EINTR: a signal; -ENODEV: the link is gone; -EINVAL: no such vector.
 */
int cellmgr_link_wait(struct cellmgr_link *link, unsigned int vector, int timeout_ms);
/* Waits in the same way until there is something in a queue. */
int cellmgr_link_wait_for(struct cellmgr_link *link, unsigned int vector,
			  const struct link_receiver *receiver, int timeout_ms);
/*
 * For loops of other kinds: it can be read (POLLIN) when the vector was rung; cellmgr_link_wait()
 * with 0 takes note of that. -EINVAL: no such vector.
 */
int cellmgr_link_fd(const struct cellmgr_link *link, unsigned int vector);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LINUX_LINK_H */
