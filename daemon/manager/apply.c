// SPDX-License-Identifier: GPL-2.0-only
#include "manager/apply.h"

#include <errno.h>
#include <string.h>

#include "manager/core.h"
#include "manager/job_run.h"
#include "manager/observe.h"
#include "manager/pending.h"
#include "manager/plan.h"
#include "model/description_diff.h"
#include "util/log.h"

/* Of one cell, to and fro; more come of a driver whose states make us go in circles. */
#define MAX_STEPS 8

struct apply {
	struct manager *manager;
	struct changes changes;
	bool back; /* what has been done is taken back */
	size_t steps;
	struct change *current; /* whose step is being done, and which one */
	enum bus_verb verb;
	struct error error; /* why it is taken back */
	void (*done)(const struct error *error, void *userdata);
	void *userdata;
};

/* What of the run and of the cell that are not wanted is still there; VERB_COUNT: nothing. */
static enum bus_verb step_down(const struct apply *apply, const struct change *change,
			       const struct cell *cell)
{
	const bool same_run = cell->started_at == change->started_at;
	const bool same_cell = cell->exists && cell->id == change->id;

	if (!cell_owned(cell))
		return VERB_COUNT;
	if (cell_running(cell) && same_run != apply->back)
		return VERB_STOP;
	if (apply->back ? !same_cell && !cell_running(cell)
			: same_cell && (change->remake || change->kind == CHANGE_REMOVE))
		return VERB_DESTROY;
	return VERB_COUNT;
}

static enum bus_verb step_up(const struct apply *apply, const struct change *change,
			     const struct cell *cell)
{
	const bool wanted = apply->back ? change->ran : change->kind == CHANGE_RESTART;

	return wanted && !cell_running(cell) ? VERB_START : VERB_COUNT;
}

static enum bus_verb find_step(struct apply *apply, struct change **ret)
{
	for (int up = 0; up < 2; up++) {
		for (size_t i = 0; i < apply->changes.count; i++) {
			struct change *change = &apply->changes.items[i];
			const struct cell *cell = manager_find_cell(apply->manager, change->name);
			enum bus_verb verb;

			if (!change_is_work(change) || change->left || change->restored || !cell)
				continue;
			*ret = change;
			verb = up ? step_up(apply, change, cell) : step_down(apply, change, cell);
			if (verb != VERB_COUNT)
				return verb;
		}
	}
	return VERB_COUNT;
}

static void go_on(struct apply *apply);

/* Gives the cell another description, and returns the one that it had. */
static struct description *exchange(struct cell *cell, struct description *description)
{
	struct description *old = cell->description;

	cell->description = description;
	cell_mark_described(cell);
	return old;
}

/* All have their descriptions back; those of which it was another one that ran, that for now. */
static void turn_back(struct apply *apply, const struct error *error)
{
	struct manager *manager = apply->manager;

	log_notice("The plan is taken back: %s", error_text(error));
	apply->back = true;
	error_set(&apply->error, error->code, "%s", error_text(error));
	for (size_t i = 0; i < apply->changes.count; i++) {
		struct change *change = &apply->changes.items[i];
		struct cell *cell = manager_find_cell(manager, change->name);

		/* Of one to be removed it is still in force. */
		if (!cell || !change->old)
			continue;
		cell->held = exchange(cell, TAKE_POINTER(change->old));
		if (change->made_of && change_is_work(change))
			change->old = exchange(cell, TAKE_POINTER(change->made_of));
	}
}

static void on_step(const struct error *error, void *userdata)
{
	struct apply *apply = userdata;

	if (apply->back && error_is_set(error))
		apply->current->lost = strdup(error_text(error));
	if (apply->back)
		apply->current->restored = error_is_set(error) || apply->verb == VERB_START;
	else if (error_is_set(error))
		turn_back(apply, error);
	go_on(apply);
}

/* It is an emergency to somebody: nothing is begun any more. */
static bool is_left(const struct apply *apply, struct error *error)
{
	for (size_t i = 0; i < apply->changes.count; i++) {
		const struct change *change = &apply->changes.items[i];

		if (change->left)
			return error_set(error, ERROR_WRONG_STATE, "cell %s %s meanwhile",
					 change->name, change->left) < 0;
	}
	return false;
}

static const char *image_now(const struct apply *apply, const struct change *change)
{
	const struct cell *cell = manager_find_cell(apply->manager, change->name);

	return cell ? cell->record.image_sha256 : "";
}

/* Exactly what is not as it was before. To be freed; NULL without memory. */
static char *describe_losses(const struct apply *apply)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < apply->changes.count; i++) {
		const struct change *change = &apply->changes.items[i];
		const struct cell *cell = manager_find_cell(apply->manager, change->name);

		if (!change_is_work(change))
			continue;
		if (change->lost)
			fprintf(stream, "; %s is not brought back: %s", change->name, change->lost);
		else if (change->left)
			fprintf(stream, "; %s %s meanwhile", change->name, change->left);
		else if (!change->ran && (!cell || cell->id != change->id))
			fprintf(stream, "; %s, which did not run, is not created any more",
				change->name);
		else if (strcmp(image_now(apply, change), change->image_sha256) != 0)
			fprintf(stream,
				"; %s runs with its image as it is now, the one before is "
				"not there any more",
				change->name);
	}
	return memstream_end(stream, &text);
}

static void finish_cell(const struct apply *apply, struct change *change)
{
	struct cell *cell = manager_find_cell(apply->manager, change->name);

	if (!cell)
		return;
	/* What is in force again is what was, also where another one ran. */
	if (apply->back && change->old)
		description_free(exchange(cell, TAKE_POINTER(change->old)));
	else if (!apply->back && change->kind == CHANGE_REMOVE)
		description_free(exchange(cell, NULL));
	if (cell->held && !description_differences(cell->description, cell->held)) {
		description_free(cell->held);
		cell->held = NULL;
	}
	if (change_is_work(change))
		cell_set_operation(cell, "");
}

static void finish(struct apply *apply)
{
	struct manager *manager = apply->manager;
	_cleanup_(freep) char *losses = apply->back ? describe_losses(apply) : NULL;
	_cleanup_(error_done) struct error error = {0};

	for (size_t i = 0; i < apply->changes.count; i++)
		finish_cell(apply, &apply->changes.items[i]);
	if (apply->back)
		error_set(&error, apply->error.code, "%s; all that was changed is as before%s%s",
			  error_text(&apply->error), losses && *losses ? ", but for this" : "",
			  losses ? losses : "");
	log_message(LOG_NOTICE, apply->back ? "Not applied: %s" : "Applied%s",
		    apply->back ? error_text(&error) : "");
	manager->apply = NULL;
	apply_record_drop();
	pending_update_all(manager);
	observe_settle(manager);
	jobs_follow_up(manager);
	apply->done(&error, apply->userdata);
	changes_done(&apply->changes);
	error_done(&apply->error);
	free(apply);
}

static int submit(struct apply *apply)
{
	struct job *job = job_new(apply->manager, apply->verb, apply->current->name);

	if (!job)
		return -ENOMEM;
	job->whole = apply->verb == VERB_START;
	/* Where somebody has disabled the hypervisor meanwhile it stays so. */
	job->granted = 1u << VERB_DESTROY | 1u << VERB_KILL;
	job->done = on_step;
	job->userdata = apply;
	job_submit(job);
	return 0;
}

static void go_on(struct apply *apply)
{
	_cleanup_(error_done) struct error error = {0};

	if (!apply->back && is_left(apply, &error))
		turn_back(apply, &error);
	apply->verb = find_step(apply, &apply->current);
	if (apply->verb == VERB_COUNT) {
		finish(apply);
		return;
	}
	if (apply->steps++ < 2 * MAX_STEPS * apply->changes.count && submit(apply) == 0)
		return;
	error_done(&error);
	error_set(&error, ERROR_DRIVER, "cell %s does not become what it should",
		  apply->current->name);
	on_step(&error, apply);
}

static int need_sight(const struct manager *manager, struct error *error)
{
	if (manager->apply)
		return error_set(error, ERROR_BUSY, "descriptions are being applied already");
	if (!manager->observed)
		return error_set(error, ERROR_BUSY,
				 "the driver has not told yet which cells there are");
	return 0;
}

int apply_plan(struct manager *manager, struct changes *ret, struct error *error)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;

	if (need_sight(manager, error) < 0)
		return -EBUSY;
	if (cell_dir_load(NULL, &dir) < 0 || changes_make(manager, dir, ret) < 0)
		return error_set(error, ERROR_NO_MEMORY, "out of memory");
	return 0;
}

/* What was in force is kept until it is clear that it is not needed any more. */
static void keep_old(struct apply *apply)
{
	for (size_t i = 0; i < apply->changes.count; i++) {
		struct change *change = &apply->changes.items[i];
		struct cell *cell = manager_find_cell(apply->manager, change->name);

		if (!cell || change->kind == CHANGE_INVALID)
			continue;
		change->old = TAKE_POINTER(cell->description);
		if (change_is_work(change))
			change->made_of = pending_copy(cell->made_of);
	}
}

static int check_all(const struct apply *apply, struct error *error)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < apply->changes.count; i++) {
		const struct change *change = &apply->changes.items[i];

		if (change->kind == CHANGE_RESTART)
			r = plan_check(apply->manager,
				       manager_find_cell(apply->manager, change->name), error);
	}
	return r;
}

/* The descriptions are in force: the cells follow. */
static void begin(struct apply *apply)
{
	_cleanup_(error_done) struct error error = {0};

	for (size_t i = 0; i < apply->changes.count; i++) {
		struct change *change = &apply->changes.items[i];
		struct cell *cell = manager_find_cell(apply->manager, change->name);

		if (!cell || !change_is_work(change))
			continue;
		/* It is stopped as its description had it. */
		if (change->kind == CHANGE_REMOVE)
			cell->description = TAKE_POINTER(change->old);
		cell_set_operation(cell, verb_name(VERB_APPLY));
		manager_publish_cell(apply->manager, cell);
	}
	if (check_all(apply, &error) < 0)
		turn_back(apply, &error);
	go_on(apply);
}

int apply_begin(struct manager *manager, const char *id, uint32_t steps,
		void (*done)(const struct error *error, void *userdata), void *userdata,
		struct error *error)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
	struct apply *apply;

	if (need_sight(manager, error) < 0)
		return -EBUSY;
	apply = calloc(1, sizeof(*apply));
	if (!apply || cell_dir_load(NULL, &dir) < 0 ||
	    changes_make(manager, dir, &apply->changes) < 0) {
		free(apply);
		return error_set(error, ERROR_NO_MEMORY, "out of memory");
	}
	if ((*id && strcmp(id, apply->changes.id) != 0) ||
	    changes_steps(manager, &apply->changes) & ~steps) {
		changes_done(&apply->changes);
		free(apply);
		return error_set(error, ERROR_WRONG_STATE,
				 "the plan is another one now than it was when it was shown or "
				 "allowed; look at it again");
	}
	apply->manager = manager;
	apply->done = done;
	apply->userdata = userdata;
	changes_log(&apply->changes, true);
	apply_record(&apply->changes);
	keep_old(apply);
	manager_take_descriptions(manager, TAKE_POINTER(dir));
	links_unstick(manager);
	manager->apply = apply;
	begin(apply);
	return 0;
}

static struct change *find_work(const struct manager *manager, const char *cell)
{
	struct changes *changes = manager->apply ? &manager->apply->changes : NULL;

	for (size_t i = 0; changes && i < changes->count; i++) {
		if (change_is_work(&changes->items[i]) && strcmp(changes->items[i].name, cell) == 0)
			return &changes->items[i];
	}
	return NULL;
}

bool apply_is_about(const struct manager *manager, const char *cell)
{
	return find_work(manager, cell) != NULL;
}

void apply_leave(struct manager *manager, const char *cell, const char *what)
{
	struct changes *changes = manager->apply ? &manager->apply->changes : NULL;

	for (size_t i = 0; changes && i < changes->count; i++) {
		struct change *change = &changes->items[i];

		if (change_is_work(change) && !change->left &&
		    (!cell || strcmp(change->name, cell) == 0))
			change->left = what;
	}
}

void apply_note_job(const struct job *job)
{
	static const char *const left[VERB_COUNT] = {
		[VERB_KILL] = "was killed",
		[VERB_STOP] = "was stopped",
		[VERB_DESTROY] = "was destroyed",
		[VERB_DISABLE] = "was ended with the hypervisor",
	};

	if (job->done != on_step && left[job->verb])
		apply_leave(job->manager, job->cell, left[job->verb]);
}

void apply_free(struct manager *manager)
{
	struct apply *apply = TAKE_POINTER(manager->apply);

	if (!apply)
		return;
	changes_done(&apply->changes);
	error_done(&apply->error);
	free(apply);
}
