// SPDX-License-Identifier: GPL-2.0-only
/* SHA-256 against the published examples, and against coreutils where blocks end. */
#include "util/sha256.h"
#include "model_test.h"
#include "test_tree.h"

#define MILLION 1000000

static void hash(const char *data, size_t size, size_t part, char ret[SHA256_TEXT])
{
	_cleanup_(sha256_freep) struct sha256 *context = sha256_begin();

	for (size_t done = 0; done < size; done += part)
		sha256_add(context, data + done, size - done < part ? size - done : part);
	sha256_end(context, ret);
}

/* FIPS 180-2, B.1 to B.3, and nothing. */
static void test_published(struct tap *tap)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	_cleanup_(freep) char *letters = malloc(MILLION);
	char text[SHA256_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hash(cases[i].text, strlen(cases[i].text), 64, text);
		tap_is_str(tap, text, cases[i].digest, "of \"%s\"", cases[i].text);
	}
	memset(letters, 'a', MILLION);
	hash(letters, MILLION, 4096, text);
	tap_is_str(tap, text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
		   "of a million letters");
}

static void test_lengths(struct tap *tap)
{
	static const size_t lengths[] = {1, 54, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 4097};
	char data[4097 + 1], command[640], text[SHA256_TEXT], wanted[SHA256_TEXT];
	struct test_tree tree;

	test_tree_make(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_(fclosep) FILE *sum = NULL;
		const size_t length = lengths[i];

		for (size_t n = 0; n < length; n++)
			data[n] = (char)('!' + (n * 7 + length) % 90);
		data[length] = '\0';
		test_tree_write(&tree, "/data", data);
		snprintf(command, sizeof(command), "sha256sum %s", test_tree_path(&tree, "/data"));
		sum = popen(command, "r");
		if (!sum || !fgets(wanted, sizeof(wanted), sum))
			wanted[0] = '\0';
		sha256_of(data, length, text);
		tap_is_str(tap, text, wanted, "of %zu bytes at once", length);
		hash(data, length, 13, text);
		tap_is_str(tap, text, wanted, "of %zu bytes in parts", length);
	}
	test_tree_done(&tree);
}

int main(void)
{
	struct tap tap = {0};

	test_published(&tap);
	test_lengths(&tap);
	return tap_done(&tap);
}
