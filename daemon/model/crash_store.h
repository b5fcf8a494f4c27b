/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of failures on disk, JSON in files CELL.NUMBER.REASON.json: what a list shows is in the
 * names, so that a file that makes no sense harms no other. Everything here may block on the disk:
 * not for the bus thread.
 */
#ifndef CRASH_STORE_H
#define CRASH_STORE_H

#include "common/cleanup.h"
#include "model/description.h"

#define CRASH_DIRECTORY	 "/var/lib/cellmgr/crash"
#define CRASH_REASON_MAX 31
#define CRASH_FILE_MAX	 (256u << 10) /* a record has some 30 KiB at most; more is none of ours */

/* The name of a record and of its file, "turbine.17.memory-write.json", taken apart. */
struct crash_name {
	char cell[DESCRIPTION_MAX_NAME + 1];
	uint64_t number; /* of all cells' records, the newest has the highest */
	char reason[CRASH_REASON_MAX + 1];
};

#define CRASH_NAME_TEXT (DESCRIPTION_MAX_NAME + CRASH_REASON_MAX + 24)

bool crash_name_parse(const char *text, struct crash_name *ret);
void crash_name_format(const struct crash_name *name, char ret_text[CRASH_NAME_TEXT]);

struct crash_entry {
	struct crash_name name;
	uint64_t time_us; /* when it was written, since the epoch */
	uint64_t size;
};

struct crash_list {
	struct crash_entry *entries; /* by number */
	size_t count;
};

void crash_list_done(struct crash_list *list);

/* Of one cell, or of all where it is "". No directory: no records. Returns 0 or negative errno. */
int crash_list_read(const char *directory, const char *cell, struct crash_list *ret);

/* How much may be there. */
struct crash_limits {
	uint32_t max_records;
	uint64_t max_bytes;
};

/*
 * Writes a record, whole or not at all, and to last. Where there would be too much, the oldest
 * record goes of the cell that has the most, so that a cell which fails again and again takes the
 * place of its own records and not of others'. *ret is its name. Returns 0 or negative errno.
 */
int crash_write(const char *directory, const struct crash_limits *limits, const char *cell,
		const char *reason, const char *text, struct crash_name *ret);

/*
 * Reads one back. A person may have had a hand in it, or the disk: what is returned is an object of
 * JSON and valid UTF-8. Returns 0, -ENOENT, -EPROTO where it makes no sense, or another negative
 * errno.
 */
int crash_read(const char *directory, const struct crash_name *name, char **ret_text);

/* Whether text, with a zero behind its length, is such an object. */
bool crash_text_valid(const char *text, size_t length);

#endif /* CRASH_STORE_H */
