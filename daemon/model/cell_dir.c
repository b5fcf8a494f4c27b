// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/utf8.h"
#include "model/cell_dir.h"

#define SUFFIX	  ".json"
#define CELLS_MAX 1024 /* far beyond any machine's CPUs; bounds what a full directory costs */

/* The first one wins. */
static const char *const directories[] = {
	"/etc/cellmgr/cells",
	"/run/cellmgr/cells",
	"/usr/lib/cellmgr/cells",
};

/* As systemd has it: an empty file or a link to /dev/null. */
static bool is_mask(const struct stat *status)
{
	if (S_ISREG(status->st_mode))
		return status->st_size == 0;
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static void entry_done(struct cell_dir_entry *entry)
{
	free(entry->name);
	free(entry->path);
	description_free(entry->description);
	problems_done(&entry->problems);
}

static struct cell_dir_entry *add_entry(struct cell_dir *dir, const char *name, const char *path)
{
	struct cell_dir_entry *entry = array_add(&dir->entries, &dir->count, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->name = strdup(name);
	entry->path = strdup(path);
	return entry->name && entry->path ? entry : NULL;
}

static void path_problem(struct problems *problems, const char *path, const char *what, int error)
{
	problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = path), "%s: %s", what,
		     strerror(error));
}

static int load_file(struct cell_dir *dir, int directory, const char *file, const char *name,
		     const char *path)
{
	/* Non-blocking: opening a FIFO must not wait for somebody to write to it. */
	_cleanup_(closep) int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const int error = errno;
	struct cell_dir_entry *entry = add_entry(dir, name, path);
	struct stat status;
	int r;

	if (!entry)
		return -ENOMEM;
	if (fd < 0) {
		path_problem(&entry->problems, path, "cannot be opened", error);
		return 0;
	}
	entry->masked = fstat(fd, &status) == 0 && is_mask(&status);
	if (entry->masked)
		return 0;
	r = description_read(fd, path, name, &entry->problems, &entry->description);
	/* All that is about the content is in problems already. */
	if (r < 0 && r != -ENOMEM && entry->problems.errors == 0)
		path_problem(&entry->problems, path, "cannot be read", -r);
	return r == -ENOMEM ? r : 0;
}

/* Files without the suffix and hidden ones are none of ours: editors' backups and the like. */
static int load_name(struct cell_dir *dir, int directory, const char *directory_path,
		     const char *file)
{
	const size_t length = strlen(file), suffix = strlen(SUFFIX);
	_cleanup_(freep) char *path = NULL;
	_cleanup_(freep) char *name = NULL;

	if (file[0] == '.' || length <= suffix || strcmp(file + length - suffix, SUFFIX) != 0)
		return 0;
	name = strndup(file, length - suffix);
	path = text_format("%s/%s", directory_path, file);
	if (!name || !path)
		return -ENOMEM;
	if (!description_name_valid(name)) {
		/* Over the bus goes nothing that is no text. */
		const char *file_shown = utf8_is_valid(path) ? path : directory_path;

		problems_add(&dir->problems, SEVERITY_WARNING, PROBLEM_AT(.file = file_shown),
			     "is not loaded: a cell's name has 1 to %d of a-z, 0-9 and -, the "
			     "first not -; rename the file",
			     DESCRIPTION_MAX_NAME);
		return 0;
	}
	if (cell_dir_find(dir, name))
		return 0;
	if (dir->count >= CELLS_MAX) {
		problems_add(&dir->problems, SEVERITY_ERROR, PROBLEM_AT(.file = path),
			     "is not loaded: there are more than %d descriptions", CELLS_MAX);
		return 0;
	}
	return load_file(dir, directory, file, name, path);
}

static int load_directory(struct cell_dir *dir, const char *root, const char *path)
{
	_cleanup_(closedirp) DIR *directory = NULL;
	_cleanup_(freep) char *full = text_format("%s%s", root, path);
	const struct dirent *item;
	int r;

	if (!full)
		return -ENOMEM;
	directory = opendir(full);
	if (!directory) {
		if (errno == ENOMEM)
			return -ENOMEM;
		if (errno != ENOENT)
			path_problem(&dir->problems, path, "cannot be opened", errno);
		return 0;
	}
	while ((errno = 0, item = readdir(directory))) {
		r = load_name(dir, dirfd(directory), path, item->d_name);
		if (r < 0)
			return r;
	}
	if (errno != 0)
		path_problem(&dir->problems, path, "cannot be read", errno);
	return 0;
}

static void drop_masked(struct cell_dir *dir)
{
	size_t kept = 0;

	for (size_t i = 0; i < dir->count; i++) {
		if (dir->entries[i].masked)
			entry_done(&dir->entries[i]);
		else
			dir->entries[kept++] = dir->entries[i];
	}
	dir->count = kept;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct cell_dir_entry *)a)->name,
		      ((const struct cell_dir_entry *)b)->name);
}

static int load(const char *root, const char *const *paths, size_t count, struct cell_dir **ret)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = calloc(1, sizeof(*dir));

	if (!dir)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = load_directory(dir, root, paths[i]);

		if (r < 0)
			return r;
	}
	drop_masked(dir);
	if (dir->count > 0)
		qsort(dir->entries, dir->count, sizeof(*dir->entries), compare_entries);
	*ret = TAKE_POINTER(dir);
	return 0;
}

int cell_dir_load(const char *root, struct cell_dir **ret)
{
	return load(root ?: "", directories, ARRAY_SIZE(directories), ret);
}

int cell_dir_load_path(const char *path, struct cell_dir **ret)
{
	return load("", &path, 1, ret);
}

void cell_dir_free(struct cell_dir *dir)
{
	if (!dir)
		return;
	for (size_t i = 0; i < dir->count; i++)
		entry_done(&dir->entries[i]);
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
