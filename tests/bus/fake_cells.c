// SPDX-License-Identifier: GPL-2.0-only
/* State of the fake: hypervisor, cells, and the sysfs tree that shows them. */
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_driver.h"

struct fake fake = {
	.features = CELLVISOR_FEATURE_POOL | CELLVISOR_FEATURE_STATUS | CELLVISOR_FEATURE_CONSOLE |
		    CELLVISOR_FEATURE_KILL | CELLVISOR_FEATURE_EVENTS | CELLVISOR_FEATURE_LINKS |
		    CELLVISOR_FEATURE_DEVICES | CELLVISOR_FEATURE_KEEP | CELLVISOR_FEATURE_PIECES |
		    CELLVISOR_FEATURE_INPUT,
	.next_id = 1,
};

struct fake_cell *fake_find(int32_t id)
{
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used && fake.cells[i].id == id)
			return &fake.cells[i];
	}
	return NULL;
}

struct fake_cell *fake_find_name(const char *name)
{
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used && strcmp(fake.cells[i].name, name) == 0)
			return &fake.cells[i];
	}
	return NULL;
}

struct fake_cell *fake_add(const char *name, const char *cpus)
{
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		struct fake_cell *cell = &fake.cells[i];

		if (cell->used)
			continue;
		memset(cell, 0, sizeof(*cell));
		cell->used = true;
		cell->id = fake.next_id++;
		cell->beating = true;
		cell->status.id = cell->id;
		cell->status.state = CELL_SHUT_DOWN;
		snprintf(cell->name, sizeof(cell->name), "%s", name);
		snprintf(cell->cpus, sizeof(cell->cpus), "%s", cpus);
		return cell;
	}
	return NULL;
}

/* Temporary file and rename: the daemon must never read half of it. */
static void write_attribute(const char *directory, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void write_attribute(const char *directory, const char *name, const char *format, ...)
{
	char path[256], temporary[256];
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(temporary, sizeof(temporary), "%s/.new", FAKE_DIRECTORY);
	file = fopen(temporary, "we");
	if (!file)
		abort();
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fputc('\n', file);
	fclose(file);
	if (rename(temporary, path) < 0)
		abort();
}

/* Of a list without ranges, as the fake makes them of blobs. */
static uint64_t bits_of(const char *list)
{
	uint64_t bits = 0;
	char *end;

	for (; *list; list = *end ? end + 1 : end)
		bits |= 1ull << strtoul(list, &end, 10);
	return bits;
}

void fake_list_cpus(const uint8_t *set, size_t size, char *list, size_t room)
{
	size_t used = 0;

	list[0] = '\0';
	for (size_t cpu = 0; cpu < size * 8 && used < room; cpu++) {
		if (set[cpu / 8] & (1u << (cpu % 8)))
			used += (size_t)snprintf(list + used, room - used, "%s%zu", used ? "," : "",
						 cpu);
	}
}

static void write_hypervisor(void)
{
	static char shown[300];
	uint64_t kept = fake.enabled ? fake.keep.cpus[0] | fake.had : 0;
	char list[256], text[300];

	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used)
			kept &= ~bits_of(fake.cells[i].cpus);
	}
	fake_list_cpus((const uint8_t *)&kept, sizeof(kept), list, sizeof(list));
	snprintf(text, sizeof(text), "%d %s", fake.enabled, list);
	if (strcmp(text, shown) == 0)
		return;
	write_attribute(FAKE_SYSFS, SYSFS_ENABLED, "%d", fake.enabled);
	write_attribute(FAKE_SYSFS, SYSFS_CPUS_KEPT, "%s", list);
	strcpy(shown, text);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

void fake_remove_tree(const char *path)
{
	if (nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		abort();
}

void fake_remove(struct fake_cell *cell)
{
	char directory[128], hidden[128];

	cell->used = false;
	if (fake.keep.flags & CELLVISOR_KEEP_CELLS)
		fake.had |= bits_of(cell->cpus);
	fake_devices_give(&cell->devices);
	snprintf(directory, sizeof(directory), FAKE_CELLS "/%d", cell->id);
	snprintf(hidden, sizeof(hidden), FAKE_CELLS "/.%d", cell->id);
	/* It disappears whole, like a kernel's. */
	if (rename(directory, hidden) < 0)
		abort();
	fake_remove_tree(hidden);
}

/* Only if something has changed. */
void fake_write_cell(struct fake_cell *cell)
{
	static const char *const counters[] = {EXIT_COUNTERS(SYSFS_COUNTER_ENTRY)};
	char directory[160], hidden[160], statistics[200], shown[sizeof(cell->shown)];
	bool is_new = !cell->shown[0], same;

	snprintf(shown, sizeof(shown), "%d %d %s", (int)cell->status.state, cell->garbled,
		 cell->cpus);
	same = strcmp(shown, cell->shown) == 0;
	if (same && cell->exits == cell->exits_shown)
		return;
	snprintf(directory, sizeof(directory), FAKE_CELLS "/%d", cell->id);
	/* A new one appears whole. */
	snprintf(hidden, sizeof(hidden), FAKE_CELLS "/%s%d", is_new ? "." : "", cell->id);
	snprintf(statistics, sizeof(statistics), "%s/" SYSFS_STATISTICS, hidden);
	if (is_new) {
		mkdir(hidden, 0755);
		mkdir(statistics, 0755);
	}
	if (!same) {
		write_attribute(hidden, SYSFS_NAME, "%s", cell->name);
		write_attribute(hidden, SYSFS_STATE, "%s", sysfs_cell_state(cell->status.state));
		write_attribute(hidden, SYSFS_LIST(SYSFS_CPUS_ASSIGNED), "%s",
				cell->garbled ? "?" : cell->cpus);
		write_attribute(hidden, SYSFS_LIST(SYSFS_CPUS_FAILED), "%s", "");
	}
	for (size_t i = 0; i < EXITS_COUNT; i++) {
		bool counts = i == EXITS_TOTAL || i == EXITS_HYPERCALL;

		if (is_new || counts)
			write_attribute(statistics, counters[i], "%llu",
					(unsigned long long)(counts ? cell->exits : 0));
	}
	if (is_new && rename(hidden, directory) < 0)
		abort();
	strcpy(cell->shown, shown);
	cell->exits_shown = cell->exits;
}

void fake_write_sysfs(void)
{
	mkdir(FAKE_SYSFS, 0755);
	mkdir(FAKE_CELLS, 0755);
	write_hypervisor();
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used)
			fake_write_cell(&fake.cells[i]);
	}
}
