// SPDX-License-Identifier: GPL-2.0-only
#include "core/subsystem.h"

#include "cell/cell.h"
#include "core/console.h"
#include "core/cpu.h"

/* Collected by the linker. */
extern const struct subsystem *const subsystems_start[];
extern const struct subsystem *const subsystems_end[];

#define for_each_subsystem(s) \
	for (const struct subsystem *const *s = subsystems_start; s < subsystems_end; s++)

int subsystems_init(void)
{
	for_each_subsystem (s) {
		int err = (*s)->init ? (*s)->init() : 0;

		if (err) {
			console_printf("%s: initialization failed: %d\n", (*s)->name, err);
			return err;
		}
	}
	return 0;
}

int subsystems_cpu_init(struct cpu *cpu)
{
	for_each_subsystem (s) {
		int err = (*s)->cpu_init ? (*s)->cpu_init(cpu) : 0;

		if (err) {
			console_printf("CPU %u: %s: initialization failed: %d\n", cpu->id,
				       (*s)->name, err);
			return err;
		}
	}
	return 0;
}

int subsystems_cell_create(struct cell *cell)
{
	for_each_subsystem (s) {
		int err = (*s)->cell_create ? (*s)->cell_create(cell) : 0;

		if (err) {
			console_printf("cell %s: %s refused: %d\n", cell->desc->name, (*s)->name,
				       err);
			return err;
		}
	}
	return 0;
}

void subsystems_cell_destroy(struct cell *cell)
{
	for (const struct subsystem *const *s = subsystems_end; s-- > subsystems_start;) {
		if ((*s)->cell_destroy)
			(*s)->cell_destroy(cell);
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
		int err = (*s)->memory_map ? (*s)->memory_map(cell, region) : 0;

		if (!err)
			continue;
		while (s-- > subsystems_start) {
			if ((*s)->memory_unmap)
				(*s)->memory_unmap(cell, region);
		}
		return err;
	}
	return 0;
}

int subsystems_memory_unmap(struct cell *cell, const struct blob_memory *region)
{
	int err = 0;

	for_each_subsystem (s) {
		if (!err && (*s)->memory_unmap)
			err = (*s)->memory_unmap(cell, region);
	}
	return err;
}

int subsystems_memory_commit(struct cell *cell)
{
	int err, first = 0;

	for_each_subsystem (s) {
		err = (*s)->memory_commit ? (*s)->memory_commit(cell) : 0;
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
