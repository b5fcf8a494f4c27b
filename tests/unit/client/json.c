// SPDX-License-Identifier: GPL-2.0-only
#include "bus/info.h"
#include "bus/value.h"
#include "json.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static char *printed(struct json_object *value, bool pretty)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	json_print(stream, value, pretty);
	fclose(stream);
	return text;
}

static void test_keys(struct tap *tap)
{
	static const struct {
		const char *property, *wanted;
	} cases[] = {
		{"Name", "name"},
		{"StartedAt", "started-at"},
		{"ImageSha256", "image-sha256"},
		{"HypervisorState", "hypervisor-state"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *key = json_key(cases[i].property);

		tap_is_str(tap, key, cases[i].wanted, "%s", cases[i].property);
	}
}

/* What cellctl makes of properties that are published as the JSON text, printed. */
static char *made_of_cell(const char *published, struct cell_info *ret_cell)
{
	_cleanup_(json_putp) struct json_object *properties = json_tokener_parse(published);

	if (cell_info_make(properties, "/", ret_cell) < 0)
		return NULL;
	return printed(ret_cell->properties, false);
}

static void test_cell(struct tap *tap)
{
	_cleanup_(cell_info_free) struct cell_info cell = {0};
	_cleanup_(freep) char *text = made_of_cell(
		"{\"Name\":\"turbine\",\"Id\":-1,\"State\":\"running\",\"Health\":\"ok\","
		"\"Cpus\":[3,4294967295],\"Memory\":1048576,\"StartedAt\":1700000000000000,"
		"\"StartedAtMonotonic\":5,"
		"\"Operation\":\"\",\"LastError\":\"a/b "
		"\\\"c\\\"\",\"Warning\":\"\",\"ImageSha256\":\"\","
		"\"Exits\":{\"total\":18446744073709551615},"
		"\"Devices\":[\"port:0x1-0x1\"],\"Dma\":\"unprotected\","
		"\"Pending\":[\"memory\"],\"ExitsAt\":7,\"Signals\":{\"speed\":{\"unit\":\"rpm\"}}"
		"}",
		&cell);

	tap_is_str(tap, text,
		   "{\"name\":\"turbine\",\"id\":-1,\"state\":\"running\",\"health\":\"ok\","
		   "\"cpus\":[3,4294967295],\"memory\":1048576,\"started-at\":1700000000000000,"
		   "\"started-at-monotonic\":5,"
		   "\"operation\":\"\",\"last-error\":\"a/b "
		   "\\\"c\\\"\",\"warning\":\"\",\"image-sha256\":\"\","
		   "\"exits\":{\"total\":18446744073709551615},"
		   "\"devices\":[\"port:0x1-0x1\"],\"dma\":\"unprotected\","
		   "\"pending\":[\"memory\"],\"exits-at\":7,"
		   "\"signals\":{\"speed\":{\"unit\":\"rpm\"}}}\n",
		   "a cell has all its properties, exactly");
	tap_ok(tap,
	       text && strcmp(cell.name, "turbine") == 0 && cell.id == -1 &&
		       cell_info_runs(&cell) && strcmp(cell.last_error, "a/b \"c\"") == 0 &&
		       cell.memory == 1 << 20 && cell.started_at == UINT64_C(1700000000000000) &&
		       exits_total(cell.exits) == UINT64_MAX,
	       "a cell's properties are read for people, too");
}

static void test_missing(struct tap *tap)
{
	_cleanup_(cell_info_free) struct cell_info cell = {0};
	_cleanup_(freep) char *text =
		made_of_cell("{\"Name\":\"odd\",\"Memory\":\"much\",\"New\":1}", &cell);

	tap_ok(tap,
	       text && strcmp(cell.name, "odd") == 0 && strcmp(cell.state, "unknown") == 0 &&
		       cell.id == -1 && cell.memory == 0 && *cell.operation == '\0' &&
		       exits_total(cell.exits) == 0,
	       "properties that are missing, or of another type, are empty");
}

static void test_manager(struct tap *tap)
{
	_cleanup_(json_putp) struct json_object *published = json_tokener_parse(
		"{\"HypervisorState\":\"off\",\"Driver\":\"\",\"Version\":\"0.1.0\","
		"\"MemoryTotal\":18446744073709551615,\"MemorySource\":\"linux\",\"MemoryFree\":0,"
		"\"CpusKept\":[2,3],"
		"\"Features\":[\"pool\"],\"CpusLeftOut\":[1,3],\"ConfigError\":\"bad\"}");
	_cleanup_(manager_info_free) struct manager_info manager = {0};
	_cleanup_(freep) char *text = NULL;

	if (!tap_ok(tap, manager_info_make(published, &manager) >= 0, "the manager is read"))
		return;
	text = printed(manager.properties, false);
	tap_is_str(tap, text,
		   "{\"hypervisor-state\":\"off\",\"driver\":\"\",\"version\":\"0.1.0\","
		   "\"memory-total\":18446744073709551615,\"memory-source\":\"linux\",\"memory-"
		   "free\":0,\"cpus-kept\":[2,3],\"features\":[\"pool\"],\"cpus-left-out\":[1,3],"
		   "\"config-error\":\"bad\"}\n",
		   "the manager has all its properties, exactly");
}

static void test_empty_list(struct tap *tap)
{
	struct cell_list list = {0};
	_cleanup_(json_putp) struct json_object *array = cell_list_properties(&list);
	_cleanup_(freep) char *text = printed(array, false);

	tap_is_str(tap, text, "[]\n", "no cells are an empty array");
}

/* Values as they come in signals. */
static void test_messages(struct tap *tap)
{
	_cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	_cleanup_(json_putp) struct json_object *value = NULL;
	_cleanup_(freep) char *text = NULL;

	/* A message needs a bus, though not one that anybody listens on. */
	if (sd_bus_new(&bus) < 0 ||
	    sd_bus_set_address(bus, "unix:path=/nonexistent/cellctl-test") < 0) {
		tap_ok(tap, false, "a bus object can be made");
		return;
	}
	sd_bus_start(bus);
	if (sd_bus_message_new(bus, &message, SD_BUS_MESSAGE_METHOD_CALL) < 0) {
		tap_ok(tap, false, "a message can be made");
		return;
	}
	tap_ok(tap,
	       sd_bus_message_append(message, "a{sv}", 4, "a", "t", UINT64_MAX, "b", "as", 2, "x",
				     "y", "c", "(ib)", -5, 1, "d", "a{st}", 1, "k",
				     UINT64_C(7)) >= 0 &&
		       sd_bus_message_seal(message, 1, 0) >= 0 &&
		       json_from_message(message, &value) >= 0,
	       "values of all kinds are read");
	text = printed(value, false);
	tap_is_str(tap, text,
		   "{\"a\":18446744073709551615,\"b\":[\"x\",\"y\"],\"c\":[-5,true],"
		   "\"d\":{\"k\":7}}\n",
		   "values of all kinds become JSON");
}

int main(void)
{
	struct tap tap = {0};

	test_keys(&tap);
	test_cell(&tap);
	test_missing(&tap);
	test_manager(&tap);
	test_empty_list(&tap);
	test_messages(&tap);
	return tap_done(&tap);
}
