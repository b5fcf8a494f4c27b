/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One privileged step with the driver: everything that it needs is copied in by the loop, it runs
 * in the worker's thread and touches nothing else, and what came of it is read by the loop
 * afterwards. What the driver answers is verified against a snapshot before a step calls itself
 * done.
 */
#ifndef STEP_H
#define STEP_H

#include <stdatomic.h>

#include "model/config.h"
#include "util/error.h"
#include "model/machine.h"
#include "driver/snapshot.h"
#include "model/description.h"
#include "model/image.h"
#include "model/link.h"
#include "model/pool.h"

/* An image to load: a file as a description names it, or a descriptor of a peer's. */
struct step_image {
	char *file; /* NULL: fd */
	int fd;
	uint64_t address;
	uint64_t room; /* bytes of loadable memory from there on */
	char *sha256;  /* that it must have; NULL: any */

	/* Where description_file asks for it. */
	unsigned int line, column;
	char key[DESCRIPTION_IMAGE_KEY_MAX];
};

struct step {
	enum bus_verb verb;

	/* In, for all cell steps. */
	char cell[JAILHOUSE_NAME_LEN];
	int32_t id;

	/* In, VERB_CREATE, VERB_ADD_LINK. */
	void *blob;
	size_t blob_size;
	uint64_t take; /* VERB_CREATE: bit n, PCI device n may be taken from Linux' driver */

	/* In, VERB_LOAD, VERB_VERIFY. */
	char *description_file; /* for messages; NULL: none */
	struct step_image images[DESCRIPTION_MAX_IMAGES];
	size_t num_images;
	char *parameters; /* NULL: none */
	bool signatures;  /* images must have one */

	/* In, VERB_STOP: kill the cell when it denies or does not answer in this time, in µs; 0: it
	 * has all the time that there is. */
	bool force;
	uint64_t stop_time_us;

	/* In, VERB_ENABLE, VERB_KEEP_CPUS. */
	struct config config;

	/* In, VERB_ENABLE, VERB_DISABLE, and for links and the pool. */
	const char *machine_root;

	/* In, VERB_ADD_LINK, VERB_REMOVE_LINK: the end of Linux, as it calls it. */
	char link[LINK_DEVICE_NAME_MAX];
	uint16_t bdf;

	/* In, VERB_ENABLE, VERB_GROW_POOL: the node that it is to be of, or TOPOLOGY_NO_NODE. */
	int memory_node;

	/* In, VERB_GROW_POOL: by how much, bytes, and at most; VERB_SHRINK_POOL: what goes. */
	uint64_t growth, growth_limit;
	/* A piece of the pool; size 0: all that is there, while the hypervisor is off. */
	struct address_range unused;

	/* In, VERB_DISABLE. */
	bool release_pool;

	/* Said by the loop while the step runs, together with worker_interrupt(). */
	atomic_bool expired;   /* the deadline has passed: give up */
	atomic_bool abandoned; /* the daemon ends: leave everything as it is */
	atomic_bool withdrawn; /* VERB_STOP: nobody wants it any more, nor the cell killed */
	atomic_bool kill_now;  /* VERB_STOP: somebody wants the cell killed at once */

	/* Out. */
	struct error error;
	struct snapshot *snapshot; /* of afterwards; NULL where it could not be taken */
	int32_t created_id;
	bool touched; /* VERB_LOAD: the driver was asked, the memory may have changed */
	char image_sha256[SHA256_TEXT];
	char *image_signer; /* of the first; NULL: not asked */
	/* VERB_STOP: why the cell had to be killed, a constant; NULL: it had not. */
	const char *forced;
	/* VERB_ENABLE. */
	struct pool pool;
	struct address_range hypervisor;
	bool pool_from_linux;
	int pool_node; /* or TOPOLOGY_NO_NODE */
	struct machine *machine;
};

/* A step that holds nothing yet, or NULL. */
struct step *step_new(enum bus_verb verb);

/* Takes NULL. */
void step_free(struct step *step);
DEFINE_FREEP(struct step *, step_free)

/* Does the step; blocks. For worker_submit(). */
void step_run(void *step);

/* For the files of this module: the parts that need a file of their own. */
void step_enable(struct step *step, struct driver *driver);
void step_keep_cpus(struct step *step, struct driver *driver);
void step_disable(struct step *step, struct driver *driver);
/* Returns what the driver said, 0 where it was not asked. */
int step_load(struct step *step, struct driver *driver);
/* step_load.c: whether they could be loaded; the driver is not asked. */
void step_check_images(struct step *step);
void step_grow_pool(struct step *step, struct driver *driver);
void step_shrink_pool(struct step *step, struct driver *driver);
void step_add_link(struct step *step, struct driver *driver);
void step_remove_link(struct step *step, struct driver *driver);
/*
 * step_pool.c, for VERB_ENABLE and VERB_DISABLE: the first piece, with step->pool and what belongs
 * to it; and all that there is back to Linux, where r is the driver's answer.
 */
int step_reserve_pool(struct step *step, struct driver *driver);
int step_release_pool(struct step *step, struct driver *driver);
/* Whether a stray signal cut a call short; else, with -EINTR, the step is to give up. */
bool step_interrupted(struct step *step, int r);

/* What a call of the driver's returns when no stray signal has cut it short. */
#define step_call(step, call)                       \
	({                                          \
		int r_;                             \
                                                    \
		do                                  \
			r_ = (call);                \
		while (step_interrupted(step, r_)); \
		r_;                                 \
	})

/* What an errno of the driver's means to people; a list of them ends with {0}. */
struct step_meaning {
	int value;
	enum error_code code;
	const char *why;
};

/* Sets the error for negative errno r: "cannot DEED OBJECT: …". */
void step_set_error(struct step *step, const char *deed, const char *object,
		    const struct step_meaning *meanings, int r);

/* Sets the error for a driver call about a cell that failed with negative errno r. */
void step_driver_error(struct step *step, int r);

/* Says so in the journal, and sets the error: the driver's answer and the state disagree. */
void step_driver_lied(struct step *step, const char *truth);

#endif /* STEP_H */
