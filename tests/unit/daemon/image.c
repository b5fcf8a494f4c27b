// SPDX-License-Identifier: GPL-2.0-only
/* Images: what is taken for one, and whether it is the one that a description means. */
#include <fcntl.h>

#include "model/check.h"
#include "model_test.h"
#include "test_tree.h"

#define IMAGE  "/usr/lib/cellmgr/images/a.bin"
#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *digest;
	const char *text; /* NULL: it is taken */
} digests[] = {
	{ZEROES, NULL},
	{"ABCDEF" ZEROES, "64 bytes, not"},
	{"", "64 bytes, not"},
	{"g000000000000000000000000000000000000000000000000000000000000000", "\"g\" in it"},
	{"000000000000000000000000000000000000000000000000000000000000000\\t", "\"?\" in it"},
};

static void test_key(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		_cleanup_(description_freep) struct description *d = NULL;
		_cleanup_(problems_done) struct problems problems = {0};
		char json[512];

		snprintf(json, sizeof(json),
			 "{\"cpus\": [1], \"memory\": \"1M\", \"image\": [{\"file\": \"a.bin\", "
			 "\"sha256\": \"%s\"}]}",
			 digests[i].digest);
		description_parse(json, strlen(json), "a.json", "a", &problems, &d);
		note_problems(tap, &problems);
		tap_ok(tap,
		       digests[i].text ? !d && has_problem(&problems, SEVERITY_ERROR,
							   "image[0].sha256", digests[i].text)
				       : d != NULL,
		       "\"sha256\": \"%s\"", digests[i].digest);
	}
}

static struct description *describe_digest(struct tap *tap, const char *digest)
{
	char json[512];

	snprintf(json, sizeof(json),
		 "{\"cpus\": [1], \"memory\": \"1M\", \"image\": [{\"file\": \"a.bin\", "
		 "\"sha256\": \"%s\"}]}",
		 digest);
	return describe(tap, "a", json);
}

/* Whose description it is nobody knows: he learns of a file what he may read himself. */
static void test_strangers(struct tap *tap, const struct test_tree *tree,
			   const struct description *other, const char *digest)
{
	const struct check_reading reading = {.root = tree->root, .for_anybody = true};
	static const mode_t modes[] = {0644, 0600, 0640};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_(problems_done) struct problems problems = {0};

		chmod(test_tree_path(tree, IMAGE), modes[i]);
		check_contents(&reading, other, &problems);
		tap_ok(tap,
		       has_problem(&problems, SEVERITY_ERROR, "image", digest) ==
			       (modes[i] == 0644),
		       "what a file of mode %o has is told who may read it", modes[i]);
	}
	chmod(test_tree_path(tree, IMAGE), 0644);
}

static void test_digest(struct tap *tap, const struct test_tree *tree)
{
	_cleanup_(description_freep) struct description *zeroes = describe_digest(tap, ZEROES);
	_cleanup_(description_freep) struct description *other = NULL;
	_cleanup_(problems_done) struct problems problems = {0}, none = {0};
	char right[SHA256_TEXT], shouted[SHA256_TEXT] = "";

	sha256_of("the image", 9, right);
	for (size_t i = 0; right[i]; i++)
		shouted[i] = (char)(right[i] >= 'a' ? right[i] - 'a' + 'A' : right[i]);
	other = describe_digest(tap, shouted);
	check_contents(&(struct check_reading){.root = tree->root, .signatures = false}, zeroes,
		       &problems);
	tap_ok(tap,
	       has_problem(&problems, SEVERITY_ERROR, "image", right) &&
		       has_problem(&problems, SEVERITY_ERROR, "image", ZEROES) &&
		       problems.items[0].line == 1,
	       "an image that is not the one is told with both digests and its place");
	check_contents(&(struct check_reading){.root = tree->root, .signatures = false}, other,
		       &none);
	tap_ok(tap, none.count == 0, "the one that is meant is taken, in capitals too");
	test_strangers(tap, tree, zeroes, right);
	tap_ok(tap, check_has_demands(false, other), "there is something to look at");
}

static void test_presence(struct tap *tap, const struct test_tree *tree)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a", "{\"cpus\": [1], \"memory\": \"1M\", \"image\": \"a.bin\"}");
	_cleanup_(problems_done) struct problems problems = {0}, there = {0}, contents = {0};
	struct machine *machine = read_q35(tap);
	struct check_input input = {.root = tree->root, .machine = machine, .signatures = true};

	if (!tap_ok(tap, d && machine, "a cell and a machine"))
		return;
	check_cell(&input, d, &problems);
	tap_ok(tap,
	       has_problem(&problems, SEVERITY_ERROR, "image",
			   IMAGE ".p7s is not there, and images must have one"),
	       "an image without its signature");
	check_contents(&(struct check_reading){.root = tree->root, .signatures = true}, d,
		       &contents);
	tap_ok(tap, contents.count == 0, "which is told once");
	test_tree_write(tree, IMAGE ".p7s", "something");
	check_cell(&input, d, &there);
	tap_ok(tap, !there.errors, "whether it is any good is not looked at here");
	machine_free(machine);
}

static void test_private_tmp(struct tap *tap)
{
	static const char *const files[] = {"/tmp/none.bin", "/var/tmp/none.bin", "/srv/none.bin"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		uint64_t size;

		tap_ok(tap,
		       check_open_image("/nonexistent", files[i], NULL, &problems, &size) < 0 &&
			       has_problem(&problems, SEVERITY_ERROR, "", "PrivateTmp=") == (i < 2),
		       "why %s is not there", files[i]);
	}
}

static void test_descriptors(struct tap *tap, const struct test_tree *tree)
{
	static const struct {
		int flags;
		const char *text; /* NULL: it is taken */
	} kinds[] = {
		{O_RDONLY, NULL},
		{O_RDWR, NULL},
		{O_PATH, "not open for reading"},
		{O_WRONLY, "not open for reading"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(closep) int fd = open(test_tree_path(tree, IMAGE), kinds[i].flags);
		_cleanup_(error_done) struct error error = {0};
		_cleanup_(image_freep) struct image *image = NULL;
		int r = image_copy(fd, "x", 0, 4096, &error, &image);

		tap_ok(tap,
		       kinds[i].text ? r < 0 && !image && strstr(error_text(&error), kinds[i].text)
				     : r == 0 && image->size == 9,
		       "a descriptor with flags 0%o: %s", (unsigned int)kinds[i].flags,
		       error_text(&error));
	}
}

/* What is looked at stays as it is, whatever becomes of the file. */
static void test_copy(struct tap *tap, const struct test_tree *tree)
{
	_cleanup_(closep) int fd = open(test_tree_path(tree, IMAGE), O_RDONLY);
	_cleanup_(error_done) struct error error = {0};
	_cleanup_(image_freep) struct image *image = NULL;
	char both[SHA256_TEXT], wanted[SHA256_TEXT];

	if (!tap_ok(tap, image_copy(fd, "x", 0, 4096, &error, &image) == 0, "it is copied"))
		return;
	test_tree_write(tree, IMAGE, "THE IMAGE");
	tap_ok(tap, memcmp(image->data, "the image", 9) == 0, "the copy is not the file");
	image_hash((struct image *[]){image, image}, 2, both);
	sha256_of("the imagethe image", 18, wanted);
	tap_is_str(tap, both, wanted, "several images are hashed one after the other");
}

int main(void)
{
	struct test_tree tree;
	struct tap tap = {0};

	test_tree_make(&tree);
	test_tree_write(&tree, IMAGE, "the image");
	test_key(&tap);
	test_digest(&tap, &tree);
	test_presence(&tap, &tree);
	test_private_tmp(&tap);
	test_descriptors(&tap, &tree);
	test_copy(&tap, &tree);
	test_tree_done(&tree);
	return tap_done(&tap);
}
