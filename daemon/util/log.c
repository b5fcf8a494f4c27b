// SPDX-License-Identifier: GPL-2.0-only
#include "util/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>

#include <systemd/sd-journal.h>

#include "common/cleanup.h"

#define MAX_FIELDS 16

/* Written by the bus thread, read by the workers too. */
static atomic_int log_level = LOG_INFO;
static atomic_int log_current_target = LOG_TARGET_CONSOLE;

void log_init(void)
{
	if (getenv("JOURNAL_STREAM"))
		log_set_target(LOG_TARGET_JOURNAL);
}

void log_set_level(int level)
{
	atomic_store(&log_level, level);
}

int log_get_level(void)
{
	return atomic_load(&log_level);
}

void log_set_target(enum log_target target)
{
	atomic_store(&log_current_target, (int)target);
}

enum log_target log_get_target(void)
{
	return (enum log_target)atomic_load(&log_current_target);
}

static void write_console(int level, const char *text)
{
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", level, text);
	else
		fprintf(stderr, "%s\n", text);
}

static void write_journal(int level, const char *message_id, const char *cell,
			  const char *const *fields, unsigned int num_fields, const char *text)
{
	_cleanup_(freep) char *message = text_format("MESSAGE=%s", text);
	_cleanup_(freep) char *cell_field = cell ? text_format("CELL=%s", cell) : NULL;
	/* Where `journalctl -u` and `systemctl status` of the cell's unit find it. */
	_cleanup_(freep) char *unit =
		cell ? text_format("OBJECT_SYSTEMD_UNIT=cell@%s.service", cell) : NULL;
	char priority[16], id[64];
	struct iovec parts[MAX_FIELDS + 6];
	int count = 0;

	snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
	snprintf(id, sizeof(id), "MESSAGE_ID=%s", message_id ? message_id : "");

	const char *own[] = {message,  cell_field,
			     unit,     message_id ? id : NULL,
			     priority, "SYSLOG_IDENTIFIER=cellmgrd"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (own[i])
			parts[count++] = (struct iovec){(void *)own[i], strlen(own[i])};
	}
	for (unsigned int i = 0; i < num_fields && i < MAX_FIELDS; i++)
		parts[count++] = (struct iovec){(void *)fields[i], strlen(fields[i])};
	if (sd_journal_sendv(parts, count) < 0)
		write_console(level, text);
}

void log_event(int level, const char *message_id, const char *cell, const char *const *fields,
	       unsigned int num_fields, const char *format, ...)
{
	const enum log_target target = log_get_target();
	_cleanup_(freep) char *text = NULL;
	va_list args;

	if (level > log_get_level())
		return;
	va_start(args, format);
	text = text_vformat(format, args);
	va_end(args);
	if (text && target == LOG_TARGET_JOURNAL)
		write_journal(level, message_id, cell, fields, num_fields, text);
	else if (text && target == LOG_TARGET_CONSOLE)
		write_console(level, text);
}
