// SPDX-License-Identifier: GPL-2.0-only
#include "view.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"

static int take_state(struct view *view, const char *word)
{
	view->state = lifecycle_from_word(word);
	return view->state == LIFECYCLE_COUNT ? -EPROTO : 0;
}

static int take_health(struct view *view, const char *word)
{
	view->health = health_from_word(word);
	return view->health == HEALTH_COUNT ? -EPROTO : 0;
}

static int take_operation(struct view *view, const char *word)
{
	view->operating = word[0] != '\0';
	/* The end of all cells is told of none. */
	if (view->operating)
		view->asked_to_end = strcmp(word, verb_name(VERB_STOP)) == 0 ||
				     strcmp(word, verb_name(VERB_KILL)) == 0;
	return 0;
}

static int take_last_error(struct view *view, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(view->last_error);
	view->last_error = copy;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct view *view, const char *text);
} texts[] = {
	{"State", take_state},
	{"Health", take_health},
	{"Operation", take_operation},
	{"LastError", take_last_error},
};

/* Returns whether it is one of ours. */
static int read_member(struct view *view, const char *name, sd_bus_message *message)
{
	const char *text;
	int up, r;

	if (strcmp(name, "StartedAt") == 0) {
		r = sd_bus_message_read(message, "v", "t", &view->started_at);
		return r < 0 ? r : 1;
	}
	if (strcmp(name, "Up") == 0) {
		r = sd_bus_message_read(message, "v", "b", &up);
		view->up = r >= 0 && up;
		return r < 0 ? r : 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		r = sd_bus_message_read(message, "v", "s", &text);
		if (r >= 0)
			r = texts[i].take(view, text);
		return r < 0 ? r : 1;
	}
	r = sd_bus_message_skip(message, "v");
	return r < 0 ? r : 0;
}

int view_size(void)
{
	return ARRAY_SIZE(texts) + 2;
}

int view_read(struct view *view, sd_bus_message *message)
{
	const char *name;
	int count = 0, r;

	r = sd_bus_message_enter_container(message, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = sd_bus_message_read(message, "s", &name);
		if (r >= 0)
			r = read_member(view, name, message);
		if (r < 0)
			return r;
		count += r;
		r = sd_bus_message_exit_container(message);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r < 0 ? r : count;
}

void view_done(struct view *view)
{
	free(view->last_error);
	*view = (struct view){0};
}
