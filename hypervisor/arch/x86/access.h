/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory accesses that the second-level tables did not let through. */
#ifndef ACCESS_H
#define ACCESS_H

#include "vendor.h"

/*
 * Answers the refused memory access of the root cell like an empty bus: reads give all ones, writes
 * are lost. What cannot be emulated
 * gets a general-protection exception, which Linux' guarded accesses survive.
 */
void access_refuse(struct cpu *cpu);

#endif /* ACCESS_H */
