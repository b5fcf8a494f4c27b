/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FORECAST_H
#define FORECAST_H

#include "manager/job.h"

/*
 * The steps that a job would take as things are: bits of enum bus_verb, 0 for what is done without.
 * Links and pieces of the pool, which come and go with cells, are left out.
 */
uint32_t forecast(const struct job *job);

#endif /* FORECAST_H */
