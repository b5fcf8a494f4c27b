// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "util/read_text.h"

#define FIRST_ROOM 8192 /* doubled as needed: files of /proc and /sys tell no size */

int read_text(int fd, size_t max, char **ret_text, size_t *ret_length)
{
	_cleanup_(freep) char *text = NULL;
	size_t length = 0, room = 0;

	while (length < max) {
		ssize_t n;

		if (length + 1 >= room) {
			char *larger;

			room = room ? 2 * room : FIRST_ROOM;
			if (room > max)
				room = max + 1;
			larger = realloc(text, room);
			if (!larger)
				return -ENOMEM;
			text = larger;
		}
		n = read(fd, text + length, room - 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += n;
	}
	text[length] = '\0';
	*ret_text = TAKE_POINTER(text);
	*ret_length = length;
	return 0;
}

int read_line(int directory, const char *name, char *buffer, size_t size)
{
	_cleanup_(closep) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, buffer, size - 1);
	if (length < 0)
		return -errno;
	buffer[length] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return 0;
}
