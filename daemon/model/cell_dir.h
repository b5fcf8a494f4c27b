/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directories of descriptions: /etc/cellmgr/cells over /run/cellmgr/cells over
 * /usr/lib/cellmgr/cells. For each name the first one counts; an empty file or a link to /dev/null
 * masks the name.
 */
#ifndef CELL_DIR_H
#define CELL_DIR_H

#include "model/description.h"

struct cell_dir_entry {
	char *name;
	char *path;			 /* without the root prefix */
	struct description *description; /* NULL where it has errors */
	struct problems problems;	 /* errors and warnings of this file */
	bool masked;			 /* only while loading: keeps later directories' out */
};

struct cell_dir {
	struct cell_dir_entry *entries; /* sorted by name */
	size_t count;
	struct problems problems; /* of what is no entry: bad file names, unreadable directories */
};

/*
 * Loads all descriptions. root is a prefix of the directories ("" or NULL: none). A broken
 * description is an entry with errors, not a failure of the whole.
 * Returns 0 or -ENOMEM.
 */
int cell_dir_load(const char *root, struct cell_dir **ret);

/* The same for one directory, and no other. One that is not there is empty. */
int cell_dir_load_path(const char *path, struct cell_dir **ret);

/* Takes NULL. */
void cell_dir_free(struct cell_dir *dir);
DEFINE_FREEP(struct cell_dir *, cell_dir_free)

/* NULL where there is none of that name. */
struct cell_dir_entry *cell_dir_find(struct cell_dir *dir, const char *name);

#endif /* CELL_DIR_H */
