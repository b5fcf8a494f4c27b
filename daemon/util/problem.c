// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "util/problem.h"

/* A hostile description must not make us keep more of it than a person would read. */
#define PROBLEMS_MAX 256

bool problems_full(const struct problems *problems)
{
	return problems->count >= PROBLEMS_MAX;
}

static void problem_done(struct problem *problem)
{
	free(problem->file);
	free(problem->key);
	free(problem->value);
	free(problem->text);
}

/* Takes over text. Marks the list where there is no memory. */
static void append(struct problems *problems, enum severity severity,
		   const struct problem_place *place, char *text)
{
	struct problem copy = {
		.severity = severity,
		.file = strdup(place->file ?: ""),
		.line = place->line,
		.column = place->column,
		.key = strdup(place->key ?: ""),
		.value = strdup(place->value ?: ""),
		.text = text,
	};
	struct problem *item = NULL;

	if (severity == SEVERITY_ERROR)
		problems->errors++;
	if (problems_full(problems)) {
		problem_done(&copy);
		return;
	}
	if (copy.file && copy.key && copy.value && copy.text)
		item = array_add(&problems->items, &problems->count, sizeof(*item));
	if (item) {
		*item = copy;
	} else {
		problems->out_of_memory = true;
		problem_done(&copy);
	}
}

int problems_vadd(struct problems *problems, enum severity severity,
		  const struct problem_place *place, const char *format, va_list arguments)
{
	append(problems, severity, place ?: PROBLEM_AT(.file = NULL),
	       text_vformat(format, arguments));
	return -EINVAL;
}

int problems_add(struct problems *problems, enum severity severity,
		 const struct problem_place *place, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = problems_vadd(problems, severity, place, format, arguments);
	va_end(arguments);
	return r;
}

void problems_append(struct problems *problems, const struct problems *from)
{
	const size_t errors = problems->errors + from->errors;

	for (size_t i = 0; i < from->count; i++) {
		const struct problem *item = &from->items[i];

		append(problems, item->severity,
		       PROBLEM_AT(item->file, item->line, item->column, item->key, item->value),
		       strdup(item->text));
	}
	/* Also those that from had no room for. */
	problems->errors = errors;
	if (from->out_of_memory)
		problems->out_of_memory = true;
}

int problems_result(const struct problems *problems)
{
	if (problems->out_of_memory)
		return -ENOMEM;
	return problems->errors ? -EINVAL : 0;
}

void problems_done(struct problems *problems)
{
	if (!problems)
		return;
	for (size_t i = 0; i < problems->count; i++)
		problem_done(&problems->items[i]);
	free(problems->items);
	*problems = (struct problems){0};
}

const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warning";
}

char *problem_format(const struct problem *problem)
{
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);

	if (!stream)
		return NULL;
	if (problem->file[0]) {
		fputs(problem->file, stream);
		if (problem->line)
			fprintf(stream, ":%u:%u", problem->line, problem->column);
		fputs(": ", stream);
	}
	if (problem->key[0])
		fprintf(stream, "%s: ", problem->key);
	if (problem->value[0])
		fprintf(stream, "\"%s\": ", problem->value);
	fputs(problem->text, stream);
	return memstream_end(stream, &line);
}

char *problems_format_first(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].severity == SEVERITY_ERROR)
			return problem_format(&problems->items[i]);
	}
	return problems->count ? problem_format(&problems->items[0]) : NULL;
}
