/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FORECAST_H
#define FORECAST_H

#include "manager/job.h"

/*
 * The steps that a job would take as things are: bits of enum bus_verb, 0 for what is done without.
 * The kill that a stop may end in is one of them. Links and pieces of the pool are told of where a
 * cell is to be created beside those that there are; what they would be after the hypervisor is
 * enabled, or a cell destroyed, is not known before.
 */
uint32_t forecast(const struct job *job);

#endif /* FORECAST_H */
