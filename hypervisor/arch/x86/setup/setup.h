/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's way in from Linux and back, and the hypervisor's own address space. */
#ifndef SETUP_H
#define SETUP_H

#include "arch/arch.h"
#include "arch/x86/processor.h"
#include "arch/x86/setup/offsets.h"

/* As Linux' kernel segments, so that nothing needs reloading on the way back. */
#define SELECTOR_DATA 0x18

#define APIC_VIRT      0x7fe00000ull /* the local APIC of whatever CPU looks */
#define TEMPORARY_BASE 0x80000000ull /* ARCH_TEMPORARY_PAGES for each CPU that there can be */

/* Accessed and dirty are set from the start: the processor has nothing to write back. */
#define PAGING_FORMAT(user)                                                                        \
	{                                                                                          \
		.present = PTE_PRESENT, .address = PTE_ADDRESS,                                    \
		.table = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | (user),                          \
		.leaf = PTE_PRESENT | PTE_ACCESSED | (user), .large = PTE_LARGE,                   \
		.write = PTE_WRITE | PTE_DIRTY, .no_execute = PTE_NX, .device = PTE_PCD | PTE_PWT, \
	}

/* APM vol. 2, 5.3: supervisor pages, for the hypervisor itself. */
static const struct page_table_format paging_host_format = PAGING_FORMAT(0);
/* APM vol. 2, 15.25.5: nested entries are walked as user accesses. */
static const struct page_table_format paging_nested_format = PAGING_FORMAT(PTE_USER);

/* Where a CPU's temporary page is, whatever it shows. */
static inline void *mapping_of_page(const struct cpu *cpu, unsigned int slot)
{
	return (void *)(TEMPORARY_BASE +
			(cpu->id * ARCH_TEMPORARY_PAGES + slot) * (uint64_t)PAGE_BYTES);
}

/*
 * Jumps to Linux, as it is in cpu->arch.linux, through the trampoline. EFER and the vendor's
 * registers are restored before.
 */
void setup_leave(const struct cpu *cpu, int result) __attribute__((noreturn));

/* The calling CPU does nothing any more, for ever or until an INIT (arch_cpu_reset()). */
void setup_stand_still(struct cpu *cpu) __attribute__((noreturn));

/* Resets the machine as a triple fault does, with no exception that could be handled (APM vol. 2,
 * 8.2.9, 14.1). */
void setup_reset_machine(void) __attribute__((noreturn));

#endif /* SETUP_H */
