/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals by cellmgrd's methods ReadSignals and WriteSignal, with the rights of our user. */
#ifndef BUS_H
#define BUS_H

#include <systemd/sd-bus.h>

#include "signals.h"

/* The bus must outlast it. NULL without memory. */
struct signals *bus_signals_new(sd_bus *bus);

/* No call may be on its way. Takes NULL. */
void bus_signals_free(struct signals *signals);

/* The exception that tells a Modbus client of an error of the bus or of the daemon. */
unsigned int bus_exception(const sd_bus_error *error);

#endif /* BUS_H */
