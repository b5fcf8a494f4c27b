/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is below, at one moment: read from sysfs and, where the driver can, from its status
 * calls. It is what the daemon believes; the answers of ioctls are not.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "util/cpu_mask.h"
#include "bus_abi.h"
#include "driver/driver.h"
#include "model/pool.h"
#include "sysfs_abi.h"

struct snapshot_cell {
	int32_t id;
	int error; /* 0, or negative errno of what could not be read: only id and name count */
	char name[JAILHOUSE_NAME_LEN]; /* "" where not even that */
	enum cell_state state;
	struct cpu_mask cpus;
	struct cpu_mask cpus_failed;
	bool has_status;
	struct cellvisor_cell_status status;
	uint64_t beat_moved_ns; /* when its heartbeat was seen to move, monotonic; 0: not known */
	uint32_t exits_known;	/* bit n: exits[n] could be read */
	uint64_t exits[EXITS_COUNT]; /* by enum exit_counter */
	uint64_t exits_at;	     /* monotonic µs: when they were read */
};

_Static_assert(EXITS_COUNT <= 32, "exits_known has a bit for each");

struct snapshot {
	enum hypervisor_state hypervisor;
	char release[32]; /* of the driver; "" for the original one or none */
	uint64_t features;
	bool features_known;
	struct cpu_mask cpus_left_out; /* nobody's; {0} with the original driver */
	struct cpu_mask cpus_kept;     /* that no cell has; empty where the driver keeps none */
	struct cellvisor_pool pool; /* source CELLVISOR_POOL_NONE where there is none or unknown */
	struct cellvisor_pool pieces[POOL_MAX_PIECES]; /* all of it, where the driver tells */
	size_t num_pieces;
	struct snapshot_cell *cells; /* without the root cell */
	size_t num_cells;
};

/* Reads the state of hypervisor only, without touching the device. */
enum hypervisor_state snapshot_hypervisor_state(void);

/*
 * Reads all. driver may be NULL: then what only the device tells is missing. Statistics are read
 * where asked for. A cell that vanishes meanwhile is left out, one that cannot be read is there
 * with its error (-EPROTO: what is there makes no sense). Returns 0, -ENOMEM, or the negative errno
 * of a tree that cannot be read.
 */
int snapshot_read(struct driver *driver, bool with_statistics, struct snapshot **ret);

/* Takes NULL. */
void snapshot_free(struct snapshot *snapshot);
DEFINE_FREEP(struct snapshot *, snapshot_free)

/* By number or by name; NULL for none. snapshot may be NULL. */
const struct snapshot_cell *snapshot_find_id(const struct snapshot *snapshot, int32_t id);
const struct snapshot_cell *snapshot_find_name(const struct snapshot *snapshot, const char *name);

static inline bool snapshot_cell_runs(const struct snapshot_cell *cell)
{
	return cell->state == CELL_RUNNING || cell->state == CELL_RUNNING_LOCKED;
}

/* Name of an exit reason, as in sysfs without SYSFS_COUNTER()'s prefix. */
const char *snapshot_exit_name(unsigned int reason);

#endif /* SNAPSHOT_H */
