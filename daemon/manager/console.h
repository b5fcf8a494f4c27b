/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual consoles for peers: a pipe for each OpenConsole, fed from what the observer reads. A
 * reader that does not read loses bytes (and is told how many); nobody waits for it.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "manager/job.h"

/* Begins to serve an authorized OpenConsole, which it takes over. */
void console_open(struct job *job);

/* For the observer: which consoles to read, and what came of it. */
size_t console_requests(struct manager *manager, struct observer_console *requests);
void console_deliver(struct manager *manager, const struct observation *observation);

/* Ends what follows a cell that is no more: another one may get its id. */
void consoles_end(struct manager *manager, int32_t id);

/* Closes all. */
void consoles_free(struct manager *manager);

#endif /* CONSOLE_H */
