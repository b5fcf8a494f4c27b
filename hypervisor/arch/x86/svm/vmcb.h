/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual machine control block: APM vol. 2, appendix B. */
#ifndef VMCB_H
#define VMCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vmcb_misc1 {
	VMCB_NMI = 1u << 1,
	VMCB_INIT = 1u << 3,
	VMCB_CPUID = 1u << 18,
	VMCB_IRET = 1u << 20,
	VMCB_INVD = 1u << 22,
	VMCB_INVLPGA = 1u << 26,
	VMCB_IOIO = 1u << 27,
	VMCB_MSR = 1u << 28,
	VMCB_SHUTDOWN = 1u << 31,
};

enum vmcb_misc2 {
	VMCB_VMRUN = 1u << 0,
	VMCB_VMMCALL = 1u << 1,
	VMCB_VMLOAD = 1u << 2,
	VMCB_VMSAVE = 1u << 3,
	VMCB_STGI = 1u << 4,
	VMCB_CLGI = 1u << 5,
	VMCB_SKINIT = 1u << 6,
	VMCB_WBINVD = 1u << 9,
};

enum vmcb_exit_code {
	VMEXIT_EXCP_BASE = 0x040,
	VMEXIT_NMI = 0x061,
	VMEXIT_INIT = 0x063,
	VMEXIT_CPUID = 0x072,
	VMEXIT_IRET = 0x074,
	VMEXIT_INVD = 0x076,
	VMEXIT_INVLPGA = 0x07a,
	VMEXIT_IOIO = 0x07b,
	VMEXIT_MSR = 0x07c,
	VMEXIT_SHUTDOWN = 0x07f,
	VMEXIT_VMRUN = 0x080,
	VMEXIT_VMMCALL = 0x081,
	VMEXIT_VMLOAD = 0x082,
	VMEXIT_SKINIT = 0x086,
	VMEXIT_WBINVD = 0x089,
	VMEXIT_TABLE_SIZE = 0x0a4,
	VMEXIT_NPF = 0x400,
};

/* EXITINTINFO and EVENTINJ, APM vol. 2, 15.20. */
#define EVENT_VALID	     (1ull << 31)
#define EVENT_HAS_ERROR	     (1ull << 11)
#define EVENT_TYPE_MASK	     (7ull << 8)
#define EVENT_TYPE_NMI	     (2ull << 8)
#define EVENT_TYPE_EXCEPTION (3ull << 8)

/* The virtual interrupt word, APM vol. 2, 15.21. */
#define V_NMI_PENDING (1ull << 11)
#define V_NMI_ENABLE  (1ull << 26)

/* EXITINFO1 of a nested page fault, APM vol. 2, 15.25.6. */
#define NPF_WRITE     (1ull << 1)
#define NPF_FETCH     (1ull << 4)
#define NPF_PAGE_WALK (1ull << 33)

/* EXITINFO1 of an intercepted IN or OUT, APM vol. 2, 15.10.2. */
#define IOIO_IN	    (1u << 0)
#define IOIO_STRING (1u << 2)

/* APM vol. 2, 15.16. */
#define TLB_CONTROL_NONE      0
#define TLB_CONTROL_FLUSH_ALL 1

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes; /* descriptor bits 55:52 and 47:40, packed */
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint32_t intercept_cr, intercept_dr, intercept_exceptions, intercept_misc1, intercept_misc2;
	uint8_t reserved1[0x40 - 0x14];
	uint64_t iopm_base, msrpm_base, tsc_offset;
	uint32_t asid;
	uint8_t tlb_control, reserved2[3];
	uint64_t virtual_interrupt, interrupt_shadow;
	uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
	uint64_t nested_enable;
	uint8_t reserved3[0xa8 - 0x98];
	uint64_t event_injection, nested_cr3, lbr_enable, clean_bits;
	/* Of an intercepted instruction; the bytes of one that a nested page fault stopped. Fields
	 * that a processor does not know stay 0 (APM vol. 2, 15.7.1 and 15.8.4). */
	uint64_t next_rip;
	uint8_t bytes_fetched, instruction[15];
	uint8_t reserved4[0x3e0 - 0xe0];
	/* For the host's use: exit.c, nmi.c. */
	uint64_t seen_linear, seen_cr3;
	uint32_t seen_prefixes;
	uint16_t nmi_state;
	bool nmi_own_step, nmi_own_db;
	uint64_t nmi_iret; /* its RIP */

	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved5[0x4cb - 0x4a0];
	uint8_t cpl;
	uint8_t reserved6[4];
	uint64_t efer;
	uint8_t reserved7[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved8[0x5d8 - 0x580];
	uint64_t rsp;
	uint8_t reserved9[0x5f8 - 0x5e0];
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved10[0x668 - 0x648];
	uint64_t g_pat;
	uint64_t dbgctl, br_from, br_to, last_excp_from, last_excp_to;
	uint8_t reserved11[0x6e0 - 0x698];
	uint64_t spec_ctrl; /* in force in addition to the host's, where CPUID says so */
	uint8_t reserved12[0x1000 - 0x6e8];
} __attribute__((packed));

/* In each run of fields, its first or last. */
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "VMCB layout");
_Static_assert(offsetof(struct vmcb, seen_linear) == 0x3e0, "VMCB layout");
_Static_assert(offsetof(struct vmcb, es) == 0x400, "VMCB layout");
_Static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "VMCB layout");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "VMCB layout");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640, "VMCB layout");
_Static_assert(offsetof(struct vmcb, g_pat) == 0x668, "VMCB layout");
_Static_assert(offsetof(struct vmcb, spec_ctrl) == 0x6e0, "VMCB layout");
_Static_assert(sizeof(struct vmcb) == 0x1000, "VMCB layout");

#endif /* VMCB_H */
