// SPDX-License-Identifier: GPL-2.0-only
/* Memory blocks that are Linux' again come online, the way they were, and no others. */
#include "driver/memory_block.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/log.h"
#include "test_tree.h"
#include "tests/lib/tap.h"

#define BLOCKS "/sys/devices/system/memory/"
#define MIB    (1ull << 20)

static char said[4096];

void log_event(int level, const char *message_id, const char *cell, const char *const *fields,
	       unsigned int num_fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(said + strlen(said), sizeof(said) - strlen(said), format, arguments);
	va_end(arguments);
}

static void write_blocks(const struct test_tree *tree)
{
	test_tree_write(tree, BLOCKS "block_size_bytes", "8000000\n");
	test_tree_write(tree, BLOCKS "memory4/state", "offline\n");
	test_tree_write(tree, BLOCKS "memory5/state", "offline\n");
	test_tree_write(tree, BLOCKS "memory6/state", "online\n");
	test_tree_write(tree, BLOCKS "memory8/state", "offline\n");
	said[0] = '\0';
}

static const char *state(const struct test_tree *tree, const char *block)
{
	static char line[64];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), BLOCKS "%s/state", block);
	file = fopen(test_tree_path(tree, path), "re");
	if (!file || !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	/* What is written over a longer text leaves the end of that. */
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void test_online(struct tap *tap, const struct test_tree *tree)
{
	struct cellvisor_pool piece = {
		.phys_start = 512 * MIB, .size = 384 * MIB, .source = CELLVISOR_POOL_BLOCKS};

	write_blocks(tree);
	memory_blocks_online(tree->root, &piece);
	tap_is_str(tap, state(tree, "memory4"), "onlinee", "the first is written \"online\"");
	tap_is_str(tap, state(tree, "memory5"), "onlinee", "the second as well");
	tap_is_str(tap, state(tree, "memory6"), "online", "one that is online is left alone");
	tap_is_str(tap, state(tree, "memory8"), "offline", "and one that is not of the piece");
	tap_is_str(tap, said, "", "there is nothing to say");
	write_blocks(tree);
	piece.source = CELLVISOR_POOL_MOVABLE;
	memory_blocks_online(tree->root, &piece);
	tap_is_str(tap, state(tree, "memory5"), "online_movable", "movable ones stay that");
	tap_is_str(tap, state(tree, "memory6"), "online", "what is online stays as it is");
}

static void test_others(struct tap *tap, const struct test_tree *tree)
{
	static const uint32_t others[] = {CELLVISOR_POOL_NONE, CELLVISOR_POOL_LINUX,
					  CELLVISOR_POOL_BOOT};
	struct cellvisor_pool piece = {.phys_start = 512 * MIB, .size = 128 * MIB};

	write_blocks(tree);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		piece.source = others[i];
		memory_blocks_online(tree->root, &piece);
		tap_is_str(tap, state(tree, "memory4"), "offline", "of source %u none comes",
			   others[i]);
	}
	piece.source = CELLVISOR_POOL_BLOCKS;
	piece.phys_start = 128 * 9 * MIB;
	memory_blocks_online(tree->root, &piece);
	tap_ok(tap, strstr(said, BLOCKS "memory9/state") && strstr(said, "No such file"),
	       "one that is not there is named");
}

static void test_size(struct tap *tap, const struct test_tree *tree)
{
	static const char *const bad[] = {"", "x", "0", "8000001", "80 00"};

	write_blocks(tree);
	tap_is_u64(tap, memory_block_size(tree->root), 128 * MIB, "the size of blocks is read");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		test_tree_write(tree, BLOCKS "block_size_bytes", bad[i]);
		tap_is_u64(tap, memory_block_size(tree->root), 0, "\"%s\" is none", bad[i]);
	}
	tap_is_u64(tap, memory_block_size("/nonexistent"), 0, "nor is there one without a file");
}

int main(void)
{
	struct tap tap = {0};
	struct test_tree tree;

	test_tree_make(&tree);
	test_online(&tap, &tree);
	test_others(&tap, &tree);
	test_size(&tap, &tree);
	test_tree_done(&tree);
	return tap_done(&tap);
}
