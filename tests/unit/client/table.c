// SPDX-License-Identifier: GPL-2.0-only
#include <locale.h>

#include "view/table.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static const struct table_column columns[] = {
	{"NAME", false, 0, false},
	{"SIZE", true, 0, true},
	{"NOTE", false, 6, true},
};

static const char *const rows[][3] = {
	{"turbine", "1M", "all is well"},
	{"\xe7\x81\xab", "64K", NULL},
};

static char *printed(const struct screen *at, bool legend, const enum color *colors)
{
	struct screen to = *at, *screen = &to;
	_cleanup_(table_free) struct table table = TABLE(columns);
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	to.stream = stream;
	to.legend = legend;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		table_add(&table, screen, rows[i], colors);
	table_print(&table, screen, NULL);
	fclose(stream);
	return text;
}

static void test_widths(struct tap *tap)
{
	static const struct {
		size_t columns;
		bool legend;
		const char *wanted, *name;
	} cases[] = {
		{0, true,
		 "NAME     SIZE  NOTE\n"
		 "turbine    1M  all is well\n"
		 "\xe7\x81\xab        64K\n",
		 "without a limit everything is whole, and no line ends in blanks"},
		{0, false,
		 "turbine    1M  all is well\n"
		 "\xe7\x81\xab        64K\n",
		 "without titles columns are where they were with them"},
		{26, true,
		 "NAME     SIZE  NOTE\n"
		 "turbine    1M  all is well\n"
		 "\xe7\x81\xab        64K\n",
		 "what just fits is not cut"},
		{25, true,
		 "NAME     SIZE  NOTE\n"
		 "turbine    1M  all is we\xe2\x80\xa6\n"
		 "\xe7\x81\xab        64K\n",
		 "what is one too long is cut, and says so"},
		{22, true,
		 "NAME     SIZE  NOTE\n"
		 "turbine    1M  all is\xe2\x80\xa6\n"
		 "\xe7\x81\xab        64K\n",
		 "the widest column gives way first"},
		{21, true,
		 "NAME     SIZE  NOTE\n"
		 "turbine    1M  all i\xe2\x80\xa6\n"
		 "\xe7\x81\xab        64K\n",
		 "columns are cut down to their least width"},
		{20, true,
		 "NAME     SIZE\n"
		 "turbine    1M\n"
		 "\xe7\x81\xab        64K\n",
		 "then the last one goes"},
		{12, true,
		 "NAME\n"
		 "turbine\n"
		 "\xe7\x81\xab\n",
		 "then the next"},
		{2, true,
		 "NAME\n"
		 "turbine\n"
		 "\xe7\x81\xab\n",
		 "names stay whole even where they do not fit"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct screen screen = {.unicode = true, .columns = cases[i].columns};
		_cleanup_(freep) char *text = printed(&screen, cases[i].legend, NULL);

		tap_is_str(tap, text, cases[i].wanted, "%s", cases[i].name);
	}
}

static void test_colors(struct tap *tap)
{
	static const enum color colors[] = {COLOR_PLAIN, COLOR_GREEN, COLOR_PLAIN};
	struct screen screen = {.unicode = true, .colors = true};
	_cleanup_(freep) char *text = printed(&screen, false, colors);

	tap_is_str(tap, text,
		   "turbine  \x1b[1;32m  1M\x1b[0m  all is well\n"
		   "\xe7\x81\xab       \x1b[1;32m 64K\x1b[0m\n",
		   "colours take no columns");
}

static void test_ascii(struct tap *tap)
{
	const struct screen screen = {.columns = 24};
	_cleanup_(freep) char *text = printed(&screen, false, NULL);

	tap_is_str(tap, text, "turbine    1M  all is w~\n?         64K\n",
		   "a screen without Unicode gets none");
}

static void test_empty(struct tap *tap)
{
	_cleanup_(table_free) struct table table = TABLE(columns);
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	struct screen screen = {.stream = stream, .legend = true, .columns = 80};

	table_print(&table, &screen, NULL);
	fflush(stream);
	tap_is_str(tap, text, "NAME  SIZE  NOTE\n", "a table without rows has its titles");
	rewind(stream);
	table_print(&table, &screen, "None.");
	screen.legend = false;
	table_print(&table, &screen, "None.");
	fclose(stream);
	tap_is_str(tap, text, "None.\n", "or says so in words, where there are to be titles");
}

static void test_wrapping(struct tap *tap)
{
	static const struct {
		size_t columns, at, indent;
		const char *text, *wanted;
		size_t end;
		const char *name;
	} cases[] = {
		{0, 4, 4, "one two three", "one two three", 17, "no terminal: as it is"},
		{17, 4, 4, "one two three", "one two three", 17, "what just fits stays"},
		{16, 4, 4, "one two three", "one two\n    three", 9, "what does not goes on below"},
		{10, 7, 2, "one two three", "one\n  two\n  three", 7, "a line each"},
		{9, 8, 2, "one two", "\n  one two", 9, "nothing fits beside the label"},
		{12, 4, 4, "a longer-word b", "a\n longer-word\n    b", 5,
		 "a long one to the left"},
		{9, 2, 2, "a longer-word b", "a\nlonger-word\n  b", 3, "too long for any line"},
		{9, 2, 8, "one two", "one two", 9, "an indent that leaves no room is not used"},
		{9, 6, 8, "one two", "one\n    two", 7, "but a smaller one"},
		{7, 0, 0, "\xe7\x81\xab\xe7\x81\xab \xe7\x81\xab\xe7\x81\xab",
		 "\xe7\x81\xab\xe7\x81\xab\n\xe7\x81\xab\xe7\x81\xab", 4,
		 "wide characters take two columns"},
		{20, 0, 2, "one  \033[1m", "one  ^[[1m", 10, "as safe as all text"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct screen screen = {.unicode = true, .columns = cases[i].columns};
		_cleanup_(freep) char *text = NULL;
		size_t size, end;

		screen.stream = open_memstream(&text, &size);
		end = screen_put_wrapped(&screen, COLOR_PLAIN, cases[i].at, cases[i].indent,
					 cases[i].text);
		fclose(screen.stream);
		tap_is_str(tap, text, cases[i].wanted, "wrapping: %s", cases[i].name);
		tap_ok(tap, end == cases[i].end, "and tells where it ends: %zu", end);
	}
}

int main(void)
{
	struct tap tap = {0};

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		printf("1..0 # SKIP no locale C.UTF-8\n");
		return 0;
	}
	test_widths(&tap);
	test_colors(&tap);
	test_ascii(&tap);
	test_empty(&tap);
	test_wrapping(&tap);
	return tap_done(&tap);
}
