/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the checks share; nobody else includes it. */
#ifndef CHECK_PARTS_H
#define CHECK_PARTS_H

#include "model/check.h"

#define CHECK_KEY_MAX 96

/* What is being checked, and where problems of it go. */
struct check {
	const struct check_input *input;
	const struct description *description;
	struct problems *problems;
};

/* A place in the description; what is not kept is not looked for. */
struct problem_place check_place(const struct check *check, const char *key);

void check_report(const struct check *check, enum severity severity, const char *key,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

#define SIGNATURE_SUFFIX ".p7s"

/* Whether an image's signature is beside it, whatever it is worth: 0, or an error in problems. */
int check_signature_there(const char *root, const char *file, const struct problem_place *place,
			  struct problems *problems);

/* Whether images are there and fit in. May wait for the file systems that they are on. */
void check_images(const struct check *check);

/* Links, and the signals in them, against the descriptions of their other peers. */
void check_links(const struct check *check);

/* The cells that it comes after. */
void check_order(const struct check *check);

/* CPUs against each other and the memory. */
void check_topology(const struct check *check);

/* Interrupt pins; and which of them another one has as well. */
void check_pins(const struct check *check);
void check_common_pins(const struct check *check, const struct description *other);

/*
 * Registers at these addresses against what the hypervisor keeps from all cells. Returns whether it
 * is among them, which is an error then.
 */
bool check_kept(const struct check *check, const char *key, struct address_range range);

/* PCI devices against the machine; against another description of the set. */
void check_devices(const struct check *check);
void check_common_devices(const struct check *check, const struct description *other);

#endif /* CHECK_PARTS_H */
