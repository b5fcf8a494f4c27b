// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

#include "verbs/descriptions.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static char root[] = "/tmp/cellctl-test-XXXXXX";

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

static void make_directories(const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, directory);
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	mkdir(path, 0755);
}

static void make_file(const char *file, const char *contents)
{
	_cleanup_(fclosep) FILE *stream = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, file);
	stream = fopen(path, "w");
	if (stream)
		fputs(contents, stream);
}

static void test_listing(struct tap *tap)
{
	static const struct {
		const char *name, *path;
	} wanted[] = {
		{"pump", "/run/cellmgr/cells/pump.json"},
		{"turbine", "/etc/cellmgr/cells/turbine.json"},
		{"valve", "/usr/lib/cellmgr/cells/valve.json"},
	};
	_cleanup_(description_files_free) struct description_files files = {0};
	const char *culprit = NULL;
	char link[256];

	make_directories("/etc/cellmgr/cells");
	make_directories("/run/cellmgr/cells");
	make_directories("/usr/lib/cellmgr/cells");
	make_file("/etc/cellmgr/cells/turbine.json", "{}");
	make_file("/usr/lib/cellmgr/cells/turbine.json", "{}");
	make_file("/usr/lib/cellmgr/cells/valve.json", "{}");
	make_file("/run/cellmgr/cells/pump.json", "{}");
	make_file("/usr/lib/cellmgr/cells/pump.json", "{}");
	make_file("/etc/cellmgr/cells/empty.json", "");
	make_file("/usr/lib/cellmgr/cells/empty.json", "{}");
	make_file("/usr/lib/cellmgr/cells/masked.json", "{}");
	make_file("/etc/cellmgr/cells/README", "x");
	make_file("/etc/cellmgr/cells/.hidden.json", "{}");
	make_file("/etc/cellmgr/cells/.json", "{}");
	snprintf(link, sizeof(link), "%s/run/cellmgr/cells/masked.json", root);
	if (symlink("/dev/null", link) < 0)
		printf("# symlink: %s\n", strerror(errno));

	tap_ok(tap, description_files_list(root, &files, &culprit) == 0, "descriptions are listed");
	tap_ok(tap, files.count == ARRAY_SIZE(wanted), "each name once, without what is masked");
	for (size_t i = 0; i < files.count && i < ARRAY_SIZE(wanted); i++) {
		tap_is_str(tap, files.files[i].name, wanted[i].name, "sorted by name");
		tap_is_str(tap, files.files[i].path + strlen(root), wanted[i].path,
			   "the first directory counts");
	}
}

static void test_missing(struct tap *tap)
{
	_cleanup_(description_files_free) struct description_files files = {0};
	const char *culprit = NULL;

	tap_ok(tap,
	       description_files_list("/nonexistent", &files, &culprit) == 0 && files.count == 0,
	       "directories that are missing are empty");
}

static void test_unreadable(struct tap *tap)
{
	_cleanup_(description_files_free) struct description_files files = {0};
	const char *culprit = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/bad", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/bad/etc", root);
	mkdir(path, 0755);
	make_file("/bad/etc/cellmgr", "a file, not a directory");
	snprintf(path, sizeof(path), "%s/bad", root);
	tap_ok(tap, description_files_list(path, &files, &culprit) == -ENOTDIR && files.count == 0,
	       "a directory that cannot be read is an error");
	tap_is_str(tap, culprit, "/etc/cellmgr/cells", "the error names the directory");
}

static void test_names(struct tap *tap)
{
	static const struct {
		const char *path, *wanted;
	} cases[] = {
		{"/etc/cellmgr/cells/turbine.json", "turbine"},
		{"turbine.json", "turbine"},
		{"turbine", "turbine"},
		{"a/.json", ".json"},
		{"a.json.json", "a.json"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *name = description_name(cases[i].path);

		tap_is_str(tap, name, cases[i].wanted, "%s", cases[i].path);
	}
}

int main(void)
{
	struct tap tap = {0};

	if (!mkdtemp(root)) {
		printf("Bail out! %s: %s\n", root, strerror(errno));
		return 1;
	}
	test_listing(&tap);
	test_missing(&tap);
	test_unreadable(&tap);
	test_names(&tap);
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done(&tap);
}
