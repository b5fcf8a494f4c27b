/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subscriptions to signals: whoever asked is told, alone, what has changed. One for each caller and
 * cell, until he says so, leaves the bus, or the cell goes. Each user's share is bounded.
 */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include <systemd/sd-bus.h>

struct service;

/* Method SubscribeSignals: begins, changes or (a period of 0) ends the one of the caller, who is
 * uid. */
int subscription_change(struct service *service, const char *cell_name, sd_bus_message *call,
			uid_t uid, sd_bus_error *ret_error);

void subscriptions_free(struct service *service);

#endif /* SUBSCRIPTION_H */
