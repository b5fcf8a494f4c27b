// SPDX-License-Identifier: GPL-2.0-only
/* Doorbells: the way from one cell's write to another one's interrupt. */
#pragma GCC optimize("O2") /* exits that are frequent */

#include "arch/arch.h"
#include "pci/link.h"

/* Only inside a visit: the device is another cell's. */
static inline void interrupt(struct cpu *self, struct ivshmem *dev, unsigned int vector)
{
	uint64_t route;

	if (unlikely(vector >= dev->num_vectors))
		return;
	route = __atomic_load_n(&dev->vectors[vector].route, __ATOMIC_SEQ_CST);
	if (unlikely(!route || !__atomic_load_n(&dev->int_control, __ATOMIC_SEQ_CST)))
		return;
	if ((dev->config[IVSHMEM_CAP / 4] & IVSHMEM_ONE_SHOT) &&
	    !__atomic_exchange_n(&dev->int_control, 0, __ATOMIC_SEQ_CST))
		return;
	if (unlikely(route & IVSHMEM_MASKED))
		ivshmem_remember(dev, vector);
	else
		arch_message_send(self, dev->cell, route);
}

static inline void ring(struct cpu *self, const struct ivshmem *dev, uint32_t value)
{
	const struct link *link = dev->link;
	unsigned int peer = value >> 16;
	struct ivshmem *to;

	if (unlikely(peer >= link->peers))
		return;
	cpu_visit_begin(self);
	to = __atomic_load_n(&link->ends[peer], __ATOMIC_ACQUIRE);
	if (likely(to))
		interrupt(self, to, value & 0xffff);
	cpu_visit_end(self);
}

void ivshmem_ring_others(const struct ivshmem *dev)
{
	struct cpu *self = this_cpu();
	bool visits = self->visits & 1; /* where an exception ended it, and the CPU's cell fails */
	struct ivshmem *to;

	if (!visits)
		cpu_visit_begin(self);
	for (unsigned int peer = 0; peer < dev->link->peers; peer++) {
		to = __atomic_load_n(&dev->link->ends[peer], __ATOMIC_ACQUIRE);
		if (to && to != dev)
			interrupt(self, to, 0);
	}
	if (!visits)
		cpu_visit_end(self);
}

/* Those are accessed by 32 bits; of what is accessed otherwise, and beside them, there is nothing.
 */
enum io_answer ivshmem_registers(struct cpu *cpu, const struct io_region *region,
				 struct io_access *access)
{
	struct ivshmem *dev = (struct ivshmem *)region->argument;
	unsigned int offset = access->address & ~PAGE_MASK;

	if (likely(offset == IVSHMEM_DOORBELL && access->write && access->width == 4))
		ring(cpu, dev, access->value);
	else
		ivshmem_access_register(dev, offset, access);
	return IO_DONE;
}
