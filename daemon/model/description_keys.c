// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a description's top level, of its memory and its images. */
#include <string.h>

#include "blob.h"
#include "model/description_kinds.h"
#include "model/description_parser.h"

/* The longest a person can mean, and safe to add to any clock. */
#define TIME_MAX_NS (24ull * 3600 * 1000 * 1000 * 1000)

static void parse_cpu_list(struct parser *parser, const struct json_path *path,
			   struct json_object *list, struct description *description)
{
	size_t length;

	if (!value_array(parser, path, list, 1, CPU_MASK_MAX, &length))
		return;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};
		struct json_object *value = json_object_array_get_idx(list, i);
		uint64_t cpu;

		if (!value_number(parser, &item, value, 0, CPU_MASK_MAX - 1, &cpu))
			continue;
		if (cpu_mask_has(&description->cpus, cpu))
			parser_error(parser, &item, value, "is in the list twice; remove one");
		cpu_mask_add(&description->cpus, cpu);
	}
	description->cpu_count = cpu_mask_count(&description->cpus);
}

static void parse_cpus(struct parser *parser, const struct json_path *path,
		       struct json_object *value, void *target)
{
	struct description *description = target;
	uint64_t count;

	if (json_object_is_type(value, json_type_array))
		parse_cpu_list(parser, path, value, description);
	else if (!json_object_is_type(value, json_type_int))
		parser_error(parser, path, value,
			     "must be a list of CPUs, like [3], or how many there shall be");
	else if (value_number(parser, path, value, 1, CPU_MASK_MAX - 1, &count))
		description->cpu_count = count;
}

static void parse_memory_size(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	struct description_memory *memory = target;

	value_bytes_limited(parser, path, value, PAGE_BYTES, PAGE_BYTES, GUEST_ADDRESS_END,
			    &memory->size);
}

static void parse_memory_address(struct parser *parser, const struct json_path *path,
				 struct json_object *value, void *target)
{
	struct description_memory *memory = target;

	value_bytes_limited(parser, path, value, PAGE_BYTES, 0, GUEST_ADDRESS_END - PAGE_BYTES,
			    &memory->address);
}

static void parse_memory_phys(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	struct description_memory *memory = target;

	memory->has_phys = value_bytes_limited(parser, path, value, PAGE_BYTES, 0,
					       PHYS_ADDRESS_END - PAGE_BYTES, &memory->phys);
}

static void parse_memory_permissions(struct parser *parser, const struct json_path *path,
				     struct json_object *value, void *target)
{
	static const char *const words[] = {"r", "rw", "rx", "rwx", NULL};
	static const uint64_t flags[] = {
		BLOB_MEM_READ,
		BLOB_MEM_READ | BLOB_MEM_WRITE,
		BLOB_MEM_READ | BLOB_MEM_EXECUTE,
		BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE,
	};
	const uint64_t all = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE;
	struct description_memory *memory = target;
	unsigned int index;

	if (value_word(parser, path, value, words, &index))
		memory->flags = (memory->flags & ~all) | flags[index];
}

static void parse_memory_flag(struct parser *parser, const struct json_path *path,
			      struct json_object *value, struct description_memory *memory,
			      uint64_t flag)
{
	bool set;

	if (value_bool(parser, path, value, &set))
		memory->flags = set ? memory->flags | flag : memory->flags & ~flag;
}

static void parse_memory_dma(struct parser *parser, const struct json_path *path,
			     struct json_object *value, void *target)
{
	parse_memory_flag(parser, path, value, target, BLOB_MEM_DMA);
}

static void parse_memory_loadable(struct parser *parser, const struct json_path *path,
				  struct json_object *value, void *target)
{
	parse_memory_flag(parser, path, value, target, BLOB_MEM_LOADABLE);
}

static void parse_memory_small_pages(struct parser *parser, const struct json_path *path,
				     struct json_object *value, void *target)
{
	parse_memory_flag(parser, path, value, target, BLOB_MEM_NO_HUGEPAGES);
}

static const struct description_key memory_keys[] = {
	{"size", true, parse_memory_size},
	{"address", false, parse_memory_address},
	{"phys", false, parse_memory_phys},
	{"permissions", false, parse_memory_permissions},
	{"dma", false, parse_memory_dma},
	{"loadable", false, parse_memory_loadable},
	{"small-pages", false, parse_memory_small_pages},
	{0},
};

const struct description_object description_memory_kind = {"memory-region", memory_keys};

/* The short form: one region at guest address 0. */
static void parse_memory_short(struct parser *parser, const struct json_path *path,
			       struct json_object *value, struct description *description)
{
	description->memory[0].flags = MEMORY_DEFAULT_FLAGS;
	description->num_memory = 1;
	parse_memory_size(parser, path, value, &description->memory[0]);
}

static void parse_memory(struct parser *parser, const struct json_path *path,
			 struct json_object *value, void *target)
{
	struct description *description = target;
	size_t length;

	if (!json_object_is_type(value, json_type_array)) {
		parse_memory_short(parser, path, value, description);
		return;
	}
	if (!value_array(parser, path, value, 1, DESCRIPTION_MAX_MEMORY, &length))
		return;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};
		struct json_object *region = json_object_array_get_idx(value, i);

		description->memory[i].flags = MEMORY_DEFAULT_FLAGS;
		parse_object(parser, &item, region, &description_memory_kind,
			     &description->memory[i]);
		/* No default here: a later one could land on the communication region. */
		if (i > 0 && json_object_is_type(region, json_type_object) &&
		    !json_object_object_get_ex(region, "address", NULL))
			parser_error(parser, &item, NULL,
				     "needs \"address\": only the first region has one (0) by "
				     "itself");
	}
	description->num_memory = length;
}

static void parse_file_name(struct parser *parser, const struct json_path *path,
			    struct json_object *value, char **ret)
{
	const char *name;

	if (!value_string(parser, path, value, FILE_NAME_MAX, &name))
		return;
	/* A description is data: it must not reach out of the directory that it seems to name. */
	if (strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 || strstr(name, "/../") ||
	    (strlen(name) >= 3 && strcmp(name + strlen(name) - 3, "/..") == 0)) {
		parser_error(parser, path, value,
			     "must not contain \"..\"; write the absolute path");
		return;
	}
	free(*ret);
	*ret = strdup(name);
	if (!*ret)
		parser->problems->out_of_memory = true;
}

static void parse_image_file(struct parser *parser, const struct json_path *path,
			     struct json_object *value, void *target)
{
	struct description_image *image = target;

	parse_file_name(parser, path, value, &image->file);
}

static void parse_image_address(struct parser *parser, const struct json_path *path,
				struct json_object *value, void *target)
{
	struct description_image *image = target;

	value_bytes_limited(parser, path, value, 1, 0, GUEST_ADDRESS_END - 1, &image->address);
}

static const struct description_key image_keys[] = {
	{"file", true, parse_image_file},
	{"address", false, parse_image_address},
	{0},
};

const struct description_object description_image_kind = {"image-file", image_keys};

static void parse_image(struct parser *parser, const struct json_path *path,
			struct json_object *value, void *target)
{
	struct description *description = target;
	size_t length;

	if (json_object_is_type(value, json_type_string)) {
		description->num_images = 1;
		parse_image_file(parser, path, value, &description->images[0]);
		return;
	}
	if (!json_object_is_type(value, json_type_array)) {
		parser_error(parser, path, value,
			     "must be a file name, or a list of objects with "
			     "\"file\" and \"address\"");
		return;
	}
	if (!value_array(parser, path, value, 1, DESCRIPTION_MAX_IMAGES, &length))
		return;
	description->num_images = length;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};

		parse_object(parser, &item, json_object_array_get_idx(value, i),
			     &description_image_kind, &description->images[i]);
	}
}

static void parse_parameters(struct parser *parser, const struct json_path *path,
			     struct json_object *value, void *target)
{
	struct description *description = target;
	const char *text;

	if (!value_string(parser, path, value, CELL_PARAMETERS_MAX_LENGTH, &text))
		return;
	description->parameters = strdup(text);
	if (!description->parameters)
		parser->problems->out_of_memory = true;
}

static void parse_entry(struct parser *parser, const struct json_path *path,
			struct json_object *value, void *target)
{
	struct description *description = target;
	uint64_t entry;

	if (value_bytes_limited(parser, path, value, 1, 0, UINT32_MAX, &entry))
		description->entry = entry;
}

static void parse_comm_address(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	struct description *description = target;

	description->has_comm_address =
		value_bytes_limited(parser, path, value, PAGE_BYTES, 0,
				    GUEST_ADDRESS_END - PAGE_BYTES, &description->comm_address);
}

static void parse_comm_passive(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	struct description *description = target;

	value_bool(parser, path, value, &description->comm_passive);
}

static const struct description_key comm_keys[] = {
	{"address", false, parse_comm_address},
	{"passive", false, parse_comm_passive},
	{0},
};

const struct description_object description_comm_kind = {"comm-region", comm_keys};

static void parse_comm_region(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	parse_object(parser, path, value, &description_comm_kind, target);
}

static void parse_heartbeat(struct parser *parser, const struct json_path *path,
			    struct json_object *value, void *target)
{
	struct description *description = target;

	if (json_object_is_type(value, json_type_string) &&
	    strcmp(json_object_get_string(value), "none") == 0)
		return;
	if (value_time(parser, path, value, TIME_MAX_NS, &description->heartbeat_ns) &&
	    description->heartbeat_ns == 0)
		parser_error(parser, path, value, "must be longer than 0, or \"none\"");
}

static void parse_on_failure(struct parser *parser, const struct json_path *path,
			     struct json_object *value, void *target)
{
	static const char *const words[] = {"preserve", "destroy", NULL};
	struct description *description = target;
	unsigned int index;

	if (value_word(parser, path, value, words, &index))
		description->on_failure = index == 0 ? DESCRIPTION_ON_FAILURE_PRESERVE
						     : DESCRIPTION_ON_FAILURE_DESTROY;
}

static void parse_stop_timeout(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	struct description *description = target;

	value_time(parser, path, value, TIME_MAX_NS, &description->stop_timeout_ns);
}

static void parse_stop_force(struct parser *parser, const struct json_path *path,
			     struct json_object *value, void *target)
{
	struct description *description = target;

	value_bool(parser, path, value, &description->stop_force);
}

static const struct description_key stop_keys[] = {
	{"timeout", false, parse_stop_timeout},
	{"force", false, parse_stop_force},
	{0},
};

const struct description_object description_stop_kind = {"stop", stop_keys};

static void parse_stop(struct parser *parser, const struct json_path *path,
		       struct json_object *value, void *target)
{
	parse_object(parser, path, value, &description_stop_kind, target);
}

static const struct description_key top_keys[] = {
	{"cpus", true, parse_cpus},
	{"memory", true, parse_memory},
	{"comm-region", false, parse_comm_region},
	{"image", false, parse_image},
	{"parameters", false, parse_parameters},
	{"entry", false, parse_entry},
	{"console", false, parse_console},
	{"shared-memory", false, parse_shared_memory},
	{"devices", false, parse_devices},
	{"heartbeat", false, parse_heartbeat},
	{"on-failure", false, parse_on_failure},
	{"stop", false, parse_stop},
	{0},
};

const struct description_object description_top = {"", top_keys};

const struct description_object *const description_objects[] = {
	&description_top,
	&description_memory_kind,
	&description_comm_kind,
	&description_image_kind,
	&description_console_kind,
	&description_shared_memory_kind,
	&description_devices_kind,
	&description_ports_kind,
	&description_mmio_kind,
	&description_stop_kind,
	NULL,
};
