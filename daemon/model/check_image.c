// SPDX-License-Identifier: GPL-2.0-only
/* Images as descriptions name them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "model/check_parts.h"
#include "model/config.h"

/* The full path; to be freed, NULL without memory. */
static char *image_path(const char *root, const char *file, const char *suffix)
{
	const bool absolute = file[0] == '/';

	return text_format("%s%s%s%s%s", root ?: "", absolute ? "" : CHECK_IMAGE_DIRECTORY,
			   absolute ? "" : "/", file, suffix);
}

/* Why a file that somebody sees may not be there for us. */
static const char *explain_absence(const char *file)
{
	if (file[0] != '/')
		return "; images are looked for in " CHECK_IMAGE_DIRECTORY;
	if (strncmp(file, "/tmp/", 5) == 0 || strncmp(file, "/var/tmp/", 9) == 0)
		return "; cellmgrd has a /tmp and a /var/tmp of its own (PrivateTmp= of its unit): "
		       "put it into " CHECK_IMAGE_DIRECTORY;
	return "";
}

static int check_status(const struct stat *status, const struct problem_place *place,
			const char *path, struct problems *problems)
{
	const char *why = NULL;

	if (!S_ISREG(status->st_mode))
		why = "is not a regular file";
	else if (status->st_uid != 0)
		why = "does not belong to root; use chown root";
	else if (status->st_mode & (S_IWGRP | S_IWOTH))
		why = "can be written by others than root; use chmod go-w";
	else if (status->st_size == 0)
		why = "is empty";
	if (!why)
		return 0;
	return problems_add(problems, SEVERITY_ERROR, place, "%s %s", path, why);
}

/*
 * Opening alone has an effect where the path leads to a device (a watchdog begins to run), so what
 * is opened for reading is what was looked at before. Returns the descriptor or negative errno.
 */
static int open_for_reading(int file)
{
	char path[sizeof("/proc/self/fd/") + 10];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int check_open_image(const char *root, const char *file, const struct problem_place *place,
		     struct problems *problems, uint64_t *ret_size)
{
	_cleanup_(freep) char *path = image_path(root, file, "");
	_cleanup_(closep) int found = -1;
	struct stat status;
	int r;

	if (!path)
		return -ENOMEM;
	found = open(path, O_PATH | O_CLOEXEC);
	r = found < 0 || fstat(found, &status) < 0 ? -errno : 0;
	if (r == 0) {
		r = check_status(&status, place, path, problems);
		if (r < 0)
			return r;
		r = open_for_reading(found);
	}
	if (r < 0) {
		problems_add(problems, SEVERITY_ERROR, place, "%s cannot be opened: %s%s", path,
			     strerror(-r), r == -ENOENT ? explain_absence(file) : "");
		return r;
	}
	*ret_size = status.st_size;
	return r;
}

int check_signature_there(const char *root, const char *file, const struct problem_place *place,
			  struct problems *problems)
{
	_cleanup_(freep) char *path = image_path(root, file, SIGNATURE_SUFFIX);

	if (!path)
		return -ENOMEM;
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return 0;
	return problems_add(problems, SEVERITY_ERROR, place,
			    "has no signature: %s is not there, and images must have one "
			    "(\"require-signature\" in " CONFIG_FILE
			    "); make it with openssl cms -sign -binary -outform DER",
			    path);
}

static void check_image(const struct check *check, size_t index, struct address_range *ret_range)
{
	const struct description_image *image = &check->description->images[index];
	const uint64_t room = description_room(check->description, 0, image->address);
	char key[CHECK_KEY_MAX];
	struct problem_place place;
	_cleanup_(closep) int fd = -1;
	uint64_t size = 0;

	description_image_key(check->description, index, key);
	place = check_place(check, key);
	place.value = image->file;
	if (check->input->usual_images && image->file[0] == '/') {
		problems_add(
			check->problems, SEVERITY_WARNING, &place,
			"was not looked for, since everybody may ask this way and it is outside "
			"of " CHECK_IMAGE_DIRECTORY "; 'cellctl check FILE' looks for it");
		return;
	}
	fd = check_open_image(check->input->root, image->file, &place, check->problems, &size);
	if (fd < 0)
		return;
	if (size > room)
		problems_add(check->problems, SEVERITY_ERROR, &place,
			     "%s has %" PRIu64 " bytes, but from guest address 0x%" PRIx64
			     " on there is memory for %" PRIu64 "; make \"memory\" larger",
			     image->file, size, image->address, room);
	if (check->input->signatures)
		check_signature_there(check->input->root, image->file, &place, check->problems);
	*ret_range = (struct address_range){image->address, size};
}

void check_images(const struct check *check)
{
	const struct description *description = check->description;
	struct address_range ranges[DESCRIPTION_MAX_IMAGES] = {0};
	char key[CHECK_KEY_MAX];

	if (description->num_images == 0)
		check_report(check, SEVERITY_WARNING, "image",
			     "there is none: the cell starts only after somebody has loaded one");
	for (size_t i = 0; i < description->num_images; i++) {
		check_image(check, i, &ranges[i]);
		for (size_t j = 0; j < i; j++) {
			if (!ranges_meet(ranges[i], ranges[j]))
				continue;
			snprintf(key, sizeof(key), "image[%zu].address", i);
			check_report(check, SEVERITY_ERROR, key,
				     "the file would be loaded over the one of image[%zu]", j);
		}
	}
}
