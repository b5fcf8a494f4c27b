// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as what the daemon finds in /run/cellmgr: what it takes it writes the same way again,
 * and what it does not take is kept beside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager/state.h"
#include "util/read_text.h"
#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/tmp/fuzz-state.XXXXXX", records[64], record[96], file[64];

static void remove_all(void)
{
	char bad[128];

	snprintf(bad, sizeof(bad), "%s" STATE_BAD, record);
	unlink(record);
	unlink(bad);
	rmdir(records);
	unlink(file);
	rmdir(directory);
}

static void prepare(void)
{
	if (!mkdtemp(directory))
		abort();
	snprintf(records, sizeof(records), "%s/records", directory);
	snprintf(record, sizeof(record), "%s/turbine", records);
	snprintf(file, sizeof(file), "%s/state", directory);
	if (mkdir(records, 0700) < 0 || atexit(remove_all) != 0)
		abort();
}

static void put(const char *path, const uint8_t *data, size_t size)
{
	FILE *stream = fopen(path, "we");

	if (!stream || fwrite(data, 1, size, stream) != size || fclose(stream) != 0)
		abort();
}

static char *get(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length;
	char *text;

	if (fd < 0 || read_text(fd, 1 << 20, &text, &length) < 0)
		abort();
	close(fd);
	return text;
}

/* What was read is written, read and written again: the same. */
static void check_state(struct state *state)
{
	char *first, *second;
	struct state *again;

	if (state_write(file, state) < 0)
		abort();
	first = get(file);
	if (state_read(file, &again) < 0 || state_write(file, again) < 0)
		abort();
	second = get(file);
	if (strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
	state_free(again);
}

static unsigned int num_bad;

static void note_bad(const char *name, int error)
{
	num_bad++;
}

static void check_record(const uint8_t *data, size_t size)
{
	struct state state = {0};
	char bad[128], *first, *second;

	put(record, data, size);
	num_bad = 0;
	if (state_read_records(records, &state, note_bad) < 0 || state.num_cells + num_bad != 1)
		abort();
	snprintf(bad, sizeof(bad), "%s" STATE_BAD, record);
	if (num_bad != (access(bad, F_OK) == 0))
		abort();
	unlink(bad);
	if (!state.num_cells)
		return;
	if (state_write_record(record, &state.cells[0].record) < 0)
		abort();
	first = get(record);
	free(state.cells[0].name);
	state.num_cells = 0;
	if (state_read_records(records, &state, note_bad) < 0 || state.num_cells != 1 ||
	    state_write_record(record, &state.cells[0].record) < 0)
		abort();
	second = get(record);
	if (strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
	free(state.cells[0].name);
	free(state.cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state *state = NULL;

	if (!records[0])
		prepare();
	put(file, data, size);
	if (state_read(file, &state) == 0)
		check_state(state);
	else if (state)
		abort();
	state_free(state);
	check_record(data, size);
	return 0;
}
