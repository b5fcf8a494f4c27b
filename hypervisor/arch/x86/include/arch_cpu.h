/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_TEMPORARY_PAGES 4

/* General purpose registers of the guest, at the very top of the CPU block, filled by assembly. */
struct guest_gprs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx;
	uint64_t reserved, rax;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* What assembly saved when Linux came in. */
struct linux_state {
	uint64_t cr3;
	uint64_t rsp;
	uint64_t resume;
};

struct svm_cpu {
	uint64_t vmcb_phys; /* first: used by assembly */
	struct vmcb *vmcb;
};

struct arch_cpu {
	struct svm_cpu svm; /* offset 0 */
	uint32_t nmi_taken; /* set by the NMI's stub: used by assembly */
	struct linux_state linux_state;
	struct table_pointer linux_gdtr, linux_idtr;
	uint64_t linux_cr0, linux_cr4, linux_efer;
	uint64_t linux_dr6, linux_dr7;
	uint8_t apic_id;
	bool leaving;
	bool broken; /* had an exception in the hypervisor */

	/* vCPU */
	bool parked;
	bool wait_for_sipi;
	uint64_t guest_pat;	/* as the guest wrote it */
	uint64_t mtrr_def_type; /* of a cell: gates caching */
	uint32_t apic_ldr;	/* logical id and its format as the guest wrote them */
	uint32_t apic_dfr;
	uint32_t apic_icr_high;
	uint64_t last_exception_rip;
	uint32_t last_exception; /* vector, or FAILURE_VECTOR_NONE */

	/* Written by CPUs of the same cell. */
	int init_signal;
	int sipi_vector; /* -1: none */
	int nmi_signal;
	/* 1 from the sending of a kick until the NMI exit that it caused. */
	int kick_pending;
};

#endif /* ARCH_CPU_H */
