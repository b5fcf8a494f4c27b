// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job_step.h"

#include <string.h>

#include "driver/link_device.h"
#include "manager/console.h"
#include "manager/observe.h"
#include "manager/pending.h"
#include "model/check.h"
#include "model/description_diff.h"
#include "util/log.h"
#include "util/message_ids.h"

#define SECOND_US	  1000000ull
/* The module watches the time that a cell has; we only step in where it does not. */
#define STOP_MARGIN_US	  (2 * SECOND_US)
#define STOP_UNLIMITED_US (3600 * SECOND_US)

uint64_t job_step_time(const struct job *job, const struct cell *cell)
{
	uint64_t timeout_ns, made_ns;

	if (job->step->verb != VERB_STOP || !cell->description)
		return job->manager->config.deadlines_ns[job->step->verb] / 1000;
	timeout_ns = cell->description->stop_timeout_ns;
	if (!timeout_ns)
		return STOP_UNLIMITED_US;
	/* The module would give it what it was created with. */
	made_ns = cell->made_of ? cell->made_of->stop_timeout_ns : timeout_ns;
	return timeout_ns / 1000 + (!made_ns || made_ns > timeout_ns ? 0 : STOP_MARGIN_US);
}

bool job_step_is_of_cell(enum bus_verb verb)
{
	return verb != VERB_ADD_LINK && verb != VERB_GROW_POOL && verb != VERB_VERIFY;
}

bool job_verifies_first(const struct job *job, const struct cell *cell, enum bus_verb next)
{
	return job->whole && next != VERB_START && !job->images_checked &&
	       check_has_demands(job->manager->config.require_signature, cell->description);
}

/* A link too many is in nobody's way, unless the job has to have all of them gone. */
bool job_goes_on_after(const struct job *job, const struct step *failed)
{
	if (failed->verb != VERB_REMOVE_LINK || (job->verb == VERB_DISABLE && !job->force))
		return false;
	log_warning("%s; it is left there", error_text(&failed->error));
	return true;
}

/* It comes with less than its description says. */
static void tell_driver_lacks(const struct manager *manager, const struct cell *cell)
{
	_cleanup_(problems_done) struct problems problems = {0};

	check_missing(~manager->features, cell->description, &problems);
	for (size_t i = 0; i < problems.count; i++) {
		_cleanup_(freep) char *text = problem_format(&problems.items[i]);

		log_event(LOG_WARNING, NULL, cell->name, NULL, 0, "Cell %s: %s", cell->name,
			  text ? text : "out of memory");
	}
}

static int fill_create(struct job *job, struct cell *cell, struct error *error)
{
	struct step *step = job->step;
	int r = plan_create(job->manager, cell, error, &job->plan);

	if (r < 0)
		return r;
	tell_driver_lacks(job->manager, cell);
	step->blob = TAKE_POINTER(job->plan.blob);
	step->blob_size = job->plan.blob_size;
	step->take = job->plan.take;
	return 0;
}

static int fill_link(struct job *job, struct cell *cell, struct error *error)
{
	struct step *step = job->step;
	int r = 0;

	if (step->verb == VERB_ADD_LINK) {
		r = plan_add_link(job->manager, cell, error, &job->plan);
		if (r < 0)
			return r;
		step->blob = TAKE_POINTER(job->plan.blob);
		step->blob_size = job->plan.blob_size;
	}
	step->machine_root = job->manager->machine_root;
	step->bdf = job->plan.link.bdf;
	link_device_name(job->plan.link.id, step->link);
	return 0;
}

static int fill_pool(struct job *job, const struct cell *cell, struct error *error)
{
	struct manager *manager = job->manager;
	struct step *step = job->step;
	size_t index;

	step->machine_root = manager->machine_root;
	if (step->verb == VERB_GROW_POOL) {
		step->memory_node = plan_memory_node(manager);
		step->growth = plan_growth(manager, cell);
		step->growth_limit = plan_growth_limit(manager);
		return 0;
	}
	step->unused = (struct address_range){0};
	if (manager->state == HYPERVISOR_OFF)
		return 0;
	index = plan_unused_piece(manager);
	if (index >= manager->pool.count)
		return error_set(error, ERROR_WRONG_STATE, "every piece of the pool is needed");
	step->unused = manager->pool.pieces[index].range;
	return 0;
}

static int fill_step(struct job *job, struct cell *cell, struct error *error)
{
	struct manager *manager = job->manager;
	struct step *step = job->step;

	if (cell && job_step_is_of_cell(step->verb)) {
		snprintf(step->cell, sizeof(step->cell), "%s", cell->name);
		step->id = cell->seen.id;
	}
	switch (step->verb) {
	case VERB_CREATE:
		return fill_create(job, cell, error);
	case VERB_VERIFY:
		return plan_images(cell, step, error);
	case VERB_LOAD:
		return plan_load(cell, job->images, job->num_images, step, error);
	case VERB_STOP:
		step->force = job->granted & 1u << VERB_KILL && job_may_force(job, cell);
		step->stop_time_us = cell->description ? cell->description->stop_timeout_ns / 1000
						       : 1; /* once */
		return 0;
	case VERB_ENABLE:
		step->config = manager->config;
		step->machine_root = manager->machine_root;
		step->memory_node = plan_memory_node(manager);
		return 0;
	case VERB_KEEP_CPUS:
		step->config = manager->config;
		return 0;
	case VERB_DISABLE:
		step->machine_root = manager->machine_root;
		/* What was reserved at boot goes with what came later; it is adopted again. */
		step->release_pool = manager->pool_from_linux || manager->pool.count > 1;
		return 0;
	case VERB_GROW_POOL:
	case VERB_SHRINK_POOL:
		return fill_pool(job, cell, error);
	case VERB_ADD_LINK:
	case VERB_REMOVE_LINK:
		return fill_link(job, cell, error);
	default:
		return 0;
	}
}

int job_prepare_step(struct job *job, enum bus_verb verb, struct cell *cell, struct error *error)
{
	int r;

	job->step = step_new(verb);
	if (!job->step)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	r = fill_step(job, cell, error);
	if (r < 0) {
		step_free(job->step);
		job->step = NULL;
	}
	return r;
}

static bool is_of_link(const struct step *step)
{
	return step->verb == VERB_ADD_LINK || step->verb == VERB_REMOVE_LINK;
}

static int record_link_intent(struct job *job)
{
	struct manager *manager = job->manager;
	const bool comes = job->step->verb == VERB_ADD_LINK;
	struct link *link = comes ? links_add(manager, &job->plan.link)
				  : links_find(manager, job->plan.link.bdf);
	int r;

	if (link)
		snprintf(link->record.intent, sizeof(link->record.intent), "%s",
			 verb_name(job->step->verb));
	r = manager_save(manager);
	if (r >= 0 || !link)
		return r;
	link->record.intent[0] = '\0';
	if (comes)
		links_forget(manager, link);
	return r;
}

static int record_cell_intent(struct job *job, struct cell *cell)
{
	const struct cell_record old = cell->record;
	int r;

	snprintf(cell->record.intent, sizeof(cell->record.intent), "%s",
		 verb_name(job->step->verb));
	if (job->step->verb == VERB_CREATE) {
		cell->record.placement = job->plan.placement;
		memcpy(cell->record.blob_sha256, job->plan.blob_sha256,
		       sizeof(cell->record.blob_sha256));
	}
	/* It may be another one before the images are loaded. */
	if (job->step->verb == VERB_LOAD) {
		description_free(job->described);
		job->described = pending_copy(cell->description);
	}
	r = manager_save_cell(job->manager, cell);
	if (r >= 0 && job->step->verb == VERB_CREATE)
		pending_record(cell, cell->description);
	if (r >= 0)
		return 0;
	cell->record = old;
	return job->step->verb == VERB_KILL ? 0 : r;
}

static int record_hypervisor_intent(struct job *job)
{
	struct manager *manager = job->manager;
	int r;

	snprintf(manager->intent, sizeof(manager->intent), "%s", verb_name(job->step->verb));
	r = manager_save(manager);
	if (r < 0)
		manager->intent[0] = '\0';
	return r;
}

int job_record_intent(struct job *job, struct cell *cell, struct error *error)
{
	int r;

	/* It changes nothing. */
	if (job->step->verb == VERB_VERIFY)
		return 0;
	if (is_of_link(job->step))
		r = record_link_intent(job);
	else if (cell)
		r = record_cell_intent(job, cell);
	else
		r = record_hypervisor_intent(job);
	if (r >= 0)
		return 0;
	return error_set(
		error, ERROR_NO_RESOURCES,
		"nothing is done that a restarted daemon could not know of, and /run/cellmgr "
		"cannot be written: %s",
		strerror(-r));
}

/* What hangs in the driver when its cell is killed may still do what it was to. */
static void set_intent_left(const struct job *job, struct cell *cell)
{
	const struct job *stuck = job->manager->current;
	bool left =
		stuck && stuck != job && stuck->step && strcmp(stuck->step->cell, cell->name) == 0;

	snprintf(cell->record.intent, sizeof(cell->record.intent), "%s",
		 left ? verb_name(stuck->step->verb) : "");
}

/* Of one that is to be created anew all the same, that is what has to be told. */
static void note_loaded(const struct job *job, struct cell *cell)
{
	uint32_t at_create = description_keys_used(USE_AT_CREATE);

	if (error_is_set(&job->step->error) || !job->described ||
	    pending_keys(job->manager, cell, job->described) & at_create)
		return;
	pending_record(cell, job->described);
	pending_take_record(cell);
}

/* What came of a step goes into the records of the cell it was about. */
static void record_cell(struct job *job, struct cell *cell)
{
	struct step *step = job->step;
	struct cell_record *record = &cell->record;
	bool failed = error_is_set(&step->error);

	set_intent_left(job, cell);
	switch (step->verb) {
	case VERB_CREATE:
		if (failed)
			break;
		*record = (struct cell_record){
			.phase = CELL_PHASE_CREATED,
			.id = step->created_id,
			.placement = job->plan.placement,
			.started_at = record->started_at,
			.started_monotonic = record->started_monotonic,
			.restart = record->restart,
		};
		memcpy(record->blob_sha256, job->plan.blob_sha256, sizeof(record->blob_sha256));
		pending_take_record(cell);
		break;
	case VERB_LOAD:
		if (!step->touched)
			break;
		/* Half an image is none. */
		record->phase = failed ? CELL_PHASE_CREATED : CELL_PHASE_LOADED;
		memcpy(record->image_sha256, failed ? "" : step->image_sha256,
		       failed ? 1 : sizeof(record->image_sha256));
		note_loaded(job, cell);
		break;
	case VERB_START:
		if (failed)
			break;
		cell_note_start(cell);
		break;
	case VERB_DESTROY:
		if (failed)
			break;
		cell_forget(cell);
		consoles_end(job->manager, step->id);
		links_unstick(job->manager);
		pool_unstick(&job->manager->pool);
		break;
	default:
		break;
	}
}

static void record_hypervisor(const struct job *job)
{
	struct manager *manager = job->manager;
	struct step *step = job->step;

	manager->intent[0] = '\0';
	/* Once for each time that it is on; who enables it has it done. */
	manager->keeps_told = config_keeps_same(&step->config, &manager->config);
	if (step->verb == VERB_ENABLE && !error_is_set(&step->error)) {
		manager->pool = step->pool;
		manager->hypervisor = step->hypervisor;
		manager->pool_from_linux = step->pool_from_linux;
		manager->pool_node = step->pool_node;
		machine_inherit(step->machine, manager->machine);
		machine_free(manager->machine);
		manager->machine = TAKE_POINTER(step->machine);
		log_event(LOG_NOTICE, MESSAGE_HYPERVISOR_ENABLED, NULL, NULL, 0,
			  "The hypervisor is enabled");
	} else if (step->verb == VERB_DISABLE && !error_is_set(&step->error)) {
		job_end_all(manager, job, JOB_DISABLED);
		manager->pool = pool_of(0, 0);
		manager->hypervisor = (struct address_range){0};
		links_forget_all(manager);
		log_event(LOG_NOTICE, MESSAGE_HYPERVISOR_DISABLED, NULL, NULL, 0,
			  "The hypervisor is disabled");
	}
}

/* What has come and gone is seen in what there is then; all that is new has come for a cell. */
static void record_pool(struct manager *manager, const struct step *step)
{
	manager->intent[0] = '\0';
	/* Once, whatever came of it: it is told. */
	manager->pool_left = false;
	observe_pool(manager, step->snapshot, step->verb == VERB_GROW_POOL);
	for (size_t i = 0; step->verb == VERB_SHRINK_POOL && i < manager->pool.count; i++)
		manager->pool.pieces[i].stuck |=
			manager->pool.pieces[i].range.start == step->unused.start;
}

/* A driver that did not come back in time may have done it. */
static bool is_there(const struct step *step)
{
	if (error_is_set(&step->error) && step->error.code != ERROR_TIMEOUT)
		return false;
	return !error_is_set(&step->error) ||
	       link_device_present(step->machine_root, step->bdf) > 0;
}

static void record_link(struct manager *manager, const struct step *step)
{
	struct link *link = links_find(manager, step->bdf);
	const bool failed = error_is_set(&step->error);

	if (!link)
		return;
	link->record.intent[0] = '\0';
	if (step->verb == VERB_REMOVE_LINK && failed)
		link->stuck = true;
	else if (step->verb == VERB_REMOVE_LINK || !is_there(step))
		links_forget(manager, link);
	if (!failed)
		log_message(LOG_INFO, "Linux %s its end of link %s",
			    step->verb == VERB_ADD_LINK ? "has" : "no longer has", step->link);
}

/* A field of the journal; NULL where it is not known, or without memory. */
static char *image_field(const char *name, const char *value)
{
	char *field;

	return value && *value && asprintf(&field, "%s=%s", name, value) >= 0 ? field : NULL;
}

/* Which program it is, and whose, where that was looked at. */
static void log_load(const struct step *step, const struct cell *cell)
{
	_cleanup_(freep) char *sha256 = image_field("CELL_IMAGE_SHA256", step->image_sha256);
	_cleanup_(freep) char *signer = image_field("CELL_IMAGE_SIGNER", step->image_signer);
	const char *const fields[] = {sha256, signer};

	log_event(LOG_INFO, MESSAGE_CELL_LOADED, cell->name, fields,
		  sha256 ? 1 + (signer != NULL) : 0, "Cell %s loaded: image sha256 %s%s%s",
		  cell->name, step->image_sha256, signer ? ", signed by " : "",
		  step->image_signer ?: "");
}

/* What an administrator wants to find in the journal of a cell. */
static void log_result(const struct job *job, struct cell *cell)
{
	const struct step *step = job->step;

	if (error_is_set(&step->error))
		return;
	if (step->verb == VERB_LOAD) {
		log_load(step, cell);
	} else if (step->verb == VERB_START) {
		_cleanup_(freep) char *sha256 =
			image_field("CELL_IMAGE_SHA256", cell->record.image_sha256);
		const char *const fields[] = {sha256};

		cell_set_last_error(cell, NULL);
		log_event(LOG_INFO, MESSAGE_CELL_STARTED, cell->name, fields, sha256 != NULL,
			  "Cell %s started", cell->name);
	} else if (step->verb == VERB_KILL) {
		/* How it ended is told when its end is seen: here and below. */
		cell->killed_because =
			job->asked ? "was killed on request" : "was killed for that failure";
	} else if (step->verb == VERB_STOP && step->forced) {
		cell->killed_because = step->forced;
	} else if (step->verb == VERB_STOP) {
		/* That it would not, once, is over. */
		cell_set_last_error(cell, NULL);
		cell->record.end_reported = true;
		log_event(LOG_INFO, MESSAGE_CELL_STOPPED, cell->name, NULL, 0, "Cell %s shut down",
			  cell->name);
	}
}

void job_record_result(struct job *job)
{
	const struct step *step = job->step;
	struct cell *cell = manager_find_cell(job->manager, step->cell);

	if (step->verb == VERB_VERIFY) {
		job->images_checked = true;
		return;
	}
	job->steps_done++;
	job->own_step_done |= step->verb == job->verb;
	job->stopped |= step->verb == VERB_STOP || step->verb == VERB_KILL;
	job->started |= step->verb == VERB_START && !error_is_set(&step->error);
	if (cell) {
		cell->in_step = false;
		record_cell(job, cell);
		cell->repend = true;
		log_result(job, cell);
	} else if (is_of_link(step)) {
		record_link(job->manager, step);
	} else if (step->verb == VERB_ENABLE || step->verb == VERB_DISABLE ||
		   step->verb == VERB_KEEP_CPUS) {
		record_hypervisor(job);
	} else if (step->verb == VERB_GROW_POOL || step->verb == VERB_SHRINK_POOL) {
		record_pool(job->manager, step);
	}
	if (cell)
		manager_save_cell(job->manager, cell);
	else
		manager_save(job->manager);
}
