// SPDX-License-Identifier: GPL-2.0-only
#include "driver/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/clock.h"
#include "common/text_span.h"
#include "util/read_text.h"

#define ATTRIBUTE_MAX 4096
#define MAX_LISTS     3
#define MAX_CELLS     256 /* more than any driver makes; bounds what a broken tree can cost */

const char *snapshot_exit_name(unsigned int reason)
{
	static const char *const words[] = {EXIT_COUNTERS(WORD_ENTRY)};

	return words[reason];
}

static bool parse_number(const char *text, uint64_t *ret)
{
	struct text_span span = {text, strlen(text)};

	return text_span_number(&span, 10, ret) == 0 && span.length == 0;
}

static int read_number(int directory, const char *name, uint64_t *ret)
{
	char buffer[ATTRIBUTE_MAX];
	int r = read_line(directory, name, buffer, sizeof(buffer));

	if (r < 0)
		return r;
	return parse_number(buffer, ret) ? 0 : -EPROTO;
}

static int read_cpus(int directory, const char *name, struct cpu_mask *ret)
{
	char buffer[ATTRIBUTE_MAX];
	int r = read_line(directory, name, buffer, sizeof(buffer));

	return r < 0 ? r : cpu_mask_parse(buffer, ret);
}

static enum cell_state parse_state(const char *word)
{
	for (enum cell_state state = CELL_RUNNING; state < CELL_FAILED; state++) {
		if (strcmp(word, sysfs_cell_state(state)) == 0)
			return state;
	}
	/* The original's word for what it does not know itself, which an ABI mismatch is to it. */
	return strcmp(word, "invalid") == 0 ? CELL_FAILED_COMM_REV : CELL_FAILED;
}

/*
 * The state is of the same moment as the rest of the status, where the driver has that. To be read
 * after the CPUs: a cell that fails meanwhile would have lost a CPU and run on.
 */
static int read_state(int directory, int32_t id, struct driver *driver, struct snapshot_cell *cell)
{
	char buffer[ATTRIBUTE_MAX];
	int r;

	if (driver && driver_cell_status(driver, id, &cell->status) == 0) {
		cell->has_status = true;
		cell->state =
			cell->status.state < CELL_STATE_COUNT ? cell->status.state : CELL_FAILED;
		return 0;
	}
	r = read_line(directory, SYSFS_STATE, buffer, sizeof(buffer));
	if (r >= 0)
		cell->state = parse_state(buffer);
	return r;
}

static void read_statistics(int cell_directory, struct snapshot_cell *cell)
{
	static const char *const attributes[] = {EXIT_COUNTERS(SYSFS_COUNTER_ENTRY)};
	_cleanup_(closep) int directory = -1;

	directory = openat(cell_directory, SYSFS_STATISTICS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return;
	cell->exits_at = monotonic_us();
	for (unsigned int i = 0; i < EXITS_COUNT; i++) {
		if (read_number(directory, attributes[i], &cell->exits[i]) == 0)
			cell->exits_known |= 1u << i;
	}
}

/* Names go over the bus, where only text may; the original driver takes any bytes. */
static void sanitize_name(char *name)
{
	for (; *name; name++) {
		if (*name < 0x20 || *name > 0x7e)
			*name = '?';
	}
}

static int read_name(int directory, char ret[JAILHOUSE_NAME_LEN])
{
	char buffer[ATTRIBUTE_MAX];
	int r = read_line(directory, SYSFS_NAME, buffer, sizeof(buffer));

	if (r < 0)
		return r;
	if (strlen(buffer) >= JAILHOUSE_NAME_LEN)
		return -EPROTO;
	strcpy(ret, buffer);
	sanitize_name(ret);
	return 0;
}

static int read_attributes(int directory, struct driver *driver, bool with_statistics,
			   struct snapshot_cell *cell)
{
	int r = read_name(directory, cell->name);

	if (r >= 0)
		r = read_cpus(directory, SYSFS_LIST(SYSFS_CPUS_ASSIGNED), &cell->cpus);
	if (r >= 0)
		r = read_cpus(directory, SYSFS_LIST(SYSFS_CPUS_FAILED), &cell->cpus_failed);
	if (r >= 0)
		r = read_state(directory, cell->id, driver, cell);
	if (r >= 0 && with_statistics)
		read_statistics(directory, cell);
	return r;
}

/*
 * Returns false where the cell has gone away meanwhile. Whatever else is wrong with it is no reason
 * to see nothing of the others.
 */
static bool read_cell(int cells_directory, const char *entry, int32_t id, struct driver *driver,
		      bool with_statistics, struct snapshot_cell *ret)
{
	_cleanup_(closep) int directory = -1;
	/* Of one that cannot be read nobody shall say that it runs. */
	struct snapshot_cell cell = {.id = id, .state = CELL_SHUT_DOWN};
	int r;

	directory = openat(cells_directory, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = directory < 0 ? -errno : read_attributes(directory, driver, with_statistics, &cell);
	/* ENODEV is what sysfs says of an attribute whose directory is being removed. */
	if (r == -ENOENT || r == -ENODEV)
		return false;
	cell.error = r;
	*ret = cell;
	return true;
}

/*
 * Returns 1 where a cell of the list was gone when it was to be read: one that has taken its place
 * may not be in that list.
 */
static int read_list(int base, struct driver *driver, bool with_statistics,
		     struct snapshot *snapshot)
{
	_cleanup_(closedirp) DIR *directory = NULL;
	const struct dirent *entry;
	bool gone = false;
	int fd;

	fd = openat(base, SYSFS_CELLS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	directory = fdopendir(fd);
	if (!directory) {
		close(fd);
		return -errno;
	}
	while ((entry = readdir(directory)) && snapshot->num_cells < MAX_CELLS) {
		uint64_t id;

		/* 0 is the root cell. */
		if (!parse_number(entry->d_name, &id) || id == 0 || id > INT32_MAX)
			continue;
		if (read_cell(fd, entry->d_name, (int32_t)id, driver, with_statistics,
			      &snapshot->cells[snapshot->num_cells]))
			snapshot->num_cells++;
		else
			gone = true;
	}
	return gone;
}

/* Where cells come and go all the time, the last look is as good as any. */
static int read_cells(int base, struct driver *driver, bool with_statistics,
		      struct snapshot *snapshot)
{
	int r = 1;

	snapshot->cells = calloc(MAX_CELLS, sizeof(*snapshot->cells));
	if (!snapshot->cells)
		return -ENOMEM;
	for (unsigned int i = 0; r > 0 && i < MAX_LISTS; i++) {
		snapshot->num_cells = 0;
		r = read_list(base, driver, with_statistics, snapshot);
	}
	return r < 0 ? r : 0;
}

static enum hypervisor_state read_enabled(int base)
{
	uint64_t enabled;

	if (read_number(base, SYSFS_ENABLED, &enabled) < 0)
		return HYPERVISOR_UNAVAILABLE;
	return enabled ? HYPERVISOR_ENABLED : HYPERVISOR_OFF;
}

enum hypervisor_state snapshot_hypervisor_state(void)
{
	_cleanup_(closep) int base = -1;

	base = open(JAILHOUSE_SYSFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return HYPERVISOR_UNAVAILABLE;
	return read_enabled(base);
}

/* What the original driver does not tell: none then. */
static void read_more_cpus(int base, const char *name, struct cpu_mask *ret)
{
	if (read_cpus(base, name, ret) < 0)
		*ret = (struct cpu_mask){0};
}

int snapshot_read(struct driver *driver, bool with_statistics, struct snapshot **ret)
{
	_cleanup_(snapshot_freep) struct snapshot *snapshot = NULL;
	_cleanup_(closep) int base = -1;
	int r;

	snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return -ENOMEM;
	if (driver) {
		snapshot->features = driver->features;
		snapshot->features_known = true;
		memcpy(snapshot->release, driver->release, sizeof(snapshot->release));
		/* Where the driver has no pools it stays empty. */
		(void)driver_pool_info(driver, &snapshot->pool);
		r = driver_pool_pieces(driver, snapshot->pieces, ARRAY_SIZE(snapshot->pieces));
		snapshot->num_pieces = r > 0 ? (size_t)r : 0;
	}
	base = open(JAILHOUSE_SYSFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0)
		snapshot->hypervisor = read_enabled(base);
	else if (errno != ENOENT)
		return -errno;
	if (snapshot->hypervisor == HYPERVISOR_ENABLED) {
		read_more_cpus(base, SYSFS_CPUS_LEFT_OUT, &snapshot->cpus_left_out);
		read_more_cpus(base, SYSFS_CPUS_KEPT, &snapshot->cpus_kept);
		r = read_cells(base, driver, with_statistics, snapshot);
		if (r < 0)
			return r;
	}
	*ret = TAKE_POINTER(snapshot);
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	free(snapshot->cells);
	free(snapshot);
}

const struct snapshot_cell *snapshot_find_id(const struct snapshot *snapshot, int32_t id)
{
	for (size_t i = 0; snapshot && i < snapshot->num_cells; i++) {
		if (snapshot->cells[i].id == id)
			return &snapshot->cells[i];
	}
	return NULL;
}

const struct snapshot_cell *snapshot_find_name(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; snapshot && i < snapshot->num_cells; i++) {
		if (strcmp(snapshot->cells[i].name, name) == 0)
			return &snapshot->cells[i];
	}
	return NULL;
}
