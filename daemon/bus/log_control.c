// SPDX-License-Identifier: GPL-2.0-only
#include "bus/log_control.h"

#include <string.h>

#include "bus/vtable.h"
#include "common/cleanup.h"
#include "util/log.h"

static const char *const levels[] = {
	[LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",	  [LOG_CRIT] = "crit",
	[LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

static const char *const targets[LOG_TARGET_COUNT] = {
	[LOG_TARGET_CONSOLE] = "console",
	[LOG_TARGET_JOURNAL] = "journal",
	[LOG_TARGET_NULL] = "null",
};

static int find(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

static int invalid(sd_bus_error *ret_error, const char *what, const char *value)
{
	return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "Unknown log %s: %s", what,
				 value);
}

GETTER(level)
{
	return sd_bus_message_append(reply, "s", levels[log_get_level()]);
}

SETTER(level)
{
	const char *name;
	int level, r;

	r = sd_bus_message_read(value, "s", &name);
	if (r < 0)
		return r;
	level = find(levels, ARRAY_SIZE(levels), name);
	if (level < 0)
		return invalid(ret_error, "level", name);
	log_set_level(level);
	return 0;
}

GETTER(target)
{
	return sd_bus_message_append(reply, "s", targets[log_get_target()]);
}

SETTER(target)
{
	const char *name;
	int target, r;

	r = sd_bus_message_read(value, "s", &name);
	if (r < 0)
		return r;
	if (strcmp(name, "auto") == 0) {
		log_set_target(LOG_TARGET_CONSOLE);
		log_init();
		return 0;
	}
	target = find(targets, ARRAY_SIZE(targets), name);
	if (target < 0)
		return invalid(ret_error, "target", name);
	log_set_target((enum log_target)target);
	return 0;
}

GETTER(identifier)
{
	return sd_bus_message_append(reply, "s", "cellmgrd");
}

/* Without SD_BUS_VTABLE_UNPRIVILEGED sd-bus lets only our own user write. */
static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level, 0, 0),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_target, set_target, 0, 0),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, 0),
	SD_BUS_VTABLE_END,
};

int log_control_add(sd_bus *bus)
{
	return sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/LogControl1",
					"org.freedesktop.LogControl1", vtable, NULL);
}
