/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that asks for a password on the terminal when polkit wants one. */
#ifndef CLIENT_POLKIT_AGENT_H
#define CLIENT_POLKIT_AGENT_H

#include <sys/types.h>

/*
 * Starts the agent for this process unless *agent says that one runs, and waits until it is ready.
 * Does nothing for root, without a terminal, or where no agent is installed: the daemon then
 * decides without asking anybody.
 */
void polkit_agent_start(pid_t *agent);

/* Ends the agent, if there is one. */
void polkit_agent_stop(pid_t *agent);

#endif /* CLIENT_POLKIT_AGENT_H */
