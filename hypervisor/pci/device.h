/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of shared memory between cells: an ivshmem device (include/ivshmem.h) of a cell, which
 * the hypervisor plays. Those at the same address of the bus, in different cells, are a link.
 */
#ifndef PCI_DEVICE_H
#define PCI_DEVICE_H

#include "cell/cell.h"
#include "ivshmem.h"

#define IVSHMEM_CONFIG_WORDS ((IVSHMEM_MSIX_CAP + 12) / 4)
#define IVSHMEM_BARS	     2

struct ivshmem {
	struct ivshmem *next; /* of the same cell */
	struct cell *cell;
	const struct cell_desc *desc; /* in which it is described: the cell's, or one of its own */
	const struct blob_pci_device *device;
	const struct blob_memory *sections;
	struct link *link;
	unsigned int num_vectors;
	uint32_t blob_pages;  /* of a description of its own */
	uint64_t bar_address; /* of one with that: where root was told to find BAR 0 */
	/* Of root's: the pages for its BARs that root's tables lack, as they trap; 0: none. */
	uint64_t hidden[IVSHMEM_BARS];

	/* Where its registers are at this moment: size 0, nowhere. */
	struct io_region bars[IVSHMEM_BARS];

	/* For what follows, but for what a ring reads. */
	struct spinlock lock;
	bool stopped; /* the cell does not run: it has no state */
	bool told;    /* of a message that can reach nobody */
	uint32_t int_control, state;
	uint32_t pending; /* vectors that were rung while masked; also by those who ring */
	uint32_t config[IVSHMEM_CONFIG_WORDS];
	struct {
		uint32_t entry[4]; /* as in the table: address, its upper half, data, mask */
		uint64_t route;	   /* what is made of it (ivshmem.c); 0: nobody is reached */
	} vectors[IVSHMEM_MAX_VECTORS];
};

/* The registers of a cell's devices that an address lies in; NULL: none. */
static inline const struct io_region *ivshmem_bar(const struct cell *cell, uint64_t address)
{
	const struct ivshmem *dev = __atomic_load_n(&cell->ivshmem, __ATOMIC_ACQUIRE);

	for (; dev; dev = __atomic_load_n(&dev->next, __ATOMIC_ACQUIRE)) {
		for (unsigned int bar = 0; bar < IVSHMEM_BARS; bar++) {
			if (address - dev->bars[bar].start < dev->bars[bar].size)
				return &dev->bars[bar];
		}
	}
	return NULL;
}

/* The cell's device at this address of the bus, or NULL. */
struct ivshmem *ivshmem_find(const struct cell *cell, uint16_t domain, uint16_t bdf);

/* A word of its configuration space, and a write of the bits in mask. */
uint32_t ivshmem_config_read(const struct ivshmem *dev, unsigned int word);
void ivshmem_config_write(struct ivshmem *dev, unsigned int word, uint32_t value, uint32_t mask);

/* What the word of that capability has for one-shot mode. */
#define IVSHMEM_ONE_SHOT ((uint32_t)IVSHMEM_CONTROL_ONE_SHOT << 24)
/* In a route: the vector is masked, so that a ring is remembered. */
#define IVSHMEM_MASKED	 (1ull << 63)

/* Those of BAR 0, the doorbell among them (doorbell.c), and all the others. */
enum io_answer ivshmem_registers(struct cpu *cpu, const struct io_region *region,
				 struct io_access *access);
void ivshmem_access_register(struct ivshmem *dev, unsigned int offset, struct io_access *access);
/* Vector 0 of all others of its link. */
void ivshmem_ring_others(const struct ivshmem *dev);
/* Rung while masked; or not any more: then it comes now. Without the lock: on another's visit. */
void ivshmem_remember(struct ivshmem *dev, unsigned int vector);

/* A fresh device, as after a reset. */
void ivshmem_init(struct ivshmem *dev);

/*
 * As after a reset, and what the others see of its state is 0. stopped: until the next one it has
 * none, whatever CPUs of its cell still write.
 */
void ivshmem_reset(struct ivshmem *dev, bool stopped);

#endif /* PCI_DEVICE_H */
