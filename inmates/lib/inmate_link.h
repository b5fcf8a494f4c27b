/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links: memory that a cell shares with other cells and Linux, and doorbells. What lies in the
 * sections is in cellmgr_link.h and cellmgr_link_queue.h, for both sides.
 *
 *	static struct link link;
 *	...
 *	if (link_open(&link, "plant", 0x40))
 *		inmate_fail("no link");
 *	link_writer_init(&writer, link_output(&link, link.own), link.output_bytes, sizeof(values),
 *			 comm_region()->tsc_khz);
 *	link_set_state(link.registers, LINK_STATE_READY);
 *	...
 *	link_write(&writer, 0, &values, sizeof(values), tsc_read());
 *	link_ring(&link, 0, 0);
 *
 * Linux rings who has told a state other than 0: a program that waits to be rung tells its state
 * first, and then looks at what may have been written before.
 *
 * Ringing and telling one's state cost an exit, as does link_wait() in one-shot mode after an
 * interrupt; nothing else does once the link is open.
 */
#ifndef INMATE_LINK_H
#define INMATE_LINK_H

#include "cellmgr_link_queue.h"
#include "inmate.h"

#ifdef __cplusplus
extern "C" {
#endif

struct link {
	unsigned int function; /* inmate_pci.h */
	unsigned int protocol; /* IVSHMEM_PROTOCOL_CELLMGR: the sections are as in cellmgr_link.h */
	unsigned int own;      /* number of this peer */
	unsigned int peers;    /* most that there are */
	unsigned int vectors;
	uint64_t common_bytes, output_bytes;

	volatile void *registers;
	const void *state_table;
	uint8_t *common; /* NULL if there is none */
	uint8_t *outputs;
	bool one_shot, armed;
	struct link_vector {
		struct link *link;
		uint32_t rings;
	} rung[IVSHMEM_MAX_VECTORS];
};

/*
 * Opens the link of that name, which is the description's: the parameter link.NAME=FUNCTION says
 * which device that is; without it, the only one. Its n-th vector interrupts this CPU with the
 * processor's first_vector + n. The others still see this peer's state as it was (0 after a reset).
 *
 * -ENOENT: no such link, or several and none of them is said to be it; -EINVAL: vectors that are
 * not the program's, or a device that tells what cannot be; else as pci_map_bar() and memory_map().
 */
int link_open(struct link *link, const char *name, unsigned int first_vector);
/* The n-th link, from 0, in the order of the devices. */
int link_open_number(struct link *link, unsigned int number, unsigned int first_vector);

/* Output section of a peer, which only that one may write; NULL if there is no such peer. */
static inline uint8_t *link_output(const struct link *link, unsigned int peer)
{
	return peer < link->peers ? link->outputs + peer * link->output_bytes : NULL;
}

/* What a peer says of itself; 0 for one that is not there. Costs no exit. */
static inline uint32_t link_state(const struct link *link, unsigned int peer)
{
	return peer < link->peers ? link_peer_state(link->state_table, peer) : 0;
}

/* Interrupts a peer by one of its vectors. What was written before is there when it looks. */
static inline void link_ring(struct link *link, unsigned int peer, unsigned int vector)
{
	link_doorbell(link->registers, peer, vector);
}

/* How often the vector has interrupted, since the link was opened; goes over its end. */
static inline uint32_t link_rings(const struct link *link, unsigned int vector)
{
	return vector < link->vectors ? __atomic_load_n(&link->rung[vector].rings, __ATOMIC_ACQUIRE)
				      : 0;
}

/*
 * In one-shot mode an interrupt switches all of the link's off until link_wait() switches them on
 * again: a peer that rings often costs one interrupt a wait. Rings in between are not counted.
 */
void link_set_one_shot(struct link *link, bool one_shot);

/*
 * Waits until pending() is true or any interrupt came (a program that must see other things too, as
 * a request to shut down, has a timer). Nothing that a peer does before it rings is missed:
 * pending() is asked with interrupts off and, in one-shot mode, after they were switched on.
 * Returns what pending() said last; interrupts are on then. On the CPU that opened the link.
 */
bool link_wait(struct link *link, bool (*pending)(void *argument), void *argument);
/* The same until there is something in a queue. */
bool link_wait_for(struct link *link, const struct link_receiver *receiver);

#ifdef __cplusplus
}
#endif

#endif /* INMATE_LINK_H */
