// SPDX-License-Identifier: GPL-2.0-only
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>

#include "common/cleanup.h"

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	text = text_vformat(format, args);
	va_end(args);
	/* Only now: the old text may have been an argument. */
	error_done(error);
	error->code = code;
	error->text = text;
	return -EINVAL;
}

int error_set_at(struct error *error, enum error_code code, const struct problem_place *place,
		 const char *format, ...)
{
	_cleanup_(problems_done) struct problems problems = {0};
	va_list args;

	va_start(args, format);
	problems_vadd(&problems, SEVERITY_ERROR, place, format, args);
	va_end(args);
	return error_set_problems(error, code, &problems);
}

int error_set_problems(struct error *error, enum error_code code, const struct problems *problems)
{
	error_done(error);
	error->code = problems->count ? code : ERROR_NO_MEMORY;
	error->text = problems_format_first(problems);
	return -EINVAL;
}

void error_done(struct error *error)
{
	if (!error)
		return;
	free(error->text);
	*error = (struct error){0};
}

const char *error_text(const struct error *error)
{
	return error->text ? error->text : "out of memory";
}
