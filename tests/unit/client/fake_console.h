/* SPDX-License-Identifier: GPL-2.0-only */
/* Consoles of the stand-in's cells: what is in them at once, and what follows with time. */
#ifndef FAKE_CONSOLE_H
#define FAKE_CONSOLE_H

#include <stdbool.h>

/* With text: some lines, colours and what a terminal should not see. Returns the end to read from,
 * or a negative errno. */
int fake_console_open(bool text);

/*
 * The end to write to: what comes is told on all consoles that are open; if it is not heard nobody
 * is there. Or a negative errno.
 */
int fake_console_open_input(bool heard);

/* Consoles that are open get a line more, or end. */
void fake_consoles_go_on(void);

#endif /* FAKE_CONSOLE_H */
