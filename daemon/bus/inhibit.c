// SPDX-License-Identifier: GPL-2.0-only
#include "bus/inhibit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "manager/manager.h"
#include "util/log.h"

#define LOGIND "org.freedesktop.login1"

static bool is_wanted(const struct service *service)
{
	const struct manager *manager = service->manager;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell_running(cell))
			return manager->config.inhibit_shutdown;
	}
	return false;
}

/*
 * Once: it is asked for again and again. What the bus answers itself, for want of logind, is of a
 * machine that holds back no shutdown for anybody.
 */
static void tell_refused(struct service *service, sd_bus_message *reply, int r)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	const char *why = error ? error->message : strerror(-r);
	const char *sender = sd_bus_message_get_sender(reply);

	if (service->inhibit_refused || !sender || strcmp(sender, "org.freedesktop.DBus") == 0) {
		log_debug("Shutdowns are not held back: %s", why);
		return;
	}
	service->inhibit_refused = true;
	log_warning("Shutdowns are not held back while cells run: %s", why);
}

static int on_inhibited(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct service *service = userdata;
	int fd = -1, r = 0;

	service->inhibit_call = sd_bus_slot_unref(service->inhibit_call);
	if (!error)
		r = sd_bus_message_read(reply, "h", &fd);
	if (!error && r >= 0)
		service->inhibit_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (!error && r >= 0 && service->inhibit_fd < 0)
		r = -errno;
	if (error || r < 0)
		tell_refused(service, reply, r);
	else
		service->inhibit_refused = false;
	/*
	 * What has changed meanwhile. One that was refused is asked for again when a cell changes,
	 * and one that logind died over, or did not come to, soon.
	 */
	if (service->inhibit_fd >= 0)
		inhibit_update(service);
	else if (error && sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
		service_settle(service);
	return 0;
}

void inhibit_update(struct service *service)
{
	bool wanted = is_wanted(service);

	if (!wanted && service->inhibit_fd >= 0) {
		close(service->inhibit_fd);
		service->inhibit_fd = -1;
	}
	if (!wanted || service->inhibit_fd >= 0 || service->inhibit_call)
		return;
	sd_bus_call_method_async(service->bus, &service->inhibit_call, LOGIND,
				 "/org/freedesktop/login1", LOGIND ".Manager", "Inhibit",
				 on_inhibited, service, "ssss", "shutdown", "cellmgrd",
				 "cells run that it would end (cellctl list)", "block");
}

void inhibit_done(struct service *service)
{
	sd_bus_slot_unref(service->inhibit_call);
	if (service->inhibit_fd >= 0)
		close(service->inhibit_fd);
}
