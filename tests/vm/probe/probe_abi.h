/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the probe's module and its program; both are built and used together, by tests only. */
#ifndef PROBE_ABI_H
#define PROBE_ABI_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define PROBE_DEVICE	"/dev/partition-probe"
#define PROBE_MAX_COUNT 512u

enum probe_operation {
	PROBE_READ,	 /* value = memory */
	PROBE_WRITE,	 /* memory = value */
	PROBE_OR,	 /* memory |= value: read and written by one instruction */
	PROBE_XCHG,	 /* value and memory change places */
	PROBE_COMPARE,	 /* value = whether memory equals value */
	PROBE_COPY_FROM, /* REP MOVS out of it: value = its bytes, all alike, if differ is 0 */
	PROBE_COPY_TO,	 /* REP MOVS into it, of elements that are all value */
	PROBE_FILL,	 /* REP STOS of value */
	PROBE_COPY_USER, /* copy_to_user() from it to where value points */
	PROBE_VECTOR,	 /* a 16-byte move through a vector register */
	PROBE_PORT_READ, /* address is the port */
	PROBE_PORT_WRITE,
	PROBE_PORT_COPY_FROM, /* REP INS of bytes: value and differ as with COPY_FROM */
	PROBE_PORT_COPY_TO,   /* REP OUTS of bytes that are all value */
	PROBE_MSR_READ,	      /* address is the number */
	PROBE_MSR_WRITE,
	PROBE_IPI,  /* address is the APIC id, value the lower half of the command register */
	PROBE_PAGE, /* address = a page of kernel memory, filled with value in every 8 bytes */
	PROBE_PAGE_CHECK,     /* differ = how many of its words are not value */
	PROBE_HYPERCALL,      /* address = code, value = argument, then the answer */
	PROBE_HYPERCALL_IDLE, /* as in the idle loop: RCU does not wait for this CPU */
	PROBE_COST,	      /* address = enum probe_cost, value = argument, then ticks of one */
	PROBE_DEBUG_WRITE,    /* value into DR0 to DR3 */
	PROBE_HOTPLUG_HOLD,   /* value: whether Linux lets no CPU come or go, until the next */
	PROBE_CPU_VETO,	      /* value: the CPU that is not let online; -1: none */
	PROBE_CPU_PRESENT,    /* value: whether CPU address, offline, counts as there */
};

enum probe_cost {
	PROBE_COST_NOTHING,
	PROBE_COST_CPUID,     /* of a leaf */
	PROBE_COST_HYPERCALL, /* of a code, with the argument 0 */
	PROBE_COST_WRMSR,     /* of what is there */
	PROBE_COST_PORT,      /* a byte from one */
	PROBE_COST_APIC_EOI,  /* with nothing in service, by the page */
	PROBE_COST_APIC_ICR,  /* to itself, by the page */
	PROBE_COST_LAST = PROBE_COST_APIC_ICR,
};

struct probe_request {
	__u32 operation;
	__u32 width; /* of an access, in bytes: 1, 2, 4, 8 */
	__u64 address;
	__u64 value;
	__u32 count;   /* elements of the REP operations, up to PROBE_MAX_COUNT */
	__u32 faulted; /* out: the access raised an exception */
	__u32 differ;  /* out: elements that are not like the first one */
	__u32 left;    /* out: what REP left of count */
};

/* NMIs to one CPU of Linux from two others. */
struct probe_storm {
	__u32 target;
	__u32 senders[2];
	__u32 count;	     /* of NMIs, half from each */
	__u32 pauses;	     /* as long as that a handler lasts */
	__u32 linux_handles; /* 0: its entry is taken off, and those that come too early count */
	__u64 sent;	     /* out, as all from here on */
	__u64 taken;	     /* several that wait are one */
	__u64 early;	     /* before the IRET of the one before */
	__u64 early_at;	     /* the last one: at this byte of the handler */
	__u32 lost;	     /* one that was sent did not come, or not all could be sent */
	/* What was counted as early of an INT 2 alone, and of that and one with another within. */
	__u32 control_alone, control_within;
	__u32 unused;
};

/*
 * The ioctl does one access from kernel mode. mmap() maps physical memory, readable, writable and
 * executable, for accesses from user mode; its offset is the physical address.
 */
#define PROBE_ACCESS _IOWR('p', 0x50, struct probe_request)
#define PROBE_STORM  _IOWR('p', 0x51, struct probe_storm)

#endif /* PROBE_ABI_H */
