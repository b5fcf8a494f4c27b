// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>

#include "model/check.h"
#include "driver_abi.h"
#include "model_test.h"
#include "test_tree.h"

#define IMAGES CHECK_IMAGE_DIRECTORY

static const struct {
	const char *json;
	enum severity severity;
	const char *key;
	const char *text; /* NULL: no error, whatever else there is */
} cases[] = {
	{"{\"cpus\": [3], \"memory\": \"1M\", \"image\": \"good.bin\"}", SEVERITY_ERROR, "", NULL},
	{"{\"cpus\": 3, \"memory\": \"56M\", \"image\": \"good.bin\"}", SEVERITY_ERROR, "", NULL},
	{"{\"cpus\": [0], \"memory\": \"1M\"}", SEVERITY_ERROR, "cpus", "CPU 0 stays with Linux"},
	{"{\"cpus\": [0, 1, 2, 3], \"memory\": \"1M\"}", SEVERITY_ERROR, "cpus",
	 "wants 4 of the machine's 4"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"good.bin\", \"devices\": {\"pins\": [3, "
	 "23]}}",
	 SEVERITY_ERROR, "", NULL},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": {\"pins\": [24]}}", SEVERITY_ERROR,
	 "devices.pins", "no IO-APIC of this machine has pin 24"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": {\"pins\": [8]}}", SEVERITY_ERROR,
	 "devices.pins", "Linux has interrupts at pin 8 (rtc0)"},
	{"{\"cpus\": 4, \"memory\": \"1M\"}", SEVERITY_ERROR, "cpus", "wants 4 of the machine's 4"},
	{"{\"cpus\": [2, 64], \"memory\": \"1M\"}", SEVERITY_ERROR, "cpus",
	 "CPU 64 is not in this machine, the last one is 3"},
	{"{\"cpus\": [1], \"memory\": \"57M\"}", SEVERITY_ERROR, "memory",
	 "wants 57M, but the whole pool has 56M"},
	{"{\"cpus\": [1], \"memory\": [{\"size\": \"1M\", \"phys\": \"1M\"}]}", SEVERITY_ERROR,
	 "memory[0].phys", "memory that Linux works with"},
	{"{\"cpus\": [1], \"memory\": [{\"size\": \"1M\", \"phys\": \"520M\"}], \"image\": "
	 "\"good.bin\"}",
	 SEVERITY_ERROR, "", NULL},
	{"{\"cpus\": [1], \"memory\": [{\"size\": \"65M\", \"phys\": \"512M\"}]}", SEVERITY_ERROR,
	 "memory[0].phys", "memory that Linux works with"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": {\"mmio\": [{\"phys\": \"2M\", "
	 "\"size\": \"4K\"}]}}",
	 SEVERITY_ERROR, "devices.mmio[0].phys", "is memory, not a device"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": [\"mmio:0xfed00000-0xfed003ff\"]}",
	 SEVERITY_WARNING, "devices[0]", "Linux uses registers 0xfed00000-0xfed003ff (PNP0103:00)"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": [\"mmio:0xfec00ff0-0xfec01fff\"]}",
	 SEVERITY_ERROR, "devices[0]", "0xfec00000 is an IO-APIC, which a cell has where"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": [\"mmio:0xfec01000-0xfec01fff\"]}",
	 SEVERITY_ERROR, "", NULL},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": {\"mmio\": [{\"phys\": "
	 "\"0xbffff000\", \"size\": \"4K\"}]}}",
	 SEVERITY_ERROR, "devices.mmio[0].phys", "PCI's configuration space"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": [\"pin:24\"]}", SEVERITY_ERROR,
	 "devices", "no IO-APIC of this machine has pin 24"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"devices\": {\"ports\": [{\"base\": 1, \"count\": "
	 "1}, {\"base\": \"0x3ff\", \"count\": 1}]}}",
	 SEVERITY_WARNING, "devices.ports[1]", "0x3f8-0x3ff (serial)"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"console\": {\"port\": \"0x3f8\"}}",
	 SEVERITY_WARNING, "console", "Linux uses ports"},
	{"{\"cpus\": [1], \"memory\": \"1M\"}", SEVERITY_WARNING, "image", "there is none"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"missing.bin\"}", SEVERITY_ERROR, "image",
	 "images are looked for in " IMAGES},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"/srv/missing.bin\"}", SEVERITY_ERROR,
	 "image", "cannot be opened: No such file"},
	{"{\"cpus\": [1], \"memory\": \"4K\", \"image\": \"good.bin\"}", SEVERITY_ERROR, "image",
	 "has 5000 bytes, but from guest address 0x0 on there is memory for 4096"},
	{"{\"cpus\": [1], \"memory\": \"8K\", \"image\": [{\"file\": \"good.bin\", \"address\": "
	 "\"4K\"}]}",
	 SEVERITY_ERROR, "image", "memory for 4096"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": [{\"file\": \"good.bin\"}, {\"file\": "
	 "\"good.bin\", \"address\": \"4K\"}]}",
	 SEVERITY_ERROR, "image[1].address", "over the one of image[0]"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": [{\"file\": \"good.bin\"}, {\"file\": "
	 "\"good.bin\", \"address\": \"8K\"}]}",
	 SEVERITY_ERROR, "", NULL},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": [{\"file\": \"good.bin\"}, {\"file\": "
	 "\"no.bin\", \"address\": \"8K\"}]}",
	 SEVERITY_ERROR, "image[1].file", "cannot be opened"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"writable.bin\"}", SEVERITY_ERROR,
	 "image", "chmod go-w"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"/srv/writable.bin\"}", SEVERITY_ERROR,
	 "image", "chmod go-w"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"foreign.bin\"}", SEVERITY_ERROR, "image",
	 "chown root"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"empty.bin\"}", SEVERITY_ERROR, "image",
	 "is empty"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"fifo.bin\"}", SEVERITY_ERROR, "image",
	 "not a regular file"},
	{"{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"/srv/good.bin\"}", SEVERITY_ERROR, "",
	 NULL},
};

static void make_images(const struct test_tree *tree)
{
	char content[5001];

	memset(content, 'x', 5000);
	content[5000] = '\0';
	test_tree_write(tree, IMAGES "/good.bin", content);
	test_tree_write(tree, "/srv/good.bin", content);
	test_tree_write(tree, IMAGES "/writable.bin", content);
	chmod(test_tree_path(tree, IMAGES "/writable.bin"), 0664);
	test_tree_write(tree, "/srv/writable.bin", content);
	chmod(test_tree_path(tree, "/srv/writable.bin"), 0646);
	test_tree_write(tree, IMAGES "/foreign.bin", content);
	if (chown(test_tree_path(tree, IMAGES "/foreign.bin"), 1, 0) < 0)
		unlink(test_tree_path(tree, IMAGES "/foreign.bin"));
	test_tree_write(tree, IMAGES "/empty.bin", "");
	mkfifo(test_tree_path(tree, IMAGES "/fifo.bin"), 0600);
}

static struct check_input make_input(const struct test_tree *tree, const struct machine *machine)
{
	return (struct check_input){
		.root = tree->root,
		.machine = machine,
		.pool_size = 56 << 20,
		.pool = pool_of(512 << 20, 64 << 20),
	};
}

static void test_alone(struct tap *tap, const struct check_input *input)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(description_freep) struct description *d =
			describe(tap, "a", cases[i].json);
		_cleanup_(problems_done) struct problems problems = {0};
		int r = d ? check_cell(input, d, &problems) : -ENOENT;
		bool good;

		if (!cases[i].text)
			good = r == 0 && problems.errors == 0;
		else
			good = r == (problems.errors ? -EINVAL : 0) &&
			       has_problem(&problems, cases[i].severity, cases[i].key,
					   cases[i].text);
		if (!tap_ok(tap, good, "case %zu: %s", i, cases[i].text ?: "nothing is wrong")) {
			tap_note(tap, "  returned %d for %s", r, cases[i].json);
			note_problems(tap, &problems);
		}
	}
}

static void test_offline(struct tap *tap, const struct check_input *input)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a", "{\"cpus\": [3], \"memory\": \"1M\"}");
	_cleanup_(problems_done) struct problems problems = {0};
	struct machine machine = *input->machine;
	struct check_input changed = *input;

	changed.machine = &machine;
	machine.online.words[0] = 7;
	check_cell(&changed, d, &problems);
	tap_ok(tap, has_problem(&problems, SEVERITY_ERROR, "cpus", "CPU 3 is offline"),
	       "an offline CPU is refused");
	problems_done(&problems);
	cpu_mask_add(&changed.cell_cpus, 3);
	tap_ok(tap, check_cell(&changed, d, &problems) == 0,
	       "one that is offline because a cell runs on it is not");
}

static const char alternative_a[] =
	"{\"cpus\": [2, 3], \"memory\": [{\"size\": \"30M\", \"phys\": \"520M\"}],"
	" \"image\": \"good.bin\", \"devices\": {\"ports\": [{\"base\": \"0x2f8\", \"count\": 8}],"
	" \"mmio\": [{\"phys\": \"0xfed40000\", \"size\": \"4K\"}]}}";
static const char alternative_b[] =
	"{\"cpus\": [1, 3], \"memory\": [{\"size\": \"30M\", \"phys\": \"540M\"}],"
	" \"image\": \"good.bin\", \"console\": {\"port\": \"0x2f8\"},"
	" \"devices\": {\"mmio\": [{\"phys\": \"0xfed40010\", \"size\": 4}]}}";

static void test_together(struct tap *tap, const struct check_input *input)
{
	_cleanup_(description_freep) struct description *a = describe(tap, "a", alternative_a);
	_cleanup_(description_freep) struct description *b = describe(tap, "b", alternative_b);
	_cleanup_(description_freep) struct description *new_a = describe(tap, "a", alternative_a);
	const struct description *set[] = {a, b};
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(problems_done) struct problems alone = {0};
	struct check_input with_set = *input;

	if (!tap_ok(tap, a && b && new_a, "two alternatives are described"))
		return;
	with_set.descriptions = set;
	with_set.num_descriptions = 2;
	tap_ok(tap, check_set(&with_set, &problems) == 0,
	       "cells that exclude each other are no error");
	tap_ok(tap,
	       has_problem(&problems, SEVERITY_WARNING, "cpus", "CPU 3 is named by cell a as well"),
	       "a CPU that two name is told at the later");
	tap_ok(tap,
	       !has_problem(&problems, SEVERITY_WARNING, "cpus",
			    "CPU 3 is named by cell b as well"),
	       "and not once more at the other");
	tap_ok(tap, has_problem(&problems, SEVERITY_WARNING, "memory[0].phys", "cell a names"),
	       "so is memory");
	tap_ok(tap, has_problem(&problems, SEVERITY_WARNING, "console", "cell a has"),
	       "so are ports, with those of a console");
	tap_ok(tap, !has_problem(&problems, SEVERITY_WARNING, "devices.ports[0]", "cell b has"),
	       "from one side");
	tap_ok(tap,
	       has_problem(&problems, SEVERITY_WARNING, "devices.mmio[0].phys", "cell a names"),
	       "so are devices");
	tap_ok(tap, has_problem(&problems, SEVERITY_WARNING, "cpus", "together want 4 CPUs"),
	       "CPUs are added up");
	tap_ok(tap, has_problem(&problems, SEVERITY_WARNING, "memory", "together want 60M"),
	       "memory is added up");
	check_cell(&with_set, new_a, &alone);
	tap_ok(tap,
	       has_problem(&alone, SEVERITY_WARNING, "cpus", "CPU 3 is named by cell b as well") &&
		       has_problem(&alone, SEVERITY_WARNING, "memory[0].phys", "cell b names") &&
		       has_problem(&alone, SEVERITY_WARNING, "devices.ports[0]", "cell b has"),
	       "one description is told of all the others");
	tap_ok(tap, !has_problem(&alone, SEVERITY_WARNING, "cpus", "cell a as well"),
	       "a description does not collide with the one that it replaces");
}

static void test_directories(struct tap *tap, const struct check_input *input,
			     const struct test_tree *tree)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
	const struct problems *a, *b, *broken;

	test_tree_write(tree, "/etc/cellmgr/cells/a.json", alternative_a);
	test_tree_write(tree, "/usr/lib/cellmgr/cells/b.json", alternative_b);
	test_tree_write(tree, "/etc/cellmgr/cells/broken.json", "{\"cpus\": [0]}");
	if (!tap_ok(tap,
		    cell_dir_load(tree->root, &dir) == 0 && dir->count == 3 &&
			    check_dir(input, dir) == 0,
		    "all descriptions are checked together"))
		return;
	a = &cell_dir_find(dir, "a")->problems;
	b = &cell_dir_find(dir, "b")->problems;
	broken = &cell_dir_find(dir, "broken")->problems;
	tap_ok(tap, a->count == 0, "nothing is told at the first of two");
	tap_ok(tap, has_problem(b, SEVERITY_WARNING, "cpus", "CPU 3 is named by cell a as well"),
	       "but at the second");
	tap_ok(tap,
	       broken->count == 1 && has_problem(broken, SEVERITY_ERROR, "memory", "is missing"),
	       "what cannot be parsed has that error alone");
	tap_ok(tap,
	       dir->problems.count == 2 && dir->problems.errors == 0 &&
		       has_problem(&dir->problems, SEVERITY_WARNING, "cpus",
				   "together want 4 CPUs") &&
		       has_problem(&dir->problems, SEVERITY_WARNING, "memory", "together want 60M"),
	       "sums are at none of them");
}

static void write_cells(const struct test_tree *tree, unsigned int count, const char *description)
{
	for (unsigned int n = 0; n < count; n++) {
		char path[64];

		snprintf(path, sizeof(path), "/etc/cellmgr/cells/c%03u.json", n);
		test_tree_write(tree, path, description);
	}
}

static void test_one_cpu(struct tap *tap, const struct check_input *input)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
	struct test_tree tree;
	size_t told = 0;

	test_tree_make(&tree);
	write_cells(&tree, 63, "{\"cpus\": [3], \"memory\": \"1M\", \"image\": \"good.bin\"}");
	if (tap_ok(tap,
		   cell_dir_load(tree.root, &dir) == 0 && dir->count == 63 &&
			   check_dir(input, dir) == 0,
		   "63 descriptions are read")) {
		for (size_t i = 0; i < dir->count; i++)
			told += dir->entries[i].problems.count;
		tap_is_u64(tap, told, 1, "that all name one CPU is told once");
		tap_ok(tap,
		       has_problem(&dir->entries[62].problems, SEVERITY_WARNING, "cpus",
				   "CPU 3 is named by cells c000, c001, c002 and 59 more as well"),
		       "with some of them, and how many they are");
	}
	test_tree_done(&tree);
}

/* More warnings than are kept. */
static void test_many_warnings(struct tap *tap, const struct check_input *input)
{
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
	struct test_tree tree;

	test_tree_make(&tree);
	write_cells(&tree, 300, "{\"cpus\": [3], \"memory\": \"1M\"}");
	tap_ok(tap,
	       cell_dir_load(tree.root, &dir) == 0 && dir->count == 300 &&
		       check_dir(input, dir) == 0 && dir->problems.errors == 0 &&
		       has_problem(&dir->problems, SEVERITY_WARNING, "",
				   "more problems than are told"),
	       "warnings do not become an error where there are many");
	test_tree_done(&tree);
}

static void test_unknown_pool(struct tap *tap, const struct check_input *input)
{
	_cleanup_(description_freep) struct description *d = describe(
		tap, "a", "{\"cpus\": [3], \"memory\": [{\"size\": \"1G\", \"phys\": \"256M\"}]}");
	_cleanup_(problems_done) struct problems problems = {0};
	struct check_input unknown = *input;

	unknown.pool_size = 0;
	unknown.pool = pool_of(0, 0);
	tap_ok(tap,
	       d && check_cell(&unknown, d, &problems) == 0 &&
		       has_problem(&problems, SEVERITY_WARNING, "memory[0].phys", "Linux"),
	       "nothing about memory is an error before there is a pool");
}

static void test_open(struct tap *tap, const struct check_input *input)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(closep) int fd = -1;
	uint64_t size = 0;

	fd = check_open_image(input->root, "good.bin", NULL, &problems, &size);
	tap_ok(tap,
	       fd >= 0 && size == 5000 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY &&
		       (fcntl(fd, F_GETFD) & FD_CLOEXEC),
	       "an image is opened for reading and for nobody else");
}

/* Where an image is may be a file system that does not answer: who must not wait leaves it to
 * others. */
static void test_files_later(struct tap *tap, const struct check_input *input)
{
	const struct check_reading reading = {.root = input->root, .files = true};
	_cleanup_(description_freep) struct description *d = describe(
		tap, "a",
		"{\"cpus\": [3], \"memory\": \"4K\", \"image\": [{\"file\": \"good.bin\"}, "
		"{\"file\": \"missing.bin\"}]}");
	_cleanup_(problems_done) struct problems problems = {0};
	struct check_input later = *input;

	later.files_later = true;
	tap_ok(tap, d && check_cell(&later, d, &problems) == 0 && problems.count == 0,
	       "images are not looked for where that is done later");
	check_contents(&reading, d, &problems);
	tap_ok(tap,
	       has_problem(&problems, SEVERITY_ERROR, "image[0].file", "memory for 4096") &&
		       has_problem(&problems, SEVERITY_ERROR, "image[1].file", "cannot be opened"),
	       "then all is said of them");
}

/* What is found without the text in hand is told with its place in the text all the same. */
static void test_places(struct tap *tap, const struct check_input *input)
{
	static const struct {
		const char *key;
		unsigned int line, column;
	} places[] = {
		{"cpus", 2, 3},
		{"memory[1].phys", 4, 38},
		{"devices.mmio[0].phys", 5, 25},
		{"image", 0, 0},
	};
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a",
			 "{\n"
			 "  \"cpus\": [0],\n"
			 "  \"memory\": [{\"size\": \"1M\"},\n"
			 "    {\"size\": \"1M\", \"address\": \"16M\", \"phys\": \"1M\"}],\n"
			 "  \"devices\": {\"mmio\": [{\"phys\": \"2M\", \"size\": \"4K\",\n"
			 "    \"address\": \"32M\"}]}\n"
			 "}");
	_cleanup_(problems_done) struct problems problems = {0};

	if (!tap_ok(tap, d != NULL, "one with mistakes in several lines is described"))
		return;
	check_cell(input, d, &problems);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct problem *found = NULL;

		for (size_t j = 0; j < problems.count && !found; j++) {
			if (strcmp(problems.items[j].key, places[i].key) == 0)
				found = &problems.items[j];
		}
		if (!tap_ok(tap,
			    found && found->line == places[i].line &&
				    found->column == places[i].column,
			    "%s is told with line and column", places[i].key))
			note_problems(tap, &problems);
	}
}

static void test_missing_features(struct tap *tap, const struct check_input *input)
{
	static const char text[] = "{\"cpus\": [3], \"memory\": \"1M\", \"image\": \"good.bin\","
				   " \"console\": \"virtual\", \"heartbeat\": \"1s\","
				   " \"on-failure\": \"restart\","
				   " \"stop\": {\"timeout\": \"1s\", \"force\": true}}";
	static const struct {
		uint64_t feature;
		const char *key;
	} wishes[] = {
		{CELLVISOR_FEATURE_KILL, "stop.force"},
		{CELLVISOR_FEATURE_KILL, "on-failure"},
		{CELLVISOR_FEATURE_CONSOLE, "console"},
		{CELLVISOR_FEATURE_STATUS, "heartbeat"},
	};
	_cleanup_(description_freep) struct description *description = describe(tap, "a", text);

	if (!tap_ok(tap, description, "one that wants much of the driver is described"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		struct check_input without = *input;

		without.missing_features = wishes[i].feature;
		check_cell(&without, description, &problems);
		tap_ok(tap,
		       problems.count == 1u + (wishes[i].feature == CELLVISOR_FEATURE_KILL) &&
			       has_problem(&problems, SEVERITY_WARNING, wishes[i].key,
					   "the driver in use"),
		       "a driver that cannot do it: %s is told, and nothing of others",
		       wishes[i].key);
	}
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(machine_freep) struct machine *machine = read_q35(&tap);
	_cleanup_(test_tree_done) struct test_tree tree;
	struct check_input input;

	test_tree_make(&tree);
	if (geteuid() != 0) {
		tap_skip(&tap, "images", "files of root can be made by root only");
		return tap_done(&tap);
	}
	if (!tap_ok(&tap, machine && tree.root[0], "there is a machine and a directory"))
		return tap_done(&tap);
	make_images(&tree);
	input = make_input(&tree, machine);
	test_alone(&tap, &input);
	test_offline(&tap, &input);
	test_together(&tap, &input);
	test_directories(&tap, &input, &tree);
	test_one_cpu(&tap, &input);
	test_many_warnings(&tap, &input);
	test_unknown_pool(&tap, &input);
	test_missing_features(&tap, &input);
	test_places(&tap, &input);
	test_open(&tap, &input);
	test_files_later(&tap, &input);
	return tap_done(&tap);
}
