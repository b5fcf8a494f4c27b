/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's console and the cells' virtual ones: rings that root reads without an exit. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>

#include "image_abi.h"

struct cell;

/* A byte of the cell's own; root's go to the hypervisor's console. By several CPUs at once. */
void console_put(struct cell *cell, char c);

/*
 * Whether lines go to the debug UART as well, if the system configuration has one: while the
 * hypervisor opens, and from a CPU that has an exception. A line takes milliseconds there, too long
 * for whoever holds a lock or a running cell; root can read the ring.
 */
void console_direct(bool on);

/*
 * Writes to the hypervisor's console. Conversions: %s, %d %u %x with optional "l", %%. Any context
 * with a CPU block, that of an exception in the middle of a line of the same CPU included.
 */
void console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* CONSOLE_H */
