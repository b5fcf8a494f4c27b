/* SPDX-License-Identifier: GPL-2.0-only */
/* Short forms for the tables of interfaces. */
#ifndef VTABLE_H
#define VTABLE_H

#include <systemd/sd-bus.h>

/* Whoever may call is polkit's matter, see request.c. */
#define METHOD_FLAGS SD_BUS_VTABLE_UNPRIVILEGED

/* Heads of functions for the tables: of the object userdata, reply or call is what it is about. */
#define METHOD(name) \
	static int method_##name(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
#define GETTER(name)                                                                       \
	static int get_##name(sd_bus *bus, const char *path, const char *interface,        \
			      const char *property, sd_bus_message *reply, void *userdata, \
			      sd_bus_error *ret_error)
#define SETTER(name)                                                                       \
	static int set_##name(sd_bus *bus, const char *path, const char *interface,        \
			      const char *property, sd_bus_message *value, void *userdata, \
			      sd_bus_error *ret_error)

/*
 * Rows of a table out of a list X(symbol, name, type, from) of properties that change. from is
 * BY_GETTER(name) for GETTER(name), or BY_MEMBER(name) of what the file defines as BUS_OBJECT.
 */
#define PROPERTY_ROW(symbol, name, type, ...) \
	SD_BUS_PROPERTY(name, type, __VA_ARGS__, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
#define BY_GETTER(name) get_##name, 0
#define BY_MEMBER(name) NULL, offsetof(BUS_OBJECT, name)

#endif /* VTABLE_H */
