// SPDX-License-Identifier: GPL-2.0-only
/* The hypervisor's console doubled on a serial port, where the system configuration names one. */
#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "core/state.h"

#define UART_LSR       5
#define UART_LSR_EMPTY 0x20
#define UART_TRIES     100000

void arch_debug_putc(char c)
{
	const struct cell_console *console;

	if (!system_desc)
		return;
	console = &system_desc->debug_console;
	if (console->type != CONSOLE_8250 || (console->flags & CONSOLE_FLAG_MMIO))
		return;
	/* Bounded: a port without a UART reads as all ones, one that is stuck must not stop us. */
	for (unsigned int tries = 0; tries < UART_TRIES; tries++) {
		if (inb(console->address + UART_LSR) & UART_LSR_EMPTY)
			break;
	}
	outb(console->address, c);
}
