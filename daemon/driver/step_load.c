// SPDX-License-Identifier: GPL-2.0-only
/* Loading: images become sealed copies, and those bytes go to the driver. */
#include <errno.h>
#include <string.h>

#include "model/check.h"
#include "driver/step.h"

struct image_set {
	struct image *images[DESCRIPTION_MAX_IMAGES];
	size_t count;
};

static void image_set_done(struct image_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		image_free(set->images[i]);
}

static struct problem_place place_of(const struct step *step, const struct step_image *image)
{
	return (struct problem_place){.file = step->description_file,
				      .line = image->line,
				      .column = image->column,
				      .key = image->key};
}

static int open_file(struct step *step, const struct step_image *image)
{
	struct problem_place place = place_of(step, image);
	_cleanup_(problems_done) struct problems problems = {0};
	uint64_t size;
	int fd;

	place.value = image->file;
	fd = check_open_image(NULL, image->file, &place, &problems, &size);
	if (fd < 0)
		error_set_problems(&step->error, ERROR_INVALID, &problems);
	return fd;
}

static int copy_image(struct step *step, const struct step_image *source, struct image **ret)
{
	const struct problem_place place = place_of(step, source);
	_cleanup_(error_done) struct error error = {0};
	_cleanup_(closep) int fd = -1;

	if (!source->file)
		return image_copy(source->fd, "descriptor", source->address, source->room,
				  &step->error, ret);
	fd = open_file(step, source);
	if (fd < 0)
		return fd;
	if (image_copy(fd, source->file, source->address, source->room, &error, ret) < 0)
		return error_set_at(&step->error, error.code, &place, "%s", error_text(&error));
	return 0;
}

static int check_image(struct step *step, const struct step_image *source,
		       const struct image *image)
{
	const struct image_demand demand = {
		.file = source->file ?: "the image that was handed over",
		.sha256 = source->sha256,
		.signatures = step->signatures,
	};
	const struct problem_place place = place_of(step, source);
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) char *signer = NULL;
	int r;

	r = check_image_content(NULL, image, &demand, &place, &problems, &signer);
	if (r >= 0 && signer && !step->image_signer)
		step->image_signer = TAKE_POINTER(signer);
	if (r == -ENOMEM)
		return error_set(&step->error, ERROR_NO_RESOURCES, "out of memory");
	return r < 0 ? error_set_problems(&step->error, ERROR_INVALID, &problems) : 0;
}

/* All of them, before the driver is asked for anything. */
static int copy_images(struct step *step, struct image_set *set)
{
	for (size_t i = 0; i < step->num_images; i++) {
		int r = copy_image(step, &step->images[i], &set->images[i]);

		if (r < 0)
			return r;
		set->count++;
		r = check_image(step, &step->images[i], set->images[i]);
		if (r < 0)
			return r;
	}
	if (!image_hash(set->images, set->count, step->image_sha256))
		return error_set(&step->error, ERROR_NO_RESOURCES, "out of memory");
	return 0;
}

void step_check_images(struct step *step)
{
	_cleanup_(image_set_done) struct image_set set = {.count = 0};

	copy_images(step, &set);
}

int step_load(struct step *step, struct driver *driver)
{
	struct driver_image images[DESCRIPTION_MAX_IMAGES + 1];
	_cleanup_(image_set_done) struct image_set set = {.count = 0};
	size_t count;

	if (copy_images(step, &set) < 0)
		return 0;
	for (count = 0; count < set.count; count++)
		images[count] = (struct driver_image){
			.data = set.images[count]->data,
			.size = set.images[count]->size,
			.address = set.images[count]->address,
		};
	/* Last, so that they replace the place that the image keeps for them. */
	if (step->parameters)
		images[count++] = (struct driver_image){
			.data = step->parameters,
			.size = strlen(step->parameters) + 1,
			.address = CELL_PARAMETERS_ADDRESS,
		};
	step->touched = true;
	return step_call(step, driver_cell_load(driver, step->id, images, count));
}
