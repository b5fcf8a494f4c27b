/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory tree of a test's own, below /tmp, removed at the end. */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

struct test_tree {
	char root[64]; /* "" where it could not be made */
};

__attribute__((unused)) static void test_tree_make(struct test_tree *tree)
{
	strcpy(tree->root, "/tmp/daemon-test-XXXXXX");
	if (!mkdtemp(tree->root))
		tree->root[0] = '\0';
}

/* The full path, with all directories of it made; static storage. */
__attribute__((unused)) static const char *test_tree_path(const struct test_tree *tree,
							  const char *path)
{
	static char full[512];

	snprintf(full, sizeof(full), "%s%s", tree->root, path);
	for (char *slash = full + strlen(tree->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	return full;
}

/* Writes a file, mode 0644, owned by whoever runs the test. */
__attribute__((unused)) static void test_tree_write(const struct test_tree *tree, const char *path,
						    const char *content)
{
	_cleanup_(fclosep) FILE *file = fopen(test_tree_path(tree, path), "w");

	if (file) {
		fputs(content, file);
		fchmod(fileno(file), 0644);
	}
}

static int test_tree_remove_one(const char *path, const struct stat *status, int type,
				struct FTW *where)
{
	return remove(path);
}

__attribute__((unused)) static void test_tree_done(struct test_tree *tree)
{
	if (tree->root[0])
		nftw(tree->root, test_tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif /* TEST_TREE_H */
