// SPDX-License-Identifier: GPL-2.0-only
#include "driver/step.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "util/log.h"
#include "util/message_ids.h"

#define KILL_ATTEMPTS 50

struct step *step_new(enum bus_verb verb)
{
	struct step *step = calloc(1, sizeof(*step));

	if (!step)
		return NULL;
	step->verb = verb;
	step->id = -1;
	step->created_id = -1;
	for (size_t i = 0; i < ARRAY_SIZE(step->images); i++)
		step->images[i].fd = -1;
	return step;
}

void step_free(struct step *step)
{
	if (!step)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(step->images); i++) {
		free(step->images[i].file);
		free(step->images[i].sha256);
		if (step->images[i].fd >= 0)
			close(step->images[i].fd);
	}
	free(step->blob);
	free(step->description_file);
	free(step->parameters);
	free(step->image_signer);
	error_done(&step->error);
	snapshot_free(step->snapshot);
	machine_free(step->machine);
	free(step);
}

bool step_interrupted(struct step *step, int r)
{
	return r == -EINTR && !atomic_load(&step->expired) && !atomic_load(&step->kill_now) &&
	       !atomic_load(&step->abandoned);
}

/* EPERM of a driver has two meanings that only the other cells' states tell apart. */
static const char *find_locking_cell(const struct snapshot *snapshot)
{
	for (size_t i = 0; snapshot && i < snapshot->num_cells; i++) {
		if (snapshot->cells[i].state == CELL_RUNNING_LOCKED)
			return snapshot->cells[i].name;
	}
	return NULL;
}

static const struct step_meaning driver_errors[] = {
	{EPERM, ERROR_REFUSED, "refused"},
	{EBUSY, ERROR_NO_RESOURCES, "its CPUs, its memory or its devices are in use"},
	{ENOMEM, ERROR_NO_RESOURCES,
	 "not enough memory in the hypervisor; raise \"hypervisor-memory\" in " CONFIG_FILE},
	{EEXIST, ERROR_WRONG_STATE, "a cell of that name exists already"},
	{ENOENT, ERROR_WRONG_STATE, "the driver has no such cell"},
	{ENODEV, ERROR_NO_RESOURCES, "a PCI device of it is not there; the kernel log names it"},
	{EXDEV, ERROR_NO_RESOURCES,
	 "no cell can have one of its PCI devices; the kernel log says which and why"},
	{EUSERS, ERROR_NO_RESOURCES,
	 "a PCI device of it is in use by a driver of Linux; the kernel log names both"},
	{EOPNOTSUPP, ERROR_DRIVER,
	 "the driver in use has no means for it (property Features has what it can do)"},
	{0},
};

void step_set_error(struct step *step, const char *deed, const char *object,
		    const struct step_meaning *meanings, int r)
{
	const bool timed_out = r == -EINTR || r == -ETIMEDOUT;

	while (meanings->value && meanings->value != -r)
		meanings++;
	if (timed_out)
		error_set(&step->error, ERROR_TIMEOUT, "cannot %s %s: no answer in time", deed,
			  object);
	else if (meanings->value)
		error_set(&step->error, meanings->code, "cannot %s %s: %s", deed, object,
			  meanings->why);
	else
		error_set(&step->error, ERROR_DRIVER, "cannot %s %s: %s; the kernel log says more",
			  deed, object, strerror(-r));
}

void step_driver_error(struct step *step, int r)
{
	const char *locking = r == -EPERM ? find_locking_cell(step->snapshot) : NULL;

	if (locking)
		error_set(&step->error, ERROR_LOCKED,
			  "cannot %s %s: cell %s has locked the configuration; stop it or have it "
			  "unlock first",
			  verb_name(step->verb), step->cell, locking);
	else
		step_set_error(step, verb_name(step->verb), step->cell, driver_errors, r);
}

void step_driver_lied(struct step *step, const char *truth)
{
	const char *of = step->link[0] ? "of " : "",
		   *object = step->link[0] ? step->link : step->cell;

	log_event(LOG_ERR, MESSAGE_DRIVER_LIED, step->cell[0] ? step->cell : NULL, NULL, 0,
		  "The driver said that %s %s%s was done, but %s", verb_name(step->verb), of,
		  object, truth);
	error_set(&step->error, ERROR_DRIVER, "the driver said that %s %s%s was done, but %s",
		  verb_name(step->verb), of, object, truth);
}

static void take_snapshot(struct step *step, struct driver *driver)
{
	struct snapshot *snapshot;
	int r;

	r = snapshot_read(driver, false, &snapshot);
	if (r < 0) {
		log_warning("Cannot read the state of cells: %s", strerror(-r));
		return;
	}
	snapshot_free(step->snapshot);
	step->snapshot = snapshot;
}

/* The step's cell cannot be read: sets the error. */
static bool is_unreadable(struct step *step)
{
	const struct snapshot_cell *cell = snapshot_find_name(step->snapshot, step->cell);

	if (!cell)
		cell = snapshot_find_id(step->snapshot, step->id);
	if (!cell || !cell->error)
		return false;
	error_set(&step->error, ERROR_DRIVER,
		  "the driver said that %s %s was done; the cell cannot be read: %s",
		  verb_name(step->verb), step->cell, strerror(-cell->error));
	return true;
}

/* Reports what the driver said of a call (r), or that what there is now does not bear it out. */
static void conclude(struct step *step, int r, bool is_true, const char *truth)
{
	if (r < 0)
		step_driver_error(step, r);
	/* That it is there is all that these are about. */
	else if (step->verb != VERB_CREATE && step->verb != VERB_DESTROY && is_unreadable(step))
		return;
	else if (!is_true)
		step_driver_lied(step, truth);
}

static void create(struct step *step, struct driver *driver)
{
	const struct snapshot_cell *cell;
	int r = step_call(step,
			  driver_cell_create(driver, step->blob, step->blob_size, step->take));

	take_snapshot(step, driver);
	cell = snapshot_find_name(step->snapshot, step->cell);
	conclude(step, r, cell, "there is no such cell");
	if (r >= 0 && cell)
		step->created_id = cell->id;
}

/* A call about the step's cell, and what there is afterwards. */
static int call(struct step *step, struct driver *driver, int (*function)(struct driver *, int32_t))
{
	int r = step_call(step, function(driver, step->id));

	take_snapshot(step, driver);
	return r;
}

static bool stands_still(const struct step *step)
{
	const struct snapshot_cell *cell = snapshot_find_id(step->snapshot, step->id);

	return !cell || !snapshot_cell_runs(cell);
}

static void start(struct step *step, struct driver *driver)
{
	int r = call(step, driver, driver_cell_start);
	const struct snapshot_cell *cell = snapshot_find_id(step->snapshot, step->id);

	/* One that has failed or ended since was started all the same. */
	conclude(step, r,
		 cell && (cell->state != CELL_SHUT_DOWN ||
			  (cell->has_status && cell->status.started)),
		 "it does not run");
}

/*
 * Whether a cell that did not shut down said so; if not, it was silent. The original driver says
 * EPERM of both.
 */
static bool cell_denied(const struct snapshot_cell *cell, int r)
{
	return r == -EPERM &&
	       !(cell && cell->has_status && cell->status.reply_from_cell == COMM_REPLY_NONE);
}

static void kill_cell(struct step *step, struct driver *driver)
{
	unsigned int attempts = 0;
	int r;

	if (!driver_has(driver, CELLVISOR_FEATURE_KILL)) {
		error_set(&step->error, ERROR_DRIVER,
			  "cannot kill %s: the driver in use cannot stop a cell without asking it",
			  step->cell);
		return;
	}

	/* Signals that were to end a shutdown may still come. */
	do
		r = driver_cell_kill(driver, step->id);
	while (r == -EINTR && ++attempts < KILL_ATTEMPTS);
	take_snapshot(step, driver);
	conclude(step, r, stands_still(step), "it still runs");
}

/*
 * After a shutdown that failed with r: kill the cell, where that is wanted and possible, or say why
 * it still runs.
 */
static void stop_unwilling(struct step *step, struct driver *driver, int r)
{
	const struct snapshot_cell *cell = snapshot_find_id(step->snapshot, step->id);
	bool timed_out = !cell_denied(cell, r);
	bool kill_now = atomic_load(&step->kill_now);
	const char *still = step->force && !driver_has(driver, CELLVISOR_FEATURE_KILL)
				    ? "it still runs, the driver in use cannot kill it"
				    : "it still runs";

	if (r != -EPERM && r != -ETIMEDOUT && r != -EINTR) {
		step_driver_error(step, r);
		return;
	}
	if (!atomic_load(&step->abandoned) && !atomic_load(&step->withdrawn) &&
	    (kill_now || (step->force && driver_has(driver, CELLVISOR_FEATURE_KILL)))) {
		step->forced = kill_now	    ? "was killed on request while it was shut down"
			       : !timed_out ? "denied to shut down and was killed"
					    : "did not answer the shutdown request in time and was "
					      "killed";
		kill_cell(step, driver);
		return;
	}
	if (timed_out)
		error_set(&step->error, ERROR_TIMEOUT,
			  "cell %s did not answer the shutdown request in time; %s", step->cell,
			  still);
	else
		error_set(&step->error, ERROR_REFUSED, "cell %s denied to shut down; %s",
			  step->cell, still);
}

static void stop(struct step *step, struct driver *driver)
{
	const uint64_t end = monotonic_us() + step->stop_time_us;
	int r;

	/* The driver goes by what the cell was created with: it is asked for longer where that is
	 * wanted now. */
	do
		r = call(step, driver, driver_cell_shut_down);
	while (r == -ETIMEDOUT && !atomic_load(&step->expired) &&
	       (!step->stop_time_us || monotonic_us() < end));

	if (r < 0)
		stop_unwilling(step, driver, r);
	else
		conclude(step, r, stands_still(step), "it still runs");
}

static void destroy(struct step *step, struct driver *driver)
{
	int r = call(step, driver, driver_cell_destroy);

	conclude(step, r, !snapshot_find_id(step->snapshot, step->id), "it still exists");
}

static void run_load(struct step *step, struct driver *driver)
{
	const struct snapshot_cell *cell;
	int r = step_load(step, driver);

	take_snapshot(step, driver);
	if (r < 0)
		step_driver_error(step, r);
	cell = snapshot_find_id(step->snapshot, step->id);
	if (error_is_set(&step->error) || is_unreadable(step))
		return;
	if (!cell || cell->state != CELL_SHUT_DOWN)
		step_driver_lied(step, "its state does not show it");
}

/* They report before they look again: whoever has locked the configuration is seen before. */
static bool looks_around(enum bus_verb verb)
{
	return verb == VERB_ENABLE || verb == VERB_DISABLE || verb == VERB_ADD_LINK ||
	       verb == VERB_REMOVE_LINK || verb == VERB_KEEP_CPUS || verb == VERB_GROW_POOL ||
	       verb == VERB_SHRINK_POOL;
}

void step_run(void *argument)
{
	static void (*const runs[VERB_STEP_COUNT])(struct step *, struct driver *) = {
		[VERB_ENABLE] = step_enable,
		[VERB_DISABLE] = step_disable,
		[VERB_CREATE] = create,
		[VERB_LOAD] = run_load,
		[VERB_START] = start,
		[VERB_STOP] = stop,
		[VERB_KILL] = kill_cell,
		[VERB_DESTROY] = destroy,
		[VERB_ADD_LINK] = step_add_link,
		[VERB_REMOVE_LINK] = step_remove_link,
		[VERB_KEEP_CPUS] = step_keep_cpus,
		[VERB_GROW_POOL] = step_grow_pool,
		[VERB_SHRINK_POOL] = step_shrink_pool,
	};
	_cleanup_(driver_closep) struct driver *driver = NULL;
	struct step *step = argument;
	int r;

	if (step->verb == VERB_VERIFY) {
		step_check_images(step);
		return;
	}
	r = driver_open(&driver);
	if (r < 0) {
		error_set(&step->error, ERROR_DRIVER, "cannot open %s: %s; is the module loaded?",
			  JAILHOUSE_DEVICE, strerror(-r));
		return;
	}
	if (looks_around(step->verb))
		take_snapshot(step, driver);
	runs[step->verb](step, driver);
	if (looks_around(step->verb))
		take_snapshot(step, driver);
}
