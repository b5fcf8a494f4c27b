/* SPDX-License-Identifier: GPL-2.0-only */
/* Failures of cells, told once each: journal, property LastError, signal Failed. */
#ifndef REPORT_H
#define REPORT_H

#include "manager/manager.h"

/* After cell_update(): tells of a failure that has not been told of. */
void report_failure(struct cell *cell);

#endif /* REPORT_H */
