/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/logic/mmio_decode.h"

#define ARCH_TEMPORARY_PAGES 8
#define ARCH_LAUNCH_MSRS     32

/* The guest's registers, the last one first, at the top of the CPU block; by assembly. */
struct guest_gprs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp;
	uint64_t control_phys; /* of the control block: RSP is in there */
	uint64_t rbx, rdx, rcx, rax;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* Linux on this CPU, as it came in or as it is given back. */
struct linux_state {
	struct table_pointer gdtr, idtr;
	uint64_t cr0, cr3, cr4, dr6, dr7, efer, rsp, rip;
};

/* Bits of the word of what is pending for a CPU (core/cpu.h). */
enum arch_pending {
	PENDING_INIT = 1 << 8,
	PENDING_SIPI = 1 << 9,
	PENDING_NMI = 1 << 10,
	PENDING_NMI_TAKEN = 1 << 11, /* set by the NMI's stub: one came in the hypervisor */
	/* What CPUs of one cell send each other. */
	ARCH_PENDING_SIGNALS = PENDING_INIT | PENDING_SIPI | PENDING_NMI,
};

struct arch_cpu {
	/* The block in which the processor keeps the vCPU; its layout is the vendor's. */
	void *control;
	struct linux_state linux_state;
	uint32_t apic_id;
	/* What MSRs held whose reset value is that, and which of them there are (vcpu/reset.c). */
	uint64_t launch_msrs[ARCH_LAUNCH_MSRS];
	uint32_t launch_msrs_read;

	/* vCPU */
	uint64_t guest_pat;	/* as the guest wrote it */
	uint64_t mtrr_def_type; /* of a cell: gates caching */
	uint32_t apic_ldr;	/* logical id and its format as the guest wrote them */
	uint32_t apic_dfr;
	uint64_t apic_icr; /* the last command that it wrote */
	/* What page of the guest each temporary page shows, with all low bits set; 0: none. */
	uint64_t mapped[ARCH_TEMPORARY_PAGES];
	bool broken;	       /* had an exception in the hypervisor */
	bool standing;	       /* still, for ever */
	bool takes_init;       /* then: it is reset by an INIT */
	bool drops_interrupts; /* of its last owner, at this moment */
	uint64_t last_exception_rip;
	uint32_t last_exception; /* vector, or FAILURE_VECTOR_NONE */

	/* The last MSR access that was answered with #GP, and where. */
	struct {
		uint64_t rip, value;
		uint32_t number, reason;
	} msr_refused;

	/* The last plain move that was decoded: its bytes, and what they say. */
	struct {
		uint64_t told[2];
		uint64_t rip_mask;
		uint32_t attributes; /* of the code segment */
		struct mmio_plain move;
	} decoded;

	uint8_t sipi_vector; /* with PENDING_SIPI */
	/* 1 from the sending of a kick until the NMI exit that it caused. */
	int kick_pending;
};

#define IO_BITMAP_PAGES 3

struct arch_cell {
	uint8_t *io_bitmap; /* bit set: port is intercepted */
	uint8_t *msr_map;   /* of the vendor's layout; one that all cells share */
	const struct cpuid_policy *cpuid;
	uint32_t pci_address; /* what it last wrote to that port; of root the machine has it */
	bool pci_trapped;     /* of root: its accesses by these ports exit */
};

#endif /* ARCH_CPU_H */
