/* SPDX-License-Identifier: BSD-2-Clause */
/* AMD's virtualization, as far as registers tell of it (APM vol. 2, 15.30). */
#ifndef ARCH_X86_SVM_H
#define ARCH_X86_SVM_H

#include "u64.h"

#define EFER_SVME    (U64(1) << 12)
#define VM_CR_R_INIT (U64(1) << 1)
#define VM_CR_SVMDIS (U64(1) << 4)

#define CPUID_SVM		0x8000000a
#define CPUID_SVM_EDX_NP	(U64(1) << 0)
#define CPUID_SVM_EDX_VNMI	(U64(1) << 25)
#define CPUID_SVM_EDX_SPEC_CTRL (U64(1) << 20) /* of guests, apart from the host's */

#endif /* ARCH_X86_SVM_H */
