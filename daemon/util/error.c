// SPDX-License-Identifier: GPL-2.0-only
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>

#define OWN_ERROR(name) "org.cellmgr1.Error." name
#define BUS_ERROR(name) "org.freedesktop.DBus.Error." name

static const char *const bus_names[ERROR_CODE_COUNT] = {
	[ERROR_NO_SUCH_CELL] = OWN_ERROR("NoSuchCell"),
	[ERROR_WRONG_STATE] = OWN_ERROR("WrongState"),
	[ERROR_REFUSED] = OWN_ERROR("Refused"),
	[ERROR_BUSY] = OWN_ERROR("Busy"),
	[ERROR_LOCKED] = OWN_ERROR("Locked"),
	[ERROR_INVALID] = OWN_ERROR("Invalid"),
	[ERROR_NO_RESOURCES] = OWN_ERROR("NoResources"),
	[ERROR_HYPERVISOR_OFF] = OWN_ERROR("HypervisorOff"),
	[ERROR_TIMEOUT] = OWN_ERROR("Timeout"),
	[ERROR_DRIVER] = OWN_ERROR("Driver"),
	[ERROR_ACCESS_DENIED] = BUS_ERROR("AccessDenied"),
	[ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED] = BUS_ERROR("InteractiveAuthorizationRequired"),
	[ERROR_LIMITS_EXCEEDED] = BUS_ERROR("LimitsExceeded"),
	[ERROR_NO_MEMORY] = BUS_ERROR("NoMemory"),
};

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	/* Only now: the old text may have been an argument. */
	error_done(error);
	error->code = code;
	error->text = text;
	return -EINVAL;
}

int error_set_problems(struct error *error, enum error_code code, const struct problems *problems)
{
	error_done(error);
	if (problems->count == 0) {
		error->code = ERROR_NO_MEMORY;
		return -EINVAL;
	}
	error->code = code;
	error->text = problems_format_first(problems);
	return -EINVAL;
}

void error_done(struct error *error)
{
	if (!error)
		return;
	free(error->text);
	*error = (struct error){0};
}

const char *error_text(const struct error *error)
{
	return error->text ? error->text : "out of memory";
}

const char *error_bus_name(enum error_code code)
{
	return bus_names[code];
}
