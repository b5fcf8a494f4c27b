/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that C has no words for, and the architecture's numbers with the manual's names. */
#ifndef ASM_H
#define ASM_H

#include <stdint.h>

#define CR0_PE (1ull << 0)
#define CR0_ET (1ull << 4)
#define CR0_WP (1ull << 16)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)

#define CR4_PSE	    (1ull << 4)
#define CR4_PAE	    (1ull << 5)
#define CR4_MCE	    (1ull << 6)
#define CR4_PGE	    (1ull << 7)
#define CR4_OSFXSR  (1ull << 9)
#define CR4_LA57    (1ull << 12)
#define CR4_PCIDE   (1ull << 17)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_PKE	    (1ull << 22)

#define RFLAGS_FIXED (1ull << 1)
#define RFLAGS_IF    (1ull << 9)
#define RFLAGS_VM    (1ull << 17)

enum exception_vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_UD = 6,
	VECTOR_DF = 8,
	VECTOR_TS = 10,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_AC = 17,
};

enum msr_number {
	MSR_TSC = 0x10,
	MSR_APIC_BASE = 0x1b,
	MSR_SPEC_CTRL = 0x48,
	MSR_PRED_CMD = 0x49,
	MSR_UCODE_REV = 0x8b,
	MSR_MTRR_CAP = 0xfe,
	MSR_SYSENTER_CS = 0x174,
	MSR_SYSENTER_EIP = 0x176,
	MSR_MTRR_FIRST = 0x200,
	MSR_MTRR_LAST = 0x26f,
	MSR_PAT = 0x277,
	MSR_MTRR_DEF_TYPE = 0x2ff,
	MSR_TSC_DEADLINE = 0x6e0,
	MSR_X2APIC_FIRST = 0x800,
	MSR_X2APIC_LAST = 0x8ff,
	MSR_XSS = 0xda0,
	MSR_EFER = 0xc0000080,
	MSR_STAR = 0xc0000081,
	MSR_SFMASK = 0xc0000084,
	MSR_FS_BASE = 0xc0000100,
	MSR_GS_BASE = 0xc0000101,
	MSR_KERNEL_GS_BASE = 0xc0000102,
	MSR_TSC_AUX = 0xc0000103,
	MSR_TSC_RATIO = 0xc0000104,
	MSR_SYSCFG = 0xc0010010,
	MSR_IORR_FIRST = 0xc0010016,
	MSR_TOP_MEM = 0xc001001a,
	MSR_TOP_MEM2 = 0xc001001d,
	MSR_MMIO_CFG_BASE = 0xc0010058,
	MSR_PSTATE_FIRST = 0xc0010064,
	MSR_PSTATE_LAST = 0xc001006b,
	MSR_SMM_BASE = 0xc0010111,
	MSR_SMM_MASK = 0xc0010113,
	MSR_VM_CR = 0xc0010114,
	MSR_IGNNE = 0xc0010115,
	MSR_SMM_CTL = 0xc0010116,
	MSR_VM_HSAVE_PA = 0xc0010117,
};

#define EFER_SCE   (1ull << 0)
#define EFER_LME   (1ull << 8)
#define EFER_LMA   (1ull << 10)
#define EFER_NXE   (1ull << 11)
#define EFER_SVME  (1ull << 12)
#define EFER_FFXSR (1ull << 14)

#define VM_CR_SVMDIS	     (1ull << 4)
#define APIC_BASE_ENABLE     (1ull << 11)
#define APIC_BASE_X2APIC     (1ull << 10)
#define MTRR_DEF_TYPE_ENABLE (1ull << 11)

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

#define DEFINE_CR(n)                                                           \
	static inline uint64_t read_cr##n(void)                                \
	{                                                                      \
		uint64_t value;                                                \
		asm volatile("mov %%cr" #n ", %0" : "=r"(value) : : "memory"); \
		return value;                                                  \
	}                                                                      \
	static inline void write_cr##n(uint64_t value)                         \
	{                                                                      \
		asm volatile("mov %0, %%cr" #n : : "r"(value) : "memory");     \
	}

DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t *eax, uint32_t *ebx,
			 uint32_t *ecx, uint32_t *edx)
{
	asm volatile("cpuid"
		     : "=a"(*eax), "=b"(*ebx), "=c"(*ecx), "=d"(*edx)
		     : "a"(leaf), "c"(subleaf));
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

static inline void invlpg(const void *address)
{
	asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void outb(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void wbinvd(void)
{
	asm volatile("wbinvd" : : : "memory");
}

static inline void xsetbv(uint32_t reg, uint64_t value)
{
	asm volatile("xsetbv" : : "c"(reg), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

#endif /* ASM_H */
