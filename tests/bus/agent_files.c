// SPDX-License-Identifier: GPL-2.0-only
/* Whether two directories of files are alike: names, modes, owners, and bytes. */
#include "agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const void *map(int dir, const char *name, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	const void *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (fd >= 0)
		close(fd);
	return bytes;
}

static bool have_same_bytes(int dir, int other, const char *name, size_t size)
{
	const void *left, *right;
	bool same = size == 0;

	if (same)
		return true;
	left = map(dir, name, size);
	right = map(other, name, size);
	if (left != MAP_FAILED && right != MAP_FAILED)
		same = memcmp(left, right, size) == 0;
	if (left != MAP_FAILED)
		munmap((void *)left, size);
	if (right != MAP_FAILED)
		munmap((void *)right, size);
	return same;
}

static bool are_same(int dir, int other, const char *name)
{
	struct stat left, right;

	return fstatat(dir, name, &left, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(other, name, &right, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(left.st_mode) &&
	       left.st_mode == right.st_mode && left.st_uid == right.st_uid &&
	       left.st_gid == right.st_gid && left.st_size == right.st_size &&
	       have_same_bytes(dir, other, name, (size_t)left.st_size);
}

/* -1: there is one that is not the same in the other directory. */
static int count_same(DIR *files, int other)
{
	const struct dirent *entry;
	int count = 0;

	while ((entry = readdir(files))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!are_same(dirfd(files), other, entry->d_name))
			return -1;
		count++;
	}
	return count;
}

int agent_same(struct words *words, FILE *out)
{
	const char *path = agent_take(words), *other_path = agent_take(words);
	DIR *files = path ? opendir(path) : NULL, *other = other_path ? opendir(other_path) : NULL;
	int count = files && other ? count_same(files, dirfd(other)) : -1;
	/* And none more. */
	bool same = count >= 0 && count_same(other, dirfd(files)) == count;

	fputs(same ? "same" : "not the same", out);
	if (files)
		closedir(files);
	if (other)
		closedir(other);
	return !same;
}
