// SPDX-License-Identifier: GPL-2.0-only
#include "core/subsystem.h"

#include "cell/cell.h"
#include "core/console.h"

/* Collected by the linker. */
extern const struct subsystem *const subsystems_start[];
extern const struct subsystem *const subsystems_end[];

#define for_each_subsystem(s) \
	for (const struct subsystem *const *s = subsystems_start; s < subsystems_end; s++)

/* What the hook answers; 0 where there is none. */
#define CALL(s, hook, ...) ((*(s))->hook ? (*(s))->hook(__VA_ARGS__) : 0)

/* Hands the answer on, and tells of an error. */
static int told(const struct subsystem *subsystem, const char *whose, int err)
{
	if (err)
		console_printf("%s: %s failed on CPU %u: %d\n", whose, subsystem->name,
			       this_cpu()->id, err);
	return err;
}

/* The hooks up to the first one that fails: what that one answers. */
#define CALL_ALL(whose, hook, ...)                                                       \
	({                                                                               \
		int err = 0;                                                             \
		for_each_subsystem (s)                                                   \
			err = err ? err : told(*s, whose, CALL(s, hook, ##__VA_ARGS__)); \
		err;                                                                     \
	})

int subsystems_init(void)
{
	return CALL_ALL("initialization", init);
}

int subsystems_cpu_init(struct cpu *cpu)
{
	return CALL_ALL("a CPU's initialization", cpu_init, cpu);
}

int subsystems_cell_create(struct cell *cell)
{
	return CALL_ALL(cell->desc->name, cell_create, cell);
}

void subsystems_cell_destroy(struct cell *cell)
{
	for (const struct subsystem *const *s = subsystems_end; s-- > subsystems_start;) {
		if ((*s)->cell_destroy)
			(*s)->cell_destroy(cell);
	}
}

void subsystems_cell_reset(struct cell *cell, bool runs)
{
	for_each_subsystem (s) {
		if ((*s)->cell_reset)
			(*s)->cell_reset(cell, runs);
	}
}

void subsystems_cpu_reset(struct cpu *cpu)
{
	for_each_subsystem (s) {
		if ((*s)->cpu_reset)
			(*s)->cpu_reset(cpu);
	}
}

int subsystems_memory_map(struct cell *cell, const struct blob_memory *region)
{
	for_each_subsystem (s) {
		int err = CALL(s, memory_map, cell, region);

		if (!err)
			continue;
		while (s-- > subsystems_start)
			CALL(s, memory_unmap, cell, region);
		return err;
	}
	return 0;
}

int subsystems_memory_unmap(struct cell *cell, const struct blob_memory *region)
{
	return CALL_ALL(cell->desc->name, memory_unmap, cell, region);
}

int subsystems_memory_commit(struct cell *cell)
{
	int first = 0;

	for_each_subsystem (s) {
		int err = CALL(s, memory_commit, cell);

		first = first ? first : err;
	}
	return first;
}

void subsystems_io_regions(struct io_builder *builder, const struct cell *owner,
			   const struct cell *cause)
{
	for_each_subsystem (s) {
		if ((*s)->io_regions)
			(*s)->io_regions(builder, owner, cause);
	}
}

uint32_t subsystems_claims(void)
{
	uint32_t claims = 0;

	for_each_subsystem (s)
		claims |= (*s)->claims;
	return claims;
}
