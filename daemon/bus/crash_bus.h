/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of failures over the bus. */
#ifndef CRASH_BUS_H
#define CRASH_BUS_H

#include "bus/service.h"
#include "manager/crash.h"

/* Methods ListCrashRecords and ReadCrashRecord, for return from them. */
int crash_bus_list(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error);
int crash_bus_read(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error);

/* Answers the call of one of them. */
void crash_bus_reply(sd_bus_message *call, const struct crash_answer *answer);

#endif /* CRASH_BUS_H */
