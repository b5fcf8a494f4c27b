/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions, and what the C and the assembly of the library agree on. */
#ifndef X86_H
#define X86_H

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "page.h"

/* Segments, the same in the table of the entry code and in those of the CPUs. */
#define SEGMENT_CODE32 0x08
#define SEGMENT_DATA   0x10
#define SEGMENT_CODE64 0x18
#define SEGMENT_TSS    0x20

/* Their descriptors: 4 GiB from 0 (APM vol. 2, 4.8). */
#define DESCRIPTOR_CODE32 U64(0x00cf9b000000ffff)
#define DESCRIPTOR_DATA	  U64(0x00cf93000000ffff)
#define DESCRIPTOR_CODE64 U64(0x00af9b000000ffff)

#define LARGE_PAGE_SIZE 0x200000

/* Interrupt stacks by IST number (APM vol. 2, 8.9.4). */
#define IST_INTERRUPT	 1
#define IST_EXCEPTION	 2
#define IST_DOUBLE_FAULT 3
#define IST_NMI		 4

#define MAX_CPUS 8 /* as in inmate.lds */

/* A byte of struct cpu: AVX is on. */
#define CPU_AVX 18

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Of LGDT and LIDT. */
struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

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

#define DEFINE_CR(n)                                                       \
	static inline uint64_t read_cr##n(void)                            \
	{                                                                  \
		uint64_t value;                                            \
		asm volatile("mov %%cr" #n ", %0" : "=r"(value));          \
		return value;                                              \
	}                                                                  \
	static inline void write_cr##n(uint64_t value)                     \
	{                                                                  \
		asm volatile("mov %0, %%cr" #n : : "r"(value) : "memory"); \
	}

DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)

#endif /* __ASSEMBLER__ */

#endif /* X86_H */
