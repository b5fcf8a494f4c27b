// SPDX-License-Identifier: GPL-2.0-only
/* What the service manager counts of starts, and its result of the last one. */
#include <string.h>

#include "bus/unit.h"
#include "manager/manager.h"

static void reset(const struct service *service, struct cell *cell)
{
	unit_tell(service, "ResetFailedUnit", cell->name);
	cell->unit_forgiven = true;
}

struct forgiveness {
	const struct service *service;
	char cell[DESCRIPTION_MAX_NAME + 1];
};

static int on_result(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct forgiveness *of = userdata;
	struct cell *cell = manager_find_cell(of->service->manager, of->cell);
	const char *result;

	/* Not over the next start, if that has come first. */
	if (cell && !cell_running(cell) && sd_bus_message_read(reply, "v", "s", &result) >= 0 &&
	    strcmp(result, "success") == 0)
		reset(of->service, cell);
	return 0;
}

void unit_forgive(const struct service *service, const char *cell)
{
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	_cleanup_(freep) struct forgiveness *of = malloc(sizeof(*of));
	_cleanup_(freep) char *path = NULL;
	char unit[UNIT_NAME_MAX];

	unit_format(unit, cell);
	if (!of || sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path) < 0)
		return;
	of->service = service;
	snprintf(of->cell, sizeof(of->cell), "%s", cell);
	if (sd_bus_call_method_async(service->bus, &slot, SYSTEMD, path,
				     "org.freedesktop.DBus.Properties", "Get", on_result, of, "ss",
				     SYSTEMD ".Service", "Result") < 0)
		return;
	sd_bus_slot_set_destroy_callback(slot, free);
	sd_bus_slot_set_floating(slot, true);
	of = NULL;
}

void units_keep(const struct service *service)
{
	for (struct cell *cell = service->manager->cells; cell; cell = cell->next) {
		const bool keep = cell->exists && cell->description;

		if (keep != cell->unit_kept)
			unit_tell(service, keep ? "RefUnit" : "UnrefUnit", cell->name);
		cell->unit_kept = keep;
	}
}

void unit_reset_once(const struct service *service, const char *name)
{
	struct cell *cell = manager_find_cell(service->manager, name);

	if (cell && !cell->unit_forgiven)
		reset(service, cell);
	if (cell)
		cell->unit_forgiven = false;
}
