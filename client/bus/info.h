/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon publishes about itself and its cells, as it stands at one moment. */
#ifndef CLIENT_INFO_H
#define CLIENT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exit_counter {
	char *name; /* "total", "mmio", ... */
	uint64_t count;
};

/* Strings are never NULL in what the functions below return. */
struct cell_info {
	char *path;
	char *name;
	int32_t id;
	char *state;
	char *health;
	uint32_t *cpus;
	size_t num_cpus;
	uint64_t memory;
	uint64_t started_at; /* microseconds since the epoch, 0: never */
	char *operation;     /* under way, "" if none */
	char *last_error;
	char *image_sha256;
	struct exit_counter *exits;
	size_t num_exits;
};

struct manager_info {
	char *hypervisor_state;
	char *driver;
	char *version;
	uint64_t memory_total;
	uint64_t memory_free;
	char **features; /* NULL-terminated */
};

struct cell_list {
	struct cell_info *cells; /* by name */
	size_t count;
};

/* The free functions take zeroed structures, too, and leave them zeroed. */
void cell_info_free(struct cell_info *cell);
void exit_counters_free(struct exit_counter *exits, size_t count);
void strv_free(char **strings);
void manager_info_free(struct manager_info *manager);
void cell_list_free(struct cell_list *list);

/* Whether the cell executes. */
bool cell_info_runs(const struct cell_info *cell);

/* All exits of the cell: the counter "total", or the sum where there is none. */
uint64_t cell_info_total_exits(const struct cell_info *cell);

/* Value of one counter; false if the cell has none of that name. */
bool cell_info_exits(const struct cell_info *cell, const char *name, uint64_t *ret_count);

#endif /* CLIENT_INFO_H */
