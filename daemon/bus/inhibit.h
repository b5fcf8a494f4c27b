/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shutdown ends all cells, and who asks for one may not know that there are any: while one runs,
 * logind refuses shutdowns to those who have not said that they know ("inhibit-shutdown"). Where
 * there is no logind nothing is held back.
 */
#ifndef INHIBIT_H
#define INHIBIT_H

#include "bus/service.h"

/* Takes the lock or lets go of it; for whenever cells or the configuration may have changed. */
void inhibit_update(struct service *service);

void inhibit_done(struct service *service);

#endif /* INHIBIT_H */
