/* SPDX-License-Identifier: BSD-2-Clause */
/* Model-specific registers (APM vol. 2, appendix A) and what is in them. */
#ifndef ARCH_X86_MSR_H
#define ARCH_X86_MSR_H

#include "u64.h"

#define MSR_TSC		   0x10
#define MSR_APIC_BASE	   0x1b
#define MSR_SPEC_CTRL	   0x48
#define MSR_PRED_CMD	   0x49
#define MSR_UCODE_REV	   0x8b
#define MSR_MTRR_CAP	   0xfe
#define MSR_SYSENTER_CS	   0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176
#define MSR_DEBUGCTL	   0x1d9
#define MSR_MTRR_FIRST	   0x200
#define MSR_MTRR_LAST	   0x26f
#define MSR_PAT		   0x277
#define MSR_MTRR_DEF_TYPE  0x2ff
#define MSR_TSC_DEADLINE   0x6e0
#define MSR_X2APIC_FIRST   0x800
#define MSR_X2APIC_LAST	   0x8ff
#define MSR_XSS		   0xda0
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_CSTAR	   0xc0000083
#define MSR_SFMASK	   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX	   0xc0000103

#define EFER_SCE   (U64(1) << 0)
#define EFER_LME   (U64(1) << 8)
#define EFER_LMA   (U64(1) << 10)
#define EFER_NXE   (U64(1) << 11)
#define EFER_FFXSR (U64(1) << 14)

#define DEBUGCTL_BTF (U64(1) << 1)

#define APIC_BASE_X2APIC (U64(1) << 10)
#define APIC_BASE_ENABLE (U64(1) << 11)

#define MTRR_DEF_TYPE_ENABLE (U64(1) << 11)
#define MTRR_TYPE_WB	     6

#define PAT_RESET U64(0x0007040600070406) /* APM vol. 2, 7.8.1 */

/* AMD's. */
#define MSR_TSC_RATIO	  0xc0000104
#define MSR_SYSCFG	  0xc0010010
#define MSR_IORR_FIRST	  0xc0010016
#define MSR_TOP_MEM	  0xc001001a
#define MSR_TOP_MEM2	  0xc001001d
#define MSR_MMIO_CFG_BASE 0xc0010058
#define MSR_PSTATE_FIRST  0xc0010064
#define MSR_PSTATE_LAST	  0xc001006b
#define MSR_SMM_BASE	  0xc0010111
#define MSR_SMM_MASK	  0xc0010113
#define MSR_VM_CR	  0xc0010114
#define MSR_IGNNE	  0xc0010115
#define MSR_SMM_CTL	  0xc0010116
#define MSR_VM_HSAVE_PA	  0xc0010117

#endif /* ARCH_X86_MSR_H */
