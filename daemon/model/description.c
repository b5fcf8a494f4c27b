// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "model/description_parser.h"
#include "common/nearest.h"
#include "util/read_text.h"

#define COMM_CUSTOMARY_ADDRESS 0x100000ull

static const char *next_key(const void *keys, size_t index)
{
	return ((const struct description_key *)keys)[index].name;
}

static const struct description_key *find_key(const struct description_object *kind,
					      const char *name)
{
	for (const struct description_key *key = kind->keys; key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

/* Also of the objects that are kept in the same structure, whether they are given or not. */
static void set_defaults(const struct description_object *kind, void *target)
{
	for (const struct description_key *key = kind->keys; key->name; key++) {
		const struct description_value *value = &key->value;

		if (value->type == VALUE_OBJECT)
			set_defaults(value->object, (char *)target + value->to.offset);
		if (key->has_standard)
			keep_value(key->short_form ?: value, target, key->standard);
	}
}

/* By the type that JSON gives it, which is what tells two forms apart. */
static bool has_form(struct json_object *json, const struct description_value *value)
{
	switch (value->type) {
	case VALUE_LIST:
		return json_object_is_type(json, json_type_array);
	case VALUE_OBJECT:
		return json_object_is_type(json, json_type_object);
	case VALUE_NUMBER:
		return json_object_is_type(json, json_type_int);
	case VALUE_BOOL:
		return json_object_is_type(json, json_type_boolean);
	default:
		return json_object_is_type(json, json_type_string);
	}
}

/* A value that stands for a list of one object. */
static void parse_lone(const struct given *given, const struct description_value *list,
		       void *target)
{
	const struct description_object *kind = list->item->object;
	const struct description_value count = {.to = list->count};
	void *element = (char *)target + list->to.offset;

	set_defaults(kind, element);
	parse_value(given, &kind->keys[0].value, element);
	keep_value(&count, target, 1);
}

static void parse_key(const struct given *given, const struct description_key *key, void *target)
{
	const struct description_value *short_form = description_short_form(key);
	const bool is_list = key->value.type == VALUE_LIST;
	struct json_object *json = given->json;

	if (!short_form || has_form(json, &key->value))
		parse_value(given, &key->value, target);
	else if (key->forms && !has_form(json, short_form))
		refuse(given, "%s", key->forms);
	else if (key->lone)
		parse_lone(given, &key->value, target);
	else
		parse_value(given, short_form, target);

	/* An empty list asks for nothing and is fine. */
	if (key->unsupported &&
	    (!is_list || (has_form(json, &key->value) && json_object_array_length(json))))
		parser_error(given->parser, given->path, is_list ? NULL : json,
			     "%s not supported by this version; remove the key", key->unsupported);
}

static bool is_ignored(const struct json_path *path)
{
	return strncmp(path->key, "x-", 2) == 0 ||
	       (!path->parent && strcmp(path->key, "$schema") == 0);
}

static void parse_member(const struct given *given, const struct description_object *kind,
			 void *target)
{
	const char *name = given->path->key;
	const struct description_key *key = find_key(kind, name);
	const char *near;

	if (key) {
		parse_key(given, key, target);
		return;
	}
	if (is_ignored(given->path))
		return;
	near = nearest_word(name, next_key, kind->keys);
	if (near)
		refuse(given, "unknown key; did you mean \"%s\"?", near);
	else
		refuse(given, "unknown key; remove it, or start it with x- to have it ignored");
}

void parse_object(const struct given *given, const struct description_object *kind, void *target)
{
	const char *const *either = kind->either;
	struct parser *parser = given->parser;
	struct json_object *json = given->json;

	if (!json_object_is_type(json, json_type_object)) {
		refuse(given, "must be an object: { \"%s\": … }", kind->keys[0].name);
		return;
	}
	set_defaults(kind, target);
	json_object_object_foreach(json, name, member)
	{
		const struct json_path step = {.parent = given->path, .key = name};

		parse_member(&(struct given){parser, &step, member}, kind, target);
	}
	for (const struct description_key *key = kind->keys; key->name; key++) {
		const struct json_path step = {.parent = given->path, .key = key->name};

		if (key->required && !json_object_object_get_ex(json, key->name, NULL))
			parser_error(parser, &step, NULL, "is missing; it must be given");
	}
	if (either[0] && json_object_object_get_ex(json, either[0], NULL) ==
				 json_object_object_get_ex(json, either[1], NULL))
		parser_error(parser, given->path, NULL, "needs either \"%s\" or \"%s\": %s",
			     either[0], either[1], kind->either_doc);
	description_check_object(given, kind->rule, target);
}

static struct description *description_new(const struct json_text *text, const char *name)
{
	_cleanup_(description_freep) struct description *description =
		calloc(1, sizeof(*description));

	if (!description)
		return NULL;
	description->name = strdup(name);
	description->file = strdup(text->file);
	description->text = malloc(text->length + 1);
	if (!description->name || !description->file || !description->text)
		return NULL;
	memcpy(description->text, text->text, text->length);
	description->text[text->length] = '\0';
	description->text_length = text->length;
	return TAKE_POINTER(description);
}

static int parse_text(struct parser *parser)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	int r;

	r = json_text_parse(&parser->text, DESCRIPTION_MAX_DEPTH, parser->problems, &json);
	if (r < 0)
		return r;
	parse_object(&(struct given){parser, NULL, json}, &description_top, parser->description);
	/* Values that were refused would make the rules report nonsense. */
	if (parser->problems->errors == 0)
		description_check_rules(parser);
	return problems_result(parser->problems);
}

int description_parse(const char *text, size_t length, const char *file, const char *name,
		      struct problems *problems, struct description **ret)
{
	_cleanup_(description_freep) struct description *description = NULL;
	_cleanup_(problems_done) struct problems found = {0};
	struct parser parser = {
		.text = {.text = text, .length = length, .file = file},
		.problems = &found,
	};
	int r;

	description = description_new(&parser.text, name);
	if (!description)
		return -ENOMEM;
	parser.description = description;

	if (!description_name_valid(name))
		problems_add(&found, SEVERITY_ERROR, PROBLEM_AT(.file = file, .value = name),
			     "is not a cell's name: 1 to %d of a-z, 0-9 and -, the first not -",
			     DESCRIPTION_MAX_NAME);
	if (strcmp(name, LINK_ROOT) == 0)
		problems_add(&found, SEVERITY_ERROR, PROBLEM_AT(.file = file, .value = name),
			     "is what Linux' own cell is called; give it another name");
	if (length > DESCRIPTION_MAX_FILE) {
		problems_add(&found, SEVERITY_ERROR, PROBLEM_AT(.file = file),
			     "is longer than %u bytes; no description needs that",
			     DESCRIPTION_MAX_FILE);
		r = problems_result(&found);
	} else {
		r = parse_text(&parser);
	}
	problems_append(problems, &found);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(description);
	return 0;
}

int description_read(int fd, const char *file, const char *name, struct problems *problems,
		     struct description **ret)
{
	_cleanup_(freep) char *text = NULL;
	struct stat status;
	size_t length;
	int r;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = file),
				    "is not a regular file; a description must be one");
	/* One more, so that the parser sees that it is too long. */
	r = read_text(fd, DESCRIPTION_MAX_FILE + 1, &text, &length);
	if (r < 0)
		return r;
	return description_parse(text, length, file, name, problems, ret);
}

static void link_done(struct description_link *link)
{
	free(link->name);
	for (size_t i = 0; i < ARRAY_SIZE(link->peers); i++)
		free(link->peers[i]);
}

static void signal_done(struct description_signal *signal)
{
	free(signal->name);
	free(signal->at);
	free(signal->unit);
}

void description_free(struct description *description)
{
	if (!description)
		return;
	for (size_t i = 0; i < DESCRIPTION_MAX_IMAGES; i++) {
		free(description->images[i].file);
		free(description->images[i].sha256);
	}
	for (size_t i = 0; i < DESCRIPTION_MAX_LINKS; i++)
		link_done(&description->links[i]);
	for (size_t i = 0; i < DESCRIPTION_MAX_PCI; i++) {
		free(description->pci[i].id);
		free(description->pci[i].take_from);
	}
	for (size_t i = 0; i < description->num_signals; i++)
		signal_done(&description->signals[i]);
	free(description->signals);
	for (size_t i = 0; i < DESCRIPTION_MAX_ORDER; i++) {
		free(description->after[i]);
		free(description->requires[i]);
	}
	free(description->reload_signal);
	free(description->parameters);
	free(description->name);
	free(description->file);
	free(description->text);
	free(description);
}

struct problem_place description_place(const struct description *description, const char *key)
{
	const struct json_text text = {description->text, description->text_length,
				       description->file};

	return json_text_place(&text, key);
}

void description_image_key(const struct description *description, size_t index, char *key)
{
	if (description->num_images > 1 && index < description->num_images)
		snprintf(key, DESCRIPTION_IMAGE_KEY_MAX, "image[%u].file", (unsigned int)index);
	else
		strcpy(key, "image");
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool description_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (length > DESCRIPTION_MAX_NAME || !is_name_character(name[0]))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (name[i] != '-' && !is_name_character(name[i]))
			return false;
	}
	return true;
}

uint64_t description_comm_address(const struct description *description)
{
	uint64_t address = COMM_CUSTOMARY_ADDRESS;

	if (description->has_comm_address)
		return description->comm_address;
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		if (memory->address == 0 && memory->size > address)
			address = memory->size;
	}
	return address;
}

uint64_t description_memory_total(const struct description *description)
{
	uint64_t total = 0;

	/* At most DESCRIPTION_MAX_MEMORY times GUEST_ADDRESS_END: far from 64 bits. */
	for (size_t i = 0; i < description->num_memory; i++)
		total += description->memory[i].size;
	return total;
}

uint64_t description_room(const struct description *description, uint64_t flags, uint64_t address)
{
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		if ((memory->flags & flags) == flags && address >= memory->address &&
		    address - memory->address < memory->size)
			return memory->size - (address - memory->address);
	}
	return 0;
}

const struct description *description_find(const struct description *const *set, size_t count,
					   const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(set[i]->name, name) == 0)
			return set[i];
	}
	return NULL;
}

const struct description_signal *description_find_signal(const struct description *description,
							 const char *name)
{
	for (size_t i = 0; i < description->num_signals; i++) {
		if (strcmp(description->signals[i].name, name) == 0)
			return &description->signals[i];
	}
	return NULL;
}

const struct description_link *description_find_link(const struct description *description,
						     const char *name)
{
	for (size_t i = 0; i < description->num_links; i++) {
		if (strcmp(description->links[i].name, name) == 0)
			return &description->links[i];
	}
	return NULL;
}
