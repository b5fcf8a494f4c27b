/* SPDX-License-Identifier: GPL-2.0-only */
/* What an owner of a CPU can leave in it for the next one, for traces.c. */
#ifndef TRACE_PLACES_H
#define TRACE_PLACES_H

#include <stdint.h>

#include "arch/x86/apic.h"
#include "arch/x86/msr.h"
#include "arch/x86/processor.h"

#define STAIN	   0x5a3c5a3cu
#define WIDE_STAIN 0x5a3c5a3c5a3c5a3cull

#define STAIN_VECTOR 0x5a
#define STAINED_LVT  (LVT_MASKED | STAIN_VECTOR)

enum place_kind {
	PLACE_MSR,
	PLACE_APIC,
	PLACE_DEBUG,
	PLACE_CR2,
	PLACE_FCW,
	PLACE_MXCSR,
	PLACE_PKRU,
	PLACE_PENDING
};

#define KEEP 0 /* the library's value is a stain */

struct place {
	const char *name;
	enum place_kind kind;
	uint32_t number;
	uint64_t initial, stain;
};

/* The APIC's logical ids are missing: those that a cell writes are in the hypervisor only.
 * Values after a reset: APM vol. 2, 14.1.3 and 16.3.2; of the FPU as FNINIT leaves it. */
static const struct place places[] = {
	{"SYSENTER_CS", PLACE_MSR, MSR_SYSENTER_CS, 0, 0x5a3c},
	{"SYSENTER_ESP", PLACE_MSR, MSR_SYSENTER_ESP, 0, STAIN},
	{"SYSENTER_EIP", PLACE_MSR, MSR_SYSENTER_EIP, 0, STAIN},
	{"PAT", PLACE_MSR, MSR_PAT, PAT_RESET, 0x0606060606060606},
	{"MTRR_DEF_TYPE", PLACE_MSR, MSR_MTRR_DEF_TYPE, 0, KEEP},
	{"XSS", PLACE_MSR, MSR_XSS, 0, 1 << 11},
	{"EFER", PLACE_MSR, MSR_EFER, 0, EFER_SCE | EFER_LME | EFER_LMA},
	{"STAR", PLACE_MSR, MSR_STAR, 0, WIDE_STAIN},
	{"LSTAR", PLACE_MSR, MSR_LSTAR, 0, STAIN},
	{"CSTAR", PLACE_MSR, MSR_CSTAR, 0, STAIN},
	{"SFMASK", PLACE_MSR, MSR_SFMASK, 0, STAIN},
	{"FS_BASE", PLACE_MSR, MSR_FS_BASE, 0, KEEP},
	{"GS_BASE", PLACE_MSR, MSR_GS_BASE, 0, KEEP},
	{"KERNEL_GS_BASE", PLACE_MSR, MSR_KERNEL_GS_BASE, 0, STAIN},
	{"TSC_AUX", PLACE_MSR, MSR_TSC_AUX, 0, STAIN},
	{"SPEC_CTRL", PLACE_MSR, MSR_SPEC_CTRL, 0, 2},
	{"DR0", PLACE_DEBUG, 0, 0, STAIN},
	{"DR1", PLACE_DEBUG, 1, 0, STAIN},
	{"DR2", PLACE_DEBUG, 2, 0, STAIN},
	{"DR3", PLACE_DEBUG, 3, 0, STAIN},
	{"DR6", PLACE_DEBUG, 6, 0xffff0ff0, 0xffff0fff},
	{"DR7", PLACE_DEBUG, 7, 0x400, 0x455},
	{"CR2", PLACE_CR2, 0, 0, STAIN},
	{"x87 control word", PLACE_FCW, 0, 0x37f, 0xf7f},
	{"MXCSR", PLACE_MXCSR, 0, 0x1f80, 0x7f80},
	{"PKRU", PLACE_PKRU, 0, 0, STAIN},
	{"APIC TPR", PLACE_APIC, APIC_TPR, 0, 0x20},
	{"APIC SVR", PLACE_APIC, APIC_SVR, 0xff, SVR_ENABLE | STAIN_VECTOR},
	{"APIC LVT of the timer", PLACE_APIC, APIC_LVT_TIMER, LVT_MASKED, STAINED_LVT},
	{"APIC LVT of the thermal sensor", PLACE_APIC, APIC_LVT_THERMAL, LVT_MASKED, STAINED_LVT},
	{"APIC LVT of the performance counters", PLACE_APIC, APIC_LVT_PERF, LVT_MASKED,
	 STAINED_LVT},
	{"APIC LVT of LINT0", PLACE_APIC, APIC_LVT_LINT0, LVT_MASKED, STAINED_LVT},
	{"APIC LVT of LINT1", PLACE_APIC, APIC_LVT_LINT1, LVT_MASKED, STAINED_LVT},
	{"APIC LVT of errors", PLACE_APIC, APIC_LVT_ERROR, LVT_MASKED, STAINED_LVT},
	{"APIC timer divider", PLACE_APIC, APIC_TIMER_DIVIDE, TIMER_DIVIDE_16, 0xb},
	{"APIC timer", PLACE_APIC, APIC_TIMER_INITIAL, 0, STAIN},
	{"APIC ICR, upper half", PLACE_APIC, APIC_ICR_HIGH, 0, 0x5a000000},
	/* Last: sending it needs the ICR, whose lower half has it afterwards. */
	{"pending interrupts", PLACE_PENDING, 0, 0, 1},
	{"APIC ICR", PLACE_APIC, APIC_ICR_LOW, 0, KEEP},
};

#define NUM_PLACES (sizeof(places) / sizeof(places[0]))

/* What cells may write, and why it is in no place. */
static const uint32_t not_places[] = {
	MSR_APIC_BASE,	  /* keeps its value */
	MSR_PRED_CMD,	  /* a command */
	MSR_TSC_DEADLINE, /* 0 unless the timer's local vector, which is one, is in that mode */
};

/* Registers that not all processors have (APM vol. 3, appendix E). */
static const struct {
	uint32_t leaf, subleaf;
	unsigned int reg, bit; /* EAX is 0 */
	enum place_kind kind;
	uint32_t number;
} optional[] = {
	{0x80000001, 0, 3, 27, PLACE_MSR, MSR_TSC_AUX},
	{0x80000008, 0, 1, 15, PLACE_MSR, MSR_SPEC_CTRL},
	{CPUID_XSTATE, 1, 2, 11, PLACE_MSR, MSR_XSS},
	{7, 0, 2, 3, PLACE_PKRU, 0},
};

#endif /* TRACE_PLACES_H */
