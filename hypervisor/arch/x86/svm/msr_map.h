/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD's model-specific registers: policy, what is reset between owners, SVM's permission map. */
#ifndef SVM_MSR_MAP_H
#define SVM_MSR_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/logic/msr_policy.h"
#include "arch/x86/vcpu/reset.h"

#define SVM_MSR_MAP_PAGES 2

extern const struct msr_rule svm_msr_rules[];
extern const struct msr_constant svm_msr_constants[];
extern const struct msr_reset svm_msr_resets[];

/* Sets, in a zeroed map, a bit for each access that does not pass by the policy. */
void svm_msr_map_fill(uint8_t *map, bool root);

/* Whether the map has bits for an MSR; accesses to those that it has not always exit. */
bool svm_msr_map_covers(uint32_t msr);

#endif /* SVM_MSR_MAP_H */
