/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's image on the host, without a virtual machine: its code runs in this process as
 * it was linked. What only a kernel may execute is done here by hand, on CPUs that are records of
 * registers. A guest is whatever the test says between VMRUN and #VMEXIT. Everything is
 * deterministic: a CPU's turn ends where it waits for another one (PAUSE), and at VMRUN.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/svm/vmcb.h"

#define SIM_MAX_CPUS	4
#define SIM_MSRS	128
#define SIM_MEMORY_SIZE 0x4000000ull	  /* bytes of physical memory, from 0 */
#define SIM_HV_START	0x2000000ull	  /* where the hypervisor's lies in it */
#define SIM_HV_SIZE	0xa00000ull	  /* for all CPUs that there can be */
#define SIM_STATES	0x207ull	  /* of XSAVE: x87, SSE, AVX, protection keys */
#define SIM_BANKS	4		  /* of machine checks */
#define SIM_SPEC_CTRL	1		  /* that Linux has set */
#define SIM_RESUME	0x7fff00001000ull /* where Linux would go on */

/* Encoding order of x86-64 instructions, as everywhere. */
enum sim_reg {
	SIM_RAX,
	SIM_RCX,
	SIM_RDX,
	SIM_RBX,
	SIM_RSP,
	SIM_RBP,
	SIM_RSI,
	SIM_RDI,
	SIM_R8,
	SIM_R15 = 15,
	SIM_REGS
};

enum sim_state {
	SIM_READY,  /* executes the hypervisor */
	SIM_GUEST,  /* at VMRUN: its guest would run */
	SIM_HALTED, /* HLT in the hypervisor: it has given this CPU up */
	SIM_LEFT,   /* went back through the trampoline; RAX is the result */
};

struct sim_cpu {
	enum sim_state state;
	uint64_t reg[SIM_REGS]; /* in the hypervisor; at VMRUN the guest's but for RAX, RSP */
	uint64_t rip;
	uint64_t flags;
	uint64_t cr[16], dr[8];
	uint64_t vmcb_phys;
	/* Model-specific registers that were read or written; a new one is 0. */
	struct {
		uint32_t number;
		uint64_t value;
	} msr[SIM_MSRS];
	unsigned int num_msrs;
	struct {
		uint16_t limit;
		uint64_t base;
	} gdtr, idtr;
	bool gif;
	uint64_t xcr0;
	uint64_t opened;      /* all states that XCR0 has had */
	uint64_t loaded;      /* control block of the last VMLOAD */
	uint64_t x87_pointer; /* to the last operand of an instruction of the x87's */
	uint16_t x87_control; /* of the last area that FXRSTOR loaded */
	uint32_t mxcsr;
	bool waits; /* has executed PAUSE */
	bool nmi_pending;
	bool init_pending;	 /* an INIT from outside, taken with GIF set */
	unsigned int redirected; /* INITs that became exceptions */
	unsigned int kicks;	 /* NMIs that were sent to it */
	uint32_t apic_errors;	 /* of its APIC, which the next write to ESR shows */
	unsigned int port_writes;
	unsigned int port_busy; /* so many reads of ports say that nothing can be written yet */
	unsigned int port_late; /* how many of them were left at the first write */
	uint64_t instructions;	/* of the last sim_exit() of it */
	uint8_t code[15];	/* of its guest at RIP; how much of it is the instruction */
	unsigned int code_size;
};

struct sim {
	unsigned int num_cpus;
	struct sim_cpu cpu[SIM_MAX_CPUS];
	unsigned int flushes;			    /* INVLPG so far */
	unsigned int write_backs, write_backs_kept; /* WBINVD, WBNOINVD */
	unsigned int resets;   /* of the machine, by triple faults: no CPU does anything any more */
	uint64_t last_command; /* of an APIC: the id that it was sent to in the upper half */
};

extern struct sim sim;

/* One of a CPU's model-specific registers. */
uint64_t *sim_msr(struct sim_cpu *cpu, uint32_t number);

/* A register of a CPU's local APIC, by its offset in the page. It delivers what is requested when
 * interrupts are let in. */
uint32_t *sim_apic(unsigned int cpu, unsigned int offset);

/* Whether the processors raise #GP at an access to one; NULL: at none. */
extern bool (*sim_msr_missing)(uint32_t number);

/* What the processors tell at an exit: the next instruction, and the bytes of one that touched
 * memory (NRIPS, decode assists). On by default. */
extern bool sim_assists;

/* They see to it that a guest's NMIs come one after the other (vNMI). Off by default. */
extern bool sim_virtual_nmi;

/* Their APICs are in x2APIC mode, and have no page. Off by default; before sim_open(). */
extern bool sim_x2apic;

/* What the next guest to exit was being given at that time (EXITINTINFO). */
extern uint64_t sim_event;

/*
 * Loads an image file and lets CPUs enter it as the module does, until all run their guest. traps
 * names a file with the addresses, one a line in hexadecimal, of the instructions that every
 * process may execute but whose outcome is the simulation's (CPUID, INT3, PAUSE, RDTSC, SGDT,
 * SIDT, FILD, FXRSTOR).
 * Prints why and ends the program where it fails.
 */
void sim_open(const char *image, const char *traps, unsigned int num_cpus);

/* The same, where some CPUs, by bits, never come. Whether all others came to an end, any end. */
bool sim_enter(const char *image, const char *traps, unsigned int num_cpus, uint64_t absent);

struct image_header;
struct system_desc;

/* Called before the CPUs enter, to change what they find; NULL: nothing is. */
extern void (*sim_prepare)(struct image_header *header, struct system_desc *system);

/* A VMCB, as physical memory has it. */
struct vmcb *sim_vmcb(unsigned int cpu);

/* Physical memory; address + size must be within. */
void *sim_memory(uint64_t address, size_t size);

/*
 * The guest of a CPU that is at VMRUN exits with this code: all CPUs run until each is at VMRUN
 * again, halted or gone. Requests among them are delivered on the way. False: there was no end.
 */
bool sim_exit(unsigned int cpu, uint64_t code, uint64_t info1, uint64_t info2);

/*
 * The same, slowly: returns the number of instructions of that CPU from #VMEXIT to VMRUN, neither
 * counted, repetitions of string instructions not either; -1 where there was no end.
 */
long sim_measure(unsigned int cpu, uint64_t code, uint64_t info1, uint64_t info2);

/* Called after instructions of sim_measure(); false: no more of them, and the rest is not counted.
 */
extern bool (*sim_on_instruction)(unsigned long count);

/* What stands in the hypervisor's console; to be freed. */
char *sim_console(void);

#endif /* SIM_H */
