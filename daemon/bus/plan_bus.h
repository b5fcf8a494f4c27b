/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plan and Apply: both need to know which files of images are others than those that were loaded,
 * and are gone on with when that is known; others are served meanwhile. A Reload does not wait: who
 * asks for something next means it by what is read now.
 */
#ifndef PLAN_BUS_H
#define PLAN_BUS_H

#include <systemd/sd-bus.h>

struct manager;

/* For return from the methods. */
int plan_bus_plan(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error);
int plan_bus_apply(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error);

#endif /* PLAN_BUS_H */
