/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cell ABI: what a guest of any cell sees of the hypervisor.
 *
 * Binary compatible with Jailhouse (0.12 and later): signature, hypercalls 0-8 and revision 2 of
 * the communication region. Included by the hypervisor, the kernel module, the daemon and the
 * inmates. What is one architecture's is in arch/<architecture>/abi/arch_cell_abi.h; the build
 * chooses.
 */
#ifndef CELL_ABI_H
#define CELL_ABI_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#include "arch_cell_abi.h"
#include "static_assert.h"
#include "words.h"

/* Hypercall codes: the range shared with Jailhouse. */
enum cell_hypercall {
	HC_DISABLE = 0,
	HC_CELL_CREATE = 1,
	HC_CELL_START = 2,
	HC_CELL_SET_LOADABLE = 3,
	HC_CELL_DESTROY = 4,
	HC_HYPERVISOR_GET_INFO = 5,
	HC_CELL_GET_STATE = 6,
	HC_CPU_GET_INFO = 7,
	HC_CONSOLE_PUTC = 8,

	/* cellvisor's own range starts here ("CV" in the upper half). */
	HC_CV_BASE = 0x43560000,
	HC_CV_CELL_SHUTDOWN = HC_CV_BASE + 1, /* id: (re)send the shutdown request, does not wait */
	HC_CV_CELL_KILL =
		HC_CV_BASE + 2, /* id: stop the cell without asking; state becomes failed */
	/*
	 * Root's end of shared memory. ADD: guest-physical address of a struct cell_desc without
	 * CPUs, whose only device is BLOB_PCI_IVSHMEM and whose regions are its sections; where its
	 * BAR 0 is, with BAR 1 in the page behind. REMOVE: domain << 16 | bdf; -EBUSY while a cell
	 * has an end of it.
	 */
	HC_CV_LINK_ADD = HC_CV_BASE + 3,
	HC_CV_LINK_REMOVE = HC_CV_BASE + 4,
	/*
	 * CPU: one of root's, which Linux has offline, leaves before all others do: it is reset,
	 * and waits for its start-up natively, using no memory. -EBUSY while there is a cell; -EIO:
	 * it does not answer.
	 */
	HC_CV_CPU_RELEASE = HC_CV_BASE + 5,
	/*
	 * id | count << 32; up to 8 bytes, the first one lowest: input for the cell's console.
	 * Returns how many fit; -EOPNOTSUPP: its program does not take any.
	 */
	HC_CV_CELL_INPUT = HC_CV_BASE + 6,
};

/*
 * Added to the address of a blob that is not in one piece: there are the guest-physical addresses
 * of its pages, uint64_t each, in their order. The blob begins with the first one.
 */
#define HC_BLOB_IN_PAGES (1ull << 63)

/* Argument of HC_HYPERVISOR_GET_INFO. */
enum hypervisor_info {
	HV_INFO_MEM_POOL_SIZE = 0,
	HV_INFO_MEM_POOL_USED = 1,
	HV_INFO_REMAP_POOL_SIZE = 2,
	HV_INFO_REMAP_POOL_USED = 3,
	HV_INFO_NUM_CELLS = 4,
};

/*
 * State of a cell: answer of HC_CELL_GET_STATE and number in the communication region, with the
 * word in sysfs and events. A failure to agree about the region is a failure there.
 */
#define CELL_STATES(X)                           \
	X(CELL_RUNNING, "running")               \
	X(CELL_RUNNING_LOCKED, "running/locked") \
	X(CELL_SHUT_DOWN, "shut down")           \
	X(CELL_FAILED, "failed")                 \
	X(CELL_FAILED_COMM_REV, "failed")

enum cell_state { CELL_STATES(WORD_SYMBOL) CELL_STATE_COUNT };

_Static_assert(CELL_RUNNING == 0, "cell state");
_Static_assert(CELL_RUNNING_LOCKED == 1, "cell state");
_Static_assert(CELL_SHUT_DOWN == 2, "cell state");
_Static_assert(CELL_FAILED == 3, "cell state");
_Static_assert(CELL_FAILED_COMM_REV == 4, "cell state");

/* Second argument of HC_CPU_GET_INFO. */
#define CPU_INFO_STATE	   0
#define CPU_INFO_STAT_BASE 1000

enum cpu_info_state {
	CPU_INFO_RUNNING = 0,
	CPU_INFO_FAILED = 2,
};

/*
 * Exit counters, by CPU_INFO_STAT_BASE + n, with their words in sysfs and on the bus. The first
 * list is common to all architectures, the rest is in arch_cell_abi.h.
 */
#define EXIT_COUNTERS_COMMON(X)           \
	X(EXITS_TOTAL, "total")           \
	X(EXITS_MMIO, "mmio")             \
	X(EXITS_MANAGEMENT, "management") \
	X(EXITS_HYPERCALL, "hypercall")

#define EXIT_COUNTERS(X) EXIT_COUNTERS_COMMON(X) EXIT_COUNTERS_ARCH(X)

enum exit_counter { EXIT_COUNTERS(WORD_SYMBOL) EXITS_COUNT };

_Static_assert(EXITS_TOTAL == 0, "exit counter");
_Static_assert(EXITS_MMIO == 1, "exit counter");
_Static_assert(EXITS_MANAGEMENT == 2, "exit counter");
_Static_assert(EXITS_HYPERCALL == 3, "exit counter");

/* Console description: 32 bytes, used in blobs and in the communication region. */
struct cell_console {
	uint64_t address;
	uint32_t size;
	uint16_t type;
	uint16_t flags;
	uint32_t divider;
	uint32_t gate_nr;
	uint64_t clock_reg;
} __attribute__((packed));

enum cell_console_type {
	CONSOLE_NONE = 0,
	CONSOLE_EFIFB = 1,
	CONSOLE_8250 = 2,
	CONSOLE_PL011 = 3,
};

#define CONSOLE_FLAG_MMIO	(1u << 0) /* else port I/O */
#define CONSOLE_FLAG_REG_DIST_4 (1u << 1) /* registers 4 bytes apart */
#define CONSOLE_FLAG_FB_1080P	(1u << 2)

/* Communication region, revision 2: one page, owned by the hypervisor, mapped into the cell. */
#define COMM_REGION_MAGIC    "JHCOMM"
#define COMM_REGION_REVISION 2

enum comm_msg_to_cell {
	COMM_MSG_NONE = 0,
	COMM_MSG_SHUTDOWN_REQUEST = 1,
	COMM_MSG_RECONFIG_COMPLETED = 2,
};

enum comm_reply_from_cell {
	COMM_REPLY_NONE = 0,
	COMM_REPLY_UNKNOWN = 1,
	COMM_REPLY_DENIED = 2,
	COMM_REPLY_APPROVED = 3,
	COMM_REPLY_RECEIVED = 4,
};

#define COMM_FLAG_DBG_PUTC_PERMITTED (1u << 0)
#define COMM_FLAG_DBG_PUTC_ACTIVE    (1u << 1)

struct comm_region {
	char signature[6];
	uint16_t revision;
	uint32_t cell_state; /* written by the cell */
	uint32_t msg_to_cell;
	uint32_t reply_from_cell; /* written by the cell */
	uint32_t flags;
	struct cell_console console;
	COMM_REGION_ARCH
} __attribute__((packed));

/*
 * A cell's parameters: when all images are loaded the manager writes them there, guest-physical,
 * with a terminating zero. Programs call it their command line.
 */
#define CELL_PARAMETERS_ADDRESS	   0x1000u
#define CELL_PARAMETERS_SIZE	   256u
#define CELL_PARAMETERS_MAX_LENGTH (CELL_PARAMETERS_SIZE - 1)

/*
 * Heartbeat, an extension of ours: it lies in the otherwise unused upper half of the communication
 * region's page, so that a cell needs no further memory for it and no exit to move it. A cell that
 * offers one writes the magic last. The counter's rate is the cell's choice; a watcher only looks
 * whether it moves.
 */
#define COMM_HEARTBEAT_OFFSET 0x800
#define COMM_HEARTBEAT_MAGIC  0x42544843u /* "CHTB" */

struct comm_heartbeat {
	uint32_t magic;
	uint32_t reserved;
	uint64_t counter;
} __attribute__((packed));

/*
 * Last words, an extension of ours in the same page: what went wrong, of a cell that then sets its
 * state to failed. Who has seen that state reads them; the magic is written last. It is the cell's
 * word, and stands in place of a failure record where the hypervisor has none.
 */
#define COMM_LAST_WORDS_OFFSET 0x840
#define COMM_LAST_WORDS_MAGIC  0x44574c43u /* "CLWD" */

enum last_words_reason {
	/* address = of the access that caused it, if one did */
	LAST_WORDS_EXCEPTION = 1,
	/* address = what did not fit any more, value = bytes of that stack */
	LAST_WORDS_STACK_OVERFLOW = 2,
	/* text = what the program says itself, ended by 0 where it is shorter than its place */
	LAST_WORDS_MESSAGE = 3,
};

#define COMM_LAST_WORDS_TEXT 128

struct comm_last_words {
	uint32_t magic;
	uint32_t reason; /* enum last_words_reason */
	uint32_t vector; /* of the exception */
	uint32_t reserved;
	uint64_t address;
	uint64_t value;
	uint64_t instruction; /* where the CPU was */
	char text[COMM_LAST_WORDS_TEXT];
} __attribute__((packed));

/*
 * Input of the console, an extension of ours in the same page: a program that takes some writes the
 * magic last and then reads from its place up to where it is written. The counters run on, modulo
 * the size they are places.
 */
#define COMM_INPUT_OFFSET 0x900
#define COMM_INPUT_MAGIC  0x50494c43u /* "CLIP" */
#define COMM_INPUT_SIZE	  128u

struct comm_input {
	uint32_t magic;
	uint32_t written; /* bytes, by the hypervisor */
	uint32_t read;	  /* bytes, by the cell */
	uint32_t reserved;
	uint8_t bytes[COMM_INPUT_SIZE];
} __attribute__((packed));

_Static_assert(sizeof(struct cell_console) == 32, "console layout");
_Static_assert(offsetof(struct comm_region, revision) == 6, "comm region layout");
_Static_assert(offsetof(struct comm_region, cell_state) == 8, "comm region layout");
_Static_assert(offsetof(struct comm_region, msg_to_cell) == 0x0c, "comm region layout");
_Static_assert(offsetof(struct comm_region, reply_from_cell) == 0x10, "comm region layout");
_Static_assert(offsetof(struct comm_region, flags) == 0x14, "comm region layout");
_Static_assert(offsetof(struct comm_region, console) == 0x18, "comm region layout");

#endif /* CELL_ABI_H */
