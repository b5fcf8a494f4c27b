/* SPDX-License-Identifier: GPL-2.0-only */
/* Failures of cells, told once each: journal, property LastError, core_events.cell_failed. */
#ifndef ALARM_H
#define ALARM_H

#include "manager/manager.h"

/* After cell_update(): tells of a failure that has not been told of. */
void alarm_raise(struct manager *manager, struct cell *cell);

#endif /* ALARM_H */
