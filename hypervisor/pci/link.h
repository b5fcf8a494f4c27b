/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links: memory that several cells share, each with its own rights, by ivshmem devices at the same
 * address of the bus. Everything here is with the management lock, or on the first CPU at launch.
 */
#ifndef PCI_LINK_H
#define PCI_LINK_H

#include "pci/device.h"

struct link {
	struct link *next;
	uint16_t domain, bdf;
	unsigned int peers; /* at most; count: that there are */
	unsigned int count;
	struct ivshmem *ends[BLOB_MAX_SHMEM_PEERS]; /* by the peer's number; NULL: not there */
};

extern struct link *links;

#define for_each_section(n, dev) for (unsigned int n = 0; n < shmem_sections(dev); n++)

#define for_each_end_of(each, desc)                                                \
	for (const struct blob_pci_device *each = cell_desc_pci_devices(desc);     \
	     each < cell_desc_pci_devices(desc) + (desc)->num_pci_devices; each++) \
		if (each->type != BLOB_PCI_IVSHMEM)                                \
			continue;                                                  \
		else

/* Sections of a device in a checked configuration. */
const struct blob_memory *link_sections(const struct cell_desc *desc,
					const struct blob_pci_device *dev);
/* The link at the device's address, whose domain is as that of all its ends; or NULL. */
struct link *link_find(const struct blob_pci_device *dev);

/*
 * Whether what a configuration names as sections of links agrees with the ends that there are, and
 * whether other memory in it stays clear of all links. root: it is an end of root's. -EBUSY,
 * -EINVAL; told in words.
 */
int link_check(const struct cell_desc *desc, bool root);

/* The region is a section of a link; and of one that there is already. */
bool link_is_section(const struct cell_desc *desc, const struct blob_memory *region);
bool link_joins(const struct cell_desc *desc, const struct blob_memory *region);

/* Some memory of a link is in this region. */
bool link_at(const struct blob_memory *region);

/* It is a section of one, and of a link that nobody else is in. */
bool link_is_last(const struct cell *cell, const struct blob_memory *region);

/* Zeroes the sections of links that begin with this cell, when nobody else reaches them any more
 * but who may. */
void link_begin(const struct cell *cell);

/* Adds an end to its cell and its link, which is made if there is none. NULL: no pages. */
struct ivshmem *link_create_end(struct cell *cell, const struct cell_desc *desc,
				const struct blob_pci_device *device, uint64_t bar_address);
/*
 * Takes one away: its peers see no state and do not find it any more. CPUs of its own cell that are
 * in its registers may have it in hand, until they have flushed; only then it may be freed.
 */
void link_unlink_end(struct ivshmem *dev);
void link_free_end(struct ivshmem *dev);
/* Zeroes all sections. */
void link_zero(const struct ivshmem *dev);

/* After root's memory has been mapped at launch: what its links take from it. */
int link_root_init(void);

/* Registers of root's device are not where they trap: root has written where they shall be. */
bool link_root_moved(const struct ivshmem *dev);
/*
 * They trap there from now on, unless that is anybody's but root's. Called without the lock. Who
 * waits for that serves flushes: no device that was found before may be used afterwards, and this
 * one may be gone.
 */
void link_root_follow(uint16_t domain, uint16_t bdf);

/* Root lacks some of these pages for as long as registers of its ends trap there. */
bool link_root_hides(uint64_t phys, uint64_t size);

/* HC_CV_LINK_ADD, HC_CV_LINK_REMOVE. */
int link_add(uint64_t blob_phys, uint64_t bar_address);
int link_remove(uint16_t domain, uint16_t bdf);

#endif /* PCI_LINK_H */
