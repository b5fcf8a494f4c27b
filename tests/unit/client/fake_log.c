// SPDX-License-Identifier: GPL-2.0-only
#include "fake_log.h"

#include <stdarg.h>
#include <stdio.h>

static FILE *call_log;

bool log_open(const char *path)
{
	call_log = fopen(path, "a");
	return call_log;
}

void log_call(sd_bus_message *message, const char *format, ...)
{
	va_list list;

	fputs(sd_bus_message_get_member(message), call_log);
	va_start(list, format);
	vfprintf(call_log, format, list);
	va_end(list);
	if (sd_bus_message_get_allow_interactive_authorization(message) > 0)
		fputs(" (interactive)", call_log);
	fputc('\n', call_log);
	fflush(call_log);
}
