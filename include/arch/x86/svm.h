/* SPDX-License-Identifier: BSD-2-Clause */
/* AMD's virtualization, as far as registers tell of it (APM vol. 2, 15.30). */
#ifndef ARCH_X86_SVM_H
#define ARCH_X86_SVM_H

#include "u64.h"

#define MSR_TSC_RATIO	0xc0000104
#define MSR_VM_CR	0xc0010114
#define MSR_IGNNE	0xc0010115
#define MSR_SMM_CTL	0xc0010116
#define MSR_VM_HSAVE_PA 0xc0010117

#define EFER_SVME    (U64(1) << 12)
#define VM_CR_SVMDIS (U64(1) << 4)

#define CPUID_SVM	 0x8000000a
#define CPUID_SVM_EDX_NP (U64(1) << 0)

#endif /* ARCH_X86_SVM_H */
