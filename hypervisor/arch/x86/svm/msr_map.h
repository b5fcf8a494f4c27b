/* SPDX-License-Identifier: GPL-2.0-only */
/* SVM's permission map of model-specific registers. */
#ifndef SVM_MSR_MAP_H
#define SVM_MSR_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define SVM_MSR_MAP_PAGES 2

/* Sets, in a zeroed map, a bit for each access that does not pass by the policy. */
void svm_msr_map_fill(uint8_t *map, bool root);

/* Whether the map has bits for an MSR; accesses to those that it has not always exit. */
bool svm_msr_map_covers(uint32_t msr);

#endif /* SVM_MSR_MAP_H */
