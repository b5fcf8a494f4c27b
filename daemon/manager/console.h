/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual consoles for peers: a pipe for each OpenConsole, fed from what the observer reads. A
 * reader that does not read loses bytes (and is told how many); nobody waits for it. And one for
 * each OpenConsoleInput, whose bytes go to the cell as it takes them.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <sys/types.h>

#include "manager/manager.h"

/*
 * Opens a cell's console, or its input, for a user, for whose share of them it counts. done() is
 * called later with the pipe's end for the user, which it borrows, or a negative errno
 * (-EOPNOTSUPP: the cell's program takes no input); never after manager_free(). Returns 0,
 * or negative with error set (NoSuchCell, WrongState, Driver, LimitsExceeded, NoResources).
 */
int console_open(struct manager *manager, const char *cell_name, uid_t uid, bool is_input,
		 void (*done)(int fd, void *userdata), void *userdata, struct error *error);

/* For the observer: which consoles to read, and what came of it. */
size_t console_requests(struct manager *manager, struct observer_console *requests);
void console_deliver(struct manager *manager, const struct observation *observation);

/* Ends what follows a cell that is no more: another one may get its id. */
void consoles_end(struct manager *manager, int32_t id);

/* Closes all. */
void consoles_free(struct manager *manager);

#endif /* CONSOLE_H */
