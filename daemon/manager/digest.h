/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the files of a cell's images have other bytes than those that it was loaded with. They
 * are read in a thread of their own, since that takes as long as they are large, and once for as
 * long as they are the same files: anybody can ask for a plan.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "manager/manager.h"

/* What such files are known by without being read. */
struct digest_file {
	uint64_t device, inode, size;
	int64_t written_ns, changed_ns;
};

/* What was read. */
struct digest {
	size_t count;
	struct digest_file files[DESCRIPTION_MAX_IMAGES];
	char sha256[SHA256_TEXT]; /* of all, as of what is loaded; "": cannot be read */
};

/*
 * Whether a file has come or been written since the cell was started, with other bytes, or with
 * some that have not been read: then they may be others.
 */
bool digest_differs(const struct cell *cell, const struct description *description);

/*
 * Has all files read that digest_differs() would have to know. Returns 1: done is called when it
 * can tell, or with ended set where the daemon ends before. 0: it can, as well as it ever will.
 */
int digests_update(struct manager *manager, void (*done)(bool ended, void *userdata),
		   void *userdata);

/* Takes its thread down. */
void digests_end(struct manager *manager);

#endif /* DIGEST_H */
