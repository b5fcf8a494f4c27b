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

#endif /* BUS_H */
