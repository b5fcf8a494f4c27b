/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that C has no words for. The numbers are in include/arch/x86/. */
#ifndef ASM_H
#define ASM_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"

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

/* Of registers that may be missing, or the value be wrong for: false after a #GP (entry.S). */
bool msr_try_read(uint32_t msr, uint64_t *ret_value);
bool msr_try_write(uint32_t msr, uint64_t value);

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

/* The upper halves are 0, as the processor leaves them. */
struct cpuid {
	uint64_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

/* Of 1, 2 or 4 bytes. */
static inline uint32_t port_in(uint16_t port, unsigned int width)
{
	uint32_t value;

	if (width == 1)
		asm volatile("inb %w1, %b0" : "=a"(value) : "d"(port), "0"(0));
	else if (width == 2)
		asm volatile("inw %w1, %w0" : "=a"(value) : "d"(port), "0"(0));
	else
		asm volatile("inl %w1, %0" : "=a"(value) : "d"(port));
	return value;
}

static inline void port_out(uint16_t port, unsigned int width, uint32_t value)
{
	if (width == 1)
		asm volatile("outb %b0, %w1" : : "a"(value), "d"(port));
	else if (width == 2)
		asm volatile("outw %w0, %w1" : : "a"(value), "d"(port));
	else
		asm volatile("outl %0, %w1" : : "a"(value), "d"(port));
}

static inline void xsetbv(uint32_t reg, uint64_t value)
{
	asm volatile("xsetbv" : : "c"(reg), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

#endif /* ASM_H */
