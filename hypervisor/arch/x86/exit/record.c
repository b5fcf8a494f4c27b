// SPDX-License-Identifier: GPL-2.0-only
/* What is kept and told of what a guest did wrong. */
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "core/console.h"

bool arch_cpu_record(struct cpu *cpu, struct failure_record *record)
{
	struct vcpu_state state = vendor->state(cpu);

	if (cpu->arch.parked)
		return false;
	record->cpu = cpu->id;
	record->tsc = rdtsc();
	for (unsigned int n = 0; n < FAILURE_GPR_COUNT; n++)
		record->gpr[n] = *gpr_by_number(cpu, n);
	record->rip = state.rip;
	record->rflags = state.rflags;
	record->cr0 = state.cr0;
	record->cr2 = state.cr2;
	record->cr3 = state.cr3;
	record->cr4 = state.cr4;
	record->efer = state.efer;
	record->cs = state.cs.selector;
	record->cs_base = state.cs.base;
	record->ss = state.ss.selector;
	record->ds = state.ds.selector;
	record->es = state.es.selector;
	record->instruction_len = guest_fetch(cpu, &state, record->instruction);
	return true;
}

enum verdict exit_fault(struct cpu *cpu, enum failure_reason reason, uint64_t address,
			uint64_t value, unsigned int size)
{
	struct failure_record *record = &cpu->failure;
	struct vcpu_state state = vendor->state(cpu);

	memset(record, 0, sizeof(*record));
	record->reason = reason;
	record->address = address;
	record->value = value;
	record->size = size;
	record->vector = FAILURE_VECTOR_NONE;
	vendor->get_exit(cpu, &record->exit_code, &record->exit_info1, &record->exit_info2);
	record->rip = state.rip;
	/* Root is refused only: of its record nobody sees more than the line on the console. */
	if (cpu->cell != &root_cell)
		arch_cpu_record(cpu, record);
	return VERDICT_FAULT;
}

static const char *const reasons[] = {FAILURE_REASONS(WORD_ENTRY)};

void record_tell(const struct cpu *cpu, const char *what)
{
	const struct failure_record *record = &cpu->failure;

	console_printf("cell %s, CPU %u: %s: %s, address 0x%lx value 0x%lx rip 0x%lx exit 0x%lx\n",
		       cpu->cell->desc->name, cpu->id, what, reasons[record->reason],
		       record->address, record->value, record->rip, record->exit_code);
}
