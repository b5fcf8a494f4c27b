// SPDX-License-Identifier: GPL-2.0-only
#include "manager/health.h"

static void note_beat(struct health_watch *watch, const struct health_input *input)
{
	bool moved =
		input->heartbeat_valid && (!watch->has_beat || input->heartbeat != watch->beat);

	if (!watch->begun || moved)
		watch->moved_ns = moved && input->moved_ns ? input->moved_ns : input->now_ns;
	watch->begun = true;
	if (moved) {
		watch->has_beat = true;
		watch->beat = input->heartbeat;
	}
}

uint64_t health_silence(const struct health_watch *watch, uint64_t now_ns)
{
	if (!watch->begun || now_ns < watch->moved_ns)
		return 0;
	return now_ns - watch->moved_ns;
}

enum health health_update(struct health_watch *watch, const struct health_input *input)
{
	uint64_t silence;

	if (input->failed || (input->running && input->cpus_failed))
		return HEALTH_FAILED;
	if (!input->running) {
		*watch = (struct health_watch){0};
		return HEALTH_UNKNOWN;
	}
	if (!input->deadline_ns)
		return HEALTH_OK;
	if (!input->can_watch)
		return HEALTH_UNKNOWN;
	note_beat(watch, input);
	silence = health_silence(watch, input->now_ns);
	if (silence / HEALTH_LOST_FACTOR >= input->deadline_ns)
		return HEALTH_FAILED;
	return silence > input->deadline_ns ? HEALTH_LATE : HEALTH_OK;
}
