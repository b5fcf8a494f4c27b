/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of uio_ivshmem.ko: the driver of ivshmem 2.0 devices (ivshmem.h). */
#ifndef UIO_IVSHMEM_DEVICE_H
#define UIO_IVSHMEM_DEVICE_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/timer.h>
#include <linux/uio_driver.h>

#include "ivshmem.h"
#include "uio_ivshmem.h"
#include "uio_ivshmem/layout.h"

#define DRIVER_NAME "uio_ivshmem"
#define NAME_LENGTH 48

/* What a map shows. */
struct section {
	struct ivshmem *device;
	enum uio_ivshmem_map what;
	unsigned int map; /* its number */
	phys_addr_t start;
	u64 size;
};

/* A file of one of the devices is open. */
struct opener {
	struct list_head entry;
	struct inode *inode;
};

struct vector {
	struct uio_info info;
	char name[sizeof(UIO_IVSHMEM_VECTOR_NAME) + 4];
	char irq_name[NAME_LENGTH]; /* in /proc/interrupts */
	struct timer_list pause;    /* at its end the interrupt is let in again */
};

struct ivshmem {
	struct kref references; /* of the driver, and of each mapping */
	struct pci_dev *pci;
	void __iomem *registers;
	struct rw_semaphore presence; /* of what is mapped */
	bool present;

	struct layout layout; /* as the device says, checked */
	void *memory;	      /* keeps its memory type */
	bool claimed;	      /* it is in /proc/iomem as ours */
	struct section sections[UIO_IVSHMEM_MAP_COUNT];
	unsigned int map_count;

	struct mutex openers_lock;
	struct list_head openers;

	unsigned long tick; /* jiffies of the last ring */
	unsigned int rings; /* in that tick, of all vectors, as far as CPUs agree */

	unsigned int vector_count; /* 0: it has no interrupts, but one UIO device */
	struct vector vectors[IVSHMEM_MAX_VECTORS];
};

/* device.c: the device. */
int device_refuse(struct ivshmem *device, const char *what, u64 value); /* -ENODEV */
void device_fall_silent(struct ivshmem *device);
void device_put(struct ivshmem *device);

/*
 * programs.c: what programs have of it.
 *
 * programs_add(): layout and registers are there. 0 or a negative errno.
 * programs_remove(): after this nobody opens, closes or maps any more, what is mapped is empty, and
 *	nobody waits.
 */
int programs_add(struct ivshmem *device);
void programs_remove(struct ivshmem *device);

#endif /* UIO_IVSHMEM_DEVICE_H */
