/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks descriptions against the machine, their images and each other. Nothing is changed, so it
 * may be asked at any time, also while the hypervisor is off.
 */
#ifndef CHECK_H
#define CHECK_H

#include "model/cell_dir.h"
#include "model/description.h"
#include "model/machine.h"
#include "model/placement.h"

#define CHECK_IMAGE_DIRECTORY "/usr/lib/cellmgr/images"

/* Borrowed pointers. */
struct check_input {
	const char *root; /* prefix of all paths, for tests; "" or NULL: none */
	const struct machine *machine;
	struct cpu_mask cell_cpus; /* of existing cells: offline for Linux, and for that reason */
	uint64_t pool_size; /* bytes for the cells' memory, hypervisor's part not counted; 0: not
			     * known yet, then memory is not checked against it */
	struct pool pool;   /* where it is; of no pieces: not known yet */
	uint64_t missing_features;		       /* CELLVISOR_FEATURE_*: not the driver's */
	const struct description *const *descriptions; /* the whole set */
	size_t num_descriptions;
	int memory_node;    /* of the pool, or TOPOLOGY_NO_NODE */
	bool whole_cores;   /* a core that a cell has only a part of is an error */
	bool ignore_rivals; /* others of the set that want the same are no concern */
};

/*
 * Checks one description alone and against the others of the set (one of the same name is what it
 * replaces and is ignored). Returns problems_result() of what it added.
 */
int check_cell(const struct check_input *input, const struct description *description,
	       struct problems *problems);

/*
 * Checks every description of the set, and what they want together. What two cells both name is a
 * warning, told once, at the later of them: they may be alternatives that never exist at the same
 * time.
 */
int check_set(const struct check_input *input, struct problems *problems);

/*
 * The same for all descriptions of the directories that could be parsed (those of input are not
 * looked at). What is found goes to the problems of their entries, and what concerns no single one
 * to those of dir. Returns 0 or -ENOMEM.
 */
int check_dir(const struct check_input *input, struct cell_dir *dir);

/*
 * Opens an image as a description names it: below CHECK_IMAGE_DIRECTORY, or absolute. It must be a
 * regular file that belongs to root and that nobody else may write (below the directory as well:
 * what runs with hardware access of its own is root's to choose).
 * place is where problems are reported. Returns a file descriptor (read-only, O_CLOEXEC) with its
 * size in ret_size, or -EINVAL, -ENOENT … with an error in problems.
 */
int check_open_image(const char *root, const char *file, const struct problem_place *place,
		     struct problems *problems, uint64_t *ret_size);

#endif /* CHECK_H */
