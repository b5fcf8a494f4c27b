// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "model/cell_dir.h"

#define SUFFIX	  ".json"
#define CELLS_MAX 1024 /* far beyond any machine's CPUs; bounds what a full directory costs */

/* The first one wins. */
static const char *const directories[] = {
	"/etc/cellmgr/cells",
	"/run/cellmgr/cells",
	"/usr/lib/cellmgr/cells",
};

struct loader {
	struct cell_dir *dir;
	/* Names that are settled, masked ones too. */
	char **names;
	size_t num_names;
};

static void loader_done(struct loader *loader)
{
	for (size_t i = 0; i < loader->num_names; i++)
		free(loader->names[i]);
	free(loader->names);
}

static void directory_closep(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static bool is_settled(const struct loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->num_names; i++) {
		if (strcmp(loader->names[i], name) == 0)
			return true;
	}
	return false;
}

static int settle(struct loader *loader, const char *name)
{
	char **names = reallocarray(loader->names, loader->num_names + 1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	loader->names = names;
	names[loader->num_names] = strdup(name);
	if (!names[loader->num_names])
		return -ENOMEM;
	loader->num_names++;
	return 0;
}

/* As systemd has it: an empty file or a link to /dev/null. */
static bool is_mask(const struct stat *status)
{
	if (S_ISREG(status->st_mode))
		return status->st_size == 0;
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static struct cell_dir_entry *add_entry(struct cell_dir *dir, const char *name, const char *path)
{
	struct cell_dir_entry *entries, *entry;

	entries = reallocarray(dir->entries, dir->count + 1, sizeof(*entries));
	if (!entries)
		return NULL;
	dir->entries = entries;
	entry = &entries[dir->count];
	*entry = (struct cell_dir_entry){.name = strdup(name), .path = strdup(path)};
	if (!entry->name || !entry->path) {
		free(entry->name);
		free(entry->path);
		return NULL;
	}
	dir->count++;
	return entry;
}

static void entry_problem(struct cell_dir_entry *entry, const char *what, int error)
{
	const struct problem_place place = {.file = entry->path};

	problems_add(&entry->problems, SEVERITY_ERROR, &place, "%s: %s", what, strerror(error));
}

static int load_entry(struct cell_dir_entry *entry, int fd)
{
	int r = description_read(fd, entry->path, entry->name, &entry->problems,
				 &entry->description);

	if (r == -ENOMEM)
		return r;
	/* All that is about the content is in problems already. */
	if (r < 0 && entry->problems.errors == 0)
		entry_problem(entry, "cannot be read", -r);
	return 0;
}

static int load_file(struct loader *loader, int directory, const char *file, const char *name,
		     const char *path)
{
	/* Non-blocking: opening a FIFO must not wait for somebody to write to it. */
	_cleanup_(closep) int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const int error = errno;
	struct cell_dir_entry *entry;
	struct stat status;
	int r;

	r = settle(loader, name);
	if (r < 0)
		return r;
	if (fd >= 0 && fstat(fd, &status) == 0 && is_mask(&status))
		return 0;
	entry = add_entry(loader->dir, name, path);
	if (!entry)
		return -ENOMEM;
	if (fd < 0) {
		entry_problem(entry, "cannot be opened", error);
		return 0;
	}
	return load_entry(entry, fd);
}

/* The cell's name in a file's; NULL for files that are none of ours (editors' backups and the
 * like). */
static char *cell_name(const char *file, bool *ret_ours)
{
	const size_t length = strlen(file);
	const size_t suffix = strlen(SUFFIX);

	*ret_ours =
		file[0] != '.' && length > suffix && strcmp(file + length - suffix, SUFFIX) == 0;
	return *ret_ours ? strndup(file, length - suffix) : NULL;
}

static int load_name(struct loader *loader, int directory, const char *directory_path,
		     const char *file)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(freep) char *name = NULL;
	bool ours;

	name = cell_name(file, &ours);
	if (!ours)
		return 0;
	if (!name || asprintf(&path, "%s/%s", directory_path, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (!description_name_valid(name)) {
		const struct problem_place place = {.file = path};

		problems_add(&loader->dir->problems, SEVERITY_WARNING, &place,
			     "is not loaded: a cell's name has 1 to %d of a-z, 0-9 and -, the "
			     "first not -; rename the file",
			     DESCRIPTION_MAX_NAME);
		return 0;
	}
	if (is_settled(loader, name))
		return 0;
	if (loader->num_names >= CELLS_MAX) {
		const struct problem_place place = {.file = path};

		problems_add(&loader->dir->problems, SEVERITY_ERROR, &place,
			     "is not loaded: there are more than %d descriptions", CELLS_MAX);
		return 0;
	}
	return load_file(loader, directory, file, name, path);
}

static int load_directory(struct loader *loader, const char *root, const char *path)
{
	const struct problem_place place = {.file = path};
	_cleanup_(directory_closep) DIR *directory = NULL;
	_cleanup_(freep) char *full = NULL;
	const struct dirent *item;
	int r;

	if (asprintf(&full, "%s%s", root, path) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	directory = opendir(full);
	if (!directory) {
		if (errno == ENOMEM)
			return -ENOMEM;
		if (errno != ENOENT)
			problems_add(&loader->dir->problems, SEVERITY_ERROR, &place,
				     "cannot be opened: %s", strerror(errno));
		return 0;
	}
	while ((errno = 0, item = readdir(directory))) {
		r = load_name(loader, dirfd(directory), path, item->d_name);
		if (r < 0)
			return r;
	}
	if (errno != 0)
		problems_add(&loader->dir->problems, SEVERITY_ERROR, &place, "cannot be read: %s",
			     strerror(errno));
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct cell_dir_entry *)a)->name,
		      ((const struct cell_dir_entry *)b)->name);
}

int cell_dir_load(const char *root, struct cell_dir **ret)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = calloc(1, sizeof(*dir));
	_cleanup_(loader_done) struct loader loader = {.dir = dir};

	if (!dir)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		int r = load_directory(&loader, root ?: "", directories[i]);

		if (r < 0)
			return r;
	}
	if (dir->count > 0)
		qsort(dir->entries, dir->count, sizeof(*dir->entries), compare_entries);
	*ret = TAKE_POINTER(dir);
	return 0;
}

void cell_dir_free(struct cell_dir *dir)
{
	if (!dir)
		return;
	for (size_t i = 0; i < dir->count; i++) {
		struct cell_dir_entry *entry = &dir->entries[i];

		free(entry->name);
		free(entry->path);
		description_free(entry->description);
		problems_done(&entry->problems);
	}
	free(dir->entries);
	problems_done(&dir->problems);
	free(dir);
}

struct cell_dir_entry *cell_dir_find(struct cell_dir *dir, const char *name)
{
	for (size_t i = 0; i < dir->count; i++) {
		if (strcmp(dir->entries[i].name, name) == 0)
			return &dir->entries[i];
	}
	return NULL;
}
