/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COST_H
#define COST_H

#include "probe_abi.h"

/* Ticks of an exit of this kind on this CPU. The argument is a leaf, a code, an MSR or a port. */
int cost(enum probe_cost kind, u64 argument, u64 *ret_ticks);

#endif /* COST_H */
