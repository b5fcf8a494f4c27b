/* SPDX-License-Identifier: GPL-2.0-only */
/* Where cell descriptions lie, and which file counts for which name. */
#ifndef CLIENT_DESCRIPTIONS_H
#define CLIENT_DESCRIPTIONS_H

#include <stddef.h>

struct description_file {
	char *path;
	char *name; /* of the cell: the file's, without ".json" */
};

struct description_files {
	struct description_file *files; /* by name */
	size_t count;
};

/* Takes a zeroed structure, too, and leaves it zeroed. */
void description_files_free(struct description_files *files);

/*
 * Lists the descriptions of /etc/cellmgr/cells, /run/cellmgr/cells and /usr/lib/cellmgr/cells below
 * root ("" for the real ones). Of several files of one name only that of the first directory is
 * listed; one that is empty or a link to /dev/null hides the name altogether. Missing directories
 * are empty ones. Returns 0 or a negative errno, with *ret_directory (static) naming the culprit.
 */
int description_files_list(const char *root, struct description_files *ret_files,
			   const char **ret_directory);

/* The cell's name that goes with the path of a description; to be freed, NULL when memory is short.
 */
char *description_name(const char *path);

#endif /* CLIENT_DESCRIPTIONS_H */
