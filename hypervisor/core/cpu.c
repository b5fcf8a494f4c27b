// SPDX-License-Identifier: GPL-2.0-only
#include "core/cpu.h"

#include <errno.h>

#include "arch/arch.h"
#include "core/planted.h"
#include "core/state.h"

struct cpu *this_cpu(void)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);

	return (struct cpu *)(sp & ~(uint64_t)(CPU_BLOCK_SIZE - 1));
}

struct cpu *cpu_by_id(unsigned int id)
{
	if (id >= image_header.max_cpus || id >= IMAGE_MAX_CPUS || !image_header.cpu_entering[id])
		return NULL;
	return cpu_of_cell(id)->entered ? cpu_of_cell(id) : NULL;
}

const struct cpu_set cpus_none, cpus_all = {{[0 ... CPU_SET_WORDS - 1] = ~0ull}};

void cpu_set_join(struct cpu_set *set, const struct cpu_set *others)
{
	for (unsigned int n = 0; n < CPU_SET_WORDS; n++)
		__atomic_or_fetch(&set->word[n], others->word[n], __ATOMIC_SEQ_CST);
}

void cpu_set_leave(struct cpu_set *set, const struct cpu_set *others)
{
	for (unsigned int n = 0; n < CPU_SET_WORDS; n++)
		__atomic_and_fetch(&set->word[n], ~others->word[n], __ATOMIC_SEQ_CST);
}

bool cpu_set_covers(const struct cpu_set *set, const struct cpu_set *part)
{
	uint64_t missing = 0;

	for (unsigned int n = 0; n < CPU_SET_WORDS; n++)
		missing |= part->word[n] & ~set->word[n];
	return !missing;
}

unsigned int cpu_set_next(const struct cpu_set *set, unsigned int from)
{
	while (from < IMAGE_MAX_CPUS) {
		uint64_t rest = set->word[from / 64] >> from % 64;

		if (rest)
			return from + __builtin_ctzll(rest);
		from = from / 64 * 64 + 64;
	}
	return IMAGE_MAX_CPUS;
}

struct cpu *cpu_next(const struct cpu_set *set, unsigned int from)
{
	struct cpu *cpu = NULL;

	/* Of most machines the first word is all that there is. */
	while (!cpu && from < image_header.max_cpus) {
		from = cpu_set_next(set, from);
		cpu = cpu_by_id(from++);
	}
	return cpu;
}

static uint32_t pending(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST);
}

void cpu_post(struct cpu *cpu, uint32_t clear, uint32_t set)
{
	uint32_t old = pending(cpu);

	while (!__atomic_compare_exchange_n(&cpu->pending, &old, (old & ~clear) | set, true,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

bool cpu_is_lost(const struct cpu *cpu)
{
	return cpu_stands_still(cpu) || (pending(cpu) & PENDING_LOST);
}

/* Those that do not answer in time are lost, and what was asked is taken back. */
static bool wait_for(struct cpu *cpu, uint32_t bit, uint32_t answer, uint32_t take_back,
		     struct patience *patience)
{
	while (!cpu_is_lost(cpu)) {
		if ((pending(cpu) & bit) == answer)
			return true;
		if (!patience_wait(patience))
			cpu_post(cpu, take_back, PENDING_LOST);
	}
	return cpu_stands_still(cpu);
}

bool cpus_suspend(const struct cpu_set *set, struct cpu_set *ret_stopped)
{
	struct patience patience = patience_begin(PATIENCE_MS);
	struct cpu_set asked = cpus_none;

	*ret_stopped = cpus_none;
	for_each_cpu (cpu, set) {
		if (cpu_stands_still(cpu))
			cpu_set_add(ret_stopped, cpu->id);
		if (cpu_is_lost(cpu))
			continue;
		cpu_set_add(&asked, cpu->id);
		cpu_post(cpu, 0, PENDING_SUSPEND);
		arch_cpu_kick(cpu);
	}
	for_each_cpu (cpu, &asked) {
		if (wait_for(cpu, PENDING_SUSPENDED, PENDING_SUSPENDED, PENDING_SUSPEND, &patience))
			cpu_set_add(ret_stopped, cpu->id);
	}
	return cpu_set_covers(ret_stopped, set);
}

void cpus_resume(const struct cpu_set *set)
{
	struct patience patience = patience_begin(PATIENCE_MS);

	for_each_cpu (cpu, set)
		cpu_post(cpu, PENDING_SUSPEND, 0);
	/* Wait until they have left, so that a suspend that follows cannot see the old answer. */
	for_each_cpu (cpu, set)
		wait_for(cpu, PENDING_SUSPENDED, 0, 0, &patience);
}

int cpu_release(struct cpu *cpu)
{
	struct patience patience = patience_begin(PATIENCE_MS);

	if (!cpu_is_lost(cpu)) {
		cpu_set_order(cpu, PENDING_LEAVE);
		arch_cpu_kick(cpu);
		/* The only answer is that it stands still. */
		wait_for(cpu, PENDING_LOST, PENDING_LOST, PENDING_LEAVE, &patience);
	}
	if (!cpu_stands_still(cpu) || !arch_cpu_reset(cpu))
		return -EIO;
	cpu->entered = false;
	return 0;
}

int cpus_flush(const struct cpu_set *set)
{
	struct patience patience = patience_begin(PATIENCE_MS);
	struct cpu *self = this_cpu();
	bool all = true;

	for_each_cpu (cpu, set) {
		if (cpu == self) {
			arch_cpu_flush(cpu);
		} else {
			cpu_post(cpu, 0, PENDING_FLUSH);
			arch_cpu_kick(cpu);
		}
	}
	for_each_cpu (cpu, set) {
		if (cpu != self)
			all &= wait_for(cpu, PENDING_FLUSH, 0, 0, &patience);
	}
	return all ? 0 : -EIO;
}

int cpus_end_visits(void)
{
	struct patience patience = patience_begin(PATIENCE_MS);
	bool all = true;

	for_each_cpu (cpu, &cpus_all) {
		uint32_t visit = __atomic_load_n(&cpu->visits, __ATOMIC_SEQ_CST);

		while (all && (visit & 1) && cpu != this_cpu() && !cpu_stands_still(cpu) &&
		       visit == __atomic_load_n(&cpu->visits, __ATOMIC_SEQ_CST))
			all = patience_wait(&patience);
	}
	return all ? 0 : -EIO;
}

void cpu_set_order(struct cpu *cpu, enum cpu_pending order)
{
	cpu_post(cpu, PENDING_ORDERS | ARCH_PENDING_SIGNALS, order);
}

static void serve_flush(struct cpu *cpu)
{
	if (pending(cpu) & PENDING_FLUSH) {
		arch_cpu_flush(cpu);
		cpu_post(cpu, PENDING_FLUSH, 0);
	}
}

void cpu_serve(struct cpu *cpu)
{
	cpu_post(cpu, PENDING_LOST, 0);
	serve_flush(cpu);
	if (!(pending(cpu) & PENDING_SUSPEND))
		return;
	cpu_post(cpu, 0, PENDING_SUSPENDED);
	while (pending(cpu) & PENDING_SUSPEND) {
		serve_flush(cpu);
		arch_cpu_relax();
	}
	cpu_post(cpu, PENDING_SUSPENDED, 0);
}

void cpu_do_pending(struct cpu *cpu)
{
	uint32_t order, later = 0;

	/* Signals that cannot be delivered now stay. */
	while (pending(cpu) & ~later) {
		cpu_serve(cpu);
		order = __atomic_fetch_and(&cpu->pending, ~PENDING_ORDERS, __ATOMIC_SEQ_CST);
		if (order & PENDING_ORDERS) {
			planted_delay();
			arch_cpu_act(cpu, order & PENDING_ORDERS);
		}
		later = arch_cpu_signals(cpu);
	}
}
