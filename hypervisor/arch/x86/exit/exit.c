// SPDX-License-Identifier: GPL-2.0-only
/* What all vendors' exits have in common: records, hypercalls, exceptions, verdicts. */
#include "arch/x86/exit/exit.h"

#include <errno.h>
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/setup/setup.h"
#include "core/console.h"
#include "core/hypercall.h"

bool arch_cpu_record(struct cpu *cpu, struct failure_record *record)
{
	if (cpu->state != CPU_RUNNING)
		return false;
	record->cpu = cpu->id;
	record->clock = __builtin_ia32_rdtsc();
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

/* Not inlined, so that what is refused at once needs no stack. */
static enum verdict __attribute__((noinline)) call(struct cpu *cpu, uint32_t code)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint64_t arg1 = gprs->rdi, arg2 = gprs->rsi;
	int32_t result;

	if (!guest_runs_64bit_code(cpu)) {
		arg1 = (uint32_t)arg1;
		arg2 = (uint32_t)arg2;
	}
	/* The CPU may have become another cell's meanwhile: its vCPU is about to be replaced. */
	if (!hypercall(cpu, code, arg1, arg2, &result))
		return VERDICT_HANDLED;
	gprs->rax = (int64_t)result;
	return VERDICT_NEXT;
}

enum verdict exit_hypercall(struct cpu *cpu, bool kernel)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint32_t code = gprs->rax;

	if (!kernel)
		gprs->rax = -EPERM;
	else if (code == HC_HYPERVISOR_GET_INFO && gprs->rdi < HV_INFOS)
		gprs->rax = hv_info[gprs->rdi];
	else if (hypercall_known(code))
		return call(cpu, code);
	else
		gprs->rax = -ENOSYS;
	return VERDICT_NEXT;
}

void exit_exception_seen(struct cpu *cpu, unsigned int vector)
{
	cpu->arch.last_exception = vector;
	cpu->arch.last_exception_rip = vcpu_get(cpu, VCPU_RIP);
}

/*
 * The status of the first error that was not corrected, of those that this CPU's banks hold, and
 * its address; 0: there is none (APM vol. 2, 9.3).
 */
static uint64_t find_machine_error(uint64_t *ret_address)
{
	unsigned int banks = 0;
	uint64_t status;

	if (cpuid(1, 0).edx & CPUID_1_EDX_MCA)
		banks = rdmsr(MSR_MCG_CAP) & MCG_CAP_BANKS;
	*ret_address = 0;
	for (unsigned int bank = 0; bank < banks && bank < MC_BANKS_MAX; bank++) {
		status = rdmsr(MSR_MC0_STATUS + 4 * bank);
		if (!(status & MC_STATUS_VALID) || !(status & MC_STATUS_UC))
			continue;
		if (status & MC_STATUS_ADDRV)
			*ret_address = rdmsr(MSR_MC0_ADDR + 4 * bank);
		return status;
	}
	return 0;
}

enum verdict exit_machine_check(struct cpu *cpu)
{
	uint64_t address, status = find_machine_error(&address);

	/* The next one would be a shutdown. The banks keep what Linux will want to log. */
	wrmsr(MSR_MCG_STATUS, 0);
	return exit_fault(cpu, FAILURE_MACHINE_CHECK, address, status, 0);
}

enum verdict exit_shutdown(struct cpu *cpu)
{
	uint64_t address;

	/* Also what a machine check becomes that finds CR4.MCE clear, or another one unfinished. */
	if (find_machine_error(&address))
		exit_machine_check(cpu);
	else
		exit_triple_fault(cpu);
	cpu->failure.flags = FAILURE_STATE_UNDEFINED;
	return VERDICT_FAULT;
}

enum verdict exit_triple_fault(struct cpu *cpu)
{
	bool seen = cpu->arch.last_exception != FAILURE_VECTOR_NONE &&
		    cpu->arch.last_exception_rip == vcpu_get(cpu, VCPU_RIP);
	enum verdict verdict;

	/* What began with an MSR that we refused is told as that; root would only get #GP again. */
	if (cpu->cell != &root_cell && seen && cpu->arch.last_exception == VECTOR_GP &&
	    cpu->arch.msr_refused.reason != FAILURE_NONE &&
	    cpu->arch.msr_refused.rip == cpu->arch.last_exception_rip)
		return exit_fault(cpu, cpu->arch.msr_refused.reason, cpu->arch.msr_refused.number,
				  cpu->arch.msr_refused.value, 8);
	verdict = exit_fault(cpu, FAILURE_TRIPLE_FAULT, vcpu_get(cpu, VCPU_CR2), 0, 0);
	/* Page faults are not intercepted: where nothing was seen, the chain began with one. */
	cpu->failure.vector = seen ? cpu->arch.last_exception : VECTOR_PF;
	return verdict;
}

/* An exception that is ours, not the processor's: it can begin a triple fault as well. */
static void __attribute__((noinline)) raise(struct cpu *cpu, unsigned int vector, bool has_error)
{
	exit_exception_seen(cpu, vector);
	vendor->inject_exception(cpu, vector, has_error, 0);
}

static bool cells_run(void)
{
	for_each_cell (cell) {
		if (cell != &root_cell && !comm_stopped(cell))
			return true;
	}
	return false;
}

/*
 * A triple fault is Linux' last way to reset a machine that has no better one. False: the CPU has
 * been taken away meanwhile.
 */
static bool reset_without_cells(struct cpu *cpu)
{
	int err = management_lock_of(cpu);

	if (err < 0)
		return err != -ECANCELED;
	if (!cells_run()) {
		console_printf("the machine is reset\n");
		setup_reset_machine();
	}
	spin_unlock(&management_lock);
	return true;
}

/*
 * What cpu->failure says stops a cell, and is for root a general-protection exception. After what
 * would reset the machine, and cells that run with it, this CPU of Linux stops as well.
 */
static void stop_or_refuse(struct cpu *cpu)
{
	enum failure_reason reason = cpu->failure.reason;
	bool root = cpu->cell == &root_cell;

	if (root && refuse_count())
		record_tell(cpu, "refused");
	if (root && reason != FAILURE_UNHANDLED_EXIT && reason != FAILURE_TRIPLE_FAULT &&
	    reason != FAILURE_MACHINE_CHECK) {
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
		return;
	}
	record_tell(cpu, "stopped");
	if (root && reason == FAILURE_TRIPLE_FAULT && !reset_without_cells(cpu))
		return;
	cell_fail(cpu);
}

void exit_verdict(struct cpu *cpu, enum verdict verdict)
{
	if (verdict == VERDICT_UD)
		raise(cpu, VECTOR_UD, false);
	else if (verdict == VERDICT_GP)
		raise(cpu, VECTOR_GP, true);
	else if (verdict == VERDICT_FAULT)
		stop_or_refuse(cpu);
}
