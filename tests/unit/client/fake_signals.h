/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals of the stand-in's turbine: no other cell has any. */
#ifndef FAKE_SIGNALS_H
#define FAKE_SIGNALS_H

#include <systemd/sd-bus.h>

/* a{sa{sv}} */
int fake_signals_describe(sd_bus_message *reply, const char *cell);

/* Replies: values of those that the call names, or all. Negative with an error. */
int fake_signals_read(sd_bus_message *call, const char *cell, sd_bus_error *error);

/* Replies to WriteSignal; logs what came. */
int fake_signals_write(sd_bus_message *call, const char *cell, sd_bus_error *error);

/* Tells the caller of all signals, once now and once later with another speed. */
int fake_signals_tell(sd_bus_message *call, const char *path);

#endif /* FAKE_SIGNALS_H */
