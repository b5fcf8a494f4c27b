// SPDX-License-Identifier: GPL-2.0-only
/* Accesses to ports that the cell's map (port_map.c) does not let through. */
#pragma GCC optimize("O2") /* on the way of exits that are frequent */

#include "arch/x86/exit/exit.h"

/* What an IN leaves in RAX. */
static inline void set_rax(struct cpu *cpu, unsigned int width, uint64_t value)
{
	uint64_t *rax = &cpu_gprs(cpu)->rax;

	if (width == 1)
		*(uint8_t *)rax = value;
	else if (width == 2)
		*(uint16_t *)rax = value;
	else
		*rax = (uint32_t)value;
}

static inline enum verdict finish(struct cpu *cpu, unsigned int size, bool in, uint64_t value,
				  unsigned int instruction_length)
{
	if (in)
		set_rax(cpu, size, value);
	vendor->advance(cpu, instruction_length);
	return VERDICT_HANDLED;
}

/* Nobody drives the bus: all ones are read, a write is lost. */
static inline enum verdict nothing_there(struct cpu *cpu, unsigned int size, bool in, bool string,
					 unsigned int instruction_length)
{
	return unlikely(string) ? VERDICT_GP : finish(cpu, size, in, ~0ull, instruction_length);
}

/* Beside refusals to root of which nothing is told. */
static enum verdict __attribute__((cold, noinline))
dispatch(struct cpu *cpu, uint16_t port, unsigned int size, bool in, bool string,
	 unsigned int instruction_length)
{
	uint64_t written = cpu_gprs(cpu)->rax & (0xffffffffull >> (32 - 8 * size));
	struct io_access access = {
		.address = port, .width = size, .write = !in, .value = in || string ? 0 : written};
	const struct io_region *region = string ? NULL : io_find(cpu->cell->io[IO_PORTS], port);
	enum failure_reason reason = in ? FAILURE_PORT_READ : FAILURE_PORT_WRITE;
	enum io_answer answer = IO_REFUSED;

	if (region && io_holds(region, port, size))
		answer = region->handler(cpu, region, &access);
	if (answer == IO_DONE)
		return finish(cpu, size, in, access.value, instruction_length);
	if (answer == IO_FAULT)
		return VERDICT_FAULT;
	if (cpu->cell != &root_cell)
		return exit_fault(cpu, reason, port, access.value, size);
	/* Without a table it has been counted. */
	if (!cpu->cell->io[IO_PORTS] || refuse_count())
		refuse_tell(cpu, reason, port, access.value, size);
	return nothing_there(cpu, size, in, string, instruction_length);
}

enum verdict exit_port(struct cpu *cpu, uint16_t port, unsigned int size, bool in, bool string,
		       unsigned int instruction_length)
{
	if (unlikely(cpu->cell != &root_cell || cpu->cell->io[IO_PORTS] || refuse_count()))
		return dispatch(cpu, port, size, in, string, instruction_length);
	return nothing_there(cpu, size, in, string, instruction_length);
}
