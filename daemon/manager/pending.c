// SPDX-License-Identifier: GPL-2.0-only
#include "manager/pending.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "manager/plan.h"
#include "model/description_diff.h"
#include "util/log.h"
#include "util/write_text.h"

/* Names of cells have no dots: records are told from it. */
#define FILE_FORMAT STATE_RECORDS "/%s.json"
#define FILE_MAX    (sizeof(FILE_FORMAT) + DESCRIPTION_MAX_NAME)

uint32_t pending_keys(const struct manager *manager, const struct cell *cell,
		      const struct description *description)
{
	uint32_t keys, at_create = description_keys_used(USE_AT_CREATE);

	if (!cell_owned(cell) || !cell->made_of)
		return 0;
	keys = description_differences(cell->made_of, description) &
	       ~description_keys_used(USE_AT_ONCE);
	/* Nothing is loaded into it yet. */
	if (cell->record.phase == CELL_PHASE_CREATED)
		keys &= at_create;
	return keys & at_create && plan_unchanged(manager, cell, description) ? keys & ~at_create
									      : keys;
}

void pending_update(const struct manager *manager, struct cell *cell)
{
	uint32_t keys = 0;

	if (cell->held)
		keys = description_differences(cell->description, cell->held);
	else if (cell->description)
		keys = pending_keys(manager, cell, cell->description);
	cell_set_pending(cell, keys);
}

void pending_update_all(const struct manager *manager)
{
	for (struct cell *cell = manager->cells; cell; cell = cell->next)
		pending_update(manager, cell);
}

void pending_record(const struct cell *cell, const struct description *description)
{
	char file[FILE_MAX];
	int r;

	snprintf(file, sizeof(file), FILE_FORMAT, cell->name);
	r = write_text(file, description->text, 0600);
	/* Only what differs cannot be told later. */
	if (r < 0)
		log_warning("Cannot write %s: %s", file, strerror(-r));
}

struct description *pending_copy(const struct description *description)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct description *copy = NULL;

	if (description)
		(void)description_parse(description->text, description->text_length,
					description->file, description->name, &problems, &copy);
	return copy;
}

void pending_take_record(struct cell *cell)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(closep) int fd = -1;
	char file[FILE_MAX];

	description_free(cell->made_of);
	cell->made_of = NULL;
	snprintf(file, sizeof(file), FILE_FORMAT, cell->name);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0)
		(void)description_read(fd, file, cell->name, &problems, &cell->made_of);
}

void pending_drop_record(const char *name)
{
	char file[FILE_MAX];

	snprintf(file, sizeof(file), FILE_FORMAT, name);
	(void)unlink(file);
}
