// SPDX-License-Identifier: GPL-2.0-only
/* What tests want to become of the daemon's calls, and how many there were. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_driver.h"

#define MAX_RULES  32
#define MAX_COUNTS 32
#define ANY	   "any"

static struct fake_rule rules[MAX_RULES];
static size_t num_rules;
static struct {
	char call[16];
	unsigned int count;
} counts[MAX_COUNTS];

static unsigned int *count_of(const char *call)
{
	size_t i = 0;

	while (i < MAX_COUNTS - 1 && counts[i].call[0] && strcmp(counts[i].call, call) != 0)
		i++;
	snprintf(counts[i].call, sizeof(counts[i].call), "%s", call);
	return &counts[i].count;
}

unsigned int fake_rule_calls(const char *call)
{
	return *count_of(call);
}

void fake_rule_find(const char *call, bool changes, struct fake_rule *ret)
{
	(*count_of(call))++;
	for (size_t i = 0; i < num_rules; i++) {
		if (strcmp(rules[i].call, call) != 0 &&
		    !(changes && strcmp(rules[i].call, ANY) == 0))
			continue;
		if (rules[i].nth > 1) {
			rules[i].nth--;
			continue;
		}
		*ret = rules[i];
		if (rules[i].nth == 1)
			rules[i] = rules[--num_rules];
		return;
	}
}

bool fake_rule_hangs(const char *call)
{
	for (size_t i = 0; i < num_rules; i++) {
		if (strcmp(rules[i].call, call) == 0 && rules[i].action >= FAKE_ACTION_HANG)
			return true;
	}
	return false;
}

static int parse_errno(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {
		{"EPERM", EPERM},   {"EBUSY", EBUSY},	{"ENOMEM", ENOMEM},
		{"EINVAL", EINVAL}, {"EEXIST", EEXIST}, {"ENOENT", ENOENT},
		{"EINTR", EINTR},   {"EIO", EIO},	{"ETIMEDOUT", ETIMEDOUT},
		{"ENOSPC", ENOSPC}, {"ENODEV", ENODEV}, {"EXDEV", EXDEV},
		{"EUSERS", EUSERS},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, name) == 0)
			return names[i].value;
	}
	return 0;
}

static enum fake_action parse_action(const char *word, int *ret_value)
{
	static const struct {
		const char *name;
		enum fake_action action;
	} names[] = {
		{"lie", FAKE_ACTION_LIE},
		{"kill", FAKE_ACTION_KILL},
		{"kill-after", FAKE_ACTION_KILL_AFTER},
		{"hang", FAKE_ACTION_HANG},
		{"stuck", FAKE_ACTION_STUCK},
	};

	*ret_value = parse_errno(word);
	if (*ret_value)
		return FAKE_ACTION_ERROR;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, word) == 0)
			return names[i].action;
	}
	return sscanf(word, "delay=%d", ret_value) == 1 ? FAKE_ACTION_DELAY : FAKE_ACTION_NONE;
}

const char *fake_rule_add(char *const *words)
{
	struct fake_rule rule = {.nth = (unsigned int)atoi(words[2])};

	snprintf(rule.call, sizeof(rule.call), "%s", words[1]);
	rule.action = parse_action(words[3], &rule.value);
	if (rule.action == FAKE_ACTION_NONE)
		return "no such action";
	/* A hanging call looks whether its rule is still there. */
	if (rule.action >= FAKE_ACTION_HANG)
		rule.nth = 0;
	if (num_rules == MAX_RULES)
		return "too many rules";
	rules[num_rules++] = rule;
	return "ok";
}

void fake_rules_clear(const char *call)
{
	size_t kept = 0;

	for (size_t i = 0; call && i < num_rules; i++) {
		if (strcmp(rules[i].call, call) != 0)
			rules[kept++] = rules[i];
	}
	num_rules = kept;
}
