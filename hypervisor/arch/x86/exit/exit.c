// SPDX-License-Identifier: GPL-2.0-only
/* What all vendors' exits have in common: hypercalls, verdicts, the end of a cell. */
#include <string.h>

#include "arch/x86/exit/access.h"
#include "arch/x86/asm.h"
#include "core/console.h"
#include "arch/x86/vcpu/guest.h"
#include "core/hypercall.h"
#include "core/state.h"
#include "arch/x86/vendor.h"

uint64_t *gpr_by_number(struct cpu *cpu, unsigned int number)
{
	static const uint8_t offsets[16] = {
		offsetof(struct guest_gprs, rax),
		offsetof(struct guest_gprs, rcx),
		offsetof(struct guest_gprs, rdx),
		offsetof(struct guest_gprs, rbx),
		0,
		offsetof(struct guest_gprs, rbp),
		offsetof(struct guest_gprs, rsi),
		offsetof(struct guest_gprs, rdi),
		offsetof(struct guest_gprs, r8),
		offsetof(struct guest_gprs, r9),
		offsetof(struct guest_gprs, r10),
		offsetof(struct guest_gprs, r11),
		offsetof(struct guest_gprs, r12),
		offsetof(struct guest_gprs, r13),
		offsetof(struct guest_gprs, r14),
		offsetof(struct guest_gprs, r15),
	};

	if (number == FAILURE_RSP)
		return vendor->rsp(cpu);
	return (uint64_t *)((uint8_t *)cpu_gprs(cpu) + offsets[number & 15]);
}

enum verdict exit_hypercall(struct cpu *cpu, unsigned int instruction_length)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	struct vcpu_state state;
	uint64_t arg1 = gprs->rdi, arg2 = gprs->rsi;
	int32_t result = -1; /* EPERM */

	vendor->get_state(cpu, &state);
	if (!(state.efer & EFER_LMA)) {
		arg1 = (uint32_t)arg1;
		arg2 = (uint32_t)arg2;
	}
	vendor->advance(cpu, instruction_length);
	if (state.cpl == 0 && !(state.rflags & RFLAGS_VM) &&
	    !hypercall(cpu, gprs->rax, arg1, arg2, &result))
		return VERDICT_HANDLED;
	gprs->rax = (int64_t)result;
	return VERDICT_HANDLED;
}

void exit_exception_seen(struct cpu *cpu, unsigned int vector)
{
	struct vcpu_state state;

	vendor->get_state(cpu, &state);
	cpu->arch.last_exception = vector;
	cpu->arch.last_exception_rip = state.rip;
}

enum verdict exit_triple_fault(struct cpu *cpu)
{
	struct vcpu_state state;
	enum verdict verdict;

	vendor->get_state(cpu, &state);
	verdict = fault(cpu, FAILURE_TRIPLE_FAULT, state.cr2, 0, 0);
	/*
	 * Page faults are not intercepted: where the last exception seen was raised elsewhere, the
	 * chain began with a page fault.
	 */
	if (cpu->arch.last_exception != FAILURE_VECTOR_NONE &&
	    cpu->arch.last_exception_rip == state.rip)
		cpu->failure.vector = cpu->arch.last_exception;
	else
		cpu->failure.vector = VECTOR_PF;
	return verdict;
}

bool arch_cpu_record(struct cpu *cpu, struct failure_record *record)
{
	struct vcpu_state state;
	unsigned int n;

	if (cpu->arch.parked)
		return false;
	record->cpu = cpu->id;
	record->tsc = rdtsc();
	vendor->get_state(cpu, &state);
	for (n = 0; n < FAILURE_GPR_COUNT; n++)
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

enum verdict fault(struct cpu *cpu, enum failure_reason reason, uint64_t address, uint64_t value,
		   unsigned int size)
{
	struct failure_record *record = &cpu->failure;

	memset(record, 0, sizeof(*record));
	record->reason = reason;
	record->address = address;
	record->value = value;
	record->size = size;
	record->vector = FAILURE_VECTOR_NONE;
	vendor->get_exit(cpu, &record->exit_code, &record->exit_info1, &record->exit_info2);
	arch_cpu_record(cpu, record);
	return VERDICT_FAULT;
}

static const char *const reasons[] = {FAILURE_REASONS(WORD_ENTRY)};

static void report(const struct cpu *cpu, const char *what)
{
	const struct failure_record *record = &cpu->failure;

	console_printf("cell %s, CPU %u: %s: %s, address 0x%lx value 0x%lx rip 0x%lx exit 0x%lx\n",
		       cpu->cell->desc->name, cpu->id, what, reasons[record->reason],
		       record->address, record->value, record->rip, record->exit_code);
}

/*
 * Root did what it may not: Linux lives on with what hardware would have answered. The first cases
 * and then ever fewer are reported, so that a loop cannot flood the console.
 */
static void refuse_root(struct cpu *cpu)
{
	const struct failure_record *record = &cpu->failure;
	uint64_t count = __atomic_add_fetch(&public_area.root_violations, 1, __ATOMIC_SEQ_CST);
	uint64_t ones;

	if (count <= 16 || (count & (count - 1)) == 0)
		report(cpu, "refused");
	switch (record->reason) {
	case FAILURE_MEMORY_READ:
	case FAILURE_MEMORY_WRITE:
	case FAILURE_MEMORY_EXECUTE:
		access_refuse(cpu);
		return;
	case FAILURE_PORT_READ:
	case FAILURE_PORT_WRITE:
		if (cpu->arch.refused_string) {
			access_refuse_port_string(cpu, cpu->arch.refused_length);
			return;
		}
		/* Nobody drives the bus: all ones are read, a write is lost. */
		ones = 0xffffffffull >> (32 - 8 * record->size);
		if (record->reason == FAILURE_PORT_READ)
			cpu_gprs(cpu)->rax = record->size == 4 ? ones : cpu_gprs(cpu)->rax | ones;
		vendor->advance(cpu, cpu->arch.refused_length);
		return;
	case FAILURE_UNHANDLED_EXIT:
	case FAILURE_TRIPLE_FAULT:
		/* Hardware would reset the machine, and the cells with it. Only this CPU of Linux
		 * stops. */
		report(cpu, "stopped");
		__atomic_store_n(&cpu->action, CPU_ACTION_PARK, __ATOMIC_SEQ_CST);
		return;
	default:
		break;
	}
	vendor->inject_exception(cpu, VECTOR_GP, true, 0);
}

void exit_verdict(struct cpu *cpu, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_HANDLED:
		return;
	case VERDICT_UD:
		vendor->inject_exception(cpu, VECTOR_UD, false, 0);
		return;
	case VERDICT_GP:
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
		return;
	case VERDICT_FAULT:
		if (cpu->cell == &root_cell) {
			refuse_root(cpu);
			return;
		}
		report(cpu, "stopped");
		cell_fail(cpu);
		return;
	}
}
