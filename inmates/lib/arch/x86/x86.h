/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions and numbers of the processor. */
#ifndef X86_H
#define X86_H

#define CR0_MP (1 << 1)
#define CR0_EM (1 << 2)
#define CR0_TS (1 << 3)
#define CR0_NE (1 << 5)
#define CR0_NW (1 << 29)
#define CR0_CD (1 << 30)
#define CR0_PG (1 << 31)
#define CR0_PE (1 << 0)

#define CR4_PAE	       (1 << 5)
#define CR4_OSFXSR     (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)

#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_PAT		  0x277
#define MSR_TSC_DEADLINE  0x6e0
#define MSR_EFER	  0xc0000080
#define MSR_FS_BASE	  0xc0000100
#define MSR_GS_BASE	  0xc0000101

#define EFER_LME (1 << 8)

#define MTRR_DEF_TYPE_ENABLE (1 << 11)
#define MTRR_TYPE_WRITE_BACK 6

#define CPUID_1_EDX_MTRR       (1u << 12)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)

/* Segments, the same in the table of the entry code and in those of the CPUs. */
#define SEGMENT_CODE32 0x08
#define SEGMENT_DATA   0x10
#define SEGMENT_CODE64 0x18
#define SEGMENT_TSS    0x20

#define PAGE_SIZE	  4096
#define LARGE_PAGE_SIZE	  0x200000
#define PTE_PRESENT	  0x01
#define PTE_WRITE	  0x02
#define PTE_WRITE_THROUGH 0x08
#define PTE_NO_CACHE	  0x10
#define PTE_LARGE	  0x80

/* Interrupt stacks by IST number (APM vol. 2, 8.9.4). */
#define IST_INTERRUPT	 1
#define IST_EXCEPTION	 2
#define IST_DOUBLE_FAULT 3
#define IST_NMI		 4

#ifndef __ASSEMBLER__

#include <stdint.h>

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

static inline void cpuid(uint32_t leaf, uint32_t *ret_eax, uint32_t *ret_ebx, uint32_t *ret_ecx,
			 uint32_t *ret_edx)
{
	asm volatile("cpuid"
		     : "=a"(*ret_eax), "=b"(*ret_ebx), "=c"(*ret_ecx), "=d"(*ret_edx)
		     : "a"(leaf), "c"(0));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t read_cr0(void)
{
	uint64_t value;

	asm volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static inline void write_cr0(uint64_t value)
{
	asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint64_t read_cr2(void)
{
	uint64_t value;

	asm volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t read_cr3(void)
{
	uint64_t value;

	asm volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

static inline void write_cr3(uint64_t value)
{
	asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

#endif /* __ASSEMBLER__ */

#endif /* X86_H */
