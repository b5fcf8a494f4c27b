/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals on the bus: names that calls have, values as variants. */
#ifndef SIGNAL_BUS_H
#define SIGNAL_BUS_H

#include <systemd/sd-bus.h>

#include "manager/manager.h"
#include "manager/signals.h"

/* Methods ReadSignals and WriteSignal, property Signals. */
int signal_bus_read(struct cell *cell, sd_bus_message *call, sd_bus_error *ret_error);
int signal_bus_write(struct cell *cell, sd_bus_message *call, sd_bus_error *ret_error);
int signal_bus_append_descriptions(const struct cell *cell, sd_bus_message *reply);

/* Signals that a call wants. */
struct signal_list {
	struct signal_reading *readings; /* NULL: none */
	size_t count;
};

void signal_list_done(struct signal_list *list);

/*
 * Reads "as" of a call: names, or none for all. Negative, with ret_error set, where one of them is
 * none (NoSuchSignal) or there are too many (Invalid).
 */
int signal_list_read(const struct cell *cell, sd_bus_message *call, struct signal_list *ret,
		     sd_bus_error *ret_error);

/* An entry of a{sv}: the name, and (value, age in µs, quality). */
int signal_bus_append(sd_bus_message *message, const struct signal_reading *reading);

#endif /* SIGNAL_BUS_H */
