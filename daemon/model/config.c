// SPDX-License-Identifier: GPL-2.0-only
#include "model/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/quantity.h"
#include "driver_abi.h"
#include "model/description_keys.h"
#include "model/description_parser.h"
#include "model/pool.h"
#include "model/topology.h"
#include "util/read_text.h"

#define CONFIG_MAX_FILE	 (64u << 10)
#define CONFIG_MAX_DEPTH 8

#define SECOND_NS	      1000000000ull
#define METRICS_DIRECTORY_MAX 1024
#define METRICS_PERIOD_NS     (15 * SECOND_NS) /* as often as collectors usually look */
#define METRICS_PERIOD_MIN_NS SECOND_NS
#define METRICS_PERIOD_MAX_NS (3600 * SECOND_NS)

static const struct description_key console_keys[] = {
	{"port", .value = BYTES(1, PORT_MAX + 1 - UART_REGISTERS, 1, TO(cell_console, address)),
	 .required = true},
	{0},
};

static const struct description_object console = {"debug-console", .keys = console_keys};

static const struct description_key reserved_keys[] = {
	{"phys",
	 .value = BYTES(POOL_GRANULE, PHYS_ADDRESS_END - POOL_GRANULE, POOL_GRANULE,
			TO(address_range, start)),
	 .required = true},
	{"size",
	 .value = BYTES(POOL_GRANULE, PHYS_ADDRESS_END, POOL_GRANULE, TO(address_range, size)),
	 .required = true},
	{0},
};

static const struct description_object reserved_memory = {"reserved-memory", .keys = reserved_keys};

/* A stop has the time of the cell's description; this is for one of a cell without. */
#define SECONDS_OF(verb)                                                             \
	((verb) == VERB_LOAD || (verb) == VERB_VERIFY ? 120                          \
	 : (verb) == VERB_KILL			      ? 15                           \
	 : (verb) == VERB_START || (verb) == VERB_STOP || (verb) == VERB_ADD_LINK || \
			 (verb) == VERB_REMOVE_LINK                                  \
		 ? 30                                                                \
		 : 60)

#define DEADLINE(verb, word, action)                                                          \
	{word,                                                                                \
	 .value = LIMITED(TIME, SECOND_NS, 3600 * SECOND_NS, TO(config, deadlines_ns[verb])), \
	 DEFAULT(SECONDS_OF(verb) * SECOND_NS)},

static const struct description_key deadline_keys[] = {BUS_STEPS(DEADLINE){0}};

static const struct description_object deadlines = {"deadlines", .keys = deadline_keys};

static const struct description_key metrics_keys[] = {
	{"directory",
	 .value = LIMITED(FILE, 1, METRICS_DIRECTORY_MAX, TO(config_metrics, directory)),
	 .required = true},
	{"period",
	 .value = LIMITED(TIME, METRICS_PERIOD_MIN_NS, METRICS_PERIOD_MAX_NS,
			  TO(config_metrics, period_ns)),
	 DEFAULT(METRICS_PERIOD_NS)},
	{0},
};

static const struct description_object metrics = {"metrics", .keys = metrics_keys};

static const struct description_value all_of_cells = BOOL(TO(config, keep_cells));

static const struct description_key config_keys[] = {
	{"pool-size", .value = BYTES(POOL_GRANULE, UINT64_MAX, POOL_GRANULE, TO(config, pool_size)),
	 DEFAULT(CONFIG_DEFAULT_POOL_SIZE)},
	{"pool-limit",
	 .value = BYTES(POOL_GRANULE, UINT64_MAX, POOL_GRANULE, TO(config, pool_limit))},
	{"hypervisor-memory",
	 .value = BYTES(POOL_GRANULE, CELLVISOR_HYPERVISOR_MEMORY_MAX, POOL_GRANULE,
			TO(config, hypervisor_memory)),
	 DEFAULT(CONFIG_DEFAULT_HYPERVISOR_MEMORY)},
	{"memory-node", .value = LIMITED(NUMBER, 0, TOPOLOGY_MAX_NODES - 1, TO(config, memory_node),
					 .has = MEMBER(config, has_memory_node))},
	{"whole-cores", .value = BOOL(TO(config, whole_cores)), DEFAULT(false)},
	{"keep-cpus",
	 .value = LIST(LIMITED(CPU, 1, CPU_MASK_MAX - 1, TO(config, keep_cpus)), 0, CPU_MASK_MAX,
		       .unique = true),
	 .short_form = &all_of_cells,
	 .forms = "must be a list of CPUs, like [2, 3], or true for all that cells have had",
	 DEFAULT(false)},
	{"reserved-memory", .value = OBJECT(reserved_memory, TO(config, reserved_memory))},
	{"debug-console", .value = OBJECT(console, TO(config, debug_console))},
	{"crash-records", .value = LIMITED(NUMBER, 0, 1000, TO(config, crashes.max_records)),
	 DEFAULT(CONFIG_DEFAULT_CRASH_RECORDS)},
	{"crash-records-size",
	 .value = BYTES(CRASH_FILE_MAX, 1ull << 40, 1, TO(config, crashes.max_bytes)),
	 DEFAULT(CONFIG_DEFAULT_CRASH_BYTES)},
	{"inhibit-shutdown", .value = BOOL(TO(config, inhibit_shutdown)), DEFAULT(true)},
	{"deadlines", .value = OBJECT(deadlines)},
	{"metrics", .value = OBJECT(metrics, TO(config, metrics))},
	{"require-signature", .value = BOOL(TO(config, require_signature)), DEFAULT(false)},
	{"auto-enable", .value = BOOL(TO(config, auto_enable)), DEFAULT(true)},
	{0},
};

static const struct description_object config_object = {"cellmgrd.conf", .keys = config_keys};

/* The hypervisor's part must leave something of it. */
static void check_size(const struct config *config, const struct json_text *text, const char *key,
		       uint64_t size, struct problems *problems)
{
	const struct problem_place place = json_text_place(text, key);
	char part[QUANTITY_TEXT_MAX];

	if (config->hypervisor_memory >= size)
		problems_add(problems, SEVERITY_ERROR, &place,
			     "must be larger than hypervisor-memory (%s), which is a part of it",
			     quantity_format_bytes(config->hypervisor_memory, part));
}

static void check_directory(const struct config *config, const struct json_text *text,
			    struct problems *problems)
{
	struct problem_place place = json_text_place(text, "metrics.directory");

	place.value = config->metrics.directory;
	if (place.value && place.value[0] != '/')
		problems_add(problems, SEVERITY_ERROR, &place,
			     "must be an absolute path, like /run/cellmgr/metrics");
}

int config_parse(const char *text, size_t length, const char *file, struct problems *problems,
		 struct config *ret)
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	struct config config = {0};
	struct parser parser = {
		.text = {.text = text, .length = length, .file = file},
		.problems = problems,
	};
	int r;

	r = json_text_parse(&parser.text, CONFIG_MAX_DEPTH, problems, &object);
	if (r < 0)
		return r;
	parse_object(&(struct given){&parser, NULL, object}, &config_object, &config);
	if (config.debug_console.address) {
		config.debug_console.size = UART_REGISTERS;
		config.debug_console.type = CONSOLE_8250;
	}
	check_size(&config, &parser.text, "pool-size", config.pool_size, problems);
	if (config.reserved_memory.size)
		check_size(&config, &parser.text, "reserved-memory", config.reserved_memory.size,
			   problems);
	if (config.pool_limit)
		check_size(&config, &parser.text, "pool-limit", config.pool_limit, problems);
	check_directory(&config, &parser.text, problems);
	r = problems_result(problems);
	if (r < 0) {
		config_done(&config);
		return r;
	}
	*ret = config;
	return 0;
}

void config_done(struct config *config)
{
	free(config->metrics.directory);
	config->metrics.directory = NULL;
}

/* -ENOENT where there is none. */
static int read_file(const char *file, char **ret_text, size_t *ret_length)
{
	_cleanup_(closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : read_text(fd, CONFIG_MAX_FILE + 1, ret_text, ret_length);
}

int config_read(const char *file, struct problems *problems, struct config *ret)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r;

	r = read_file(file, &text, &length);
	if (r == -ENOENT)
		return config_parse("{}", 2, file, problems, ret);
	if (r < 0)
		return r;
	if (length > CONFIG_MAX_FILE)
		return problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = file),
				    "larger than %u bytes", CONFIG_MAX_FILE);
	return config_parse(text, length, file, problems, ret);
}

bool config_mentions(const char *file, const char *key)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;

	return read_file(file, &text, &length) < 0 || memmem(text, length, key, strlen(key));
}

bool config_keeps_same(const struct config *a, const struct config *b)
{
	return a->keep_cells == b->keep_cells &&
	       memcmp(&a->keep_cpus, &b->keep_cpus, sizeof(a->keep_cpus)) == 0;
}
