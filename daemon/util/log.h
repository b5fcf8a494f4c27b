/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's log: to the journal where the service manager connected it, else to standard error.
 * Safe from every thread. Level and target can be changed over the bus (log_control.h).
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <syslog.h>

enum log_target {
	LOG_TARGET_CONSOLE, /* standard error, with "<N>" levels where the journal reads it */
	LOG_TARGET_JOURNAL, /* with structured fields */
	LOG_TARGET_NULL,
	LOG_TARGET_COUNT
};

/* Chooses the target by the environment (JOURNAL_STREAM). */
void log_init(void);

/* Messages of a higher number than level (LOG_ERR … LOG_DEBUG) are dropped. */
void log_set_level(int level);
int log_get_level(void);
void log_set_target(enum log_target target);
enum log_target log_get_target(void);

/*
 * A message with an id (message_ids.h; NULL: without) and journal fields, given as "NAME=value"
 * strings. cell, where it is not NULL, is whose journal it belongs to. The text alone must make
 * sense: the console shows nothing else.
 */
void log_event(int level, const char *message_id, const char *cell, const char *const *fields,
	       unsigned int num_fields, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
#define log_message(level, ...) log_event(level, NULL, NULL, NULL, 0, __VA_ARGS__)
#define log_error(...)		log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...)	log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)		log_message(LOG_NOTICE, __VA_ARGS__)
#define log_debug(...)		log_message(LOG_DEBUG, __VA_ARGS__)

#endif /* LOG_H */
