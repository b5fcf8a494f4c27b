/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of descriptions without a daemon, by the code that it has for that. */
#ifndef CLIENT_CHECK_OFFLINE_H
#define CLIENT_CHECK_OFFLINE_H

#include "daemon/model/check.h"

/* What descriptions are checked against. Begins zeroed. */
struct offline {
	struct machine *machine;    /* NULL: none that is known */
	struct cell_dir *installed; /* among which single files are looked at */
	struct check_input input;
	struct problems notes; /* what could not be looked at, and the like */
};

/* Each returns 0 or -ENOMEM. */
int offline_begin(struct offline *offline);
void offline_end(struct offline *offline);

/* All of the directory, which is the whole set then. */
int offline_check_dir(struct offline *offline, struct cell_dir *dir);

/* One as if it were installed; fd is a file or what comes through standard input. */
int offline_check_file(struct offline *offline, int fd, const char *path, const char *name,
		       struct problems *problems);

#endif /* CLIENT_CHECK_OFFLINE_H */
