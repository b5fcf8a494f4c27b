// SPDX-License-Identifier: GPL-2.0-only
#include "manager/metrics.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "util/log.h"
#include "util/write_text.h"

/* What the timer may be late, so that it wakes nobody by itself. */
#define FIRST_US	       1000000
#define ACCURACY_OF(period_us) ((period_us) / 5)

static int write_file(const struct manager *manager)
{
	const char *directory = manager->config.metrics.directory;
	_cleanup_(freep) char *text = metrics_text(manager);
	_cleanup_(freep) char *file = text_format("%s/" METRICS_FILE, directory);

	if (!text || !file)
		return -ENOMEM;
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	return write_text(file, text, 0644);
}

static int on_period(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	int r = manager->observed ? write_file(manager) : 0;

	/* Once, however often it fails. */
	if (r < 0 && r != manager->metrics_error)
		log_error("Cannot write " METRICS_FILE " in %s (\"metrics\" in " CONFIG_FILE
			  "): %s%s",
			  manager->config.metrics.directory, strerror(-r),
			  r == -EROFS ? "; the unit of cellmgrd must have it in ReadWritePaths="
				      : "");
	manager->metrics_error = r;
	sd_event_source_set_time(
		source, (manager_now_ns(manager) + manager->config.metrics.period_ns) / 1000);
	return 0;
}

void metrics_end(struct manager *manager)
{
	manager->metrics = sd_event_source_disable_unref(manager->metrics);
}

void metrics_follow(struct manager *manager)
{
	const struct config_metrics *metrics = &manager->config.metrics;
	int r;

	metrics_end(manager);
	manager->metrics_error = 0;
	if (!metrics->directory)
		return;
	r = sd_event_add_time_relative(manager->event, &manager->metrics, CLOCK_MONOTONIC, FIRST_US,
				       ACCURACY_OF(metrics->period_ns / 1000), on_period, manager);
	if (r >= 0)
		r = sd_event_source_set_enabled(manager->metrics, SD_EVENT_ON);
	if (r < 0)
		log_error("Cannot write figures: no timer: %s", strerror(-r));
}
