/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon publishes about itself and its cells, as it stands at one moment. */
#ifndef CLIENT_INFO_H
#define CLIENT_INFO_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The properties that cellctl makes something of: X(type, member, key, otherwise), with the key as
 * json_key() makes it of the name on the bus, and, in JSON, what counts where it is missing.
 */
#define CELL_PROPERTIES(X)                                                                      \
	X(const char *, name, "name", "''")                                                     \
	X(int64_t, id, "id", "-1")                                                              \
	X(const char *, state, "state", "'unknown'")                                            \
	X(const char *, health, "health", "'unknown'")                                          \
	X(struct json_object *, cpus, "cpus", "[]") /* numbers */                               \
	X(uint64_t, memory, "memory", "0")                                                      \
	X(uint64_t, started_at, "started-at", "0") /* microseconds since the epoch, 0: never */ \
	X(uint64_t, started_at_monotonic, "started-at-monotonic", "0")                          \
	X(const char *, operation, "operation", "''") /* under way, "" if none */               \
	X(const char *, last_error, "last-error", "''")                                         \
	X(const char *, warning, "warning", "''")                                               \
	X(struct json_object *, pending, "pending", "[]") /* keys */                            \
	X(const char *, image_sha256, "image-sha256", "''")                                     \
	X(struct json_object *, exits, "exits", "{}")	  /* numbers, by the counter's name */  \
	X(uint64_t, exits_at, "exits-at", "0")		  /* of the daemon's CLOCK_MONOTONIC */ \
	X(struct json_object *, devices, "devices", "[]") /* texts */                           \
	X(struct json_object *, signals, "signals", "{}") /* what each is, by its name */       \
	X(const char *, dma, "dma", "'none'")

#define MANAGER_PROPERTIES(X)                                                       \
	X(const char *, hypervisor_state, "hypervisor-state", "'unknown'")          \
	X(const char *, driver, "driver", "''")                                     \
	X(const char *, version, "version", "''")                                   \
	X(uint64_t, memory_total, "memory-total", "0")                              \
	X(const char *, memory_source, "memory-source", "''")                       \
	X(uint64_t, memory_free, "memory-free", "0")                                \
	X(struct json_object *, cpus_kept, "cpus-kept", "[]")	      /* numbers */ \
	X(struct json_object *, features, "features", "[]")	      /* texts */   \
	X(struct json_object *, cpus_left_out, "cpus-left-out", "[]") /* numbers */ \
	X(const char *, config_error, "config-error", "''")

#define PROPERTY_MEMBER(type, member, key, otherwise) type member;

/* Texts and values are part of properties, and never NULL. */
struct cell_info {
	char *path;
	struct json_object *properties; /* all that were published, by key */
	CELL_PROPERTIES(PROPERTY_MEMBER)
};

struct manager_info {
	struct json_object *properties;
	MANAGER_PROPERTIES(PROPERTY_MEMBER)
};

struct cell_list {
	struct cell_info *cells; /* by name */
	size_t count;
};

/*
 * Make something of properties as they are published: an object with the names on the bus. Return
 * 0, -ENOMEM, or -EBADMSG where it is no object.
 */
int cell_info_make(struct json_object *published, const char *path, struct cell_info *ret_cell);
int manager_info_make(struct json_object *published, struct manager_info *ret_manager);

/* The free functions take zeroed structures, too, and leave them zeroed. */
void cell_info_free(struct cell_info *cell);
void manager_info_free(struct manager_info *manager);
void cell_list_free(struct cell_list *list);

/* All properties of all cells, an array to be put by the caller. NULL when memory is short. */
struct json_object *cell_list_properties(const struct cell_list *list);

/* Whether the driver offers it: a word of bus_abi.h's BUS_FEATURES. */
bool manager_has_feature(const struct manager_info *manager, const char *feature);

/* Whether the cell executes. */
bool cell_info_runs(const struct cell_info *cell);

/* How long ago the cell was started, in microseconds; 0 where that is not known. */
uint64_t cell_info_age(const struct cell_info *cell);

/* Of a cell's exits: one counter (0 where there is none of the name), and all: the counter "total",
 * or the sum where there is none. */
uint64_t exits_count(struct json_object *exits, const char *name);
uint64_t exits_total(struct json_object *exits);

#endif /* CLIENT_INFO_H */
