/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks descriptions against the machine, their images and each other. Nothing is changed, so it
 * may be asked at any time, also while the hypervisor is off.
 */
#ifndef CHECK_H
#define CHECK_H

#include "model/cell_dir.h"
#include "model/description.h"
#include "model/image.h"
#include "model/machine.h"
#include "model/placement.h"

#define CHECK_IMAGE_DIRECTORY	"/usr/lib/cellmgr/images"
#define CHECK_TRUSTED_DIRECTORY "/etc/cellmgr/trusted.d" /* certificates of who signs images */

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
	bool signatures;    /* images must have one */
	bool whole_cores;   /* a core that a cell has only a part of is an error */
	bool files_later;   /* images are looked for by check_contents() */
	bool usual_images;  /* others than those in CHECK_IMAGE_DIRECTORY are not looked for */
	bool ignore_rivals; /* others of the set that want the same are no concern */
};

/*
 * Checks one description alone and against the others of the set (one of the same name is what it
 * replaces and is ignored). Returns problems_result() of what it added.
 */
int check_cell(const struct check_input *input, const struct description *description,
	       struct problems *problems);

/*
 * What a description asks for and only some drivers can do; the cell lives without it. Warnings, of
 * what it says of itself and not of links (check_links.c).
 */
void check_missing(uint64_t missing_features, const struct description *description,
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

/*
 * Whether an image that was read from a file fits what is asked for: its SHA-256 where sha256 is
 * not NULL, and a signature beside the file where signatures is set. place is where problems are
 * reported. Returns 0, with who has signed in *ret_signer (to be freed; NULL: not asked), or
 * negative with an error in problems. May take long: not for the bus thread.
 */
struct image_demand {
	const char *file;
	const char *sha256;
	bool signatures;
};
int check_image_content(const char *root, const struct image *image,
			const struct image_demand *demand, const struct problem_place *place,
			struct problems *problems, char **ret_signer);

struct check_reading {
	const char *root;
	bool signatures;
	/* The description may be anybody's, who learns only of images that everybody can read. */
	bool for_anybody;
	bool files; /* check_cell() has not looked for them */
};

/*
 * The same for all images of a description that check_cell() has nothing against. Appends to
 * problems. For the same threads.
 */
void check_contents(const struct check_reading *reading, const struct description *description,
		    struct problems *problems);

/* Whether check_contents() has anything to look at. */
bool check_has_demands(bool signatures, const struct description *description);

#endif /* CHECK_H */
