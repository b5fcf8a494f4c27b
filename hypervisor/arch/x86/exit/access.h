/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory accesses that the second-level tables did not let through. */
#ifndef ACCESS_H
#define ACCESS_H

#include "arch/x86/vendor.h"

/*
 * Answers the refused memory access of the root cell like an empty bus: reads give all ones, writes
 * are lost. What cannot be emulated (vector instructions, a walk of root's own page tables) gets a
 * general-protection exception, which Linux' guarded accesses survive.
 */
void access_refuse(struct cpu *cpu);

/*
 * The same for a refused INS or OUTS, of so many bytes; the port and the direction are in
 * cpu->failure. One element is done.
 */
void access_refuse_port_string(struct cpu *cpu, unsigned int length);

#endif /* ACCESS_H */
