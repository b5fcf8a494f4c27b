// SPDX-License-Identifier: GPL-2.0-only
#include "verbs/call_error.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static const struct {
	const char *error, *verb, *cell, *action;
	const char *contains; /* NULL: no hint */
} cases[] = {
	{"org.cellmgr1.Error.HypervisorOff", "create", "turbine", NULL, "'cellctl enable'"},
	{"org.cellmgr1.Error.HypervisorOff", "enable", NULL, NULL, "'modprobe cellvisor'"},
	{"org.cellmgr1.Error.NoSuchCell", "stop", "turbine", NULL, "'cellctl list'"},
	{"org.cellmgr1.Error.WrongState", "kill", "turbine", NULL, "'cellctl status turbine'"},
	{"org.cellmgr1.Error.WrongState", "disable", NULL, NULL, "disable --force"},
	{"org.cellmgr1.Error.Refused", "stop", "turbine", NULL, "'cellctl kill turbine'"},
	{"org.cellmgr1.Error.Timeout", "restart", "turbine", NULL, "'cellctl kill turbine'"},
	{"org.cellmgr1.Error.Timeout", "enable", NULL, NULL, NULL},
	{"org.cellmgr1.Error.Busy", "start", "turbine", NULL, "try again"},
	{"org.cellmgr1.Error.Locked", "start", "turbine", NULL, "running-locked"},
	{"org.cellmgr1.Error.Invalid", "start", "turbine", NULL, "'cellctl check'"},
	{"org.cellmgr1.Error.NoResources", "start", "turbine", NULL, "'cellctl map'"},
	{"org.cellmgr1.Error.NoResources", "enable", NULL, NULL, "'cellctl doctor'"},
	{"org.cellmgr1.Error.NoResources", "crash", "turbine", NULL, "systemctl status cellmgrd"},
	{"org.cellmgr1.Error.Invalid", "set", "turbine", NULL,
	 "'cellctl --json=pretty signals turbine'"},
	{"org.cellmgr1.Error.NoSuchSignal", "set", "turbine", NULL, "'cellctl signals turbine'"},
	{"org.cellmgr1.Error.NoSuchRecord", "crash", "turbine", NULL, "'cellctl crash'"},
	{"org.cellmgr1.Error.Refused", "disable", NULL, NULL, "disable --force"},
	{"org.cellmgr1.Error.Busy", "disable", NULL, NULL, "disable --force"},
	{"org.cellmgr1.Error.Timeout", "stop", "turbine", NULL, "'cellctl kill turbine'"},
	{"org.cellmgr1.Error.Driver", "kill", "turbine", NULL, "journalctl -k"},
	{"org.cellmgr1.Error.Driver", "start", "turbine", NULL, "journalctl -k"},
	{"org.freedesktop.DBus.Error.AccessDenied", "start", "turbine", "org.cellmgr1.manage-cells",
	 "polkit action org.cellmgr1.manage-cells"},
	{"org.freedesktop.DBus.Error.AccessDenied", "list", NULL, NULL, "as root"},
	{"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "enable", NULL,
	 "org.cellmgr1.manage-hypervisor", "on a terminal"},
	{"org.freedesktop.DBus.Error.ServiceUnknown", "list", NULL, NULL,
	 "systemctl status cellmgrd"},
	{"org.freedesktop.DBus.Error.Spawn.ChildExited", "list", NULL, NULL,
	 "systemctl status cellmgrd"},
	{"org.freedesktop.DBus.Error.NoReply", "list", NULL, NULL, "systemctl status cellmgrd"},
	{"org.freedesktop.DBus.Error.Disconnected", "list", NULL, NULL,
	 "systemctl status cellmgrd"},
	{"org.freedesktop.DBus.Error.Timeout", "list", NULL, NULL, "systemctl status cellmgrd"},
	{"org.freedesktop.DBus.Error.NameHasNoOwner", "version", NULL, NULL,
	 "systemctl start cellmgrd"},
	{"org.freedesktop.DBus.Error.UnknownMethod", "list", NULL, NULL, "different versions"},
	{"org.freedesktop.DBus.Error.UnknownInterface", "list", NULL, NULL, "different versions"},
	{"org.freedesktop.DBus.Error.UnknownProperty", "list", NULL, NULL, "different versions"},
	{"org.freedesktop.systemd1.UnitMasked", "list", NULL, NULL, "'systemctl unmask cellmgrd'"},
	{"org.example.Error.Odd", "list", NULL, NULL, NULL},
};

/* What the way to another machine breaks by, and what comes over it whole. */
static void test_other_machine(struct tap *tap)
{
	static const struct {
		const char *error;
		bool lost;
	} answers[] = {
		{NULL, true},
		{"System.Error.ECONNRESET", true},
		{"org.freedesktop.DBus.Error.Disconnected", true},
		{"org.freedesktop.DBus.Error.NoReply", true},
		{"org.freedesktop.DBus.Error.AccessDenied", false},
		{"org.cellmgr1.Error.Busy", false},
	};
	const struct attempt there = {.verb = "list", .host = "ada@plant:22/box"};
	const struct attempt here = {.verb = "list"};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		_cleanup_(freep) char *hint = call_error_hint(answers[i].error, &there);
		const char *error = answers[i].error ?: "nothing";

		tap_ok(tap, call_error_is_lost_way(answers[i].error, &there) == answers[i].lost,
		       "%s from another machine: whether the way is lost", error);
		tap_ok(tap,
		       hint && !!strstr(hint, "'ssh -p 22 ada@plant systemd-stdio-bridge'") ==
				       answers[i].lost,
		       "%s from another machine: hint at it", error);
		tap_ok(tap, !call_error_is_lost_way(answers[i].error, &here),
		       "%s from this one: there is no way", error);
	}
}

int main(void)
{
	struct tap tap = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct attempt attempt = {cases[i].verb, cases[i].cell, cases[i].action,
					  false,	 NULL,		false};
		_cleanup_(freep) char *hint = call_error_hint(cases[i].error, &attempt);

		if (!cases[i].contains)
			tap_ok(&tap, !hint, "%s of %s: no hint", cases[i].error, cases[i].verb);
		else
			tap_ok(&tap, hint && strstr(hint, cases[i].contains) && !strchr(hint, '%'),
			       "%s of %s: hint has \"%s\"", cases[i].error, cases[i].verb,
			       cases[i].contains);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct attempt attempt = {cases[i].verb, cases[i].cell, cases[i].action,
					  true,		 NULL,		false};
		_cleanup_(freep) char *hint = call_error_hint(cases[i].error, &attempt);

		tap_ok(&tap, !hint || !strstr(hint, "cellctl kill"),
		       "%s of %s: no kill where there is none", cases[i].error, cases[i].verb);
	}
	for (size_t i = 0; i < 2; i++) {
		struct attempt attempt = {.verb = i ? "start" : "disable", .without_driver = true};
		_cleanup_(freep) char *hint =
			call_error_hint("org.cellmgr1.Error.HypervisorOff", &attempt);

		tap_ok(&tap, hint && strstr(hint, "'modprobe cellvisor'"),
		       "%s without a driver: hint has 'modprobe cellvisor'", attempt.verb);
	}
	test_other_machine(&tap);
	tap_ok(&tap, call_error_status("org.cellmgr1.Error.NoSuchCell") == STATUS_NO_SUCH_CELL,
	       "NoSuchCell has an exit status of its own");
	tap_ok(&tap, call_error_status("org.cellmgr1.Error.Busy") == STATUS_FAILED,
	       "other errors are failures");
	return tap_done(&tap);
}
