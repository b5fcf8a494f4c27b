// SPDX-License-Identifier: GPL-2.0-only
#include "core/cpu.h"

#include <stddef.h>

#include "arch/arch.h"
#include "cell/cell.h"
#include "core/state.h"

struct cpu *this_cpu(void)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);

	return (struct cpu *)(sp & ~(uint64_t)(CPU_BLOCK_SIZE - 1));
}

struct cpu *cpu_by_id(unsigned int id)
{
	struct cpu *cpu;

	if (id >= image_header.max_cpus || id >= IMAGE_MAX_CPUS || !image_header.cpu_entering[id])
		return NULL;
	cpu = (struct cpu *)(IMAGE_BASE + image_header.core_size + (uint64_t)id * CPU_BLOCK_SIZE);
	return cpu->entered ? cpu : NULL;
}

struct cpu *cpu_next(uint64_t bitmap, unsigned int from)
{
	struct cpu *cpu = NULL;

	for (unsigned int id = from; id < IMAGE_MAX_CPUS && !cpu; id++) {
		if (bitmap & (1ull << id))
			cpu = cpu_by_id(id);
	}
	return cpu;
}

void cpu_suspend(struct cpu *cpu)
{
	__atomic_store_n(&cpu->suspend_request, 1, __ATOMIC_SEQ_CST);
	arch_cpu_kick(cpu);
	while (!__atomic_load_n(&cpu->suspended, __ATOMIC_ACQUIRE))
		arch_cpu_relax();
}

void cpu_resume(struct cpu *cpu)
{
	__atomic_store_n(&cpu->suspend_request, 0, __ATOMIC_SEQ_CST);
	/* Wait until it has left, so that a suspend that follows cannot see the old answer. */
	while (__atomic_load_n(&cpu->suspended, __ATOMIC_ACQUIRE))
		arch_cpu_relax();
}

void cpus_flush(uint64_t bitmap)
{
	struct cpu *self = this_cpu();

	for_each_cpu (cpu, bitmap) {
		if (cpu == self) {
			arch_cpu_flush(cpu);
		} else {
			__atomic_store_n(&cpu->flush_request, 1, __ATOMIC_SEQ_CST);
			arch_cpu_kick(cpu);
		}
	}
	for_each_cpu (cpu, bitmap) {
		while (cpu != self && __atomic_load_n(&cpu->flush_request, __ATOMIC_ACQUIRE))
			arch_cpu_relax();
	}
}

void cpu_order(struct cpu *cpu, enum cpu_action action)
{
	__atomic_store_n(&cpu->action, action, __ATOMIC_SEQ_CST);
	arch_cpu_kick(cpu);
}

static void serve_flush(struct cpu *cpu)
{
	if (__atomic_load_n(&cpu->flush_request, __ATOMIC_SEQ_CST)) {
		arch_cpu_flush(cpu);
		__atomic_store_n(&cpu->flush_request, 0, __ATOMIC_SEQ_CST);
	}
}

void cpu_serve(struct cpu *cpu)
{
	serve_flush(cpu);
	if (!__atomic_load_n(&cpu->suspend_request, __ATOMIC_SEQ_CST))
		return;
	__atomic_store_n(&cpu->suspended, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&cpu->suspend_request, __ATOMIC_SEQ_CST)) {
		serve_flush(cpu);
		arch_cpu_relax();
	}
	__atomic_store_n(&cpu->suspended, 0, __ATOMIC_SEQ_CST);
}

void cpu_before_entry(struct cpu *cpu)
{
	enum cpu_action action;

	do {
		cpu->look_again = false;
		cpu_serve(cpu);
		action = __atomic_exchange_n(&cpu->action, CPU_ACTION_NONE, __ATOMIC_SEQ_CST);
		if (action != CPU_ACTION_NONE)
			arch_cpu_act(cpu, action);
		arch_cpu_signals(cpu);
		/* A request that came after the look comes with a kick, which ends the guest's run
		 * at once. */
	} while (cpu->look_again);
}
