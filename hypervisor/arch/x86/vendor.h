/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the processors' virtualization extensions, and nothing else. Exactly one
 * vendor is active; it is chosen at launch by the CPU. All functions run on the CPU they are about
 * unless they say otherwise.
 */
#ifndef VENDOR_H
#define VENDOR_H

#include "arch/arch.h"

/* The part of a vCPU's state that the generic x86 code reads. */
struct vcpu_state {
	uint64_t rip, rflags, cr0, cr2, cr3, cr4, efer;
	unsigned int cpl;
	struct vcpu_segment cs, ss, ds, es;
};

struct vendor {
	const char *name;
	/* Where CPUID tells of the extension, which cells do not see: a bit of a leaf's ECX, and a
	 * leaf of its own. */
	uint32_t feature_leaf, feature_ecx, own_leaf;
	/* The MSR that says whether the extension may be used, and what guests read there: no. */
	uint32_t lock_msr;
	uint64_t locked;
	/* Bits of EFER that stay set while guests run; root sees them. */
	uint64_t efer;
	/* Whether this CPU has the extension with all that is needed; negative errno refuses. */
	int (*check)(void);
	/* Turns the extension on for this CPU, sets the vCPU up to go on as Linux did. */
	int (*cpu_init)(struct cpu *cpu);
	/* Enters the guest and serves its exits for ever. */
	void (*run)(struct cpu *cpu) __attribute__((noreturn));
	/* Turns the extension off and goes back to Linux with this result. */
	void (*leave)(struct cpu *cpu, int result) __attribute__((noreturn));

	int (*stage2_init)(struct page_table *table);
	/*
	 * The map of MSRs, made of the policy (logic/msr_policy.h) when a cell is created: fills
	 * zeroed pages, and says which MSRs it speaks of; others always exit.
	 */
	uint32_t msr_map_pages;
	void (*fill_msr_map)(uint8_t *map, bool root);
	bool (*msr_mapped)(uint32_t msr);
	/* The CPU belongs to another cell now: load that cell's tables. */
	void (*load_cell)(struct cpu *cpu);

	/* Architectural reset; execution starts at cs_base + ip in real mode. */
	void (*reset)(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip);
	/* Halts the vCPU in tables of its own until a kick. */
	void (*park)(struct cpu *cpu);

	struct vcpu_state (*state)(const struct cpu *cpu);
	/* Where the guest's RSP and RFLAGS are kept (they may be changed there). */
	uint64_t *(*rsp)(struct cpu *cpu);
	uint64_t *(*rflags)(struct cpu *cpu);
	/* The exit as the processor reported it, for records. */
	void (*get_exit)(const struct cpu *cpu, uint64_t *ret_code, uint64_t *ret_info1,
			 uint64_t *ret_info2);
	/* Steps over an instruction that has been emulated. */
	void (*advance)(struct cpu *cpu, unsigned int bytes);
	void (*inject_exception)(struct cpu *cpu, unsigned int vector, bool has_error,
				 uint32_t error);
	void (*inject_page_fault)(struct cpu *cpu, uint64_t address, uint32_t error);
	void (*inject_nmi)(struct cpu *cpu);
	/* Lets pending NMIs, and other interrupts too where wanted, come in the hypervisor. */
	void (*take_interrupts)(struct cpu *cpu, bool all);
	/* Nothing else waits to be injected at the next entry. */
	bool (*can_inject)(const struct cpu *cpu);
	void (*set_efer)(struct cpu *cpu, uint64_t efer);
	/* Effective PAT: 0 makes all of the guest's memory uncached. */
	void (*set_pat)(struct cpu *cpu, uint64_t pat);
};

/* Chosen at launch. */
extern const struct vendor *vendor;

/* A vendor registers itself: the linker collects the tables, setup.c asks them in turn. */
#define VENDOR(symbol)                                                \
	static const struct vendor symbol;                            \
	static const struct vendor *const symbol##_entry              \
		__attribute__((used, section(".vendors"))) = &symbol; \
	static const struct vendor symbol

extern const struct vendor *const vendors_start[];
extern const struct vendor *const vendors_end[];

#endif /* VENDOR_H */
