/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own console and the cells' virtual consoles: rings that root reads without an
 * exit. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "image_abi.h"

/* Appends one byte. One writer at a time per ring. */
void ring_put(struct public_ring *ring, char c);

/*
 * Writes to the hypervisor's console (and to the debug UART if the system configuration has one).
 * Conversions: %s (NULL: "(null)") %c %d %u %x with optional "l" and zero-padded width, %%. Any
 * context with a CPU block, that of an exception in the middle of a line of the same CPU included.
 */
void console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* CONSOLE_H */
