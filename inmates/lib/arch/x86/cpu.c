// SPDX-License-Identifier: BSD-2-Clause
/* What a CPU does in an instruction or two. */
#include "arch/x86/cpu.h"

void interrupts_enable(void)
{
	asm volatile("sti" : : : "memory");
}

void interrupts_disable(void)
{
	asm volatile("cli" : : : "memory");
}

bool interrupts_save(void)
{
	uint64_t flags;

	asm volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags & RFLAGS_IF;
}

void interrupts_restore(bool enabled)
{
	if (enabled)
		interrupts_enable();
}

void cpu_idle(void)
{
	/* Interrupts are let in after the instruction that follows STI (APM vol. 3, STI). */
	asm volatile("sti; hlt" : : : "memory");
}

unsigned int cpu_index(void)
{
	return this_cpu()->index;
}

void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

void halt_forever(void)
{
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

uint8_t port_read(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

void port_write(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
