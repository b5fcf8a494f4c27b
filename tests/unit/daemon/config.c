// SPDX-License-Identifier: GPL-2.0-only
/* The daemon's configuration. */
#include <errno.h>

#include "model/config.h"
#include "tests/lib/tap.h"
#include "test_tree.h"

static void test_config_defaults(struct tap *tap)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct config config;

	tap_ok(tap, config_read("/nonexistent/cellmgrd.conf", &problems, &config) == 0,
	       "no configuration is a configuration");
	tap_is_u64(tap, config.pool_size, 64 << 20, "default pool-size");
	tap_is_u64(tap, config.pool_limit, 0, "by default it does not grow");
	tap_is_u64(tap, config.hypervisor_memory, 16 << 20, "default hypervisor-memory");
	tap_ok(tap, config.auto_enable, "default auto-enable");
	tap_ok(tap, config.inhibit_shutdown, "default inhibit-shutdown");
	tap_is_u64(tap, config.debug_console.type, CONSOLE_NONE, "no debug console");
	tap_is_u64(tap, config.reserved_memory.size, 0, "no memory that was reserved at boot");
}

static void test_config_values(struct tap *tap)
{
	static const char text[] =
		"{ \"pool-size\": \"1G\", \"pool-limit\": \"2G\", \"hypervisor-memory\": \"32M\","
		" \"reserved-memory\": { \"phys\": \"0x28000000\","
		" \"size\": \"96M\" },"
		" \"deadlines\": { \"create\": \"90s\" },"
		" \"auto-enable\": false, \"x-note\": [],"
		" \"debug-console\": { \"port\": \"0x2f8\" } }";
	_cleanup_(problems_done) struct problems problems = {0};
	struct config config;

	tap_ok(tap, config_parse(text, sizeof(text) - 1, "test.conf", &problems, &config) == 0,
	       "every key is taken");
	tap_is_u64(tap, config.pool_size, 1 << 30, "pool-size");
	tap_is_u64(tap, config.pool_limit, 2ull << 30, "pool-limit");
	tap_is_u64(tap, config.hypervisor_memory, 32 << 20, "hypervisor-memory");
	tap_ok(tap, !config.auto_enable, "auto-enable");
	tap_is_u64(tap, config.deadlines_ns[VERB_CREATE], 90000000000, "deadlines.create");
	tap_is_u64(tap, config.deadlines_ns[VERB_LOAD], 120000000000,
		   "what stands for another one");
	tap_is_u64(tap, config.debug_console.address, 0x2f8, "debug-console.port");
	tap_is_u64(tap, config.reserved_memory.start, 0x28000000, "reserved-memory.phys");
	tap_is_u64(tap, config.reserved_memory.size, 96 << 20, "reserved-memory.size");
	tap_is_u64(tap, config.debug_console.type, CONSOLE_8250, "debug console's type");
}

static void test_config_keeps(struct tap *tap)
{
	static const struct {
		const char *text;
		const char *cpus;
		bool cells;
	} cases[] = {
		{"{}", "", false},
		{"{ \"keep-cpus\": [2, 255, 3] }", "2-3,255", false},
		{"{ \"keep-cpus\": [] }", "", false},
		{"{ \"keep-cpus\": true }", "", true},
		{"{ \"keep-cpus\": false }", "", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(freep) char *cpus = NULL;
		struct config config = {0};
		int r = config_parse(cases[i].text, strlen(cases[i].text), "test.conf", &problems,
				     &config);

		cpus = cpu_mask_format(&config.keep_cpus);
		tap_ok(tap, r == 0, "taken: %s", cases[i].text);
		tap_is_str(tap, cpus, cases[i].cpus, "CPUs that are kept");
		tap_is_u64(tap, config.keep_cells, cases[i].cells, "and those of cells");
	}
}

static void test_config_refuses(struct tap *tap)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{ \"pool-size\": 64 }",
		"{ \"pool-size\": \"63M\" }",
		"{ \"pool-size\": \"0\" }",
		"{ \"pool-size\": \"-64M\" }",
		"{ \"pool-size\": \"16M\" }",
		"{ \"pool-size\": \"64M\", \"pool-size\": \"128M\" }",
		"{ \"hypervisor-memory\": \"128M\", \"pool-size\": \"1G\" }",
		"{ \"pool-limit\": \"65M\" }",
		"{ \"pool-limit\": \"16M\" }",
		"{ \"auto-enable\": \"yes\" }",
		"{ \"reserved-memory\": \"64M\" }",
		"{ \"reserved-memory\": { \"size\": \"64M\" } }",
		"{ \"reserved-memory\": { \"phys\": \"0x28000000\" } }",
		"{ \"reserved-memory\": { \"phys\": \"0x28001000\", \"size\": \"64M\" } }",
		"{ \"reserved-memory\": { \"phys\": \"0x28000000\", \"size\": \"63M\" } }",
		"{ \"reserved-memory\": { \"phys\": \"0x28000000\", \"size\": \"16M\" } }",
		"{ \"keep-cpus\": 2 }",
		"{ \"keep-cpus\": \"2-3\" }",
		"{ \"keep-cpus\": [0] }",
		"{ \"keep-cpus\": [256] }",
		"{ \"keep-cpus\": [2, 2] }",
		"{ \"keep-cpus\": [true] }",
		"{ \"debug-console\": \"0x3f8\" }",
		"{ \"debug-console\": { \"port\": \"0xffff\" } }",
		"{ \"debug-console\": { \"port\": \"0x3f8\", \"speed\": 1 } }",
		"{ \"poolsize\": \"64M\" }",
		"{ \"deadlines\": { \"creat\": \"90s\" } }",
		"{ \"deadlines\": { \"create\": \"0s\" } }",
		"{ \"deadlines\": { \"create\": \"2h\" } }",
		"{ \"metrics\": { \"directory\": \"run/metrics\" } }",
		"{ \"metrics\": { \"directory\": \"/run/metrics\" }, \"pool-size\": \"16M\" }",
		"{ \"pool-size\": \"64M\" ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(freep) char *first = NULL;
		struct config config;
		int r = config_parse(texts[i], strlen(texts[i]), "test.conf", &problems, &config);

		first = problems_format_first(&problems);
		tap_ok(tap, r == -EINVAL && first && strstr(first, "test.conf"),
		       "refused, with the file's name: %s", texts[i]);
	}
}

/* As people write them. */
static void test_config_sizes(struct tap *tap)
{
	static const char text[] = "{ \"hypervisor-memory\": \"128M\" }";
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) char *first = NULL;
	struct config config;

	config_parse(text, strlen(text), "test.conf", &problems, &config);
	first = problems_format_first(&problems);
	tap_ok(tap, first && strstr(first, "\"128M\": must be at most 64M"), "%s", first);
}

int main(void)
{
	struct tap tap = {0};

	test_config_defaults(&tap);
	test_config_values(&tap);
	test_config_keeps(&tap);
	test_config_refuses(&tap);
	test_config_sizes(&tap);
	return tap_done(&tap);
}
