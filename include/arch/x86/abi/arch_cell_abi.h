/* SPDX-License-Identifier: BSD-2-Clause */
/* What is the x86's of the cell ABI; part of cell_abi.h. */
#ifndef ARCH_CELL_ABI_H
#define ARCH_CELL_ABI_H

/* CPUID leaves. The signature is returned in EBX, ECX, EDX of the base leaf. */
#define CELL_CPUID_BASE	    0x40000000u
#define CELL_CPUID_FEATURES 0x40000001u
#define CELL_CPUID_EBX	    0x6c69614au
#define CELL_CPUID_ECX	    0x73756f68u
#define CELL_CPUID_EDX	    0x00000065u

/* Exit counters behind the common ones. */
#define EXIT_COUNTERS_ARCH(X)               \
	X(EXITS_X86_PIO, "pio")             \
	X(EXITS_X86_XAPIC, "xapic")         \
	X(EXITS_X86_CR, "cr")               \
	X(EXITS_X86_CPUID, "cpuid")         \
	X(EXITS_X86_XSETBV, "xsetbv")       \
	X(EXITS_X86_EXCEPTION, "exception") \
	X(EXITS_X86_MSR_OTHER, "msr_other") \
	X(EXITS_X86_MSR_X2APIC_ICR, "msr_x2apic_icr")

/* The last members of the communication region. apic_khz is 0 where cells have the TSC deadline. */
#define COMM_REGION_ARCH            \
	uint64_t pci_mmconfig_base; \
	uint16_t pm_timer_address;  \
	uint16_t num_cpus;          \
	uint32_t tsc_khz;           \
	uint32_t apic_khz;

#endif /* ARCH_CELL_ABI_H */
