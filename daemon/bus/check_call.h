/* SPDX-License-Identifier: GPL-2.0-only */
/* Check and CheckAll, which look into images where a digest or signatures are asked for. */
#ifndef CHECK_CALL_H
#define CHECK_CALL_H

#include <systemd/sd-bus.h>

struct manager;
struct service;

/* For return from the methods: the answer may come later. */
int check_call_one(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error);
int check_call_all(struct manager *manager, sd_bus_message *call);

/* Nobody is answered any more. */
void check_calls_free(struct service *service);

#endif /* CHECK_CALL_H */
