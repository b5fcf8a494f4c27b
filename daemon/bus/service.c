// SPDX-License-Identifier: GPL-2.0-only
#include "bus/service.h"

#include <errno.h>

#include "bus/request.h"
#include "manager/core.h"

static const struct core_events events = {
	.cell_added = cell_bus_added,
	.cell_removed = cell_bus_removed,
	.cell_changed = cell_bus_changed,
	.cell_failed = cell_bus_failed,
	.manager_changed = manager_bus_changed,
};

int service_reply_error(sd_bus_error *ret_error, const struct error *error)
{
	return sd_bus_error_set(ret_error, error_bus_name(error->code), error_text(error));
}

int service_new(sd_event *event, sd_bus *bus, const char *machine_root, struct service **ret)
{
	_cleanup_(service_freep) struct service *service = calloc(1, sizeof(*service));
	int r;

	if (!service)
		return -ENOMEM;
	service->bus = sd_bus_ref(bus);
	r = manager_new(event, machine_root, &events, service, &service->manager);
	if (r >= 0)
		r = sd_bus_add_object_manager(bus, NULL, BUS_MANAGER_PATH);
	if (r >= 0)
		r = manager_bus_add(service);
	if (r >= 0)
		r = cell_bus_add(service);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(service);
	return 0;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	/* First: afterwards nobody answers them any more. */
	manager_free(service->manager);
	requests_free(service);
	sd_bus_unref(service->bus);
	free(service);
}
