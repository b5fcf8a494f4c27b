/* SPDX-License-Identifier: BSD-2-Clause */
/* Model-specific registers (APM vol. 2, appendix A) and what is in them. */
#ifndef ARCH_X86_MSR_H
#define ARCH_X86_MSR_H

#include "u64.h"

#define MSR_TSC		   0x10
#define MSR_KVM_WALL_CLOCK 0x11 /* KVM's first numbers; its later ones begin at 0x4b564d00 */
#define MSR_KVM_CLOCK	   0x12
#define MSR_APIC_BASE	   0x1b
#define MSR_TSC_ADJUST	   0x3b
#define MSR_SPEC_CTRL	   0x48
#define MSR_PRED_CMD	   0x49
#define MSR_UCODE_REV	   0x8b
#define MSR_MTRR_CAP	   0xfe
#define MSR_SYSENTER_CS	   0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176
#define MSR_MCG_CAP	   0x179
#define MSR_MCG_STATUS	   0x17a
#define MSR_DEBUGCTL	   0x1d9
#define MSR_MTRR_FIRST	   0x200
#define MSR_MTRR_LAST	   0x26f
#define MSR_PAT		   0x277
#define MSR_MTRR_DEF_TYPE  0x2ff
#define MSR_MC0_STATUS	   0x401 /* of each bank, 4 apart, for the first 32 */
#define MSR_MC0_ADDR	   0x402
#define MSR_U_CET	   0x6a0
#define MSR_PL0_SSP	   0x6a4
#define MSR_PL3_SSP	   0x6a7
#define MSR_TSC_DEADLINE   0x6e0
#define MSR_X2APIC_FIRST   0x800
#define MSR_X2APIC_LAST	   0x8ff
#define MSR_QOS_CFG	   0xc81
#define MSR_PQR_ASSOC	   0xc8f
#define MSR_QOS_MASK0	   0xc90
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

#define MCG_CAP_BANKS	U64(0xff)
#define MC_BANKS_MAX	32 /* behind these begin other registers */
#define MC_STATUS_VALID (U64(1) << 63)
#define MC_STATUS_UC	(U64(1) << 61) /* not corrected */
#define MC_STATUS_ADDRV (U64(1) << 58)

#define PRED_CMD_IBPB (U64(1) << 0)

#define HWCR_TSC_FREQ_SEL (U64(1) << 24) /* the counter runs at the rate of P0, always */

#define DEBUGCTL_BTF (U64(1) << 1)

#define APIC_BASE_BSP	 (U64(1) << 8)
#define APIC_BASE_X2APIC (U64(1) << 10)
#define APIC_BASE_ENABLE (U64(1) << 11)

#define MTRR_DEF_TYPE_ENABLE (U64(1) << 11)
#define MTRR_TYPE_WB	     6

#define PAT_RESET U64(0x0007040600070406) /* APM vol. 2, 7.8.1 */

/* AMD's; beyond the manual's appendix from the processor programming references of family 17h. */
#define MSR_TSC_RATIO		0xc0000104
#define MSR_LWP_CFG		0xc0000105
#define MSR_PREFETCH_CONTROL	0xc0000108
#define MSR_LBR_SELECT		0xc000010e
#define MSR_DBG_EXTN_CFG	0xc000010f
#define MSR_QOS_BANDWIDTH0	0xc0000200
#define MSR_QOS_SLOW_BANDWIDTH0 0xc0000280
#define MSR_PERF_GLOBAL_CTL	0xc0000301
#define MSR_SMCA_FIRST		0xc0002000
#define MSR_SMCA_LAST		0xc0002fff
#define MSR_PERF_LEGACY_FIRST	0xc0010000
#define MSR_PERF_LEGACY_LAST	0xc0010007
#define MSR_SYSCFG		0xc0010010
#define MSR_HWCR		0xc0010015
#define MSR_IORR_FIRST		0xc0010016
#define MSR_TOP_MEM		0xc001001a
#define MSR_TOP_MEM2		0xc001001d
#define MSR_PATCH_LOADER	0xc0010020
#define MSR_NAME_FIRST		0xc0010030
#define MSR_NAME_LAST		0xc0010035
#define MSR_SMI_TRAP_FIRST	0xc0010050
#define MSR_SMI_TRAP_LAST	0xc0010056
#define MSR_MMIO_CFG_BASE	0xc0010058
#define MSR_PSTATE_CTL		0xc0010062
#define MSR_PSTATE_FIRST	0xc0010064
#define MSR_PSTATE_LAST		0xc001006b
#define MSR_COFVID_CTL		0xc0010070
#define MSR_CSTATE_BASE		0xc0010073
#define MSR_WATCHDOG_CFG	0xc0010074
#define MSR_SMM_BASE		0xc0010111
#define MSR_SMM_MASK		0xc0010113
#define MSR_VM_CR		0xc0010114
#define MSR_IGNNE		0xc0010115
#define MSR_SMM_CTL		0xc0010116
#define MSR_VM_HSAVE_PA		0xc0010117
#define MSR_SVM_KEY		0xc0010118
#define MSR_AVIC_DOORBELL	0xc001011b
#define MSR_VMPAGE_FLUSH	0xc001011e
#define MSR_SEV_FIRST		0xc0010130
#define MSR_SEV_LAST		0xc001013f
#define MSR_PERF_CORE_FIRST	0xc0010200
#define MSR_PERF_CORE_LAST	0xc001020b
#define MSR_CSTATE_CFG		0xc0010296
#define MSR_CPPC_CAP1		0xc00102b0
#define MSR_CPPC_REQUEST	0xc00102b3
#define MSR_CPUID_FIRST		0xc0011002
#define MSR_CPUID_LAST		0xc0011005
#define MSR_DR1_MASK		0xc0011019
#define MSR_DR3_MASK		0xc001101b
#define MSR_LS_CFG		0xc0011020
#define MSR_DR0_MASK		0xc0011027
#define MSR_FP_CFG		0xc0011028
#define MSR_CORE_CFG_LAST	0xc001102f
#define MSR_IBS_FETCH_CTL	0xc0011030
#define MSR_IBS_OP_CTL		0xc0011033
#define MSR_CHICKEN_FIRST	0xc00110e0
#define MSR_CHICKEN_LAST	0xc00110e3

/* Counters (APM vol. 2, 13.2.1), which overflow from -1 to 0; samples of instructions (13.3). */
#define PERF_CTL_INTERRUPT (U64(1) << 20)
#define PERF_CTL_ENABLE	   (U64(1) << 22)
#define PERF_COUNT_SIGN	   (U64(1) << 47)
#define IBS_FETCH_VALID	   (U64(1) << 49)
#define IBS_OP_VALID	   (U64(1) << 18)

#endif /* ARCH_X86_MSR_H */
