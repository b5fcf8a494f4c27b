/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the processors' virtualization extensions, and nothing else. Exactly one
 * vendor is active; it is chosen at launch by the CPU. All functions run on the CPU they are about
 * unless they say otherwise.
 */
#ifndef VENDOR_H
#define VENDOR_H

#include "arch/arch.h"

/* The registers of a vCPU that generic x86 code reads or writes, beside struct guest_gprs. */
enum vcpu_register {
	VCPU_RIP,
	VCPU_NEXT_RIP, /* where VERDICT_NEXT goes on; 0: behind the intercepted instruction */
	VCPU_RSP,
	VCPU_RFLAGS,
	VCPU_CR0,
	VCPU_CR2,
	VCPU_CR3,
	VCPU_CR4,
	VCPU_EFER, /* with the bits that vendor->efer names */
	VCPU_PAT,  /* in effect: 0 makes all of the guest's memory uncached */
	VCPU_CS,   /* selectors */
	VCPU_SS,
	VCPU_DS,
	VCPU_ES,
	VCPU_CS_ATTRIBUTES, /* descriptor bits 55:52 and 47:40, packed */
	VCPU_CS_BASE,
	VCPU_SS_BASE,
	VCPU_DS_BASE,
	VCPU_REGISTERS
};

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

#define MSRS(from, to) .first = (from), .last = (to)
#define WHERE(the_leaf, the_register, the_bits) \
	.leaf = (the_leaf), .reg = CPUID_##the_register, .bits = (the_bits)

/* A range of MSRs that are not switched with the guest. */
struct msr_reset {
	uint32_t first, last;
	/* They are what they were when the hypervisor came, where they could be read then. */
	bool as_at_launch;
	uint64_t value;
	/* Computes the value; NULL: it is given. */
	uint64_t (*make)(void);
	/* The processor has them where one of these bits is set; 0: whatever it says. */
	uint32_t leaf, subleaf, bits;
	enum cpuid_register reg;
};

struct vendor {
	const char *name;
	/* Bits of EFER that stay set while guests run; root sees them. */
	uint64_t efer;
	/*
	 * Prepares it on the first CPU, for all. -ENODEV: it lacks the extension, or something of
	 * it that is needed.
	 */
	int (*init)(void);
	/* Turns the extension on for this CPU, sets the vCPU up to go on as Linux did. */
	void (*cpu_init)(struct cpu *cpu);
	/* Enters the guest and serves its exits for ever. */
	void (*run)(struct cpu *cpu) __attribute__((noreturn));
	/* Turns the extension off and goes back to Linux with this result. */
	void (*leave)(struct cpu *cpu, int result) __attribute__((noreturn));

	/* From now on INIT resets the calling CPU natively. It enters no guest any more. */
	void (*take_init)(void);

	const struct page_table_format *stage2_format;
	/* All rows of the policy for MSRs (logic/msr_policy.h). */
	const struct msr_rule *msr_rules;
	const struct msr_constant *msr_constants;
	/* And what becomes of them between owners of a CPU. */
	const struct msr_reset *msr_resets;
	/*
	 * The map of MSRs, made of the policy (logic/msr_policy.h) when a cell is created: fills
	 * zeroed pages. MSRs that it does not speak of always exit.
	 */
	uint32_t msr_map_pages;
	void (*fill_msr_map)(uint8_t *map, bool root);
	/* Drops cached second-level translations at the next entry. */
	void (*flush)(struct cpu *cpu);

	/* Architectural reset; execution starts at cs_base + ip in real mode. */
	void (*reset)(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip);
	/* Halts the vCPU in tables of its own until a kick. */
	void (*park)(struct cpu *cpu);

	/* Where in the control block registers are kept, in their own size. */
	uint16_t at[VCPU_REGISTERS];
	/*
	 * Where it is kept, after an access to memory, how many bytes of the instruction the
	 * processor tells (0: none), in a byte, and behind it those bytes.
	 */
	uint16_t told_at;
	/* Adds the exit as the processor reported it. */
	void (*record_exit)(const struct cpu *cpu, struct failure_record *record);
	/*
	 * Copies the instruction that touched memory, where the processor has told its bytes with
	 * the exit: INSTRUCTION_MAX bytes are written, of which so many count; 0: not told.
	 */
	unsigned int (*fetched)(const struct cpu *cpu, uint8_t *bytes);
	/* Steps over an instruction of that length that has been emulated. */
	void (*advance)(struct cpu *cpu, unsigned int bytes);
	void (*inject_exception)(struct cpu *cpu, unsigned int vector, bool has_error,
				 uint32_t error);
	/* False: it waits, and an exit comes when it can be injected. */
	bool (*inject_nmi)(struct cpu *cpu);
	/* A counter or sample has raised an NMI of this CPU's, and waits for its handler. */
	bool (*counter_waits)(void);
	/*
	 * Lets NMIs that wait, and other interrupts too where wanted, come in the hypervisor.
	 * Where they come as soon as the guest has been left, there is nothing to do for NMIs.
	 */
	void (*take_interrupts)(struct cpu *cpu, bool all);
};

/* Chosen at launch. */
extern const struct vendor *vendor;

static inline void *vcpu_place(const struct cpu *cpu, enum vcpu_register reg)
{
	return (uint8_t *)cpu->arch.control + vendor->at[reg];
}

/* One register of a vCPU: of the calling CPU, or of one that is suspended. */
static inline __attribute__((always_inline)) uint64_t vcpu_get(const struct cpu *cpu,
							       enum vcpu_register reg)
{
	const void *place = vcpu_place(cpu, reg);

	return reg >= VCPU_CS && reg <= VCPU_CS_ATTRIBUTES ? *(const uint16_t *)place
							   : *(const uint64_t *)place;
}

/* Only registers of 64 bits are ever written. */
static inline void vcpu_set(struct cpu *cpu, enum vcpu_register reg, uint64_t value)
{
	*(uint64_t *)vcpu_place(cpu, reg) = value;
}

/* A vendor registers itself: the linker collects the tables, setup.c asks them in turn. */
#define VENDOR(symbol)                                                \
	static const struct vendor symbol;                            \
	static const struct vendor *const symbol##_entry              \
		__attribute__((used, section(".vendors"))) = &symbol; \
	static const struct vendor symbol

extern const struct vendor *const vendors_start[];
extern const struct vendor *const vendors_end[];

#endif /* VENDOR_H */
