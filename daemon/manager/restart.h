/* SPDX-License-Identifier: GPL-2.0-only */
/* When a cell that failed is started again, and how often. Pure; time comes in as argument. */
#ifndef RESTART_H
#define RESTART_H

#include <stdbool.h>

#include "manager/state.h"
#include "model/description.h"

/*
 * Plans one more start: after "delay", twice as long each time within "within", up to "max-delay".
 * False where there have been as many as "limit" says; then none is planned.
 */
bool restart_plan(struct restart_record *record, const struct description_restart *rules,
		  uint64_t now_us);

#endif /* RESTART_H */
