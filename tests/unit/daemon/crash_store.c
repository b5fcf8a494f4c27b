// SPDX-License-Identifier: GPL-2.0-only
/* Records of failures on disk: what is kept, what goes, and what comes back. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "model/crash_store.h"
#include "tests/lib/tap.h"

static char directory[] = "/tmp/crash-store.XXXXXX";

static void write_file(const char *name, const char *text)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(fclosep) FILE *file = NULL;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		abort();
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0)
		abort();
}

static bool there(const char *name)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		abort();
	return access(path, F_OK) == 0;
}

static int add(const struct crash_limits *limits, const char *cell, const char *text)
{
	struct crash_name name;

	return crash_write(directory, limits, cell, "killed", text, &name);
}

/* "alpha.1 alpha.2 beta.3" */
static const char *kept(const char *cell)
{
	static char text[1024];
	struct crash_list list;
	size_t used = 0;

	text[0] = '\0';
	if (crash_list_read(directory, cell, &list) < 0)
		return "?";
	for (size_t i = 0; i < list.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s.%d", i ? " " : "",
					 list.entries[i].name.cell,
					 (int)list.entries[i].name.number);
	crash_list_done(&list);
	return text;
}

static void remove_all(void)
{
	_cleanup_(freep) char *command = NULL;

	if (asprintf(&command, "rm -rf %s; mkdir %s", directory, directory) < 0 ||
	    system(command) != 0)
		abort();
}

static void test_names(struct tap *tap)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"....",
		"alpha",
		"alpha.1",
		"alpha.1.killed",
		"alpha.1..json",
		".1.killed.json",
		"alpha..killed.json",
		"alpha.x.killed.json",
		"alpha.0.killed.json",
		"alpha.01.killed.json",
		"alpha.-1.killed.json",
		"Alpha.1.killed.json",
		"al/pha.1.killed.json",
		"alpha.1.kil/led.json",
		"alpha.1.killed.json.json",
		"../alpha.1.killed.json",
		"alpha.1.killed.json\n",
		"alpha. 1.killed.json",
		"alpha.1.killed.jso",
		"alpha.1000000000000000000.killed.json",
		"alpha.1.this-reason-is-of-thirty-two-letter.json",
		"a123456789012345678901234567890123.1.killed.json",
	};
	char text[CRASH_NAME_TEXT];
	struct crash_name name;
	bool refused = true;

	tap_ok(tap, crash_name_parse("turbine-2.17.memory-write.json", &name), "a name is one");
	tap_ok(tap,
	       strcmp(name.cell, "turbine-2") == 0 && name.number == 17 &&
		       strcmp(name.reason, "memory-write") == 0,
	       "and has its parts");
	crash_name_format(&name, text);
	tap_ok(tap, strcmp(text, "turbine-2.17.memory-write.json") == 0,
	       "and is made of them again");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (crash_name_parse(bad[i], &name)) {
			refused = false;
			printf("# taken: %s\n", bad[i]);
		}
	}
	tap_ok(tap, refused, "what is none is refused");
}

static void test_what_is_kept(struct tap *tap)
{
	const struct crash_limits three = {3, 1 << 20}, four = {4, 1 << 20}, small = {100, 30};

	remove_all();
	tap_ok(tap, strcmp(kept(""), "") == 0, "nothing at first");
	add(&three, "alpha", "{}");
	for (int i = 0; i < 5; i++)
		add(&three, "loop", "{}");
	tap_ok(tap, strcmp(kept(""), "alpha.1 loop.5 loop.6") == 0,
	       "a cell that fails in a loop takes its own place: %s", kept(""));
	tap_ok(tap, strcmp(kept("alpha"), "alpha.1") == 0, "one cell alone");
	add(&three, "beta", "{}");
	tap_ok(tap, strcmp(kept(""), "alpha.1 loop.6 beta.7") == 0, "others find room: %s",
	       kept(""));
	add(&three, "gamma", "{}");
	tap_ok(tap, strcmp(kept(""), "loop.6 beta.7 gamma.8") == 0,
	       "where all have the same the oldest goes: %s", kept(""));

	remove_all();
	add(&four, "alpha", "{}");
	add(&four, "alpha", "{}");
	add(&four, "loop", "{}");
	add(&four, "loop", "{}");
	add(&four, "loop", "{}");
	tap_ok(tap, strcmp(kept(""), "alpha.1 alpha.2 loop.4 loop.5") == 0,
	       "who comes takes none of others that have as many: %s", kept(""));

	remove_all();
	add(&small, "alpha", "{ \"a\": 1 }");
	add(&small, "loop", "{ \"a\": 2 }");
	add(&small, "loop", "{ \"a\": 3 }");
	tap_ok(tap, strcmp(kept(""), "alpha.1 loop.2 loop.3") == 0, "all that fits: %s", kept(""));
	add(&small, "loop", "{ \"a\": 4 }");
	tap_ok(tap, strcmp(kept(""), "alpha.1 loop.3 loop.4") == 0, "bytes count, too: %s",
	       kept(""));
}

static void test_what_is_not_ours(struct tap *tap)
{
	const struct crash_limits one = {1, 1 << 20};

	remove_all();
	write_file("notes.txt", "mine");
	write_file("alpha.1.killed.json.new", "half");
	write_file("alpha.2.killed", "no end");
	add(&one, "alpha", "{}");
	tap_ok(tap, strcmp(kept(""), "alpha.1") == 0, "what has another name is no record");
	tap_ok(tap, there("notes.txt") && there("alpha.2.killed"), "and is left alone");
	tap_ok(tap, !there("alpha.1.killed.json.new"), "what was not finished goes");
}

static void test_reading(struct tap *tap)
{
	const struct crash_limits limits = {10, 1 << 20};
	struct crash_name name = {"alpha", 1, "killed"};
	_cleanup_(freep) char *large = malloc(CRASH_FILE_MAX + 10), *text = NULL;
	_cleanup_(freep) char *link = NULL;

	remove_all();
	tap_ok(tap, crash_read(directory, &name, &text) == -ENOENT, "none is there");
	add(&limits, "alpha", "{ \"cell\": \"alpha\" }");
	tap_ok(tap,
	       crash_read(directory, &name, &text) == 0 &&
		       strcmp(text, "{ \"cell\": \"alpha\" }") == 0,
	       "what was written is read");
	write_file("alpha.1.killed.json", "{ \"cell\": ");
	tap_ok(tap, crash_read(directory, &name, &text) == -EPROTO, "half of it is none");
	write_file("alpha.1.killed.json", "[]");
	tap_ok(tap, crash_read(directory, &name, &text) == -EPROTO, "a list is none");
	write_file("alpha.1.killed.json", "");
	tap_ok(tap, crash_read(directory, &name, &text) == -EPROTO, "nothing is none");
	write_file("alpha.1.killed.json", "{ \"cell\": \"\xff\" }");
	tap_ok(tap, crash_read(directory, &name, &text) == -EPROTO, "what is no text is none");
	memset(large, ' ', CRASH_FILE_MAX + 10);
	memcpy(large, "{}", 2);
	large[CRASH_FILE_MAX + 9] = '\0';
	write_file("alpha.1.killed.json", large);
	tap_ok(tap, crash_read(directory, &name, &text) == -EPROTO, "nor what is too large");
	remove_all();
	if (asprintf(&link, "%s/alpha.1.killed.json", directory) < 0 ||
	    symlink("other.json", link) < 0)
		abort();
	write_file("other.json", "{}");
	tap_ok(tap, crash_read(directory, &name, &text) == -ELOOP, "a link leads nowhere");
	tap_ok(tap, strcmp(kept(""), "") == 0, "and is not listed");
}

static void test_no_disk(struct tap *tap)
{
	const struct crash_limits limits = {10, 1 << 20};
	struct crash_name name;
	struct crash_list list;

	tap_ok(tap, crash_list_read("/nowhere/at/all", "", &list) == 0 && !list.count,
	       "no directory, no records");
	tap_ok(tap,
	       crash_write("/nowhere/at/all", &limits, "alpha", "killed", "{}", &name) == -ENOENT,
	       "and none is written");
	/* In which nothing can be made, not even by root. */
	tap_ok(tap, crash_write("/proc", &limits, "alpha", "killed", "{}", &name) < 0,
	       "a disk that takes nothing says so");
}

int main(void)
{
	struct tap tap = {0};

	if (!mkdtemp(directory))
		abort();
	test_names(&tap);
	test_what_is_kept(&tap);
	test_what_is_not_ours(&tap);
	test_reading(&tap);
	test_no_disk(&tap);
	remove_all();
	rmdir(directory);
	return tap_done(&tap);
}
