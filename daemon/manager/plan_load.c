// SPDX-License-Identifier: GPL-2.0-only
/* What is loaded into a cell, and what is asked of it. */
#include "manager/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "blob.h"
#include "manager/manager.h"
#include "model/check.h"
#include "model/link.h"

/* For what is said of it. index: of all images where there is no such. */
static void note_place(const struct description *description, size_t index,
		       struct step_image *image)
{
	struct problem_place place;

	description_image_key(description, index, image->key);
	place = description_place(description, image->key);
	image->line = place.line;
	image->column = place.column;
}

#define place_of(description, image)                                                              \
	PROBLEM_AT(.file = (description)->file, .line = (image)->line, .column = (image)->column, \
		   .key = (image)->key)

static int add_images(const struct description *description, struct step *step)
{
	for (size_t i = 0; i < description->num_images; i++) {
		note_place(description, i, &step->images[i]);
		step->images[i].address = description->images[i].address;
		step->images[i].file = strdup(description->images[i].file);
		if (description->images[i].sha256)
			step->images[i].sha256 = strdup(description->images[i].sha256);
		if (!step->images[i].file ||
		    (description->images[i].sha256 && !step->images[i].sha256))
			return -ENOMEM;
		step->num_images++;
	}
	return 0;
}

static int set_room(const struct cell *cell, struct step *step, struct error *error)
{
	for (size_t i = 0; i < step->num_images; i++) {
		struct step_image *image = &step->images[i];

		image->room =
			description_room(cell->description, BLOB_MEM_LOADABLE, image->address);
		if (!image->room)
			return error_set_at(
				error, ERROR_INVALID, place_of(cell->description, image),
				"address 0x%" PRIx64 " is in no loadable memory of cell %s",
				image->address, cell->name);
	}
	return 0;
}

/* The image at an address whose digest the description asks for; num_images: none. */
static size_t find_pinned(const struct description *description, uint64_t address)
{
	size_t i = 0;

	while (i < description->num_images &&
	       !(description->images[i].sha256 && description->images[i].address == address))
		i++;
	return i;
}

/* They may be what the description means, and nothing else where that says what it means. */
static int add_own_images(const struct cell *cell, struct step_image *images, size_t num_images,
			  struct step *step, struct error *error)
{
	const struct description *description = cell->description;

	if (step->signatures)
		return error_set(
			error, ERROR_INVALID,
			"an image that is handed over has no signature, and images must have "
			"one (\"require-signature\" in " CONFIG_FILE
			"); put it and its signature into " CHECK_IMAGE_DIRECTORY
			" and name it in %s",
			description->file);
	for (size_t i = 0; i < num_images; i++) {
		const size_t pinned = find_pinned(description, images[i].address);

		note_place(description, pinned, &images[i]);
		if (pinned == description->num_images && check_has_demands(false, description))
			return error_set_at(
				error, ERROR_INVALID, place_of(description, &images[i]),
				"with \"sha256\" there only what has it is loaded, and none is for "
				"guest address 0x%" PRIx64,
				images[i].address);
		step->images[i] = images[i];
		step->num_images++;
		images[i].fd = -1;
		if (pinned < description->num_images &&
		    !(step->images[i].sha256 = strdup(description->images[pinned].sha256)))
			return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	}
	return 0;
}

int plan_images(const struct cell *cell, struct step *step, struct error *error)
{
	const struct description *description = cell->description;

	step->signatures = cell->manager->config.require_signature;
	step->description_file = strdup(description->file);
	if (!step->description_file || add_images(description, step) < 0)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	return set_room(cell, step, error);
}

int plan_load(struct cell *cell, struct step_image *images, size_t num_images, struct step *step,
	      struct error *error)
{
	const struct description *description = cell->description;
	char parameters[CELL_PARAMETERS_SIZE];
	struct problem_place place;

	if (!num_images && !description->num_images) {
		place = description_place(description, "image");
		return error_set_at(error, ERROR_INVALID, &place,
				    "cell %s has none; name one or hand one to Load", cell->name);
	}
	step->signatures = cell->manager->config.require_signature;
	if (num_images && add_own_images(cell, images, num_images, step, error) < 0)
		return -EINVAL;
	if (!num_images && add_images(description, step) < 0)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	step->description_file = strdup(description->file);
	if (description->parameters &&
	    links_parameters(description, cell->record.placement.links, parameters))
		step->parameters = strdup(parameters);
	if (!step->description_file || (description->parameters && !step->parameters))
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	return set_room(cell, step, error);
}
