/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_H
#define STORM_H

#include "probe_abi.h"

/* NMIs to one CPU from others, until all are sent, or until some do not arrive. */
int storm(struct probe_storm *storm);

#endif /* STORM_H */
