// SPDX-License-Identifier: GPL-2.0-only
#include "bus/consent.h"

#include <errno.h>
#include <string.h>

#define ACTION_ENTRY(verb, word, action) [verb] = action,
static const char *const actions[] = {BUS_VERBS(ACTION_ENTRY)};

/* What is done beside the verb needs its own consent. NULL: none. */
static const char *next_action(const struct job *job, uint32_t steps, unsigned int asked)
{
	const char *own = actions[job->verb];

	if (asked == 0)
		return *own ? own : NULL;
	if (asked == 1 && steps & (1u << VERB_ENABLE) &&
	    strcmp(own, BUS_ACTION_MANAGE_HYPERVISOR) != 0)
		return BUS_ACTION_MANAGE_HYPERVISOR;
	if (asked == 1 && job->verb == VERB_DISABLE &&
	    steps & (1u << VERB_STOP | 1u << VERB_DESTROY))
		return BUS_ACTION_MANAGE_CELLS;
	return NULL;
}

/* Rules have to know all that makes a difference. */
int consent_ask(sd_bus_message *call, const struct job *job, uint32_t steps, unsigned int asked,
		void (*answer)(struct error *error, void *userdata), void *userdata,
		struct polkit_check **ret)
{
	const bool second = asked > 0, of_cells = job->verb == VERB_DISABLE;
	const char *verb = verb_name(second && !of_cells ? VERB_ENABLE : job->verb);
	const char *cell = job->cell ? job->cell : "";
	_cleanup_(freep) char *words = polkit_format_steps(steps);
	struct polkit_detail details[6] = {{"verb", verb}, {"cell", cell}, {"steps", words}};
	struct polkit_question question = {
		.message = call,
		.action = next_action(job, steps, asked),
		.verb = verb,
		.object = !second    ? cell
			  : of_cells ? "all cells"
				     : "the hypervisor",
		.details = details,
		.num_details = 3,
	};

	if (!question.action)
		return 0;
	if (!words)
		return -ENOMEM;
	if (job->signal)
		details[question.num_details++] = (struct polkit_detail){"signal", job->signal};
	if (job->verb == VERB_LOAD)
		details[question.num_details++] =
			(struct polkit_detail){"images", job->num_images ? "own" : "described"};
	if (job->verb == VERB_DISABLE)
		details[question.num_details++] =
			(struct polkit_detail){"force", job->force ? "true" : "false"};
	return polkit_ask(&question, answer, userdata, ret);
}
