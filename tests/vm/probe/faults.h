/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAULTS_H
#define FAULTS_H

/* No fault is planted any more. */
void faults_clear(void);

#endif /* FAULTS_H */
