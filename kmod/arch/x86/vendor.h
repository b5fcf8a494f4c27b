/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the vendors of x86 processors on the way in and out, and nothing else;
 * machine.c picks one. The trampoline is AMD's so far, too.
 */
#ifndef CELLVISOR_VENDOR_H
#define CELLVISOR_VENDOR_H

#include <linux/types.h>

#include "arch_machine_faults.h"

/* Says why the hypervisor cannot open here. */
#define machine_fault(fault) pr_cell(err, "%s\n", machine_fault_text(fault))

struct vendor {
	/* 0 where all CPUs can be virtualized now; else the log says what to do. */
	int (*check)(void);
	/* Whether somebody else virtualizes this CPU. Interrupts are off. */
	bool (*in_use)(void);
	/* On this CPU, before it goes in and after it is out. Interrupts are off. */
	void (*enable)(void);
	void (*disable)(void);
	int (*hypercall)(u32 code, u64 arg1, u64 arg2);
};

extern const struct vendor amd_vendor;

#endif /* CELLVISOR_VENDOR_H */
