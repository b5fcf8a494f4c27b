/* SPDX-License-Identifier: GPL-2.0-only */
/* Plan and Apply. */
#ifndef PLAN_BUS_H
#define PLAN_BUS_H

#include <systemd/sd-bus.h>

struct error;
struct manager;

/* For return from the method. */
int plan_bus_apply(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error);

/* Answers a Plan. Returns 0, or negative with what is to be answered. */
int plan_bus_reply(struct manager *manager, sd_bus_message *call, struct error *error);

#endif /* PLAN_BUS_H */
