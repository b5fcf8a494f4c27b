/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver ABI: /dev/jailhouse as the daemon and other tools use it.
 *
 * The first part is Jailhouse's and works on both drivers. The second, ioctl type 0xC5, is
 * cellvisor's own: a program probes for it with CELLVISOR_FEATURES (ENOTTY elsewhere).
 */
#ifndef DRIVER_ABI_H
#define DRIVER_ABI_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

#include "failure_record.h"

#define JAILHOUSE_DEVICE     "/dev/jailhouse"
#define JAILHOUSE_NAME_LEN   32
#define JAILHOUSE_ID_BY_NAME (-1)

struct jailhouse_cell_id {
	int32_t id; /* JAILHOUSE_ID_BY_NAME: look the name up */
	uint32_t reserved;
	char name[JAILHOUSE_NAME_LEN];
};

struct jailhouse_cell_create {
	uint64_t blob_address;
	uint32_t blob_size;
	uint32_t reserved;
};

struct jailhouse_preload_image {
	uint64_t source_address;
	uint64_t size;
	uint64_t target_address; /* guest-physical */
	uint64_t reserved;
};

struct jailhouse_cell_load {
	struct jailhouse_cell_id cell_id;
	uint32_t num_images; /* 0: shut the cell down only */
	uint32_t reserved;
	struct jailhouse_preload_image image[];
};

/*
 * read() gives what the hypervisor and the cells put out, from the last time that it was enabled
 * on. It waits for text; with O_NONBLOCK it gives 0 where there is none. The text outlives the
 * hypervisor. Who comes late reads "[N bytes lost]" in a line where the first of them were. EPERM
 * where the system configuration keeps the text from root. poll() reports POLLIN.
 */
#define JAILHOUSE_ENABLE       _IOW(0, 0, void *)
#define JAILHOUSE_DISABLE      _IO(0, 1)
#define JAILHOUSE_CELL_CREATE  _IOW(0, 2, struct jailhouse_cell_create)
#define JAILHOUSE_CELL_LOAD    _IOW(0, 3, struct jailhouse_cell_load)
#define JAILHOUSE_CELL_START   _IOW(0, 4, struct jailhouse_cell_id)
#define JAILHOUSE_CELL_DESTROY _IOW(0, 5, struct jailhouse_cell_id)

_Static_assert(JAILHOUSE_ENABLE == 0x40080000, "ioctl number");
_Static_assert(JAILHOUSE_DISABLE == 0x00000001, "ioctl number");
_Static_assert(JAILHOUSE_CELL_CREATE == 0x40100002, "ioctl number");
_Static_assert(JAILHOUSE_CELL_LOAD == 0x40300003, "ioctl number");
_Static_assert(JAILHOUSE_CELL_START == 0x40280004, "ioctl number");
_Static_assert(JAILHOUSE_CELL_DESTROY == 0x40280005, "ioctl number");

/*
 * cellvisor's own range. All structs are of fixed size; reserved fields are zero in both
 * directions, else EINVAL. FEATURES, POOL_INFO, POOL_PIECE, CELL_STATUS, CELL_CONSOLE, CELL_INPUT,
 * CELL_KILL and EVENTS wait for no other call that is being served.
 */
#define CELLVISOR_IOC_TYPE    0xC5
#define CELLVISOR_ABI_VERSION 3

#define CELLVISOR_FEATURE_POOL	  (1ull << 0) /* CELLVISOR_POOL_* */
#define CELLVISOR_FEATURE_STATUS  (1ull << 1) /* CELLVISOR_CELL_STATUS */
#define CELLVISOR_FEATURE_CONSOLE (1ull << 2) /* CELLVISOR_CELL_CONSOLE */
#define CELLVISOR_FEATURE_KILL	  (1ull << 3) /* CELLVISOR_CELL_KILL */
#define CELLVISOR_FEATURE_EVENTS  (1ull << 4) /* poll(), CELLVISOR_EVENTS, uevents */
#define CELLVISOR_FEATURE_LINKS	  (1ull << 5) /* CELLVISOR_LINK_* */
#define CELLVISOR_FEATURE_DEVICES (1ull << 6) /* CELLVISOR_CELL_CREATE */
#define CELLVISOR_FEATURE_KEEP	  (1ull << 7) /* CELLVISOR_KEEP_CPUS */
#define CELLVISOR_FEATURE_PIECES  (1ull << 8) /* CELLVISOR_POOL_ADD, _REMOVE, _PIECE, and BLOCKS */
#define CELLVISOR_FEATURE_INPUT	  (1ull << 9) /* CELLVISOR_CELL_INPUT */

struct cellvisor_features {
	uint32_t abi_version;
	uint32_t reserved;
	uint64_t features;
	char release[32]; /* of module and hypervisor, for people */
};

/* Bytes of the pool that the hypervisor itself can use at most. */
#define CELLVISOR_HYPERVISOR_MEMORY_MAX (64ull << 20)

/*
 * The memory pool: physically contiguous pieces that are taken out of running Linux (or adopted,
 * where they were reserved at boot). The caller cuts them into hypervisor and cell memory.
 * /proc/iomem shows each as CELLVISOR_POOL_NAME.
 *
 * RESERVE takes the first one. Errors: EBUSY, there is one, or the memory to be adopted is Linux'
 * or a device's; EINVAL, also for memory that nobody reserved; ENOMEM, none was found within 12 s;
 * EINTR. RELEASE gives all of them back; only while the hypervisor is off: EBUSY; ENOENT, there is
 * none. INFO tells of the one that has been there longest.
 *
 * ADD takes one more, whether the hypervisor is on or not; with the errors of RESERVE, and EINVAL
 * for memory that the root cell does not have. REMOVE gives a piece back, or the end of one: of the
 * argument it is size and phys_start that count, source and node are zero. ENOENT, there is no such
 * piece; EINVAL, not to be divided there; EBUSY, the hypervisor, a cell or a link has some of it,
 * which the kernel's log names, or Linux does not take it. After an error the pool is as it was.
 * PIECE tells of the lowest that ends above the address in phys_start; source NONE: there is none.
 */
#define CELLVISOR_POOL_NAME "cellvisor pool"

enum cellvisor_pool_source {
	CELLVISOR_POOL_NONE = 0,
	CELLVISOR_POOL_LINUX = 1, /* allocated from running Linux */
	CELLVISOR_POOL_BOOT = 2,  /* reserved on the kernel command line, adopted */
	/* Whole memory blocks of Linux, which are no part of it any more: as many as the size
	 * needs. When they are back Linux may have them offline, and somebody has to bring them
	 * online. */
	CELLVISOR_POOL_BLOCKS = 3,
	CELLVISOR_POOL_MOVABLE =
		4, /* out only: such blocks, to be brought online as movable ones */
};

struct cellvisor_pool {
	uint64_t size;	     /* bytes, multiple of 2 MiB */
	uint64_t phys_start; /* out; in with CELLVISOR_POOL_BOOT */
	uint32_t source; /* enum cellvisor_pool_source; in: what is wanted, out: what there is */
	/* NUMA node, counted from 1. In, with LINUX and BLOCKS: that it has to be of; 0: any.
	 * Out: that it is of; 0 for memory that was reserved at boot. */
	uint32_t node;
};

/* What the hypervisor and the cell itself say about a cell, in one snapshot. */
struct cellvisor_cell_status {
	int32_t id;	/* in */
	uint32_t state; /* enum cell_state */
	uint32_t reply_from_cell;
	uint32_t started; /* the number of this start; 0: created or loadable, none since */
	uint32_t heartbeat_valid;
	uint32_t reserved;
	uint64_t heartbeat;
	struct failure_record failure; /* reason FAILURE_NONE while there is none */
};

/*
 * Reads a cell's virtual console. offset counts all bytes ever written; bytes that the ring no
 * longer holds are skipped: on return offset is where the bytes returned began plus their number,
 * length is their number (0: nothing new), lost is how many were skipped.
 */
struct cellvisor_cell_console {
	int32_t id;	 /* in */
	uint32_t length; /* in: room in bytes; out */
	uint64_t offset; /* in, out */
	uint64_t buffer; /* in: address */
	uint64_t lost;	 /* out */
};

/*
 * Input for a cell's console. Of the bytes those are taken that its program has room for, from the
 * first one on. EOPNOTSUPP: it does not run, or its program takes none, which a call without any
 * bytes tells as well.
 */
#define CELLVISOR_INPUT_MAX 64

struct cellvisor_cell_input {
	int32_t id;	 /* in */
	uint32_t length; /* in: of bytes; out: how many were taken */
	uint8_t bytes[CELLVISOR_INPUT_MAX];
};

/*
 * Root's end of shared memory between cells: an ivshmem device (ivshmem.h) at a free place of a PCI
 * bus, which Linux finds at once and loses when it is removed. The blob is a struct cell_desc
 * (blob.h) without CPUs: its only device is of type BLOB_PCI_IVSHMEM, its memory regions are the
 * sections of it, at addresses that root has, with root's rights to them. Cells whose device has
 * the same address are the other peers. The memory is zeroed first. Errors of ADD: EEXIST, there is
 * a device; EBUSY, the memory is a cell's; ENOSPC, no room for its registers on that bus; EINVAL,
 * also for a bus that there is not or that is behind a bridge.
 * Of REMOVE: ENOENT; EBUSY, a cell has an end of it, or a driver other than uio_ivshmem has
 * its device, which is to be unbound first, before JAILHOUSE_DISABLE as well.
 */
struct cellvisor_link_add {
	uint64_t blob_address;
	uint32_t blob_size;
	uint32_t reserved;
};

struct cellvisor_link_remove {
	uint16_t domain;
	uint16_t bdf; /* bus << 8 | device << 3 | function */
	uint32_t reserved;
};

/*
 * Creates a cell that may have PCI devices of the machine (BLOB_PCI_DEVICE), as
 * JAILHOUSE_CELL_CREATE does, and says which of them may be taken from a driver of Linux; the
 * others, and all with JAILHOUSE_CELL_CREATE, must be without one. While the cell is there
 * /sys/bus/pci/drivers/cellvisor-pci has them; when it goes the driver comes back. The kernel's log
 * names device and reason with these errors, in both calls: ENODEV, there is no such device; EXDEV,
 * no cell can have it (bridges and what else the machine works by, virtual functions and those that
 * have some, and where others stay in its IOMMU group); EUSERS, a driver has it, and either it may
 * not be taken or the driver hands it on to programs; EBUSY, another cell has it.
 */
struct cellvisor_cell_create {
	uint64_t blob_address;
	uint32_t blob_size;
	uint32_t reserved;
	uint64_t take; /* bit n: device n of the blob */
};

/*
 * Which CPUs are kept out of Linux while no cell has them, for the next cell: what is named, at
 * once or from the end of the cell that has it on; and, with CELLVISOR_KEEP_CELLS, what cells have
 * had when they end. What was kept and is not to be any more goes back to Linux, as all does when
 * the hypervisor is disabled. Linux cannot bring one online: EBUSY, and the kernel's log says why.
 * After an error all is as it was: EINVAL, the hypervisor is off, or there is no such CPU, or Linux
 * cannot do without it; EIO, it does not answer the hypervisor; EBUSY.
 */
#define CELLVISOR_KEEP_CELLS (1u << 0)

struct cellvisor_keep_cpus {
	uint32_t flags;
	uint32_t reserved;
	uint64_t cpus[4]; /* bit n % 64 of word n / 64: CPU n */
};

#define CELLVISOR_FEATURES     _IOR(CELLVISOR_IOC_TYPE, 0, struct cellvisor_features)
#define CELLVISOR_POOL_RESERVE _IOWR(CELLVISOR_IOC_TYPE, 1, struct cellvisor_pool)
#define CELLVISOR_POOL_RELEASE _IO(CELLVISOR_IOC_TYPE, 2)
#define CELLVISOR_POOL_INFO    _IOR(CELLVISOR_IOC_TYPE, 3, struct cellvisor_pool)
#define CELLVISOR_CELL_STATUS  _IOWR(CELLVISOR_IOC_TYPE, 4, struct cellvisor_cell_status)
#define CELLVISOR_CELL_CONSOLE _IOWR(CELLVISOR_IOC_TYPE, 5, struct cellvisor_cell_console)
#define CELLVISOR_CELL_KILL    _IOW(CELLVISOR_IOC_TYPE, 6, struct jailhouse_cell_id)
/*
 * poll() on the device reports POLLPRI after any event (hypervisor on or off; a cell created,
 * destroyed, or with a new state) until this open file has read the event counter with
 * CELLVISOR_EVENTS. The counter counts each start, load, failure and kill, however fast they follow
 * each other; a uevent says how many it stands for (CELL_CHANGES). Of the states that a cell writes
 * itself at most ten in a second are told, and the last one.
 */
#define CELLVISOR_EVENTS       _IOR(CELLVISOR_IOC_TYPE, 7, uint64_t)
#define CELLVISOR_LINK_ADD     _IOW(CELLVISOR_IOC_TYPE, 8, struct cellvisor_link_add)
#define CELLVISOR_LINK_REMOVE  _IOW(CELLVISOR_IOC_TYPE, 9, struct cellvisor_link_remove)
#define CELLVISOR_CELL_CREATE  _IOW(CELLVISOR_IOC_TYPE, 10, struct cellvisor_cell_create)
#define CELLVISOR_KEEP_CPUS    _IOW(CELLVISOR_IOC_TYPE, 11, struct cellvisor_keep_cpus)
#define CELLVISOR_CELL_INPUT   _IOWR(CELLVISOR_IOC_TYPE, 12, struct cellvisor_cell_input)
#define CELLVISOR_POOL_ADD     _IOWR(CELLVISOR_IOC_TYPE, 16, struct cellvisor_pool)
#define CELLVISOR_POOL_REMOVE  _IOW(CELLVISOR_IOC_TYPE, 17, struct cellvisor_pool)
#define CELLVISOR_POOL_PIECE   _IOWR(CELLVISOR_IOC_TYPE, 18, struct cellvisor_pool)

#endif /* DRIVER_ABI_H */
