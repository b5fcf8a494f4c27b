// SPDX-License-Identifier: GPL-2.0-only
/* What is kept and told of what a guest did wrong. */
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "core/console.h"

bool arch_cpu_record(struct cpu *cpu, struct failure_record *record)
{
	if (cpu->state != CPU_RUNNING)
		return false;
	record->cpu = cpu->id;
	record->tsc = rdtsc();
	for (unsigned int n = 0; n < FAILURE_GPR_COUNT; n++)
		record->gpr[n] = gpr_get(cpu, n);
	record->rip = vcpu_get(cpu, VCPU_RIP);
	record->rflags = vcpu_get(cpu, VCPU_RFLAGS);
	record->cr0 = vcpu_get(cpu, VCPU_CR0);
	record->cr2 = vcpu_get(cpu, VCPU_CR2);
	record->cr3 = vcpu_get(cpu, VCPU_CR3);
	record->cr4 = vcpu_get(cpu, VCPU_CR4);
	record->efer = vcpu_get(cpu, VCPU_EFER) & ~vendor->efer;
	record->cs = vcpu_get(cpu, VCPU_CS);
	record->cs_base = vcpu_get(cpu, VCPU_CS_BASE);
	record->ss = vcpu_get(cpu, VCPU_SS);
	record->ds = vcpu_get(cpu, VCPU_DS);
	record->es = vcpu_get(cpu, VCPU_ES);
	/* Another CPU's guest is read through pages of this one: both forget theirs. */
	guest_forget(cpu);
	record->instruction_len = guest_fetch(cpu, record->instruction);
	guest_forget(cpu);
	guest_forget(this_cpu());
	return true;
}

enum verdict exit_fault(struct cpu *cpu, enum failure_reason reason, uint64_t address,
			uint64_t value, unsigned int size)
{
	struct failure_record *record = &cpu->failure;
	bool root = cpu->cell == &root_cell;

	/* Root is refused only: of its record nobody sees more than the line on the console. */
	if (!root)
		memset(record, 0, sizeof(*record));
	record->reason = reason;
	record->address = address;
	record->value = value;
	record->size = size;
	record->vector = FAILURE_VECTOR_NONE;
	vendor->record_exit(cpu, record);
	record->rip = vcpu_get(cpu, VCPU_RIP);
	if (!root)
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
