/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell's console with somebody at the keyboard. */
#ifndef CLIENT_CONSOLE_TALK_H
#define CLIENT_CONSOLE_TALK_H

#include "view/console_reader.h"

/* Ends it, typed on a terminal: Control and ]. */
#define CONSOLE_TALK_END 0x1d

/*
 * Hands what comes from output to the sink and what is typed on standard input to input, until the
 * console ends or, on a terminal, CONSOLE_TALK_END. The terminal gives every key at once and shows
 * none by itself meanwhile. Takes input over. Returns 0, a negative errno (-EPIPE: the cell takes
 * no more input, and its console has ended as well), or the sink's answer.
 */
int console_talk(int output, int input, console_sink sink, void *context);

#endif /* CLIENT_CONSOLE_TALK_H */
