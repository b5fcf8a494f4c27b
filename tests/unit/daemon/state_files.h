/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a daemon of a test's own keeps its state: a file, and a directory of records. */
#ifndef STATE_FILES_H
#define STATE_FILES_H

#include <stdio.h>

#include "test_tree.h"

struct state_files {
	struct test_tree tree; /* to be removed with test_tree_done() */
	char file[96], records[96];
};

/* false: they cannot be made. */
static inline bool state_files_make(struct state_files *files)
{
	test_tree_make(&files->tree);
	snprintf(files->file, sizeof(files->file), "%s/state", files->tree.root);
	snprintf(files->records, sizeof(files->records), "%s/records", files->tree.root);
	return files->tree.root[0] && mkdir(files->records, 0700) == 0;
}

#endif /* STATE_FILES_H */
