/* SPDX-License-Identifier: GPL-2.0-only */
/* Crash records of the stand-in: two of the cell "broken", one of another that is no more. */
#ifndef FAKE_CRASHES_H
#define FAKE_CRASHES_H

#include <systemd/sd-bus.h>

/* ListCrashRecords, ReadCrashRecord. */
int fake_crashes_list(sd_bus_message *call, void *context, sd_bus_error *error);
int fake_crashes_read(sd_bus_message *call, void *context, sd_bus_error *error);

#endif /* FAKE_CRASHES_H */
