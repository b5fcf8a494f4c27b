// SPDX-License-Identifier: GPL-2.0-only
#include "model/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "image_abi.h"
#include "util/json_text.h"
#include "common/quantity.h"

#define CONFIG_MAX_FILE	 (64u << 10)
#define CONFIG_MAX_DEPTH 8
#define POOL_GRANULE	 (2ull << 20)
#define UART_PORTS	 8

struct parser {
	struct json_text text;
	struct problems *problems;
	struct config *config;
};

static void parse_size(struct parser *parser, const struct json_path *path,
		       struct json_object *value, uint64_t *ret)
{
	uint64_t size;

	if (!json_object_is_type(value, json_type_string) ||
	    quantity_parse_bytes(json_object_get_string(value),
				 (size_t)json_object_get_string_len(value), &size) < 0) {
		json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, path, value,
				  "write a size in quotes, as \"64M\"");
		return;
	}
	if (size == 0 || size % POOL_GRANULE) {
		json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, path, value,
				  "must be a multiple of 2M and more than 0");
		return;
	}
	*ret = size;
}

static void parse_pool_size(struct parser *parser, const struct json_path *path,
			    struct json_object *value)
{
	parse_size(parser, path, value, &parser->config->pool_size);
}

static void parse_hypervisor_memory(struct parser *parser, const struct json_path *path,
				    struct json_object *value)
{
	parse_size(parser, path, value, &parser->config->hypervisor_memory);
	if (parser->config->hypervisor_memory > IMAGE_MAX_SIZE)
		json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, path, value,
				  "the hypervisor can use %llu MiB at most", IMAGE_MAX_SIZE >> 20);
}

static void parse_auto_enable(struct parser *parser, const struct json_path *path,
			      struct json_object *value)
{
	if (!json_object_is_type(value, json_type_boolean)) {
		json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, path, value,
				  "write true or false");
		return;
	}
	parser->config->auto_enable = json_object_get_boolean(value);
}

static void parse_debug_console(struct parser *parser, const struct json_path *path,
				struct json_object *value)
{
	struct json_path port_path = {.parent = path, .key = "port"};
	struct json_object *port = NULL;
	uint64_t base;

	if (!json_object_is_type(value, json_type_object) ||
	    !json_object_object_get_ex(value, "port", &port) ||
	    json_object_object_length(value) != 1) {
		json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, path, value,
				  "write { \"port\": \"0x2f8\" }, nothing else");
		return;
	}
	if (!json_object_is_type(port, json_type_string) ||
	    quantity_parse_bytes(json_object_get_string(port),
				 (size_t)json_object_get_string_len(port), &base) < 0 ||
	    base == 0 || base > 0x10000 - UART_PORTS) {
		json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, &port_path, port,
				  "write the first I/O port of an 8250 UART in quotes, as "
				  "\"0x2f8\"");
		return;
	}
	parser->config->debug_console = (struct cell_console){
		.address = base,
		.size = UART_PORTS,
		.type = CONSOLE_8250,
	};
}

static const struct {
	const char *key;
	void (*parse)(struct parser *parser, const struct json_path *path,
		      struct json_object *value);
} keys[] = {
	{"pool-size", parse_pool_size},
	{"hypervisor-memory", parse_hypervisor_memory},
	{"debug-console", parse_debug_console},
	{"auto-enable", parse_auto_enable},
};

static bool ignored_key(const char *key)
{
	return strcmp(key, "$schema") == 0 || strncmp(key, "x-", 2) == 0;
}

static void parse_member(struct parser *parser, const char *key, struct json_object *value)
{
	struct json_path path = {.key = key};

	if (ignored_key(key))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i].key) == 0) {
			keys[i].parse(parser, &path, value);
			return;
		}
	}
	json_text_problem(&parser->text, parser->problems, SEVERITY_ERROR, &path, value,
			  "unknown key; there are pool-size, hypervisor-memory, debug-console and "
			  "auto-enable");
}

int config_parse(const char *text, size_t length, const char *file, struct problems *problems,
		 struct config *ret)
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	struct config config = {
		.pool_size = CONFIG_DEFAULT_POOL_SIZE,
		.hypervisor_memory = CONFIG_DEFAULT_HYPERVISOR_MEMORY,
		.auto_enable = true,
	};
	struct parser parser = {
		.text = {.text = text, .length = length, .file = file},
		.problems = problems,
		.config = &config,
	};
	int r;

	r = json_text_parse(&parser.text, CONFIG_MAX_DEPTH, problems, &object);
	if (r < 0)
		return r;
	json_object_object_foreach(object, key, value)
	{
		parse_member(&parser, key, value);
	}
	if (config.hypervisor_memory >= config.pool_size)
		problems_add(problems, SEVERITY_ERROR,
			     &(struct problem_place){.file = file, .key = "pool-size"},
			     "must be larger than hypervisor-memory (%" PRIu64
			     " bytes), which is a part of it",
			     config.hypervisor_memory);
	r = problems_result(problems);
	if (r < 0)
		return r;
	*ret = config;
	return 0;
}

int config_read(const char *file, struct problems *problems, struct config *ret)
{
	_cleanup_(freep) char *text = malloc(CONFIG_MAX_FILE + 1);
	_cleanup_(closep) int fd = -1;
	ssize_t length;

	if (!text)
		return -ENOMEM;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return config_parse("{}", 2, file, problems, ret);
	if (fd < 0)
		return -errno;
	length = read(fd, text, CONFIG_MAX_FILE + 1);
	if (length < 0)
		return -errno;
	if (length > (ssize_t)CONFIG_MAX_FILE) {
		problems_add(problems, SEVERITY_ERROR, &(struct problem_place){.file = file},
			     "larger than %u bytes", CONFIG_MAX_FILE);
		return -EINVAL;
	}
	return config_parse(text, (size_t)length, file, problems, ret);
}
