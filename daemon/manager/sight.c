// SPDX-License-Identifier: GPL-2.0-only
#include "manager/sight.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "manager/observe.h"
#include "util/log.h"
#include "util/message_ids.h"

#define FIRST_LOOK_US 1000000u /* until it is known what cells need */
#define LOOKS_MISSED  3
#define ACCURACY_US   10000u
/* A look that is back already counts, however late the loop is. */
#define PRIORITY      (SD_EVENT_PRIORITY_NORMAL + 10)

static uint64_t patience_us(const struct manager *manager)
{
	return LOOKS_MISSED * manager->look_us;
}

static int on_missed(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	const uint64_t alive = observer_alive_us(manager->observer);

	/* What had nothing to tell was there all the same. */
	if (!manager->look_error && alive + patience_us(manager) > usec) {
		sd_event_source_set_time(source, alive + patience_us(manager));
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
		return 0;
	}
	log_event(LOG_ERR, MESSAGE_SIGHT_LOST, NULL, NULL, 0,
		  "The driver has not told for %" PRIu64
		  " ms what becomes of cells%s%s; their health is unknown until it does",
		  patience_us(manager) / 1000, manager->look_error ? ": " : "",
		  manager->look_error ? strerror(-manager->look_error) : "");
	manager->blind = true;
	observe_settle(manager);
	return 0;
}

void sight_renew(struct manager *manager)
{
	uint64_t now = manager_now_ns(manager) / 1000;

	if (manager->blind)
		return;
	sd_event_source_set_time(manager->sight, now + patience_us(manager));
	sd_event_source_set_enabled(manager->sight, SD_EVENT_ONESHOT);
}

void sight_note(struct manager *manager, int error)
{
	if (error && error != manager->look_error)
		log_warning("Cannot read the state of cells: %s", strerror(-error));
	manager->look_error = error;
	if (error)
		return;
	if (manager->blind)
		log_event(LOG_NOTICE, MESSAGE_SIGHT_REGAINED, NULL, NULL, 0,
			  "The driver tells again what becomes of cells");
	manager->blind = false;
	sight_renew(manager);
}

int sight_begin(struct manager *manager)
{
	int r;

	manager->look_us = FIRST_LOOK_US;
	r = sd_event_add_time_relative(manager->event, &manager->sight, CLOCK_MONOTONIC,
				       patience_us(manager), ACCURACY_US, on_missed, manager);
	return r < 0 ? r : sd_event_source_set_priority(manager->sight, PRIORITY);
}

void sight_end(struct manager *manager)
{
	manager->sight = sd_event_source_disable_unref(manager->sight);
}
