/* SPDX-License-Identifier: GPL-2.0-only */
/* Check and CheckAll, which look into images where a digest or signatures are asked for. */
#ifndef CHECK_CALL_H
#define CHECK_CALL_H

#include <systemd/sd-bus.h>

struct service;

/* Either method, called by uid. Negative with what is to be answered; else it is, maybe later. */
int check_call(struct service *service, sd_bus_message *call, uid_t uid, sd_bus_error *ret_error);

/* Nobody is answered any more. */
void check_calls_free(struct service *service);

#endif /* CHECK_CALL_H */
