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

static int add_images(const struct description *description, struct step *step)
{
	for (size_t i = 0; i < description->num_images; i++) {
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
			return error_set(error, ERROR_INVALID,
					 "%s: image: address 0x%" PRIx64
					 " is in no loadable memory of cell %s",
					 cell->description->file, image->address, cell->name);
	}
	return 0;
}

/* The digest that an image at an address must have where the description asks for any. */
static const char *find_digest(const struct description *description, uint64_t address)
{
	for (size_t i = 0; i < description->num_images; i++) {
		if (description->images[i].sha256 && description->images[i].address == address)
			return description->images[i].sha256;
	}
	return NULL;
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
		const char *sha256 = find_digest(description, images[i].address);

		if (!sha256 && check_has_demands(false, description))
			return error_set(
				error, ERROR_INVALID,
				"%s: image: with \"sha256\" there only what has it is loaded, "
				"and none is for guest address 0x%" PRIx64,
				description->file, images[i].address);
		step->images[i] = images[i];
		step->num_images++;
		images[i].fd = -1;
		if (sha256 && !(step->images[i].sha256 = strdup(sha256)))
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

	if (!num_images && !description->num_images)
		return error_set(error, ERROR_INVALID,
				 "%s: image: cell %s has none; name one or hand one to Load",
				 description->file, cell->name);
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
