// SPDX-License-Identifier: GPL-2.0-only
#include "util/write_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

static int write_anew(const char *file, const char *text, mode_t mode, bool to_last)
{
	_cleanup_(freep) char *temporary = text_format("%s.new", file);
	_cleanup_(closep) int fd = -1;
	int r;

	if (!temporary)
		return -ENOMEM;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, strlen(text));
	/* Else a loss of power could leave the new name with nothing behind it. */
	if (r >= 0 && to_last && fsync(fd) < 0)
		r = -errno;
	if (r >= 0 && rename(temporary, file) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

int write_text(const char *file, const char *text, mode_t mode)
{
	return write_anew(file, text, mode, false);
}

int write_text_to_last(const char *file, const char *text, mode_t mode)
{
	return write_anew(file, text, mode, true);
}
