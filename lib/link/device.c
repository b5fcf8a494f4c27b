// SPDX-License-Identifier: BSD-2-Clause
/* Maps and vectors: of UIO devices (uio_ivshmem.h), or of a directory of files. */
#include "parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *const map_names[] = {UIO_IVSHMEM_MAPS(WORD_ENTRY)};

/* state-table and outputs are read only. */
static int map_rights(unsigned int map)
{
	return map == UIO_IVSHMEM_STATE_TABLE || map == UIO_IVSHMEM_OUTPUTS
		       ? PROT_READ
		       : PROT_READ | PROT_WRITE;
}

static int map_file(struct map *map, int fd, size_t size, off_t offset, int rights)
{
	void *memory = mmap(NULL, size, rights, MAP_SHARED, fd, offset);

	if (memory == MAP_FAILED)
		return -errno;
	map->memory = memory;
	map->size = size;
	return 0;
}

/* A word in a file of sysfs, without its line's end. */
static int read_word(const char *path, char *word, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, word, size - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	word[length] = 0;
	word[strcspn(word, "\n")] = 0;
	return 0;
}

static int find_name(const char *word)
{
	for (int n = 0; n < UIO_IVSHMEM_MAP_COUNT; n++) {
		if (strcmp(word, map_names[n]) == 0)
			return n;
	}
	return -1;
}

/* One of the kernel's maps, if it is there and known. */
static int map_uio(struct cellmgr_link *link, const char *sysfs, unsigned int number)
{
	char path[PATH_MAX], word[64];
	unsigned long long size;
	int map, err;

	snprintf(path, sizeof(path), "%s/maps/map%u/name", sysfs, number);
	err = read_word(path, word, sizeof(word));
	if (err == -ENOENT)
		return 0;
	map = err ? -1 : find_name(word);
	if (map < 0)
		return err;
	snprintf(path, sizeof(path), "%s/maps/map%u/size", sysfs, number);
	err = read_word(path, word, sizeof(word));
	if (err)
		return err;
	size = strtoull(word, NULL, 0);
	return map_file(&link->maps[map], link->vectors[0], size,
			(off_t)number * sysconf(_SC_PAGESIZE), map_rights(map));
}

/* The vectors beside the first are devices of their own: DIRECTORY/uioN, which say who they are. */
static int open_vector(struct cellmgr_link *link, const char *directory, const char *node)
{
	char path[PATH_MAX], word[64];
	unsigned int vector;

	snprintf(path, sizeof(path), "%s/%s/name", directory, node);
	if (read_word(path, word, sizeof(word)) < 0 ||
	    sscanf(word, UIO_IVSHMEM_VECTOR_NAME, &vector) != 1 || vector == 0 ||
	    vector >= IVSHMEM_MAX_VECTORS || link->vectors[vector] >= 0)
		return 0;
	snprintf(path, sizeof(path), "/dev/%s", node);
	link->vectors[vector] = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return link->vectors[vector] < 0 ? -errno : 0;
}

static int open_vectors(struct cellmgr_link *link, const char *directory)
{
	struct dirent *entry;
	DIR *dir = opendir(directory);
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			err = open_vector(link, directory, entry->d_name);
	}
	closedir(dir);
	return err;
}

static int open_uio(struct cellmgr_link *link, const char *path, const struct stat *status)
{
	char sysfs[64], siblings[80];
	int err = 0;

	link->vectors[0] = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (link->vectors[0] < 0)
		return -errno;
	snprintf(sysfs, sizeof(sysfs), "/sys/dev/char/%u:%u", major(status->st_rdev),
		 minor(status->st_rdev));
	snprintf(siblings, sizeof(siblings), "%s/device/uio", sysfs);
	for (unsigned int n = 0; n < UIO_IVSHMEM_MAP_COUNT && !err; n++)
		err = map_uio(link, sysfs, n);
	return err ? err : open_vectors(link, siblings);
}

static int map_in_directory(struct cellmgr_link *link, int directory, unsigned int map)
{
	int rights = map_rights(map), err = 0;
	int fd = openat(directory, map_names[map],
			(rights & PROT_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &status) < 0)
		err = -errno;
	else if (status.st_size > 0)
		err = map_file(&link->maps[map], fd, status.st_size, 0, rights);
	close(fd);
	return err;
}

static int open_directory(struct cellmgr_link *link, const char *path)
{
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), err = 0;
	char name[sizeof(UIO_IVSHMEM_VECTOR_NAME) + 10];

	if (directory < 0)
		return -errno;
	for (unsigned int n = 0; n < UIO_IVSHMEM_MAP_COUNT && !err; n++)
		err = map_in_directory(link, directory, n);
	for (unsigned int n = 0; n < IVSHMEM_MAX_VECTORS && !err; n++) {
		snprintf(name, sizeof(name), UIO_IVSHMEM_VECTOR_NAME, n);
		link->vectors[n] = openat(directory, name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (link->vectors[n] < 0 && errno != ENOENT)
			err = -errno;
	}
	close(directory);
	return err;
}

int link_open_path(struct cellmgr_link *link, const char *path)
{
	struct stat status;
	int err;

	if (stat(path, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		err = open_directory(link, path);
	else if (S_ISCHR(status.st_mode))
		err = open_uio(link, path, &status);
	else
		err = -EINVAL;
	while (!err && link->vector_count < IVSHMEM_MAX_VECTORS &&
	       link->vectors[link->vector_count] >= 0)
		link->vector_count++;
	return err;
}

void link_release(struct cellmgr_link *link)
{
	for (unsigned int n = 0; n < UIO_IVSHMEM_MAP_COUNT; n++) {
		if (link->maps[n].memory)
			munmap(link->maps[n].memory, link->maps[n].size);
	}
	for (unsigned int n = 0; n < IVSHMEM_MAX_VECTORS; n++) {
		if (link->vectors[n] >= 0)
			close(link->vectors[n]);
	}
}
