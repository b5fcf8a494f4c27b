// SPDX-License-Identifier: GPL-2.0-only
/* What is in images, against what is asked for: digests and signatures. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "model/check_parts.h"
#include "util/read_text.h"
#include "util/signature.h"

static int check_signature(const char *root, const struct image *image, const char *file,
			   const struct problem_place *place, struct problems *problems,
			   char **ret_signer)
{
	_cleanup_(freep) char *name = NULL, *trusted = NULL, *signature = NULL, *why = NULL;
	struct signed_bytes bytes = {.data = image->data, .size = image->size};
	_cleanup_(closep) int fd = -1;
	uint64_t size;
	int r;

	r = check_signature_there(root, file, place, problems);
	if (r < 0)
		return r;
	name = text_format("%s" SIGNATURE_SUFFIX, file);
	trusted = text_format("%s" CHECK_TRUSTED_DIRECTORY, root ?: "");
	if (!name || !trusted)
		return -ENOMEM;
	fd = check_open_image(root, name, place, problems, &size);
	if (fd < 0)
		return fd;
	r = read_text(fd, SIGNATURE_MAX + 1, &signature, &bytes.signature_size);
	if (r < 0)
		return problems_add(problems, SEVERITY_ERROR, place, "%s cannot be read: %s", name,
				    strerror(-r));
	bytes.signature = signature;
	r = signature_verify(trusted, &bytes, ret_signer, &why);
	if (r == -EINVAL)
		problems_add(problems, SEVERITY_ERROR, place, "%s %s", file, why);
	return r;
}

int check_image_content(const char *root, const struct image *image,
			const struct image_demand *demand, const struct problem_place *place,
			struct problems *problems, char **ret_signer)
{
	*ret_signer = NULL;
	if (demand->sha256 && strcmp(demand->sha256, image->sha256) != 0)
		return problems_add(
			problems, SEVERITY_ERROR, place,
			"%s has SHA-256 %s, and \"sha256\" says %s; get the file that is "
			"meant, or change the key",
			demand->file, image->sha256, demand->sha256);
	if (!demand->signatures)
		return 0;
	return check_signature(root, image, demand->file, place, problems, ret_signer);
}

bool check_has_demands(bool signatures, const struct description *description)
{
	for (size_t i = 0; i < description->num_images; i++) {
		if (signatures || description->images[i].sha256)
			return true;
	}
	return false;
}

static bool is_public(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & S_IROTH);
}

static void check_one_content(const struct check_reading *reading, const struct check *check,
			      size_t index)
{
	const struct description_image *from = &check->description->images[index];
	const struct image_demand demand = {from->file, from->sha256, reading->signatures};
	_cleanup_(problems_done) struct problems told = {0};
	_cleanup_(error_done) struct error error = {0};
	_cleanup_(image_freep) struct image *image = NULL;
	_cleanup_(freep) char *signer = NULL;
	_cleanup_(closep) int fd = -1;
	struct problem_place place;
	char key[CHECK_KEY_MAX];
	uint64_t size;

	if (reading->for_anybody && from->file[0] == '/')
		return;
	/* What else is wrong with it has been told, and that it has no signature. */
	fd = check_open_image(reading->root, from->file, NULL, &told, &size);
	if (fd < 0 || (reading->for_anybody && !is_public(fd)))
		return;
	if (reading->signatures && !from->sha256 &&
	    check_signature_there(reading->root, from->file, NULL, &told) < 0)
		return;
	if (image_copy(fd, from->file, from->address, description_memory_total(check->description),
		       &error, &image) < 0)
		return;
	description_image_key(check->description, index, key);
	place = check_place(check, key);
	place.value = from->file;
	check_image_content(reading->root, image, &demand, &place, check->problems, &signer);
}

void check_contents(const struct check_reading *reading, const struct description *description,
		    struct problems *problems)
{
	const struct check_input input = {.root = reading->root,
					  .signatures = reading->signatures,
					  .usual_images = reading->for_anybody};
	const struct check check = {
		.input = &input, .description = description, .problems = problems};

	if (reading->files)
		check_images(&check);
	for (size_t i = 0; i < description->num_images; i++) {
		if (reading->signatures || description->images[i].sha256)
			check_one_content(reading, &check, i);
	}
}
