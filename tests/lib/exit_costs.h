/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What exits of root cost, in instructions from #VMEXIT to VMRUN, where the processor tells neither
 * of the next instruction nor of the one that touched memory, as QEMU's does not: recorded by the
 * simulation, confirmed in the deterministic machine.
 */
#ifndef EXIT_COSTS_H
#define EXIT_COSTS_H

#define COST_CPUID_0	  143
#define COST_CPUID_1	  198
#define COST_GET_INFO	  143
#define COST_WRMSR_EFER	  154
#define COST_REFUSED_PORT 127
#define COST_XAPIC_EOI	  657
#define COST_XAPIC_ICR	  773

#endif /* EXIT_COSTS_H */
