// SPDX-License-Identifier: GPL-2.0-only
#include "model/crash_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/text_span.h"
#include "common/utf8.h"
#include "util/json_text.h"
#include "util/read_text.h"
#include "util/write_text.h"

#define WORD_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define SUFFIX	     "json"
#define UNFINISHED   SUFFIX ".new"

static bool copy_span(struct text_span span, char *buffer, size_t size)
{
	if (!span.length || span.length >= size)
		return false;
	memcpy(buffer, span.at, span.length);
	buffer[span.length] = '\0';
	return strspn(buffer, WORD_LETTERS) == span.length;
}

bool crash_name_parse(const char *text, struct crash_name *ret)
{
	struct text_span rest = {text, strlen(text)}, cell, number, reason;
	struct crash_name name = {0};

	if (!text_span_split(&rest, '.', &cell) || !text_span_split(&rest, '.', &number) ||
	    !text_span_split(&rest, '.', &reason) || !text_span_equals(rest, SUFFIX) ||
	    !copy_span(cell, name.cell, sizeof(name.cell)) || !description_name_valid(name.cell) ||
	    !copy_span(reason, name.reason, sizeof(name.reason)))
		return false;
	/* One form of each: what follows the highest number must fit as well. */
	if (number.length > 18 || number.at[0] == '0' ||
	    text_span_number(&number, 10, &name.number) < 0 || number.length)
		return false;
	*ret = name;
	return true;
}

void crash_name_format(const struct crash_name *name, char ret_text[CRASH_NAME_TEXT])
{
	snprintf(ret_text, CRASH_NAME_TEXT, "%s.%" PRIu64 ".%s." SUFFIX, name->cell, name->number,
		 name->reason);
}

void crash_list_done(struct crash_list *list)
{
	free(list->entries);
	*list = (struct crash_list){0};
}

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static int add_entry(DIR *records, const char *file, const char *cell, struct crash_list *list)
{
	struct crash_entry *entry;
	struct crash_name name;
	struct stat info;

	if (!crash_name_parse(file, &name) || (*cell && strcmp(cell, name.cell) != 0) ||
	    fstatat(dirfd(records), file, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(info.st_mode))
		return 0;
	entry = array_add(&list->entries, &list->count, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = (struct crash_entry){
		.name = name,
		.time_us = (uint64_t)info.st_mtim.tv_sec * 1000000 +
			   (uint64_t)info.st_mtim.tv_nsec / 1000,
		.size = (uint64_t)info.st_size,
	};
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct crash_entry *left = a, *right = b;

	return (left->name.number > right->name.number) - (left->name.number < right->name.number);
}

int crash_list_read(const char *directory, const char *cell, struct crash_list *ret)
{
	struct crash_list list = {0};
	_cleanup_(closedirp) DIR *records = opendir(directory);
	const struct dirent *file;
	int r = 0;

	*ret = list;
	if (!records)
		return errno == ENOENT ? 0 : -errno;
	while (r >= 0 && (file = readdir(records))) {
		/* The daemon died over it. One writes at a time, and that is over. */
		if (ends_in(file->d_name, UNFINISHED))
			(void)unlinkat(dirfd(records), file->d_name, 0);
		r = add_entry(records, file->d_name, cell, &list);
	}
	if (r < 0) {
		crash_list_done(&list);
		return r;
	}
	if (list.count)
		qsort(list.entries, list.count, sizeof(*list.entries), compare_numbers);
	*ret = list;
	return 0;
}

/* To be freed; NULL without memory. */
static char *file_of(const char *directory, const struct crash_name *name)
{
	char text[CRASH_NAME_TEXT];

	crash_name_format(name, text);
	return text_format("%s/%s", directory, text);
}

/* The oldest record of the cell that has the most, when another of new_cell comes. */
static size_t choose(const struct crash_list *list, const char *new_cell)
{
	size_t most = 0, chosen = 0;

	for (size_t i = 0; i < list->count; i++) {
		const char *cell = list->entries[i].name.cell;
		size_t count = strcmp(cell, new_cell) == 0;

		for (size_t j = 0; j < list->count; j++)
			count += strcmp(list->entries[j].name.cell, cell) == 0;
		if (count > most) {
			most = count;
			chosen = i;
		}
	}
	return chosen;
}

static int make_room(const char *directory, const struct crash_limits *limits,
		     struct crash_list *list, const char *cell, uint64_t size)
{
	uint64_t bytes = size;

	for (size_t i = 0; i < list->count; i++)
		bytes += list->entries[i].size;
	while (list->count && (list->count >= limits->max_records || bytes > limits->max_bytes)) {
		size_t i = choose(list, cell);
		_cleanup_(freep) char *file = file_of(directory, &list->entries[i].name);

		if (!file)
			return -ENOMEM;
		if (unlink(file) < 0 && errno != ENOENT)
			return -errno;
		bytes -= list->entries[i].size;
		list->count--;
		memmove(&list->entries[i], &list->entries[i + 1],
			(list->count - i) * sizeof(list->entries[0]));
	}
	return 0;
}

int crash_write(const char *directory, const struct crash_limits *limits, const char *cell,
		const char *reason, const char *text, struct crash_name *ret)
{
	_cleanup_(crash_list_done) struct crash_list list = {0};
	_cleanup_(freep) char *file = NULL;
	struct crash_name name = {.number = 1};
	int r;

	r = crash_list_read(directory, "", &list);
	if (r < 0)
		return r;
	if (list.count)
		name.number = list.entries[list.count - 1].name.number + 1;
	snprintf(name.cell, sizeof(name.cell), "%s", cell);
	snprintf(name.reason, sizeof(name.reason), "%s", reason);
	r = make_room(directory, limits, &list, cell, strlen(text));
	if (r < 0)
		return r;
	file = file_of(directory, &name);
	r = file ? write_text_to_last(file, text, 0600) : -ENOMEM;
	if (r >= 0)
		*ret = name;
	return r;
}

bool crash_text_valid(const char *text, size_t length)
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;

	if (strlen(text) != length || !utf8_is_valid(text))
		return false;
	object = json_tokener_parse(text);
	return object && json_object_is_type(object, json_type_object);
}

int crash_read(const char *directory, const struct crash_name *name, char **ret_text)
{
	_cleanup_(freep) char *file = file_of(directory, name), *text = NULL;
	_cleanup_(closep) int fd = -1;
	struct stat info;
	size_t length;
	int r;

	if (!file)
		return -ENOMEM;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) < 0)
		return -errno;
	if (!S_ISREG(info.st_mode) || info.st_size > CRASH_FILE_MAX)
		return -EPROTO;
	r = read_text(fd, CRASH_FILE_MAX, &text, &length);
	if (r < 0)
		return r;
	if (!crash_text_valid(text, length))
		return -EPROTO;
	*ret_text = TAKE_POINTER(text);
	return 0;
}
