/* SPDX-License-Identifier: BSD-2-Clause */
/* Control registers, flags, exceptions, page tables and features: AMD's names (APM vol. 2 and 3).
 */
#ifndef ARCH_X86_PROCESSOR_H
#define ARCH_X86_PROCESSOR_H

#include "u64.h"

#define CR0_PE (U64(1) << 0)
#define CR0_MP (U64(1) << 1)
#define CR0_EM (U64(1) << 2)
#define CR0_TS (U64(1) << 3)
#define CR0_ET (U64(1) << 4)
#define CR0_NE (U64(1) << 5)
#define CR0_WP (U64(1) << 16)
#define CR0_NW (U64(1) << 29)
#define CR0_CD (U64(1) << 30)
#define CR0_PG (U64(1) << 31)

#define CR4_PSE	       (U64(1) << 4)
#define CR4_PAE	       (U64(1) << 5)
#define CR4_MCE	       (U64(1) << 6)
#define CR4_OSFXSR     (U64(1) << 9)
#define CR4_OSXMMEXCPT (U64(1) << 10)
#define CR4_LA57       (U64(1) << 12)
#define CR4_OSXSAVE    (U64(1) << 18)
#define CR4_PKE	       (U64(1) << 22)

#define RFLAGS_FIXED (U64(1) << 1)
#define RFLAGS_TF    (U64(1) << 8)
#define RFLAGS_IF    (U64(1) << 9)
#define RFLAGS_DF    (U64(1) << 10)
#define RFLAGS_RF    (U64(1) << 16)
#define RFLAGS_VM    (U64(1) << 17)

#define XCR0_X87 (U64(1) << 0)
#define XCR0_SSE (U64(1) << 1)
#define XCR0_AVX (U64(1) << 2)

/* After a reset (APM vol. 2, 14.1.3). */
#define DR6_BREAKPOINTS 0xf
#define DR6_BS		(U64(1) << 14)
#define DR6_RESET	0xffff0ff0
#define DR7_RESET	0x400
#define MXCSR_RESET	0x1f80

/* Exceptions (APM vol. 2, 8.2). */
#define VECTOR_DE  0
#define VECTOR_DB  1
#define VECTOR_NMI 2
#define VECTOR_BP  3
#define VECTOR_OF  4
#define VECTOR_BR  5
#define VECTOR_UD  6
#define VECTOR_NM  7
#define VECTOR_DF  8
#define VECTOR_TS  10
#define VECTOR_NP  11
#define VECTOR_SS  12
#define VECTOR_GP  13
#define VECTOR_PF  14
#define VECTOR_MF  16
#define VECTOR_AC  17
#define VECTOR_MC  18
#define VECTOR_XF  19
#define VECTOR_CP  21
#define VECTOR_HV  28
#define VECTOR_VC  29
#define VECTOR_SX  30

/* With these the processor stores an error code: #DF, #TS to #PF, #AC, #CP, #VC, #SX. */
#define VECTORS_WITH_ERROR 0x60227d00

/* Error code of #PF (APM vol. 2, 8.4.2). */
#define PF_PRESENT (1 << 0)
#define PF_WRITE   (1 << 1)
#define PF_USER	   (1 << 2)

/* Entries of page tables in long mode (APM vol. 2, 5.4). */
#define PTE_PRESENT  (U64(1) << 0)
#define PTE_WRITE    (U64(1) << 1)
#define PTE_USER     (U64(1) << 2)
#define PTE_PWT	     (U64(1) << 3)
#define PTE_PCD	     (U64(1) << 4)
#define PTE_ACCESSED (U64(1) << 5)
#define PTE_DIRTY    (U64(1) << 6)
#define PTE_LARGE    (U64(1) << 7)
#define PTE_NX	     (U64(1) << 63)
#define PTE_ADDRESS  U64(0x000ffffffffff000)

/* CPUID, by function and register (APM vol. 3, appendix E). */
#define CPUID_1_ECX_MONITOR	    (U64(1) << 3)
#define CPUID_1_ECX_X2APIC	    (U64(1) << 21)
#define CPUID_1_ECX_XSAVE	    (U64(1) << 26)
#define CPUID_1_ECX_OSXSAVE	    (U64(1) << 27)
#define CPUID_1_ECX_AVX		    (U64(1) << 28)
#define CPUID_1_ECX_HYPERVISOR	    (U64(1) << 31)
#define CPUID_1_EDX_MTRR	    (U64(1) << 12)
#define CPUID_1_EDX_MCA		    (U64(1) << 14)
#define CPUID_7_ECX_OSPKE	    (U64(1) << 4)
#define CPUID_7_EBX_QOS_MONITOR	    (U64(1) << 12)
#define CPUID_7_EBX_QOS		    (U64(1) << 15)
#define CPUID_7_ECX_SHSTK	    (U64(1) << 7)
#define CPUID_XSTATE		    0xd
#define CPUID_XSTATE_1_EAX_XSAVES   (U64(1) << 3)
#define CPUID_8000_0001_ECX_SVM	    (U64(1) << 2)
#define CPUID_8000_0001_EDX_PAGE1GB (U64(1) << 26)
#define CPUID_8000_0001_EDX_RDTSCP  (U64(1) << 27)
#define CPUID_8000_0008_EBX_INVLPGB (U64(1) << 3)

#endif /* ARCH_X86_PROCESSOR_H */
