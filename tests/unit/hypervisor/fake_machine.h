/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine for tests that run the hypervisor's own files on the host: hypervisor memory at its
 * real address, some RAM, and CPUs that take turns. What is below the files under test (the
 * architecture, the vendor) is played here, with an eye on what a processor may do at any time.
 *
 * Each CPU has its stack in its block, as in the image, and runs either its guest or what a test
 * makes it do; it changes to another one only where it waits (arch_cpu_relax()) or runs its guest.
 * A guest in its run touches all RAM again and again, so its TLB holds whatever it may: the only
 * way to have a translation out of it is to unmap first, and to flush then.
 */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/vcpu/guest.h"
#include "arch/x86/vendor.h"
#include "core/cpu.h"
#include "core/state.h"

#define MACHINE_CPUS 4
#define MACHINE_MSRS 256

/* Physical memory; the hypervisor's has a share of it. Root also has a device. */
#define RAM_SIZE    (32ull << 20)
#define HV_START    (24ull << 20)
#define HV_SIZE	    (4ull << 20)
#define DEVICE	    0xfd000000ull
#define DEVICE_SIZE 0x10000ull
#define APIC_PAGE   0xfee00000ull

/* Interrupt controllers, one behind the other. */
#define IO_APIC	     0xfec00000ull
#define IO_APICS     2
#define IO_APIC_PINS 24

/* Where cell blobs are put for the hypervisor to find: the end of a page, in root's RAM. */
#define BLOB_PHYS 0x1fff0ull

#define RW  (BLOB_MEM_READ | BLOB_MEM_WRITE)
#define RWX (RW | BLOB_MEM_EXECUTE)

/* What a blob shall say. */
struct cell_plan {
	const char *name;
	uint32_t id;
	uint32_t flags;
	uint64_t cpus;
	const struct blob_memory *memory;
	unsigned int num_memory;
	const struct blob_pio *pio;
	unsigned int num_pio;
	const struct blob_irqchip *irqchips;
	unsigned int num_irqchips;
	const struct blob_pci_device *devices;
	unsigned int num_devices;
	const struct blob_pci_capability *caps;
	unsigned int num_caps;
	uint64_t mmconfig; /* of root: one bus there */
	struct cell_console console;
	/* Of root: of the machine. */
	uint16_t pm_timer;
	struct cell_console debug_console;
};

/* A correct blob; returns its size. */
size_t plan_write(const struct cell_plan *plan, void *to);

struct fake_cpu {
	bool in_guest;
	/* For so many turns it takes no kick, as if it were stuck. */
	unsigned int deaf;
	bool kicked; /* an NMI is on its way or has come */
	unsigned int kicks;
	unsigned int resets;
	bool keeps_init; /* an INIT does nothing to it */
	unsigned int flushes;
	bool owed; /* when it flushed last it had not said yet that it has */
	unsigned int acts;
	uint32_t signals; /* that were delivered to it */
	enum cpu_pending last_act;
	const struct cell *act_cell;   /* whose the CPU was then */
	uint64_t regs[VCPU_REGISTERS]; /* of its guest */
	uint8_t told;		       /* bytes of what follows */
	uint8_t code[INSTRUCTION_MAX]; /* at its RIP */
	unsigned int injected;	       /* exceptions */
	unsigned int vector;	       /* the last of them; waits where injected is not 0 */
	bool delivering;	       /* the exit came while an event was delivered */
};

struct fake_ioapic {
	uint64_t entries[IO_APIC_PINS];
	uint32_t id, ended;
};

/* A function of the machine: its configuration space, and which bits of it can be written. */
struct fake_function {
	uint64_t page; /* where it is in memory; 0: there is none */
	uint32_t words[1024], writable[1024];
};
#define MACHINE_FUNCTIONS 2

struct fake_machine {
	struct fake_cpu cpus[MACHINE_CPUS];
	uint8_t *ram;
	/* Allocations until one fails, for once. */
	unsigned int pages_until_failure;
	unsigned int allocations;
	/* What must never be counted. */
	unsigned int stale_entries;  /* a guest went on with a translation that its tables lack */
	unsigned int unacknowledged; /* a flush returned, and a guest still had what was unmapped */
	unsigned int released_early; /* tables were given back before */
	unsigned int reused_early;   /* a page was handed out that a running guest's TLB walks */
	char debug[16384];	     /* what went to the debug console */
	unsigned int debug_size;
	bool leaving;
	uint64_t clock, clock_step;
	uint32_t later;			     /* signals that cannot be delivered now */
	void (*on_signals)(struct cpu *cpu); /* at each entry to a guest */
	int running;			     /* CPU, or -1 */
	unsigned int flush_calls;
	uint64_t last_flushed;
	uint64_t flushed;	 /* CPUs that cpus_flush() was called for */
	uint32_t cpuid_bits;	 /* what the processor says in each register of each leaf */
	bool cpuid_ends;	 /* after the first leaf of each range */
	uint32_t cpuid_asked[2]; /* the last leaf and subleaf */
	/* Registers that were read or written so far; a new one is 0. All CPUs share them. */
	struct {
		uint32_t number;
		uint64_t value;
	} msrs[MACHINE_MSRS];
	unsigned int num_msrs, msr_writes;
	void (*on_wrmsr)(uint32_t msr, uint64_t value);
	bool (*msr_faults)(uint32_t msr); /* whether the processor answers #GP */
	uint8_t device[DEVICE_SIZE];
	unsigned int device_accesses; /* that were begun */
	struct fake_function functions[MACHINE_FUNCTIONS];
	void (*on_device_write)(uint64_t phys, unsigned int width); /* after each */
	unsigned int told;					    /* refusals, on the console */
	/* Of PCI's ports: the address register, what is behind it, and what was done to that. */
	uint32_t pci_address, pci_data, pci_written;
	uint16_t pci_port;
	unsigned int pci_accesses;
	struct fake_ioapic ioapics[IO_APICS];
	/* NULL, or what looks at each write of an entry. */
	void (*on_ioapic)(const struct fake_ioapic *ioapic, unsigned int pin);
};

/* The CPUs' APIC ids: of two clusters and one beyond 8 bits. The APIC's page is memory. */
extern const uint32_t machine_apic_ids[MACHINE_CPUS];

/* What Linux has programmed before; the machine that is opened next has it. */
extern struct fake_ioapic machine_ioapics_at_launch[IO_APICS];

#define CLOCK_KHZ  1000u
#define CLOCK_STEP 100u /* what a wait takes at each look: not more than counts */

#define DEAF_FOR_EVER 0xffffffffu

#define PAGES_ALL 0xffffffffu

extern struct fake_machine machine;

/*
 * A fresh machine with Linux in the root cell on all CPUs, as after the launch; plan NULL: a root
 * cell that has all RAM, the device and the ports 0x20..0x3f and 0x60..0xffff.
 */
void machine_open(const struct cell_plan *root);

/*
 * Makes a CPU leave its guest and do this, and runs the machine until it is back and every CPU is
 * in its guest and has nothing to serve. Returns what call() did.
 */
int machine_call(unsigned int cpu, int (*call)(uint64_t arg), uint64_t arg);

/* The same in two steps, so that several CPUs can begin something at once. */
void machine_begin(unsigned int cpu, int (*call)(uint64_t arg), uint64_t arg);
int machine_end(unsigned int cpu);

/* A hypercall from CPU 0, and from any; NO_RESULT where the CPU was taken away meanwhile. */
#define NO_RESULT 0x7eadbeef
int machine_hypercall(uint32_t code, uint64_t arg1, uint64_t arg2);
int machine_hypercall_of(unsigned int cpu, uint32_t code, uint64_t arg1, uint64_t arg2);

/* Until the cell is gone, or an error. */
static inline int machine_destroy(uint32_t id)
{
	int err;

	do
		err = machine_hypercall(HC_CELL_DESTROY, id, 0);
	while (err == -EINPROGRESS);
	return err;
}

/* Writes the plan's blob where BLOB_PHYS is and creates the cell. */
int machine_create(const struct cell_plan *plan);

/* Takes pages out of the pool until it has only so many, and puts them back. */
void machine_drain(uint32_t leave);
void machine_refill(void);
void machine_forget_drained(void); /* with the pool that they were of */

/* The cells, the pool's pages, and those in use. */
static inline uint32_t cell_count(void)
{
	return hv_info[HV_INFO_NUM_CELLS];
}

static inline uint32_t page_pool_size(void)
{
	return hv_info[HV_INFO_MEM_POOL_SIZE];
}

static inline uint32_t page_pool_used(void)
{
	return hv_info[HV_INFO_MEM_POOL_USED];
}

/* For the fakes only. */
void machine_empty_tlb(unsigned int cpu);
void machine_give_up(const char *why) __attribute__((noreturn));

/* Goes on with the next instruction where that is the verdict, which is then VERDICT_HANDLED. */
int machine_next(struct cpu *cpu, int verdict);

/* The fake machine's own CPU block for one of the product. */
struct fake_cpu *fake_cpu_of(const struct cpu *cpu);

/* What a cell finds at a guest-physical address: physical page and PTE_* rights, or 0. */
uint64_t machine_lookup(const struct cell *cell, uint64_t guest);

/* How many pages of 4 KiB it has in all. */
uint64_t machine_mapped_pages(const struct cell *cell);

/* The same for each page of RAM and of the device, by physical address. */
#define VIEW_PAGES ((RAM_SIZE + DEVICE_SIZE) / PAGE_SIZE)
void machine_view(const struct cell *cell, uint64_t view[VIEW_PAGES]);

/* Whether the console holds this text. */
bool machine_said(const char *text);

#endif /* FAKE_MACHINE_H */
