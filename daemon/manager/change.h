/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What it takes to make cells what their descriptions in the directories say now: worked out
 * before anything is done, so that it can be shown.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "manager/manager.h"
#include "model/image.h"

/* Of one cell. */
struct change {
	char *name;
	enum bus_change kind;
	uint32_t keys;	 /* that make the difference (model/description_diff.h) */
	const char *why; /* a constant, to be read by people; "" where the keys say all */

	/* The cell as it was, for apply.c. */
	bool exists;
	bool ran;
	int32_t id;
	uint64_t started_at;
	char image_sha256[SHA256_TEXT];
	bool remake;		     /* it is to be destroyed in between */
	bool may_kill;		     /* where it does not stop when it is asked to */
	struct description *old;     /* in force before */
	struct description *made_of; /* what it was made of, where that was another one */
	const char *left;	     /* "was killed", say, meanwhile: it stays so; a constant */
	bool restored;		     /* runs again as before, or cannot be brought to */
	char *lost;		     /* why it could not be brought back */
};

struct changes {
	struct change *items; /* by name */
	size_t count;
	char id[SHA256_TEXT]; /* of this very plan */
};

/* dir as loaded. Returns 0 or -ENOMEM. */
int changes_make(const struct manager *manager, struct cell_dir *dir, struct changes *ret);

void changes_done(struct changes *changes);

/* Whether the cell has to be stopped or destroyed for it. */
bool change_is_work(const struct change *change);

/* The steps that it takes: bits of enum bus_verb. */
uint32_t changes_steps(const struct manager *manager, const struct changes *changes);

/*
 * One line for each cell that is not left alone, in the journal; done: whether what needs steps is
 * done now.
 */
void changes_log(const struct changes *changes, bool done);

#endif /* CHANGE_H */
