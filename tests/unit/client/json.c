// SPDX-License-Identifier: GPL-2.0-only
#include "view/json.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static struct tap tap;

static char *printed(struct json_object *value, bool pretty)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	json_print(stream, value, pretty);
	fclose(stream);
	return text;
}

static void test_keys(void)
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

		tap_is_str(&tap, key, cases[i].wanted, "%s", cases[i].property);
	}
}

static void test_cell(void)
{
	uint32_t cpus[] = {3, 4294967295};
	struct exit_counter exits[] = {{(char *)"total", UINT64_MAX}};
	struct cell_info cell = {
		.name = (char *)"turbine",
		.id = -1,
		.state = (char *)"running",
		.health = (char *)"ok",
		.cpus = cpus,
		.num_cpus = 2,
		.memory = 1 << 20,
		.started_at = UINT64_C(1700000000000000),
		.operation = (char *)"",
		.last_error = (char *)"a/b \"c\"",
		.image_sha256 = (char *)"",
		.exits = exits,
		.num_exits = 1,
	};
	_cleanup_(json_putp) struct json_object *object = json_from_cell(&cell);
	_cleanup_(freep) char *text = printed(object, false);

	tap_is_str(&tap, text,
		   "{\"name\":\"turbine\",\"id\":-1,\"state\":\"running\",\"health\":\"ok\","
		   "\"cpus\":[3,4294967295],\"memory\":1048576,\"started-at\":1700000000000000,"
		   "\"operation\":\"\",\"last-error\":\"a/b \\\"c\\\"\",\"image-sha256\":\"\","
		   "\"exits\":{\"total\":18446744073709551615}}\n",
		   "a cell has all its properties, exactly");
}

static void test_manager(void)
{
	char *features[] = {(char *)"pool", NULL};
	struct manager_info manager = {
		.hypervisor_state = (char *)"off",
		.driver = (char *)"",
		.version = (char *)"0.1.0",
		.memory_total = UINT64_MAX,
		.features = features,
	};
	_cleanup_(json_putp) struct json_object *object = json_from_manager(&manager);
	_cleanup_(freep) char *text = printed(object, false);

	tap_is_str(
		&tap, text,
		"{\"hypervisor-state\":\"off\",\"driver\":\"\",\"version\":\"0.1.0\","
		"\"memory-total\":18446744073709551615,\"memory-free\":0,\"features\":[\"pool\"]}"
		"\n",
		"the manager has all its properties, exactly");
}

static void test_empty_list(void)
{
	struct cell_list list = {0};
	_cleanup_(json_putp) struct json_object *array = json_from_cells(&list);
	_cleanup_(freep) char *text = printed(array, false);

	tap_is_str(&tap, text, "[]\n", "no cells are an empty array");
}

/* Values as they come in signals. */
static void test_messages(void)
{
	_cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	_cleanup_(json_putp) struct json_object *value = NULL;
	_cleanup_(freep) char *text = NULL;

	/* A message needs a bus, though not one that anybody listens on. */
	if (sd_bus_new(&bus) < 0 ||
	    sd_bus_set_address(bus, "unix:path=/nonexistent/cellctl-test") < 0) {
		tap_ok(&tap, false, "a bus object can be made");
		return;
	}
	sd_bus_start(bus);
	if (sd_bus_message_new(bus, &message, SD_BUS_MESSAGE_METHOD_CALL) < 0) {
		tap_ok(&tap, false, "a message can be made");
		return;
	}
	tap_ok(&tap,
	       sd_bus_message_append(message, "a{sv}", 4, "a", "t", UINT64_MAX, "b", "as", 2, "x",
				     "y", "c", "(ib)", -5, 1, "d", "a{st}", 1, "k",
				     UINT64_C(7)) >= 0 &&
		       sd_bus_message_seal(message, 1, 0) >= 0 &&
		       json_from_message(message, &value) >= 0,
	       "values of all kinds are read");
	text = printed(value, false);
	tap_is_str(&tap, text,
		   "{\"a\":18446744073709551615,\"b\":[\"x\",\"y\"],\"c\":[-5,true],"
		   "\"d\":{\"k\":7}}\n",
		   "values of all kinds become JSON");
}

int main(void)
{
	test_keys();
	test_cell();
	test_manager();
	test_empty_list();
	test_messages();
	return tap_done(&tap);
}
