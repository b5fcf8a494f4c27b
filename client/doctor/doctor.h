/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a machine is fit for the hypervisor: what was looked at, what it says, what to do. */
#ifndef CLIENT_DOCTOR_H
#define CLIENT_DOCTOR_H

#include "doctor/facts.h"
#include "json.h"
#include "words.h"

#define DOCTOR_VERDICTS(X)      \
	X(VERDICT_OK, "ok")     \
	X(VERDICT_WARN, "warn") \
	X(VERDICT_FAIL, "fail") \
	X(VERDICT_UNKNOWN, "unknown") /* it could not be looked at */

enum verdict { DOCTOR_VERDICTS(WORD_SYMBOL) VERDICT_COUNT };

/*
 * Looks at the machine below root ("": this one). smi_usec: how long to look for long SMIs; 0: not.
 * NULL without memory; else an object to be put:
 * "fit", "machine" (what it is, without anything that is one machine's alone), and "findings", an
 * array of "check", "verdict", "found" and, where something is to be done, "do".
 */
struct json_object *doctor_examine(const char *root, uint64_t smi_usec);

/* For the files of the checks. A NULL text of what is to be done: nothing. */
void doctor_say(struct facts *facts, enum verdict verdict, const char *todo, const char *format,
		...) __attribute__((format(printf, 4, 5)));

typedef void doctor_check(struct facts *facts);

struct doctor_row {
	const char *name;
	doctor_check *check;
};

extern const struct doctor_row arch_checks[]; /* of the architecture; ends with a zeroed one */

bool doctor_is_locked_down(const struct facts *facts);

/* The module, and whether the kernel will load it. */
void doctor_check_module(struct facts *facts);

/* Long pauses that no software makes: firmware's. Ends early where somebody interrupts. */
void doctor_look_for_smis(struct facts *facts, uint64_t microseconds);

#endif /* CLIENT_DOCTOR_H */
