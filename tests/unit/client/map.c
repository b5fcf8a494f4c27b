// SPDX-License-Identifier: GPL-2.0-only
/* The picture of a machine, of answers that a daemon gives and that none does. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "common/cleanup.h"
#include "json.h"
#include "tests/lib/tap.h"
#include "view/map_picture.h"

static struct cell_info cells[] = {
	{.name = "defined", .id = -1, .state = "defined"},
	{.name = "first", .id = 1, .state = "running", .memory = 4 << 20},
	{.name = "second", .id = 2, .state = "running"},
};

/* Returns what map_picture_print() does; the picture is to be freed. */
static int draw(const char *cpus, const char *memory, size_t columns, char **ret)
{
	_cleanup_(json_putp) struct json_object *none = json_object_new_array();
	_cleanup_(json_putp) struct json_object *cpu_list = json_tokener_parse(cpus);
	_cleanup_(json_putp) struct json_object *memory_list = json_tokener_parse(memory);
	const struct cell_list list = {cells, ARRAY_SIZE(cells)};
	const struct map map = {cpu_list, memory_list, &list};
	size_t size;
	FILE *stream = open_memstream(ret, &size);
	const struct screen screen = {.stream = stream, .columns = columns, .legend = true};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		cells[i].cpus = cells[i].devices = none;
	r = map_picture_print(&map, &screen);
	fclose(stream);
	return r;
}

static const struct {
	const char *name, *cpus, *memory;
	size_t columns;
	const char *wanted; /* some of the picture */
} pictures[] = {
	{"letters are those of cells that exist",
	 "[[0,\"linux\",\"\"],[1,\"cell\",\"first\"],[2,\"cell\",\"second\"]]", "[]", 0,
	 "   0  =ab\n"},
	{"a cell that was not in the list has no letter", "[[0,\"cell\",\"third\"]]", "[]", 0,
	 "   0  ?\n"},
	{"what nobody knows has none", "[[0,\"martians\",\"\"]]", "[]", 0, "   0  ?\n"},
	{"a line begins where lines do", "[[70,\"linux\",\"\"],[72,\"linux\",\"\"]]", "[]", 0,
	 "  64        =  =\n"},
	{"a narrow screen has shorter lines",
	 "[[0,\"linux\",\"\"],[8,\"linux\",\"\"],[16,\"linux\",\"\"]]", "[]", 20,
	 "   0  =       \n   8  =       \n  16  =\n"},
	{"what just fits is in one line", "[[0,\"linux\",\"\"],[8,\"linux\",\"\"]]", "[]", 24,
	 "   0  =        =\n"},
	{"a CPU that is nobody's is offline, and no room",
	 "[[0,\"linux\",\"\"],[1,\"none\",\"\"],[2,\"kept\",\"\"],[3,\"linux\",\"\"]]", "[]", 0,
	 "+  kept for the next cell           2          -\n\nRoom for one more cell: "},
	{"room is what is kept, and Linux' but the first",
	 "[[0,\"linux\",\"\"],[1,\"none\",\"\"],[2,\"kept\",\"\"],[3,\"linux\",\"\"]]", "[]", 0,
	 "Room for one more cell: CPUs 2-3, no memory set aside\n"},
	{"there may be none", "[[0,\"linux\",\"\"],[1,\"cell\",\"first\"]]", "[]", 0,
	 "Room for one more cell: no CPU but Linux' first, "},
	{"room is one piece", "[]",
	 "[[0,1048576,\"none\",\"\"],[1048576,1048576,\"cell\",\"first\"],"
	 "[2097152,2097152,\"none\",\"\"],[4194304,4096,\"hypervisor\",\"\"]]",
	 0, "2M of memory in one piece\n"},
	{"a gap begins another bar", "[]",
	 "[[4096,4096,\"none\",\"\"],[12288,4096,\"hypervisor\",\"\"]]", 38,
	 "  0x1000         [........] 4K\n  0x3000         [########] 4K\n"},
	{"however small, it is to be seen: in the end, too", "[]",
	 "[[0,9223372036854775807,\"none\",\"\"],[9223372036854775807,1,\"cell\",\"first\"]]", 38,
	 "  0x0            [.......a] 8"},
};

static const struct {
	const char *name, *cpus, *memory;
} nonsense[] = {
	{"a CPU twice", "[[1,\"linux\",\"\"],[1,\"linux\",\"\"]]", "[]"},
	{"CPUs backwards", "[[1,\"linux\",\"\"],[0,\"linux\",\"\"]]", "[]"},
	{"a CPU without end", "[[4096,\"linux\",\"\"]]", "[]"},
	{"a CPU of no name", "[[0,\"linux\",null]]", "[]"},
	{"memory twice", "[]", "[[0,8192,\"none\",\"\"],[4096,4096,\"none\",\"\"]]"},
	{"memory of no size", "[]", "[[0,0,\"none\",\"\"]]"},
	{"memory of no name", "[]", "[[0,4096,\"none\",null]]"},
	{"memory without end", "[]", "[[18446744073709547520,8192,\"none\",\"\"]]"},
};

int main(void)
{
	struct tap tap = {0};

	for (size_t i = 0; i < ARRAY_SIZE(pictures); i++) {
		_cleanup_(freep) char *picture = NULL;
		const int r =
			draw(pictures[i].cpus, pictures[i].memory, pictures[i].columns, &picture);

		if (!tap_ok(&tap, r == 0 && strstr(picture, pictures[i].wanted), "%s",
			    pictures[i].name))
			tap_note(&tap, "%d, %s", r, picture);
	}
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		_cleanup_(freep) char *picture = NULL;

		tap_ok(&tap, draw(nonsense[i].cpus, nonsense[i].memory, 80, &picture) == -EBADMSG,
		       "no picture is drawn of %s", nonsense[i].name);
		tap_is_str(&tap, picture, "", "nor any of it");
	}
	return tap_done(&tap);
}
