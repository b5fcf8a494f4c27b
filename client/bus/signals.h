/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals of a cell. Errors are as those of connection_call(). */
#ifndef CLIENT_SIGNALS_H
#define CLIENT_SIGNALS_H

#include "bus/connection.h"
#include "common/bus_basic.h"

struct json_object;

/*
 * Values of signals, or of all where names (NULL-terminated) has none: an array of objects with
 * "name", "value" (left out where there is none, or no number), "unit", "age-usec" (left out where
 * nobody knows it), "quality", and what its description, of the cell's property, says of it
 * ("type", "write", "max" …).
 */
int fetch_signals(struct connection *connection, const char *path, char *const *names,
		  struct json_object *descriptions, sd_bus_error *ret_error,
		  struct json_object **ret_signals);

/* A value to be set, of what a person writes: true, false, a whole number or another one. */
struct signal_text {
	char type; /* of D-Bus: 'b', 'x', 't' or 'd' */
	union basic basic;
};

/* -EINVAL: it is none of these. */
int signal_text_parse(const char *text, struct signal_text *ret);

int write_signal(struct connection *connection, const char *path, const char *name,
		 const struct signal_text *value, sd_bus_error *ret_error);

#endif /* CLIENT_SIGNALS_H */
