/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals by which people and the system end a program, which may have something to give back
 * first. */
#ifndef COMMON_ENDING_SIGNALS_H
#define COMMON_ENDING_SIGNALS_H

#include <signal.h>

static inline sigset_t ending_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	return signals;
}

#endif /* COMMON_ENDING_SIGNALS_H */
