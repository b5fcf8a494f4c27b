/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the daemon's model have in common. */
#ifndef MODEL_TEST_H
#define MODEL_TEST_H

#include <errno.h>
#include <string.h>

#include "tests/lib/tap.h"
#include "model/description.h"
#include "model/machine.h"

/* Whether some problem has this severity and key and text (a part of it) in it. */
__attribute__((unused)) static bool has_problem(const struct problems *problems,
						enum severity severity, const char *key,
						const char *text)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		if (problem->severity == severity && strcmp(problem->key, key) == 0 &&
		    strstr(problem->text, text))
			return true;
	}
	return false;
}

__attribute__((unused)) static void note_problems(struct tap *tap, const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		_cleanup_(freep) char *line = problem_format(&problems->items[i]);

		tap_note(tap, "  %s: %s", severity_name(problems->items[i].severity), line);
	}
}

/* Parses what the test itself wrote and so expects to be good; NULL (with a note) else. */
__attribute__((unused)) static struct description *describe(struct tap *tap, const char *name,
							    const char *json)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct description *description = NULL;

	if (description_parse(json, strlen(json), "test.json", name, &problems, &description) < 0)
		note_problems(tap, &problems);
	return description;
}

/* The machine of the fixtures: a q35 with 4 CPUs and 1 GiB under Debian 12. */
__attribute__((unused)) static struct machine *read_q35(struct tap *tap)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct machine *machine = NULL;

	if (machine_read(FIXTURES "/q35", &problems, &machine) < 0)
		note_problems(tap, &problems);
	return machine;
}

#endif /* MODEL_TEST_H */
