// SPDX-License-Identifier: GPL-2.0-only
#include "leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include <unistd.h>

#include "common/cleanup.h"

/* In what the service manager gives its units to keep (RuntimeDirectory=). NULL: nowhere. */
static char *file_of(const char *cell)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");

	return directory && !strchr(cell, '/') ? text_format("%s/%s", directory, cell) : NULL;
}

void leftover_write(const char *cell, uint64_t started_at)
{
	_cleanup_(freep) char *file = file_of(cell);
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;

	/* Always as long, over what is there. */
	if (fd < 0 || dprintf(fd, "%020" PRIu64 "\n", started_at) < 0)
		fprintf(stderr,
			"<4>Cannot note in %s which run of the cell is to stop: %s. Should it not "
			"stop, the next start takes it for what it has started\n",
			file ? file : "RuntimeDirectory=", strerror(errno));
	if (fd >= 0)
		close(fd);
}

uint64_t leftover_read(const char *cell)
{
	_cleanup_(freep) char *file = file_of(cell);
	_cleanup_(fclosep) FILE *stream = file ? fopen(file, "re") : NULL;
	uint64_t started_at;

	return stream && fscanf(stream, "%" SCNu64, &started_at) == 1 ? started_at : 0;
}

void leftover_remove(const char *cell)
{
	_cleanup_(freep) char *file = file_of(cell);

	if (file)
		unlink(file);
}
