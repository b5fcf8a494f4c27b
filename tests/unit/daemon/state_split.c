// SPDX-License-Identifier: GPL-2.0-only
/* The state file of a daemon that had one of all cells. */
#include <string.h>
#include <sys/stat.h>

#include "manager/state.h"
#include "tests/lib/tap.h"
#include "state_files.h"
#include "util/write_text.h"

static void on_bad(const char *file, int error)
{
	unlink(file);
}

/* A state with a cell named a, as it was written once; where it is written anew it has none. */
static void test_split(struct tap *tap, const char *file, const char *directory,
		       struct state *state)
{
	_cleanup_(state_freep) struct state *again = NULL;
	_cleanup_(state_freep) struct state *old = NULL;
	char record[128], missing[128];

	snprintf(record, sizeof(record), "%s/a", directory);
	snprintf(missing, sizeof(missing), "%s/missing", directory);
	tap_ok(tap, state_split(file, missing, state) < 0 && state->num_cells == 1,
	       "without a place for records the cells stay where they are");
	tap_ok(tap, state_read(file, &old) == 0 && old->num_cells == 1, "and in the file");
	tap_ok(tap, state_split(file, directory, state) == 0 && state->num_cells == 0,
	       "its cells get files of their own");
	tap_ok(tap, state_read(file, &again) == 0 && again->num_cells == 0, "and leave the file");
	tap_ok(tap,
	       state_read_records(directory, again, on_bad) == 0 && again->num_cells == 1 &&
		       again->cells[0].record.phase == CELL_PHASE_CREATED,
	       "what was known of one is known");
	again->cells[0].record.phase = CELL_PHASE_STARTED;
	state_write_record(record, &again->cells[0].record);
	if (old)
		state_split(file, directory, old);
	tap_ok(tap,
	       state_read_records(directory, state, on_bad) == 0 && state->num_cells == 1 &&
		       state->cells[0].record.phase == CELL_PHASE_STARTED,
	       "a record that is there is newer");
	unlink(record);
}

/* The file of a daemon that knew no links is no reason to lose the cells. */
static void test_state_without_links(struct tap *tap, const char *file, const char *directory)
{
	static const char text[] =
		"{\"version\": 1, \"pool\": {\"start\": 0, \"size\": 0}, \"hypervisor\": "
		"{\"start\": "
		"0, \"size\": 0}, \"pool-from-linux\": false, \"intent\": \"\", \"cells\": {\"a\": "
		"{\"phase\": \"created\", \"id\": 1, \"intent\": \"\", \"started-at\": 0, "
		"\"image-sha256\": \"\", \"blob-sha256\": \"\", \"failure-reported\": false, "
		"\"cpus\": \"1\", \"memory\": []}}}";
	_cleanup_(state_freep) struct state *read = NULL;

	write_text(file, text, 0600);
	tap_ok(tap,
	       state_read(file, &read) == 0 && read->num_cells == 1 && read->num_links == 0 &&
		       read->cells[0].record.placement.num_links == 0,
	       "a state without links is read");
	if (read)
		test_split(tap, file, directory, read);
}

/* What makes no sense costs the cell that it is about. */
static void test_bad_record(struct tap *tap, const char *file)
{
	static const char text[] =
		"{\"version\": 1, \"pool\": {\"start\": 4096, \"size\": 8192}, \"hypervisor\": "
		"{\"start\": 0, \"size\": 0}, \"pool-from-linux\": true, \"intent\": \"\", "
		"\"cells\": {\"bad\": {\"phase\": \"odd\"}, \"worse\": 7, \"good\": "
		"{\"phase\": \"started\", \"id\": 1, \"intent\": \"\", \"started-at\": 0, "
		"\"image-sha256\": \"\", \"blob-sha256\": \"\", \"failure-reported\": false, "
		"\"cpus\": \"1\", \"memory\": []}}}";
	_cleanup_(state_freep) struct state *read = NULL;

	write_text(file, text, 0600);
	tap_ok(tap, state_read(file, &read) == 0 && read->num_bad == 2,
	       "two bad records do not condemn the file");
	tap_ok(tap,
	       read && read->num_cells == 1 && strcmp(read->cells[0].name, "good") == 0 &&
		       pool_bytes(&read->pool) == 8192,
	       "the good one and the pool are known");
}

int main(void)
{
	struct state_files files;
	struct tap tap = {0};

	if (!state_files_make(&files))
		return 2;
	test_state_without_links(&tap, files.file, files.records);
	test_bad_record(&tap, files.file);
	test_tree_done(&files.tree);
	return tap_done(&tap);
}
