// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "verbs/descriptions.h"
#include "common/cleanup.h"

#define SUFFIX	      ".json"
#define SUFFIX_LENGTH (sizeof(SUFFIX) - 1)

static const char *const directories[] = {
	"/etc/cellmgr/cells",
	"/run/cellmgr/cells",
	"/usr/lib/cellmgr/cells",
};

static void closedirp(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

void description_files_free(struct description_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->files[i].path);
		free(files->files[i].name);
	}
	free(files->files);
	*files = (struct description_files){0};
}

static bool has_suffix(const char *name)
{
	size_t length = strlen(name);

	return length > SUFFIX_LENGTH && strcmp(name + length - SUFFIX_LENGTH, SUFFIX) == 0;
}

char *description_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return has_suffix(name) ? strndup(name, strlen(name) - SUFFIX_LENGTH) : strdup(name);
}

static bool is_listed(const struct description_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->files[i].name, name) == 0)
			return true;
	return false;
}

static int append(struct description_files *files, char *path, char *name)
{
	struct description_file *grown;

	grown = reallocarray(files->files, files->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	files->files = grown;
	grown[files->count++] = (struct description_file){.path = path, .name = name};
	return 0;
}

static int add_file(struct description_files *files, const char *directory, const char *file)
{
	_cleanup_(freep) char *path = NULL, *name = description_name(file);
	int r;

	if (!name)
		return -ENOMEM;
	if (is_listed(files, name))
		return 0;
	if (asprintf(&path, "%s/%s", directory, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = append(files, path, name);
	if (r < 0)
		return r;
	path = name = NULL;
	return 0;
}

static int add_directory(struct description_files *files, const char *directory)
{
	_cleanup_(closedirp) DIR *stream = opendir(directory);
	struct dirent *entry;

	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	while ((errno = 0, entry = readdir(stream))) {
		int r;

		if (entry->d_name[0] == '.' || !has_suffix(entry->d_name))
			continue;
		r = add_file(files, directory, entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

/* Whether the file hides descriptions of its name in later directories without being one. */
static bool is_mask(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	return (S_ISREG(status.st_mode) && status.st_size == 0) || S_ISCHR(status.st_mode);
}

static void drop_masks(struct description_files *files)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (is_mask(files->files[i].path)) {
			free(files->files[i].path);
			free(files->files[i].name);
		} else {
			files->files[kept++] = files->files[i];
		}
	}
	files->count = kept;
}

static int compare_names(const void *a, const void *b)
{
	const struct description_file *left = a, *right = b;

	return strcmp(left->name, right->name);
}

int description_files_list(const char *root, struct description_files *ret_files,
			   const char **ret_directory)
{
	_cleanup_(description_files_free) struct description_files files = {0};

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		_cleanup_(freep) char *directory = NULL;
		int r;

		if (asprintf(&directory, "%s%s", root, directories[i]) < 0) {
			directory = NULL;
			return -ENOMEM;
		}
		r = add_directory(&files, directory);
		if (r < 0) {
			*ret_directory = directories[i];
			return r;
		}
	}
	drop_masks(&files);
	if (files.count > 1)
		qsort(files.files, files.count, sizeof(*files.files), compare_names);
	*ret_files = files;
	files = (struct description_files){0};
	return 0;
}
