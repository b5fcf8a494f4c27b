// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon keeps of itself in files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "manager/state.h"
#include "tests/lib/tap.h"
#include "state_files.h"

static struct link_record links[] = {
	{.place = {.id = "plant root alpha",
		   .shape = {.common = 4096, .output = 65536, .vectors = 2},
		   .bdf = 0xf0,
		   .memory = {0x23000000, 0x22000}},
	 .intent = "add-link"},
	{.place = {.id = "pair root alpha beta",
		   .shape = {.common = 0, .output = 4096, .vectors = 16},
		   .bdf = 0x08,
		   .memory = {0x24000000, 0x4000}}},
};

static void make_state(struct state *state, struct state_cell cells[2])
{
	*state = (struct state){
		.pool = pool_of(0x20000000, 64 << 20),
		.hypervisor = {0x20000000, 16 << 20},
		.pool_from_linux = true,
		.intent = "disable",
		.cells = cells,
		.num_cells = 2,
		.links = links,
		.num_links = 2,
	};
	pool_add(&state->pool,
		 (struct pool_piece){{0x10000000, 8 << 20}, .grown = true, .stuck = true});
	cells[0] = (struct state_cell){
		.name = "alpha",
		.record =
			{
				.phase = CELL_PHASE_STARTED,
				.id = 7,
				.intent = "stop",
				.started_at = UINT64_C(1700000000123456),
				.image_sha256 = "0123456789abcdef",
				.blob_sha256 = "fedcba9876543210",
				.placement =
					{
						.memory = {{0x21000000, 1 << 20},
							   {0x22000000, 4096}},
						.num_memory = 2,
						.links = {links[0].place, links[1].place},
						.num_links = 2,
					},
				.end_reported = true,
				.restart = {3, 70000000, UINT64_MAX},
			},
	};
	cpu_mask_add(&cells[0].record.placement.cpus, 3);
	cpu_mask_add(&cells[0].record.placement.cpus, 5);
	cells[1] = (struct state_cell){.name = "beta", .record = {.intent = "create"}};
}

static void test_record_comes_back(struct tap *tap, const struct state_cell *read,
				   const struct state_cell *written)
{
	const struct cell_record *record = &read->record;

	tap_is_str(tap, read->name, "alpha", "a cell's name");
	tap_ok(tap,
	       record->phase == CELL_PHASE_STARTED && record->id == 7 &&
		       record->started_at == written->record.started_at && record->end_reported &&
		       record->restart.count == 3 && record->restart.since == 70000000 &&
		       record->restart.due == UINT64_MAX,
	       "a cell's record");
	tap_is_str(tap, record->intent, "stop", "its intent");
	tap_is_str(tap, record->image_sha256, "0123456789abcdef", "its image");
	tap_ok(tap,
	       memcmp(&record->placement, &written->record.placement, sizeof(record->placement)) ==
		       0,
	       "its placement, with links");
}

static unsigned int num_bad;
static char last_bad[128];

static void on_bad(const char *file, int error)
{
	num_bad++;
	snprintf(last_bad, sizeof(last_bad), "%s", file);
}

static void in_directory(const char *directory, const char *name, char ret[128])
{
	snprintf(ret, 128, "%s/%s", directory, name);
}

static void test_state_comes_back(struct tap *tap, const char *file, const char *directory)
{
	_cleanup_(state_freep) struct state *read = NULL;
	struct state_cell cells[2];
	struct state state;
	char record[128];

	make_state(&state, cells);
	tap_ok(tap, state_write(file, &state) == 0, "state is written");
	tap_ok(tap, state_write(file, &state) == 0, "and over an old one");
	if (!tap_ok(tap, state_read(file, &read) == 0, "state is read"))
		return;
	tap_ok(tap,
	       read->pool.count == 2 && read->pool.pieces[0].range.start == 0x20000000 &&
		       read->pool.pieces[0].range.size == 64 << 20 && !read->pool.pieces[0].grown,
	       "pool");
	tap_ok(tap,
	       read->pool.pieces[1].range.start == 0x10000000 &&
		       read->pool.pieces[1].range.size == 8 << 20 && read->pool.pieces[1].grown &&
		       !read->pool.pieces[1].stuck,
	       "and what has grown of it");
	tap_is_u64(tap, read->hypervisor.size, state.hypervisor.size, "hypervisor's part");
	tap_ok(tap, read->pool_from_linux, "where the pool is from");
	tap_is_str(tap, read->intent, "disable", "what was intended");
	tap_ok(tap, read->num_links == 2 && memcmp(read->links, links, sizeof(links)) == 0,
	       "what Linux has an end of");
	tap_is_u64(tap, read->num_cells, 0, "cells are in files of their own");
	in_directory(directory, "alpha", record);
	tap_ok(tap, state_write_record(record, &cells[0].record) == 0, "a record is written");
	tap_ok(tap, state_read_records(directory, read, on_bad) == 0, "and read");
	if (tap_is_u64(tap, read->num_cells, 1, "all cells and no other"))
		test_record_comes_back(tap, &read->cells[0], &cells[0]);
	tap_is_u64(tap, num_bad, 0, "nothing is wrong with that");
}

static void write_text(const char *file, const char *text, size_t length)
{
	FILE *stream = fopen(file, "we");

	if (!stream || fwrite(text, 1, length, stream) != length || fclose(stream) != 0)
		exit(2);
}

/* Of the same state, by the pool in its words. */
static int read_with_pool(const char *file, const char *pool, struct state **ret)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "{\"version\": 1, \"pool\": %s, \"hypervisor\": {\"start\": 0, \"size\": 0}, "
		 "\"pool-from-linux\": false, \"intent\": \"\", \"cells\": {}}",
		 pool);
	write_text(file, text, strlen(text));
	return state_read(file, ret);
}

/* That of a daemon that knew of one piece, and what could not have been written. */
static void test_state_of_pool(struct tap *tap, const char *file)
{
	static const char *const bad[] = {
		"3",
		"null",
		"[3]",
		"[{}]",
		"[{\"start\": 4096, \"size\": 4096}]",
		"[{\"start\": 4096, \"size\": 4096, \"grown\": 1}]",
		"[{\"start\": 18446744073709551615, \"size\": 4096, \"grown\": true}]",
		"{\"start\": 4096}",
	};
	char many[4096] = "[";
	struct state *read = NULL;

	tap_ok(tap,
	       read_with_pool(file, "{\"start\": 8192, \"size\": 4096}", &read) == 0 &&
		       read->pool.count == 1 && read->pool.pieces[0].range.start == 8192 &&
		       !read->pool.pieces[0].grown,
	       "a pool of one piece, as it was written once");
	state_free(read);
	read = NULL;
	tap_ok(tap,
	       read_with_pool(file, "{\"start\": 0, \"size\": 0}", &read) == 0 &&
		       read->pool.count == 0,
	       "and none");
	state_free(read);
	read = NULL;
	tap_ok(tap,
	       read_with_pool(file, "[{\"start\": 4096, \"size\": 0, \"grown\": true}]", &read) ==
			       0 &&
		       read->pool.count == 0,
	       "a piece of no bytes is none, too");
	state_free(read);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		read = NULL;
		tap_ok(tap, read_with_pool(file, bad[i], &read) == -EPROTO && !read,
		       "refused: pool %s", bad[i]);
		state_free(read);
	}
	for (size_t i = 0; i <= POOL_MAX_PIECES; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
			 "%s{\"start\": %zu, \"size\": 1, \"grown\": true}", i ? "," : "", i);
	strcat(many, "]");
	read = NULL;
	tap_ok(tap, read_with_pool(file, many, &read) == -EPROTO && !read,
	       "refused: more pieces than there can be");
	state_free(read);
}

#define LINK(id, bdf, vectors)                                                                \
	"{\"id\": \"" id "\", \"bdf\": " bdf ", \"memory\": {\"start\": 0, \"size\": 4096}, " \
	"\"common\": 0, \"output\": 4096, \"vectors\": " vectors ", \"intent\": \"\"}"

static int read_with_links(const char *file, const char *links_text)
{
	_cleanup_(state_freep) struct state *read = NULL;
	char text[16384];

	snprintf(text, sizeof(text),
		 "{\"version\": 1, \"pool\": {\"start\": 0, \"size\": 0}, \"hypervisor\": "
		 "{\"start\": 0, \"size\": 0}, \"pool-from-linux\": false, \"intent\": \"\", "
		 "\"cells\": {}, \"links\": %s}",
		 links_text);
	write_text(file, text, strlen(text));
	return state_read(file, &read);
}

/* Links that could not have been written. */
static void test_state_refuses_links(struct tap *tap, const char *file)
{
	static const char *const bad[] = {
		"{}",
		"[3]",
		"[{\"id\": \"plant root a\"}]",
		"[" LINK("plant", "240", "1") "]",
		"[" LINK("plant root a", "256", "1") "]",
		"[" LINK("plant root a", "240", "65536") "]",
		"[{\"id\": \"plant root a\", \"bdf\": 240, \"memory\": {\"start\": 0, \"size\": "
		"4096}, \"common\": 0, \"output\": 4096, \"vectors\": 1}]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(tap, read_with_links(file, bad[i]) == -EPROTO, "refused: links %s", bad[i]);
	for (size_t count = 32; count <= 33; count++) {
		char text[8192] = "[";

		for (size_t i = 0; i < count; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "%s" LINK("plant root a", "240", "1"), i ? "," : "");
		strcat(text, "]");
		tap_is_u64(tap, read_with_links(file, text), count == 32 ? 0 : -EPROTO, "%zu links",
			   count);
	}
}

/* A bad record costs its cell and is kept; what else is in the directory is none. */
static void test_bad_record_costs_one(struct tap *tap, const char *directory)
{
	static const char *const names[] = {"alpha", "beta", "beta.new", "x.bad", "Gamma"};
	_cleanup_(state_freep) struct state *read = calloc(1, sizeof(*read));
	struct state_cell cells[2];
	char file[128], kept[160];
	struct state state;

	make_state(&state, cells);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		in_directory(directory, names[i], file);
		state_write_record(file, &cells[0].record);
	}
	in_directory(directory, "beta", file);
	write_text(file, "{\"phase\": \"cre", 14);
	num_bad = 0;
	tap_ok(tap, state_read_records(directory, read, on_bad) == 0, "records are read");
	tap_ok(tap, read->num_cells == 1 && strcmp(read->cells[0].name, "alpha") == 0,
	       "the good one is there");
	tap_is_u64(tap, num_bad, 1, "the bad one is told of");
	tap_is_str(tap, last_bad, file, "by its file");
	snprintf(kept, sizeof(kept), "%s" STATE_BAD, file);
	tap_ok(tap, access(file, F_OK) < 0 && access(kept, F_OK) == 0, "and kept as evidence");
	unlink(kept);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		in_directory(directory, names[i], file);
		unlink(file);
	}
	tap_ok(tap, state_read_records("/nonexistent", read, on_bad) == 0,
	       "no directory is no records");
}

/* A file of the state, read anew. Returns whether it was taken. */
typedef bool (*read_function)(const char *file);

static bool read_state(const char *file)
{
	struct state *read = NULL;
	bool taken = state_read(file, &read) >= 0;

	state_free(read);
	return taken;
}

/* The file is directory/name. */
static bool read_record(const char *file)
{
	_cleanup_(state_freep) struct state *read = calloc(1, sizeof(*read));
	char directory[128];

	snprintf(directory, sizeof(directory), "%s", file);
	*strrchr(directory, '/') = '\0';
	num_bad = 0;
	return state_read_records(directory, read, on_bad) == 0 && read->num_cells == 1;
}

/* Whatever part of a file is there: it is read whole or refused. */
static void test_refuses(struct tap *tap, const char *what, const char *file, read_function reads)
{
	static char text[65536];
	unsigned int refused = 0, lengths = 0;
	size_t length;
	FILE *stream;

	stream = fopen(file, "re");
	length = stream ? fread(text, 1, sizeof(text), stream) : 0;
	if (stream)
		fclose(stream);
	for (size_t i = 0; i + 2 < length; i += 7) {
		write_text(file, text, i);
		lengths++;
		refused += !reads(file);
	}
	tap_ok(tap, lengths > 10, "%s: there is something to truncate", what);
	tap_is_u64(tap, refused, lengths, "%s: every truncation is refused", what);
	refused = lengths = 0;
	for (size_t i = 0; i < length; i++) {
		char old = text[i];

		/* Numbers become text, keys become others. */
		text[i] = old == '"' ? '1' : '"';
		write_text(file, text, length);
		lengths++;
		refused += !reads(file);
		text[i] = old;
	}
	tap_ok(tap, refused > lengths / 2, "%s: most damages are refused (%u of %u), none crashes",
	       what, refused, lengths);
}

static void test_state_refuses(struct tap *tap, const char *file, const char *directory)
{
	struct state_cell cells[2];
	struct state state;
	char record[128], kept[160];

	make_state(&state, cells);
	state_write(file, &state);
	test_refuses(tap, "state", file, read_state);
	in_directory(directory, "alpha", record);
	state_write_record(record, &cells[0].record);
	test_refuses(tap, "record", record, read_record);
	snprintf(kept, sizeof(kept), "%s" STATE_BAD, record);
	unlink(record);
	unlink(kept);
}

int main(void)
{
	struct state_files files;
	struct tap tap = {0};

	if (!state_files_make(&files))
		return 2;
	test_state_comes_back(&tap, files.file, files.records);
	test_bad_record_costs_one(&tap, files.records);
	test_state_refuses(&tap, files.file, files.records);
	test_state_of_pool(&tap, files.file);
	test_state_refuses_links(&tap, files.file);
	test_tree_done(&files.tree);
	return tap_done(&tap);
}
