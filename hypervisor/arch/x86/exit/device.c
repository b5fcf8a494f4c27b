// SPDX-License-Identifier: GPL-2.0-only
/* Registers of devices in memory. */
#include "arch/arch.h"

#define DEVICE_SLOT 3

static void *map(uint64_t phys)
{
	return (uint8_t *)arch_map_page(DEVICE_SLOT, phys, true) + (phys & ~PAGE_MASK);
}

/*
 * By the accumulator: some processors answer an access to configuration space in memory by no other
 * register (AMD PPR, MMIO Configuration Coding Requirements).
 */
uint32_t arch_device_read(uint64_t phys, unsigned int width)
{
	const volatile void *at = map(phys);
	uint32_t value = 0;

	if (width == 1)
		asm volatile("movb (%1), %b0" : "+a"(value) : "r"(at) : "memory");
	else if (width == 2)
		asm volatile("movw (%1), %w0" : "+a"(value) : "r"(at) : "memory");
	else
		asm volatile("movl (%1), %0" : "=a"(value) : "r"(at) : "memory");
	return value;
}

void arch_device_write(uint64_t phys, unsigned int width, uint32_t value)
{
	volatile void *at = map(phys);

	if (width == 1)
		asm volatile("movb %b0, (%1)" : : "a"(value), "r"(at) : "memory");
	else if (width == 2)
		asm volatile("movw %w0, (%1)" : : "a"(value), "r"(at) : "memory");
	else
		asm volatile("movl %0, (%1)" : : "a"(value), "r"(at) : "memory");
}
