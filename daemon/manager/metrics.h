/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures for those who collect them: hypervisor, cells and signals as OpenMetrics text, which a
 * file has where "metrics" in the configuration says so, written anew at each period.
 */
#ifndef METRICS_H
#define METRICS_H

#include "manager/manager.h"

#define METRICS_FILE "cellmgr.prom"

/* The configuration has been read: begins, ends, or goes on differently. */
void metrics_follow(struct manager *manager);

void metrics_end(struct manager *manager);

/* metrics_text.c: what there is now. To be freed; NULL without memory. */
char *metrics_text(const struct manager *manager);

#endif /* METRICS_H */
