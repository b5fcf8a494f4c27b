// SPDX-License-Identifier: GPL-2.0-only
#include "manager/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "driver/link_memory.h"
#include "common/nearest.h"
#include "manager/manager.h"
#include "util/log.h"
#include "util/message_ids.h"

#define NS_PER_US 1000u

const struct description_signal *signals_find(const struct cell *cell, const char *name)
{
	return cell->description ? description_find_signal(cell->description, name) : NULL;
}

/* ---- Sections ------------------------------------------------------------------------------- */

static bool same_section(const struct description_signal *a, const struct description_signal *b)
{
	return a->link == b->link && signals_in_one_section(a, b);
}

/* Linux' end of a signal's link; NULL: there is none in that shape. */
static struct link *find_link(const struct cell *cell, const struct description_signal *signal)
{
	return links_find_same(cell->manager, cell->description,
			       &cell->description->links[signal->link]);
}

static unsigned int section_number(const struct cell *cell, const struct description_signal *signal)
{
	const struct link_peers peers =
		link_peers(cell->description, &cell->description->links[signal->link]);

	return signal->in_common ? CELLMGR_LINK_COMMON : link_peer_number(&peers, signal->peer);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* What a section's reading means for all of its signals. */
static enum quality quality_of_result(int result)
{
	switch (result) {
	case LINK_OK:
		return QUALITY_GOOD;
	case LINK_NONE:
	case -ENOENT:
	case -ENODEV:
		return QUALITY_UNCONNECTED;
	default:
		return QUALITY_BAD;
	}
}

/* Nobody goes on writing for a cell that does not run; of the common section nobody knows whose. */
static bool writer_stopped(const struct cell *cell, const struct description_signal *signal)
{
	const struct cell *writer = cell;

	if (signal->in_common || strcmp(signal->peer, LINK_ROOT) == 0)
		return false;
	if (strcmp(signal->peer, cell->name) != 0)
		writer = manager_find_cell(cell->manager, signal->peer);
	return !writer || !cell_running(writer);
}

static void judge(const struct cell *cell, const struct link_part *part, int result,
		  const struct link_stamp *stamp, struct signal_reading *reading)
{
	const struct description_signal *signal = reading->signal;
	uint64_t age_ns;

	reading->quality = quality_of_result(result);
	if (result != LINK_OK)
		return;
	age_ns = cellmgr_link_age(stamp);
	reading->age_us = age_ns == UINT64_MAX ? SIGNAL_AGE_UNKNOWN : age_ns / NS_PER_US;
	reading->value = signal_decode(signal, part->data);
	if (part->missing || !signal_value_finite(&reading->value))
		reading->quality = QUALITY_BAD;
	else if ((signal->stale_after_ns && age_ns > signal->stale_after_ns) ||
		 writer_stopped(cell, signal))
		reading->quality = QUALITY_STALE;
}

/* All readings of the first one's section; done: those that have been read. */
static void read_section(const struct cell *cell, struct signal_reading *readings, size_t count,
			 bool *done)
{
	struct link_part parts[DESCRIPTION_MAX_SIGNALS];
	uint8_t bytes[DESCRIPTION_MAX_SIGNALS][SIGNAL_MAX_BYTES];
	struct signal_reading *wanted[DESCRIPTION_MAX_SIGNALS];
	struct link *link = find_link(cell, readings->signal);
	struct link_stamp stamp;
	size_t num_parts = 0;
	int result = -ENOENT;

	for (size_t i = 0; i < count && num_parts < DESCRIPTION_MAX_SIGNALS; i++) {
		const struct description_signal *signal = readings[i].signal;

		if (done[i] || !same_section(readings->signal, signal))
			continue;
		parts[num_parts] = (struct link_part){
			.offset = (uint32_t)signal->offset,
			.size = signal_types[signal->type].size,
			.data = bytes[num_parts],
		};
		wanted[num_parts++] = &readings[i];
		done[i] = true;
	}
	if (link)
		result = links_read(cell->manager, link, section_number(cell, readings->signal),
				    parts, num_parts, &stamp);
	for (size_t i = 0; i < num_parts; i++)
		judge(cell, &parts[i], result, &stamp, wanted[i]);
}

void signals_read(const struct cell *cell, struct signal_reading *readings, size_t count)
{
	static const uint8_t nothing[SIGNAL_MAX_BYTES];
	bool done[DESCRIPTION_MAX_SIGNALS] = {false};

	for (size_t i = 0; i < count; i++) {
		readings[i].value = signal_decode(readings[i].signal, nothing);
		readings[i].age_us = SIGNAL_AGE_UNKNOWN;
		readings[i].quality = QUALITY_BAD;
	}
	for (size_t i = 0; i < count && i < DESCRIPTION_MAX_SIGNALS; i++) {
		if (!done[i])
			read_section(cell, &readings[i], count - i, &done[i]);
	}
}

/* ---- Writing -------------------------------------------------------------------------------- */

/*
 * As long as the block of its section has to be for all signals there, and for the structure whose
 * members they are, which compilers fill up to a multiple of its largest one: who reads it all at
 * once would find a shorter block too short.
 */
static uint32_t block_bytes(const struct cell *cell, const struct description_signal *signal)
{
	const struct description *description = cell->description;
	uint64_t end = 0;

	for (size_t i = 0; i < description->num_signals; i++) {
		const struct description_signal *other = &description->signals[i];

		if (same_section(signal, other) && range_end(signal_range(other)) > end)
			end = range_end(signal_range(other));
	}
	return (uint32_t)(end + SIGNAL_MAX_BYTES - 1) / SIGNAL_MAX_BYTES * SIGNAL_MAX_BYTES;
}

static int refuse_link(const struct cell *cell, const struct description_signal *signal, int result,
		       struct error *error)
{
	const char *name = cell->description->links[signal->link].name;

	if (quality_of_result(result) == QUALITY_UNCONNECTED)
		return error_set(
			error, ERROR_WRONG_STATE,
			"signal %s: link %s of cell %s is not there; create the cell first",
			signal->name, name, cell->name);
	if (result < 0)
		return error_set(error, ERROR_DRIVER,
				 "signal %s: link %s of cell %s cannot be used: %s", signal->name,
				 name, cell->name, strerror(-result));
	return error_set(error, ERROR_DRIVER,
			 "signal %s: the device of link %s has no such section for Linux",
			 signal->name, name);
}

static void tell_journal(const struct cell *cell, const struct signal_reading *old,
			 const struct signal_value *new, const struct signal_author *author)
{
	const struct description_signal *signal = old->signal;
	const bool known = old->quality != QUALITY_UNCONNECTED && old->quality != QUALITY_BAD;
	const char *unit = signal->unit ? signal->unit : "";
	char old_text[SIGNAL_MAX_TEXT] = "unknown", new_text[SIGNAL_MAX_TEXT];
	char fields[5][128];
	const char *const list[] = {fields[0], fields[1], fields[2], fields[3], fields[4]};

	if (known)
		signal_value_text(&old->value, old_text);
	signal_value_text(new, new_text);
	snprintf(fields[0], sizeof(fields[0]), "SIGNAL=%s", signal->name);
	snprintf(fields[1], sizeof(fields[1]), "OLD_VALUE=%s", old_text);
	snprintf(fields[2], sizeof(fields[2]), "NEW_VALUE=%s", new_text);
	snprintf(fields[3], sizeof(fields[3]), "AUTHOR_UID=%" PRIu32, author->uid);
	snprintf(fields[4], sizeof(fields[4]), "AUTHOR=%s", author->peer);
	log_event(LOG_NOTICE, MESSAGE_SIGNAL_WRITTEN, cell->name, list, ARRAY_SIZE(list),
		  "Cell %s: signal %s was set from %s to %s%s%s by user %" PRIu32 " (%s)",
		  cell->name, signal->name, old_text, new_text, unit[0] ? " " : "", unit,
		  author->uid, author->peer);
}

static const char *next_signal(const void *words, size_t index)
{
	const struct description *description = words;

	return description && index < description->num_signals ? description->signals[index].name
							       : NULL;
}

int signals_refuse(const struct cell *cell, const char *name, struct error *error)
{
	const char *near = nearest_word(name, next_signal, cell->description);

	return error_set(error, ERROR_NO_SUCH_SIGNAL, "cell %s has no signal %s%s%s%s", cell->name,
			 name, near ? "; did you mean \"" : "", near ?: "", near ? "\"?" : "");
}

int signals_write(const struct cell *cell, const char *name, const struct signal_value *value,
		  const struct signal_author *author, struct error *error)
{
	struct signal_reading old = {.signal = signals_find(cell, name)};
	uint8_t bytes[SIGNAL_MAX_BYTES];
	struct link_part part = {.data = bytes};
	struct signal_value written;
	struct link *link;
	int r = -ENOENT;

	if (!old.signal)
		return signals_refuse(cell, name, error);
	if (!old.signal->write)
		return error_set(error, ERROR_INVALID,
				 "signal %s is not to be written: its description does not say "
				 "\"write\": true",
				 name);
	if (signal_encode(old.signal, value, bytes, error) < 0)
		return -EINVAL;
	part.offset = (uint32_t)old.signal->offset;
	part.size = signal_types[old.signal->type].size;
	signals_read(cell, &old, 1);
	link = find_link(cell, old.signal);
	if (link)
		r = links_write(cell->manager, link, section_number(cell, old.signal),
				block_bytes(cell, old.signal), &part);
	if (r != LINK_OK)
		return refuse_link(cell, old.signal, r, error);
	/* What a reader will read: rounded to the scale. */
	written = signal_decode(old.signal, bytes);
	tell_journal(cell, &old, &written, author);
	return 0;
}
