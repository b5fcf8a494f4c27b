/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's way in from Linux and back. */
#ifndef SETUP_H
#define SETUP_H

#include "arch/x86/setup/offsets.h"
#include "arch/arch.h"

/* As Linux' kernel segments, so that nothing needs reloading on the way back. */
#define SELECTOR_DATA 0x18

struct leave_state {
	struct table_pointer gdtr, idtr;
	uint64_t cr0, cr3, cr4, rsp, rip;
	int result;
};

/*
 * While leftover interrupts are dropped, every vector that an APIC can deliver is an interrupt: 16
 * to 31 are exceptions otherwise, and a guest may have left one of them pending.
 */
void setup_interrupt_vectors(bool dropping);

/* Jumps to Linux through the trampoline. EFER and the vendor's registers are restored before. */
void setup_leave(const struct leave_state *leave) __attribute__((noreturn));

#endif /* SETUP_H */
