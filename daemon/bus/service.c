// SPDX-License-Identifier: GPL-2.0-only
#include "bus/service.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "bus/check_call.h"
#include "bus/inhibit.h"
#include "bus/request.h"
#include "bus/subscription.h"
#include "bus/unit.h"
#include "manager/core.h"
#include "manager/observe.h"
#include "model/description_keys.h"
#include "util/log.h"

/* More than a start takes after its cell runs. */
#define SETTLE_US 50000u

static const struct core_events events = {
	.cell_added = cell_bus_added,
	.cell_removed = cell_bus_removed,
	.cell_changed = cell_bus_changed,
	.cell_failed = cell_bus_failed,
	.cell_stopped = cell_bus_stopped,
	.manager_changed = manager_bus_changed,
};

int service_append_cpus(sd_bus_message *reply, const struct cpu_mask *cpus)
{
	int r = sd_bus_message_open_container(reply, 'a', "u");

	for (int cpu = cpu_mask_next(cpus, 0); r >= 0 && cpu >= 0;
	     cpu = cpu_mask_next(cpus, (unsigned int)cpu + 1))
		r = sd_bus_message_append(reply, "u", (uint32_t)cpu);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int service_append_keys(sd_bus_message *reply, uint32_t keys)
{
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; r >= 0 && i < 32 && keys >> i; i++) {
		if (keys & 1u << i)
			r = sd_bus_message_append(reply, "s", description_top.keys[i].name);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int service_reply_error(sd_bus_error *ret_error, const struct error *error)
{
	return sd_bus_error_set(ret_error, error_bus_name(error->code), error_text(error));
}

int service_refuse_unseen(sd_bus_error *ret_error)
{
	return sd_bus_error_set(ret_error, SD_BUS_ERROR_TIMEOUT,
				"the driver has not told yet which cells there are");
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct service *service = userdata;

	service->settling = sd_event_source_disable_unref(service->settling);
	inhibit_update(service);
	units_keep(service);
	if (service->manager->observed)
		observe_tell_status(service->manager);
	return 0;
}

void service_settle(struct service *service)
{
	if (!service->settling)
		sd_event_add_time_relative(sd_bus_get_event(service->bus), &service->settling,
					   CLOCK_MONOTONIC, SETTLE_US, SETTLE_US / 5, on_settled,
					   service);
}

void service_tell_changes(const struct service *service, const char *path, const char *interface,
			  const char *const *names, uint32_t properties)
{
	const char *changed[32 + 1] = {NULL};
	size_t count = 0;
	int r;

	for (; properties; properties &= properties - 1)
		changed[count++] = names[__builtin_ctz(properties)];
	r = sd_bus_emit_properties_changed_strv(service->bus, path, interface, (char **)changed);
	if (r < 0)
		log_warning("Cannot tell of changes of %s: %s", path, strerror(-r));
}

int service_new(sd_event *event, sd_bus *bus, const char *machine_root, struct service **ret)
{
	_cleanup_(service_freep) struct service *service = calloc(1, sizeof(*service));
	int r;

	if (!service)
		return -ENOMEM;
	service->bus = sd_bus_ref(bus);
	service->inhibit_fd = -1;
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
	sd_event_source_disable_unref(service->settling);
	subscriptions_free(service);
	units_free(service);
	inhibit_done(service);
	check_calls_free(service);
	/* Before the requests: afterwards nobody answers them any more. */
	manager_free(service->manager);
	requests_free(service);
	sd_bus_unref(service->bus);
	free(service);
}
