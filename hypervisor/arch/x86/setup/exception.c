// SPDX-License-Identifier: GPL-2.0-only
/* Exceptions in the hypervisor itself: a bug, or a machine check. */
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/irq/apic.h"
#include "cell/cell.h"
#include "core/console.h"

struct exception_frame {
	uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11; /* what a function may change */
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

static void tell(struct cpu *cpu, const struct exception_frame *frame)
{
	struct failure_record *record = &cpu->failure;

	memset(record, 0, sizeof(*record));
	record->reason = FAILURE_HYPERVISOR_EXCEPTION;
	record->cpu = cpu->id;
	record->tsc = rdtsc();
	record->vector = frame->vector;
	record->address = read_cr2();
	record->value = frame->error;
	record->rip = frame->rip;
	record->rflags = frame->rflags;
	console_direct(true);
	console_printf("%s %lu on CPU %u: error 0x%lx rip 0x%lx rsp 0x%lx cr2 0x%lx\n",
		       frame->vector == VECTOR_MC ? "machine check," : "hypervisor exception",
		       frame->vector, cpu->id, frame->error, frame->rip, frame->rsp,
		       record->address);
	console_direct(false);
	if (cpu->cell)
		cell_fail(cpu);
}

/*
 * This CPU stops where it is, for ever, with everything that helps to find the fault on the console
 * and in its cell's record. The other CPUs and their cells go on: nobody waits for it, and its
 * locks are taken over.
 */
void setup_host_exception(const struct exception_frame *frame);
void setup_host_exception(const struct exception_frame *frame)
{
	struct cpu *cpu = this_cpu();

	/* Leftover interrupts of the CPU's last owner are taken only to get rid of them. */
	if (cpu->arch.drops_interrupts) {
		if (frame->vector == VECTOR_MC && apic_end_interrupt(VECTOR_MC))
			return;
		if (frame->vector == EXCEPTIONS) {
			apic_set(APIC_EOI, 0);
			return;
		}
	}
	/* One that the telling itself raises is not told. */
	if (!cpu->arch.broken) {
		cpu->arch.broken = true;
		tell(cpu, frame);
	}
	__atomic_store_n(&cpu->state, CPU_LOST, __ATOMIC_SEQ_CST);
	for (;;)
		asm volatile("cli; hlt");
}
