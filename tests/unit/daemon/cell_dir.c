// SPDX-License-Identifier: GPL-2.0-only
#include "common/utf8.h"
#include "model/cell_dir.h"
#include "model_test.h"
#include "test_tree.h"

#define ETC "/etc/cellmgr/cells/"
#define RUN "/run/cellmgr/cells/"
#define LIB "/usr/lib/cellmgr/cells/"

static const char good[] = "{\"cpus\": [3], \"memory\": \"1M\"}";
static const char other[] = "{\"cpus\": [3], \"memory\": \"2M\"}";

static void make_files(const struct test_tree *tree)
{
	test_tree_write(tree, LIB "turbine.json", good);
	test_tree_write(tree, RUN "turbine.json", other);
	test_tree_write(tree, RUN "jitter.json", good);
	test_tree_write(tree, LIB "jitter.json", "{");
	test_tree_write(tree, LIB "demo.json", good);
	test_tree_write(tree, ETC "demo.json", "{\"cpus\": [3], \"memroy\": \"1M\"}");
	test_tree_write(tree, LIB "masked.json", good);
	if (symlink("/dev/null", test_tree_path(tree, ETC "masked.json")) < 0)
		return;
	test_tree_write(tree, LIB "emptied.json", good);
	test_tree_write(tree, RUN "emptied.json", "");
	if (symlink("nowhere", test_tree_path(tree, ETC "dangling.json")) < 0)
		return;
	mkdir(test_tree_path(tree, ETC "folder.json"), 0755);
	mkfifo(test_tree_path(tree, ETC "fifo.json"), 0600);
	test_tree_write(tree, ETC "Bad Name.json", good);
	test_tree_write(tree, ETC "caf\xe9.json", good);
	test_tree_write(tree, ETC "backup.json~", good);
	test_tree_write(tree, ETC ".hidden.json", good);
	test_tree_write(tree, ETC ".json", good);
	test_tree_write(tree, ETC "README", "text");
	test_tree_write(tree, ETC "warned.json",
			"{\"cpus\": 1, \"memory\": \"1M\", \"stop\": {\"timeout\": \"0s\"}}");
}

static void test_precedence(struct tap *tap, struct cell_dir *dir)
{
	struct cell_dir_entry *entry = cell_dir_find(dir, "turbine");

	if (tap_ok(tap, entry && entry->description, "a cell is found")) {
		tap_is_str(tap, entry->path, RUN "turbine.json", "/run goes over /usr/lib");
		tap_is_u64(tap, entry->description->memory[0].size, 2 << 20,
			   "with what is in there");
		tap_is_str(tap, entry->description->file, RUN "turbine.json",
			   "a description knows its file");
	}
	entry = cell_dir_find(dir, "jitter");
	tap_ok(tap, entry && entry->description && entry->problems.count == 0,
	       "what is hidden is not even parsed");
	entry = cell_dir_find(dir, "demo");
	tap_ok(tap,
	       entry && !entry->description && strcmp(entry->path, ETC "demo.json") == 0 &&
		       has_problem(&entry->problems, SEVERITY_ERROR, "memroy", "did you mean"),
	       "a broken file in /etc is not replaced by the one it hides");
	entry = cell_dir_find(dir, "warned");
	tap_ok(tap, entry && entry->description && entry->problems.count == 1,
	       "a warning leaves the description in use");
}

static void test_masks(struct tap *tap, struct cell_dir *dir)
{
	tap_ok(tap, !cell_dir_find(dir, "masked"), "a link to /dev/null masks");
	tap_ok(tap, !cell_dir_find(dir, "emptied"), "an empty file masks");
}

static void test_odd_files(struct tap *tap, struct cell_dir *dir)
{
	static const char *const names[] = {"dangling", "folder", "fifo"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct cell_dir_entry *entry = cell_dir_find(dir, names[i]);

		tap_ok(tap, entry && !entry->description && entry->problems.errors > 0,
		       "a %s is an error of that cell", names[i]);
	}
	tap_is_u64(tap, dir->count, 7, "backups, hidden and other files are no cells");
	tap_ok(tap,
	       dir->problems.count == 2 && dir->problems.errors == 0 &&
		       has_problem(&dir->problems, SEVERITY_WARNING, "", "a cell's name"),
	       "a file whose name cannot be a cell's is warned of");
	for (size_t i = 0; i < dir->problems.count; i++) {
		tap_ok(tap, utf8_is_valid(dir->problems.items[i].file),
		       "what is told of warning %zu is text, whatever the file is called", i);
	}
}

static void test_order(struct tap *tap, const struct cell_dir *dir)
{
	bool sorted = true;

	for (size_t i = 1; i < dir->count; i++)
		sorted &= strcmp(dir->entries[i - 1].name, dir->entries[i].name) < 0;
	tap_ok(tap, sorted, "cells come by their names");
}

static void test_empty(struct tap *tap)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;

	tap_ok(tap,
	       cell_dir_load(FIXTURES, &dir) == 0 && dir->count == 0 && dir->problems.count == 0,
	       "no directories are no cells and no problem");
	tap_ok(tap, dir && !cell_dir_find(dir, "turbine"), "and nothing is found there");
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(test_tree_done) struct test_tree tree;
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;

	test_tree_make(&tree);
	if (!tap_ok(&tap, tree.root[0], "there is a directory"))
		return tap_done(&tap);
	make_files(&tree);
	if (!tap_ok(&tap, cell_dir_load(tree.root, &dir) == 0, "directories are loaded"))
		return tap_done(&tap);
	test_precedence(&tap, dir);
	test_masks(&tap, dir);
	test_odd_files(&tap, dir);
	test_order(&tap, dir);
	test_empty(&tap);
	return tap_done(&tap);
}
