// SPDX-License-Identifier: GPL-2.0-only
/* Which step follows from which state: every method in every state, and then what else counts. */
#include "manager/decide.h"
#include "tests/lib/tap.h"

static const char *const states[] = {BUS_CELL_STATES(WORD_ENTRY)};
static const char *const verbs[] = {BUS_VERBS(WORD_ENTRY)};
static const char *const errors[] = {BUS_ERRORS(WORD_ENTRY)};

/* A cell's state with all that belongs to it. */
static struct cell make_cell(char *name, enum lifecycle state)
{
	static struct description description;
	const bool described = state != LIFECYCLE_FOREIGN && state != LIFECYCLE_INVALID;
	const bool known = described && state != LIFECYCLE_DEFINED;

	return (struct cell){
		.name = name,
		.description = described ? &description : NULL,
		.state = state,
		.health = HEALTH_OK,
		.exists = known || state == LIFECYCLE_FOREIGN,
		.record.phase = known ? CELL_PHASE_CREATED : CELL_PHASE_NONE,
	};
}

/* "[check, ]done", "[check, ]STEP[ CELL][ unless changed]" or "[check, ]ERROR[ CELL]: WHY". */
static const char *describe(const struct decision *decision)
{
	static char text[256];
	const char *check = decision->check ? "check, " : "";
	const char *space = decision->cell ? " " : "";
	const char *cell = decision->cell ? decision->cell->name : "";

	if (decision->kind == DECISION_DONE)
		snprintf(text, sizeof(text), "%sdone", check);
	else if (decision->kind == DECISION_STEP)
		snprintf(text, sizeof(text), "%s%s%s%s%s", check, verbs[decision->step], space,
			 cell, decision->renew ? " unless changed" : "");
	else
		snprintf(text, sizeof(text), "%s%s%s%s: %s", check,
			 strrchr(errors[decision->error], '.') + 1, space, cell, decision->why);
	return text;
}

/* What comes out begins with what is wanted: of refusals the beginning of the reason will do. */
static void expect(struct tap *tap, const struct situation *now, const char *want, const char *name)
{
	const struct decision decision = decide(now);
	const char *text = describe(&decision);

	if (!tap_ok(tap,
		    decision.kind == DECISION_REFUSED ? strncmp(text, want, strlen(want)) == 0
						      : strcmp(text, want) == 0,
		    "%s: %s", name, want))
		tap_note(tap, "but it is: %s", text);
}

#define WRONG	"WrongState alpha: "
#define FOREIGN WRONG "it is not known to this daemon"
#define INVALID "Invalid alpha: its description has errors"

/* With the hypervisor enabled and a cell that is well. */
static const struct {
	const char *method;
	enum bus_verb verb;
	bool whole;
	const char *want[LIFECYCLE_COUNT];
} methods[] = {
	{"Create",
	 VERB_CREATE,
	 false,
	 {
		 [LIFECYCLE_DEFINED] = "check, create alpha",
		 [LIFECYCLE_CREATED] = WRONG "it is created already",
		 [LIFECYCLE_LOADED] = WRONG "it is created already",
		 [LIFECYCLE_RUNNING] = WRONG "it is created already",
		 [LIFECYCLE_RUNNING_LOCKED] = WRONG "it is created already",
		 [LIFECYCLE_SHUT_DOWN] = WRONG "it is created already",
		 [LIFECYCLE_FAILED] = WRONG "it is created already",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"Load",
	 VERB_LOAD,
	 false,
	 {
		 [LIFECYCLE_DEFINED] = WRONG "Load needs",
		 [LIFECYCLE_CREATED] = "load alpha",
		 [LIFECYCLE_LOADED] = "load alpha",
		 [LIFECYCLE_RUNNING] = WRONG "Load needs",
		 [LIFECYCLE_RUNNING_LOCKED] = WRONG "Load needs",
		 [LIFECYCLE_SHUT_DOWN] = "load alpha",
		 [LIFECYCLE_FAILED] = "load alpha",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"Start",
	 VERB_START,
	 false,
	 {
		 [LIFECYCLE_DEFINED] = WRONG "Start needs",
		 [LIFECYCLE_CREATED] = WRONG "Start needs",
		 [LIFECYCLE_LOADED] = "start alpha",
		 [LIFECYCLE_RUNNING] = WRONG "Start needs",
		 [LIFECYCLE_RUNNING_LOCKED] = WRONG "Start needs",
		 [LIFECYCLE_SHUT_DOWN] = WRONG "Start needs",
		 [LIFECYCLE_FAILED] = WRONG "Start needs",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"Stop",
	 VERB_STOP,
	 false,
	 {
		 [LIFECYCLE_DEFINED] = WRONG "there is nothing to stop",
		 [LIFECYCLE_CREATED] = WRONG "there is nothing to stop",
		 [LIFECYCLE_LOADED] = WRONG "there is nothing to stop",
		 [LIFECYCLE_RUNNING] = "stop alpha",
		 [LIFECYCLE_RUNNING_LOCKED] = "stop alpha",
		 [LIFECYCLE_SHUT_DOWN] = WRONG "there is nothing to stop",
		 [LIFECYCLE_FAILED] = WRONG "there is nothing to stop",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"Kill",
	 VERB_KILL,
	 false,
	 {
		 [LIFECYCLE_DEFINED] = WRONG "there is nothing to kill",
		 [LIFECYCLE_CREATED] = WRONG "there is nothing to kill",
		 [LIFECYCLE_LOADED] = WRONG "there is nothing to kill",
		 [LIFECYCLE_RUNNING] = "kill alpha",
		 [LIFECYCLE_RUNNING_LOCKED] = "kill alpha",
		 [LIFECYCLE_SHUT_DOWN] = WRONG "there is nothing to kill",
		 [LIFECYCLE_FAILED] = WRONG "there is nothing to kill",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"Destroy",
	 VERB_DESTROY,
	 false,
	 {
		 [LIFECYCLE_DEFINED] = WRONG "Destroy needs",
		 [LIFECYCLE_CREATED] = "destroy alpha",
		 [LIFECYCLE_LOADED] = "destroy alpha",
		 [LIFECYCLE_RUNNING] = WRONG "Destroy needs",
		 [LIFECYCLE_RUNNING_LOCKED] = WRONG "Destroy needs",
		 [LIFECYCLE_SHUT_DOWN] = "destroy alpha",
		 [LIFECYCLE_FAILED] = "destroy alpha",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"StartCell",
	 VERB_START,
	 true,
	 {
		 [LIFECYCLE_DEFINED] = "check, create alpha",
		 [LIFECYCLE_CREATED] = "check, load alpha unless changed",
		 [LIFECYCLE_LOADED] = "check, start alpha",
		 [LIFECYCLE_RUNNING] = "done",
		 [LIFECYCLE_RUNNING_LOCKED] = "done",
		 [LIFECYCLE_SHUT_DOWN] = "check, load alpha unless changed",
		 [LIFECYCLE_FAILED] = "check, load alpha unless changed",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"StopCell",
	 VERB_STOP,
	 true,
	 {
		 [LIFECYCLE_DEFINED] = "done",
		 [LIFECYCLE_CREATED] = "done",
		 [LIFECYCLE_LOADED] = "done",
		 [LIFECYCLE_RUNNING] = "stop alpha",
		 [LIFECYCLE_RUNNING_LOCKED] = "stop alpha",
		 [LIFECYCLE_SHUT_DOWN] = "done",
		 [LIFECYCLE_FAILED] = "done",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"RestartCell",
	 VERB_RESTART,
	 true,
	 {
		 [LIFECYCLE_DEFINED] = "check, create alpha",
		 [LIFECYCLE_CREATED] = "check, load alpha unless changed",
		 [LIFECYCLE_LOADED] = "check, start alpha",
		 [LIFECYCLE_RUNNING] = "check, stop alpha",
		 [LIFECYCLE_RUNNING_LOCKED] = "check, stop alpha",
		 [LIFECYCLE_SHUT_DOWN] = "check, load alpha unless changed",
		 [LIFECYCLE_FAILED] = "check, load alpha unless changed",
		 [LIFECYCLE_FOREIGN] = FOREIGN,
	 }},
	{"EnableHypervisor",
	 VERB_ENABLE,
	 true,
	 {
		 [LIFECYCLE_DEFINED] = "done",
		 [LIFECYCLE_CREATED] = "done",
		 [LIFECYCLE_LOADED] = "done",
		 [LIFECYCLE_RUNNING] = "done",
		 [LIFECYCLE_RUNNING_LOCKED] = "done",
		 [LIFECYCLE_SHUT_DOWN] = "done",
		 [LIFECYCLE_FAILED] = "done",
		 [LIFECYCLE_FOREIGN] = "done",
		 [LIFECYCLE_INVALID] = "done",
	 }},
	{"DisableHypervisor",
	 VERB_DISABLE,
	 true,
	 {
		 [LIFECYCLE_DEFINED] = "disable",
		 [LIFECYCLE_CREATED] = "destroy alpha",
		 [LIFECYCLE_LOADED] = "destroy alpha",
		 [LIFECYCLE_RUNNING] = WRONG "disabling the hypervisor would end it; stop it first",
		 [LIFECYCLE_RUNNING_LOCKED] = WRONG "disabling the hypervisor would end it; stop",
		 [LIFECYCLE_SHUT_DOWN] = "destroy alpha",
		 [LIFECYCLE_FAILED] = "destroy alpha",
		 [LIFECYCLE_FOREIGN] = WRONG "disabling the hypervisor would end it; remove it",
		 [LIFECYCLE_INVALID] = "disable",
	 }},
};

static void test_every_method_in_every_state(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		for (enum lifecycle state = 0; state < LIFECYCLE_COUNT; state++) {
			const struct cell cell = make_cell("alpha", state);
			const struct situation now = {
				.verb = methods[i].verb,
				.whole = methods[i].whole,
				.hypervisor = HYPERVISOR_ENABLED,
				.cell = methods[i].verb > VERB_DISABLE ? &cell : NULL,
				.cells = &cell,
			};
			char name[64];

			snprintf(name, sizeof(name), "%s, %s", methods[i].method, states[state]);
			expect(tap, &now, methods[i].want[state] ?: INVALID, name);
		}
	}
}

/* What else counts. The cell is described and well, and the hypervisor enabled, unless said. */
static const struct {
	const char *name;
	enum lifecycle state;
	struct situation now;
	bool undescribed;
	bool ill;
	const char *last_error, *broken;
	const char *want;
} rows[] = {
#define WHOLE(name) .verb = VERB_##name, .whole = true
#define OFF	    .hypervisor = HYPERVISOR_OFF
#define NO_DRIVER   .hypervisor = HYPERVISOR_UNAVAILABLE
#define ON	    .hypervisor = HYPERVISOR_ENABLED
	/* Without a hypervisor. */
	{"a single step does not enable",
	 LIFECYCLE_DEFINED,
	 {.verb = VERB_CREATE, OFF, .auto_enable = true},
	 .want = "HypervisorOff: the hypervisor is not enabled"},
	{"a single step says that there is no driver",
	 LIFECYCLE_DEFINED,
	 {.verb = VERB_CREATE, NO_DRIVER},
	 .want = "HypervisorOff: there is no driver"},
	{"a start enables after the check",
	 LIFECYCLE_DEFINED,
	 {WHOLE(START), OFF, .auto_enable = true},
	 .want = "check, enable"},
	{"a start leaves off what is to be left off",
	 LIFECYCLE_DEFINED,
	 {WHOLE(START), OFF},
	 .want = "check, HypervisorOff: the hypervisor is not enabled"},
	{"a start without driver",
	 LIFECYCLE_DEFINED,
	 {WHOLE(START), NO_DRIVER, .auto_enable = true},
	 .want = "check, HypervisorOff: there is no driver"},
	{"a stop has nothing to do", LIFECYCLE_DEFINED, {WHOLE(STOP), OFF}, .want = "done"},
	{"a restart starts",
	 LIFECYCLE_DEFINED,
	 {WHOLE(RESTART), OFF, .auto_enable = true},
	 .want = "check, enable"},
	{"enabling", LIFECYCLE_DEFINED, {WHOLE(ENABLE), OFF}, .want = "enable"},
	{"enabling without driver",
	 LIFECYCLE_DEFINED,
	 {WHOLE(ENABLE), NO_DRIVER},
	 .want = "HypervisorOff: there is no driver"},
	{"nothing is enabled with a broken configuration",
	 LIFECYCLE_DEFINED,
	 {WHOLE(ENABLE), OFF, .config_error = "pool-size is wrong"},
	 .want = "Invalid: pool-size is wrong"},
	{"nor by a start",
	 LIFECYCLE_DEFINED,
	 {WHOLE(START), OFF, .auto_enable = true, .config_error = "pool-size is wrong"},
	 .want = "check, Invalid: pool-size is wrong"},
	{"a broken configuration stops nothing that runs",
	 LIFECYCLE_LOADED,
	 {WHOLE(START), ON, .config_error = "pool-size is wrong"},
	 .want = "check, start alpha"},
	{"disabling what is off", LIFECYCLE_DEFINED, {WHOLE(DISABLE), OFF}, .want = "done"},
	{"disabling without driver",
	 LIFECYCLE_DEFINED,
	 {WHOLE(DISABLE), NO_DRIVER},
	 .want = "done"},

	/* Without a description. */
	{"Create of what",
	 LIFECYCLE_DEFINED,
	 {.verb = VERB_CREATE, ON},
	 .undescribed = true,
	 .want = "Invalid alpha: it has no description"},
	{"Load of what",
	 LIFECYCLE_CREATED,
	 {.verb = VERB_LOAD, ON},
	 .undescribed = true,
	 .want = "Invalid alpha: it has no description"},
	{"a cell whose description has gone can be killed",
	 LIFECYCLE_RUNNING,
	 {.verb = VERB_KILL, ON},
	 .undescribed = true,
	 .want = "kill alpha"},
	{"and destroyed",
	 LIFECYCLE_FAILED,
	 {.verb = VERB_DESTROY, ON},
	 .undescribed = true,
	 .want = "destroy alpha"},
	{"and stopped",
	 LIFECYCLE_RUNNING,
	 {WHOLE(STOP), ON},
	 .undescribed = true,
	 .want = "stop alpha"},
	{"but not started",
	 LIFECYCLE_SHUT_DOWN,
	 {WHOLE(START), ON},
	 .undescribed = true,
	 .want = "Invalid alpha: it has no description"},
	{"and not stopped for a restart",
	 LIFECYCLE_RUNNING,
	 {WHOLE(RESTART), ON},
	 .undescribed = true,
	 .want = "Invalid alpha: it has no description"},
	{"what is wrong with the only one is told",
	 LIFECYCLE_SHUT_DOWN,
	 {WHOLE(START), ON},
	 .undescribed = true,
	 .broken = "alpha.json:1:3: is wrong",
	 .want = "Invalid: alpha.json:1:3: is wrong"},

	/* Later steps. */
	{"the check is not repeated",
	 LIFECYCLE_DEFINED,
	 {WHOLE(START), ON, .stepped = true},
	 .want = "create alpha"},
	{"images may have changed",
	 LIFECYCLE_CREATED,
	 {WHOLE(START), ON, .stepped = true},
	 .want = "load alpha unless changed"},
	{"a start ends when it runs",
	 LIFECYCLE_RUNNING,
	 {WHOLE(START), ON, .stepped = true, .started = true},
	 .want = "done"},
	{"or has ended by itself",
	 LIFECYCLE_SHUT_DOWN,
	 {WHOLE(START), ON, .stepped = true, .started = true},
	 .want = "done"},
	{"one that fails at once has not started",
	 LIFECYCLE_FAILED,
	 {WHOLE(START), ON, .stepped = true, .started = true},
	 .last_error = "wrote to nowhere",
	 .want = "WrongState alpha: wrote to nowhere"},
	{"even if nobody knows why",
	 LIFECYCLE_FAILED,
	 {WHOLE(START), ON, .stepped = true, .started = true},
	 .want = "WrongState alpha: it failed right after its start"},
	{"a stop ends",
	 LIFECYCLE_SHUT_DOWN,
	 {WHOLE(STOP), ON, .stepped = true, .stopped = true},
	 .want = "done"},
	{"and does not stop what was started since",
	 LIFECYCLE_RUNNING,
	 {WHOLE(STOP), ON, .stepped = true, .stopped = true},
	 .want = "done"},

	/* Halves of a restart. */
	{"the second half loads",
	 LIFECYCLE_SHUT_DOWN,
	 {WHOLE(RESTART), ON, .stepped = true, .stopped = true},
	 .want = "load alpha unless changed"},
	{"also what was killed",
	 LIFECYCLE_FAILED,
	 {WHOLE(RESTART), ON, .stepped = true, .stopped = true},
	 .want = "load alpha unless changed"},
	{"and starts",
	 LIFECYCLE_LOADED,
	 {WHOLE(RESTART), ON, .stepped = true, .stopped = true},
	 .want = "start alpha"},
	{"and ends",
	 LIFECYCLE_RUNNING,
	 {WHOLE(RESTART), ON, .stepped = true, .stopped = true, .started = true},
	 .want = "done"},
	{"what was not running is not stopped again",
	 LIFECYCLE_RUNNING,
	 {WHOLE(RESTART), ON, .stepped = true, .started = true},
	 .want = "done"},
	{"a second half that fails at once",
	 LIFECYCLE_FAILED,
	 {WHOLE(RESTART), ON, .stepped = true, .stopped = true, .started = true},
	 .want = "WrongState alpha: it failed right after its start"},

/* A cell without a pulse. */
#define ILL(what, can) .now = {WHOLE(what), ON, .can_kill = can}, .ill = true
	{"a start kills it", LIFECYCLE_RUNNING, ILL(START, true), .want = "kill alpha"},
	{"also a locked one", LIFECYCLE_RUNNING_LOCKED, ILL(START, true), .want = "kill alpha"},
	{"but not the one just started",
	 LIFECYCLE_RUNNING,
	 {WHOLE(START), ON, .stepped = true, .started = true},
	 .ill = true,
	 .want = "done"},
	{"no kill: restart", LIFECYCLE_RUNNING, ILL(RESTART, false), .want = "check, stop alpha"},
	{"a restart kills it", LIFECYCLE_RUNNING, ILL(RESTART, true), .want = "check, kill alpha"},
	{"no kill: start", LIFECYCLE_RUNNING, ILL(START, false), .want = "stop alpha"},
	{"a stop does", LIFECYCLE_RUNNING, {WHOLE(STOP), ON}, .ill = true, .want = "stop alpha"},

	/* A Kill that waited. */
	{"what it was for has happened",
	 LIFECYCLE_SHUT_DOWN,
	 {.verb = VERB_KILL, ON, .was_running = true},
	 .want = "done"},
	{"what still runs is killed",
	 LIFECYCLE_RUNNING,
	 {.verb = VERB_KILL, ON, .was_running = true},
	 .want = "kill alpha"},
	{"only a Kill is done by itself",
	 LIFECYCLE_SHUT_DOWN,
	 {.verb = VERB_STOP, ON, .was_running = true},
	 .want = WRONG "there is nothing to stop"},
};

static void test_what_else_counts(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cell cell = make_cell("alpha", rows[i].state);
		struct situation now = rows[i].now;

		if (rows[i].undescribed)
			cell.description = NULL;
		if (rows[i].ill)
			cell.health = HEALTH_FAILED;
		cell.last_error = (char *)rows[i].last_error;
		cell.broken = (char *)rows[i].broken;
		now.cell = now.verb > VERB_DISABLE ? &cell : NULL;
		now.cells = &cell;
		expect(tap, &now, rows[i].want, rows[i].name);
	}
}

/* What DisableHypervisor does next with two cells. */
static const struct {
	const char *name;
	bool force;
	enum lifecycle alpha, beta;
	const char *want;
} pairs[] = {
	{"refused for the second one", false, LIFECYCLE_SHUT_DOWN, LIFECYCLE_RUNNING,
	 "WrongState beta: disabling"},
	{"refused for a foreign one", false, LIFECYCLE_DEFINED, LIFECYCLE_FOREIGN,
	 "WrongState beta: disabling"},
	{"cells at rest are destroyed in turn", false, LIFECYCLE_FAILED, LIFECYCLE_LOADED,
	 "destroy alpha"},
	{"until none is left", false, LIFECYCLE_DEFINED, LIFECYCLE_LOADED, "destroy beta"},
	{"forced, all are stopped first", true, LIFECYCLE_SHUT_DOWN, LIFECYCLE_RUNNING,
	 "stop beta"},
	{"the locked one too", true, LIFECYCLE_CREATED, LIFECYCLE_RUNNING_LOCKED, "stop beta"},
	{"then destroyed", true, LIFECYCLE_SHUT_DOWN, LIFECYCLE_FAILED, "destroy alpha"},
	{"a foreign one goes with the hypervisor", true, LIFECYCLE_DEFINED, LIFECYCLE_FOREIGN,
	 "disable"},
};

static void test_disabling_with_two_cells(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct cell alpha = make_cell("alpha", pairs[i].alpha);
		const struct cell beta = make_cell("beta", pairs[i].beta);
		const struct situation now = {
			WHOLE(DISABLE),
			ON,
			.force = pairs[i].force,
			.cells = &alpha,
		};

		alpha.next = (struct cell *)&beta;
		expect(tap, &now, pairs[i].want, pairs[i].name);
	}
}

int main(void)
{
	struct tap tap = {0};

	test_every_method_in_every_state(&tap);
	test_what_else_counts(&tap);
	test_disabling_with_two_cells(&tap);
	return tap_done(&tap);
}
