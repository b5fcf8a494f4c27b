// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bus/fetch.h"
#include "common/bus_words.h"
#include "common/cleanup.h"
#include "common/nearest.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/text.h"

#define MAX_NEAR 3

static bool stderr_unicode;

void complain_set_unicode(bool unicode)
{
	stderr_unicode = unicode;
}

void complain(const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list list;

	va_start(list, format);
	text = text_vformat(format, list);
	va_end(list);
	fputs("cellctl: ", stderr);
	if (text)
		text_put_line(stderr, text, stderr_unicode);
	fputc('\n', stderr);
}

enum exit_status complain_reply(int r)
{
	complain("cannot read the daemon's answer: %s", strerror(-r));
	return STATUS_FAILED;
}

enum exit_status complain_memory(void)
{
	complain("out of memory");
	return STATUS_FAILED;
}

static const char *next_cell(const void *words, size_t index)
{
	const struct cell_list *list = words;

	return index < list->count ? list->cells[index].name : NULL;
}

/* "Did you mean" for a cell that is not there, to be freed; NULL when the daemon does not answer.
 */
static char *suggest_cells(struct client *client, const char *wanted)
{
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *near[MAX_NEAR];
	size_t count;

	if (fetch_cells(&client->connection, &error, &list) < 0)
		return NULL;
	count = nearest_words(wanted, next_cell, &list, near, MAX_NEAR);
	if (count == 0)
		return NULL;
	return text_format("did you mean '%s'%s%s%s%s%s%s?", near[0], count > 1 ? " or '" : "",
			   count > 1 ? near[1] : "", count > 1 ? "'" : "", count > 2 ? " or '" : "",
			   count > 2 ? near[2] : "", count > 2 ? "'" : "");
}

/* What the driver is known to be short of, where that is to do with the error. */
static void look_at_driver(struct client *client, const char *error_name, struct attempt *attempt)
{
	_cleanup_(manager_info_free) struct manager_info manager = {0};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	enum error_code code = error_code_from_name(error_name);

	if ((code != ERROR_REFUSED && code != ERROR_TIMEOUT && code != ERROR_DRIVER &&
	     code != ERROR_HYPERVISOR_OFF) ||
	    fetch_manager(&client->connection, CALL_READ, &error, &manager) < 0)
		return;
	attempt->without_kill = *manager.driver && !manager_has_feature(&manager, BUS_FEATURE_KILL);
	attempt->without_driver =
		hypervisor_state_from_word(manager.hypervisor_state) == HYPERVISOR_UNAVAILABLE;
}

/* Programs that read JSON read what went wrong as JSON, too; but on standard error. */
static void complain_json(const struct client *client, const struct attempt *attempt,
			  const char *name, const char *text, const char *hint)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (object && json_add_string(object, "verb", attempt->verb) &&
	    (!attempt->cell || json_add_string(object, "cell", attempt->cell)) &&
	    (!name || json_add_string(object, "error", name)) &&
	    json_add_string(object, "message", text) &&
	    (!hint || json_add_string(object, "hint", hint)))
		json_print(stderr, object, client->options.json == JSON_PRETTY);
}

enum exit_status complain_attempt(struct client *client, const char *cell,
				  const sd_bus_error *error, int r)
{
	struct attempt attempt = {.verb = client->verb->name,
				  .cell = cell,
				  .polkit_action = client->verb->polkit_action,
				  .host = client->options.host};
	const char *text = error->message ? error->message : error->name;
	enum exit_status status = error->name ? call_error_status(error->name) : STATUS_FAILED;
	_cleanup_(freep) char *hint = NULL, *lost = NULL;

	text = text ? error_reason(text, attempt.verb, cell) : strerror(-r);
	/* The daemon knows better what was asked for: what the verb's call needs may have been had.
	 */
	if (strstr(text, "polkit action "))
		attempt.polkit_action = NULL;
	if (call_error_is_lost_way(error->name, &attempt)) {
		lost = text_format("no connection to %s: %s", attempt.host, text);
		text = lost ?: text;
	}
	if (!client->options.quiet && status == STATUS_NO_SUCH_CELL && cell)
		hint = suggest_cells(client, cell);
	if (!client->options.quiet && !hint) {
		if (error->name)
			look_at_driver(client, error->name, &attempt);
		hint = call_error_hint(error->name, &attempt);
	}
	if (client->options.json != JSON_OFF) {
		complain_json(client, &attempt, error->name, text, hint);
		return status;
	}
	complain("%s%s%s: %s", attempt.verb, cell ? " " : "", cell ? cell : "", text);
	if (hint)
		complain("hint: %s", hint);
	return status;
}
