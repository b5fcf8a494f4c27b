// SPDX-License-Identifier: GPL-2.0-only
/* Images as descriptions name them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

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
	problems_add(problems, SEVERITY_ERROR, place, "%s %s", path, why);
	return -EINVAL;
}

int check_open_image(const char *root, const char *file, const struct problem_place *place,
		     struct problems *problems, uint64_t *ret_size)
{
	const bool absolute = file[0] == '/';
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	struct stat status;
	int r;

	if (asprintf(&path, "%s%s%s%s", root ?: "", absolute ? "" : CHECK_IMAGE_DIRECTORY,
		     absolute ? "" : "/", file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	/* Non-blocking: opening a FIFO must not wait for somebody to write to it. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0) {
		r = -errno;
		problems_add(problems, SEVERITY_ERROR, place, "%s cannot be opened: %s%s", path,
			     strerror(-r),
			     r == -ENOENT && !absolute
				     ? "; images are looked for in " CHECK_IMAGE_DIRECTORY
				     : "");
		return r;
	}
	r = check_status(&status, place, path, problems);
	if (r < 0)
		return r;
	*ret_size = status.st_size;
	r = fd;
	fd = -1;
	return r;
}
