// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC's page: in xAPIC mode only writes come here, in x2APIC mode reads as well. */
#pragma GCC optimize("O2") /* on the way of exits that are frequent */

#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/regs.h"
#include "cell/cell.h"
#include "core/subsystem.h"
#include "io/io.h"

static enum io_answer apic_page(struct cpu *cpu, const struct io_region *region,
				struct io_access *access)
{
	unsigned int offset = access->address - region->start;

	/* APM vol. 2, 16.3.2: registers are accessed with aligned 32-bit accesses. */
	if (access->width != 4 || (offset & 3)) {
		exit_fault(cpu, FAILURE_INSTRUCTION, access->address, 0, access->width);
		return IO_FAULT;
	}
	if (access->write)
		return apic_page_write(cpu, offset, access->value) == VERDICT_FAULT ? IO_FAULT
										    : IO_DONE;
	access->value = apic_page_read(cpu, offset);
	return IO_DONE;
}

static void add_page(struct io_builder *builder, const struct cell *owner, const struct cell *cause)
{
	/* In x2APIC mode there is none (APM vol. 2, 16.11); root, which chose that mode, knows. */
	if (builder->space == IO_MEMORY && owner == cause && !(apic_x2 && owner == &root_cell))
		io_add(builder,
		       (struct io_region){APIC_PHYS, PAGE_SIZE, apic_page, NULL, EXITS_X86_XAPIC});
}

SUBSYSTEM(11, apic_page_subsystem) = {
	.name = "local APIC's page",
	.io_regions = add_page,
};
