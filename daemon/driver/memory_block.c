// SPDX-License-Identifier: GPL-2.0-only
#include "driver/memory_block.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "util/log.h"
#include "util/read_text.h"

#define BLOCKS "/sys/devices/system/memory"

static int write_word(const char *file, const char *word)
{
	_cleanup_(closep) int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, word, strlen(word)) < 0 ? -errno : 0;
}

uint64_t memory_block_size(const char *root)
{
	char file[256], line[32], *end;
	uint64_t size;

	snprintf(file, sizeof(file), "%s" BLOCKS "/block_size_bytes", root);
	if (read_line(AT_FDCWD, file, line, sizeof(line)) < 0)
		return 0;
	size = strtoull(line, &end, 16);
	/* Else it is none that anything could be divided by. */
	return *line && !*end && (size & (size - 1)) == 0 ? size : 0;
}

static void bring_online(const char *file, const char *how)
{
	char state[32];
	int r = read_line(AT_FDCWD, file, state, sizeof(state));

	if (r >= 0 && strcmp(state, "offline") == 0)
		r = write_word(file, how);
	if (r < 0)
		log_warning("Linux has memory back, but does not use it: %s cannot be written: %s; "
			    "write \"%s\" to it",
			    file, strerror(-r), how);
}

void memory_blocks_online(const char *root, const struct cellvisor_pool *piece)
{
	const uint64_t size = memory_block_size(root);
	const char *how = piece->source == CELLVISOR_POOL_MOVABLE ? "online_movable" : "online";
	char file[256];

	if (!size ||
	    (piece->source != CELLVISOR_POOL_BLOCKS && piece->source != CELLVISOR_POOL_MOVABLE))
		return;
	for (uint64_t done = 0; done < piece->size; done += size) {
		snprintf(file, sizeof(file), "%s" BLOCKS "/memory%" PRIu64 "/state", root,
			 (piece->phys_start + done) / size);
		bring_online(file, how);
	}
}
