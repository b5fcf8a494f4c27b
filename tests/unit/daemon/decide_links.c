// SPDX-License-Identifier: GPL-2.0-only
/* When Linux gets its end of a link, and when it loses it; and what else nobody has to ask for. */
#include "manager/decide.h"
#include "tests/lib/tap.h"

static const char *const verbs[] = {BUS_VERBS(WORD_ENTRY)};

static struct description description;

static struct cell make_cell(enum lifecycle state)
{
	return (struct cell){
		.name = (char *)"alpha",
		.description = &description,
		.state = state,
		.health = HEALTH_OK,
		.exists = state != LIFECYCLE_DEFINED,
		.record.phase = state == LIFECYCLE_DEFINED ? CELL_PHASE_NONE : CELL_PHASE_CREATED,
	};
}

static void expect(struct tap *tap, const struct situation *now, const char *want,
		   const struct link *link, bool check, const char *what)
{
	const struct decision decision = decide(now);
	const char *text = decision.kind == DECISION_STEP   ? verbs[decision.step]
			   : decision.kind == DECISION_DONE ? "done"
							    : "refused";

	if (!tap_ok(tap,
		    strcmp(text, want) == 0 && decision.link == link && decision.check == check,
		    "%s: %s", what, want))
		tap_note(tap, "but it is %s%s%s", text, decision.link ? " of a link" : "",
			 decision.check ? ", checked" : "");
}

static void test_before_create(struct tap *tap)
{
	static const struct {
		const char *name;
		enum bus_verb verb;
		bool whole, stepped;
	} ways[] = {
		{"Create", VERB_CREATE, false, false},
		{"StartCell", VERB_START, true, false},
		{"StartCell, after a step", VERB_START, true, true},
		{"RestartCell", VERB_RESTART, true, false},
	};
	struct cell cell = make_cell(LIFECYCLE_DEFINED);
	struct link unneeded = {0};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct situation now = {
			.verb = ways[i].verb,
			.whole = ways[i].whole,
			.stepped = ways[i].stepped,
			.hypervisor = HYPERVISOR_ENABLED,
			.cell = &cell,
			.cells = &cell,
		};
		const bool check = !ways[i].stepped;

		expect(tap, &now, "create", NULL, check, ways[i].name);
		now.lacks_link = true;
		expect(tap, &now, "add-link", NULL, check, ways[i].name);
		now.unneeded = &unneeded;
		expect(tap, &now, "remove-link", &unneeded, check, ways[i].name);
		now.lacks_link = false;
		expect(tap, &now, "remove-link", &unneeded, check, ways[i].name);
	}
}

/* First what goes, then room for all, then what takes of it. */
static void test_memory_before_create(struct tap *tap)
{
	struct cell cell = make_cell(LIFECYCLE_DEFINED);
	struct link unneeded = {0};
	struct situation now = {
		.verb = VERB_START,
		.whole = true,
		.hypervisor = HYPERVISOR_ENABLED,
		.cell = &cell,
		.cells = &cell,
		.lacks_memory = true,
	};

	expect(tap, &now, "grow-pool", NULL, true, "without room");
	now.lacks_link = true;
	expect(tap, &now, "grow-pool", NULL, true, "without room for a link");
	now.unneeded = &unneeded;
	expect(tap, &now, "remove-link", &unneeded, true, "with a link that has room");
	cell = make_cell(LIFECYCLE_LOADED);
	expect(tap, &now, "start", NULL, true, "of a created cell, with room or without");
}

static void test_memory_afterwards(struct tap *tap)
{
	struct situation now = {
		.verb = VERB_SHRINK_POOL,
		.whole = true,
		.hypervisor = HYPERVISOR_ENABLED,
	};

	expect(tap, &now, "done", NULL, false, "of a pool that is needed");
	now.has_unused_piece = true;
	expect(tap, &now, "shrink-pool", NULL, false, "of one that is not");
	now.hypervisor = HYPERVISOR_OFF;
	expect(tap, &now, "done", NULL, false, "of none");
}

/* A cell that is created has what it needs. */
static void test_afterwards(struct tap *tap)
{
	struct cell cell = make_cell(LIFECYCLE_LOADED);
	struct link unneeded = {0};
	struct situation now = {
		.verb = VERB_START,
		.whole = true,
		.hypervisor = HYPERVISOR_ENABLED,
		.cell = &cell,
		.cells = &cell,
		.unneeded = &unneeded,
		.lacks_link = true,
	};

	expect(tap, &now, "start", NULL, true, "of a created cell");
	now.verb = VERB_DESTROY;
	now.whole = false;
	expect(tap, &now, "destroy", NULL, false, "of a created cell");
	cell = make_cell(LIFECYCLE_DEFINED);
	now.verb = VERB_START;
	now.whole = true;
	now.hypervisor = HYPERVISOR_OFF;
	now.auto_enable = true;
	expect(tap, &now, "enable", NULL, true, "without a hypervisor");
}

static void test_disable(struct tap *tap)
{
	struct cell cell = make_cell(LIFECYCLE_SHUT_DOWN);
	struct link last = {0}, first = {.next = &last};
	struct situation now = {
		.verb = VERB_DISABLE,
		.whole = true,
		.hypervisor = HYPERVISOR_ENABLED,
		.cells = &cell,
		.links = &first,
	};

	expect(tap, &now, "destroy", NULL, false, "with a cell and links");
	now.cells = NULL;
	expect(tap, &now, "remove-link", &first, false, "with links");
	first.stuck = true;
	expect(tap, &now, "remove-link", &last, false, "with one that is stuck");
	last.stuck = true;
	expect(tap, &now, "disable", NULL, false, "with nothing but stuck links");
	now.links = NULL;
	expect(tap, &now, "disable", NULL, false, "with nothing");
}

static void test_by_itself(struct tap *tap)
{
	struct link unneeded = {0};
	struct situation now = {
		.verb = VERB_REMOVE_LINK,
		.whole = true,
		.hypervisor = HYPERVISOR_ENABLED,
		.links = &unneeded,
	};

	expect(tap, &now, "done", NULL, false, "of a link that is needed");
	now.unneeded = &unneeded;
	expect(tap, &now, "remove-link", &unneeded, false, "of one that is not");
	now.hypervisor = HYPERVISOR_OFF;
	expect(tap, &now, "done", NULL, false, "without a hypervisor");
}

static void test_keep_cpus(struct tap *tap)
{
	struct situation now = {
		.verb = VERB_KEEP_CPUS,
		.whole = true,
		.hypervisor = HYPERVISOR_ENABLED,
	};

	expect(tap, &now, "keep-cpus", NULL, false, "where the driver was not told");
	now.keeps_told = true;
	expect(tap, &now, "done", NULL, false, "where it was");
	now.keeps_told = false;
	now.hypervisor = HYPERVISOR_OFF;
	expect(tap, &now, "done", NULL, false, "without a hypervisor");
}

int main(void)
{
	struct tap tap = {0};

	test_before_create(&tap);
	test_afterwards(&tap);
	test_disable(&tap);
	test_by_itself(&tap);
	test_keep_cpus(&tap);
	test_memory_before_create(&tap);
	test_memory_afterwards(&tap);
	return tap_done(&tap);
}
