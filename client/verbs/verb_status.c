// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus/fetch.h"
#include "common/bus_words.h"
#include "common/cleanup.h"
#include "common/quantity.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/cell_table.h"
#include "view/console_reader.h"
#include "view/format.h"

#define CONSOLE_LINES 10
#define HASH_SHOWN    12
#define LABEL_WIDTH   10

/* What is there is there at once; a cell may write on and on. */
static const struct console_limits tail_limits = {.pause_ms = 20, .total_ms = 200};

static void put_label(struct client *client, const char *label)
{
	fprintf(client->output.stream, "%*s: ", LABEL_WIDTH, label);
}

static void put_text(struct client *client, enum color color, const char *text, const char *end)
{
	screen_put(&client->screen, color, text, end);
}

static void put_field(struct client *client, const char *label, enum color color, const char *text)
{
	put_label(client, label);
	screen_put_wrapped(&client->screen, color, LABEL_WIDTH + 2, LABEL_WIDTH + 2, text);
	fputc('\n', client->output.stream);
}

static void put_dot(struct client *client, const char *state)
{
	put_text(client, state_color(state), state_dot(&client->screen, state), " ");
}

/* Overall status. */

#define FEATURE_WORD(flag, word) word,
#define FEATURE_SIZE(flag, word) +sizeof(" " word)

/* What the driver has, and what is missing beside ours. */
static void put_features(struct client *client, const struct manager_info *manager)
{
	static const char *const features[] = {BUS_FEATURES(FEATURE_WORD)};
	char text[sizeof("none; missing:") BUS_FEATURES(FEATURE_SIZE)], *end = text;
	const char *before = "; missing: ";

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (manager_has_feature(manager, features[i]))
			end = stpcpy(stpcpy(end, end > text ? " " : ""), features[i]);
	}
	if (end == text)
		end = stpcpy(end, "none");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (!manager_has_feature(manager, features[i])) {
			end = stpcpy(stpcpy(end, before), features[i]);
			before = " ";
		}
	}
	put_field(client, "Features", COLOR_PLAIN, text);
}

/* A line about CPUs, where there are some. */
static int put_cpus(struct client *client, const char *label, const char *before, enum color color,
		    struct json_object *numbers, const char *after)
{
	_cleanup_(freep) char *cpus = format_cpus(numbers);

	if (!cpus)
		return -ENOMEM;
	if (json_object_array_length(numbers) > 0) {
		put_label(client, label);
		fputs(before, client->output.stream);
		put_text(client, color, cpus, after);
	}
	return 0;
}

static int put_manager(struct client *client, const struct manager_info *manager)
{
	const char *state = manager->hypervisor_state;
	char available[QUANTITY_TEXT_MAX], total[QUANTITY_TEXT_MAX];
	FILE *stream = client->output.stream;
	int r;

	put_dot(client, state);
	fputs("hypervisor ", stream);
	put_text(client, state_color(state), state,
		 hypervisor_state_from_word(state) == HYPERVISOR_UNAVAILABLE
			 ? " (no driver: is the module cellvisor loaded?)\n"
			 : "\n");
	if (*manager->driver)
		put_field(client, "Driver", COLOR_PLAIN, manager->driver);
	put_field(client, "Daemon", COLOR_PLAIN, manager->version);
	if (*manager->config_error)
		put_field(client, "Config", COLOR_RED, manager->config_error);
	put_label(client, "Memory");
	if (manager->memory_total > 0)
		fprintf(stream, "%s of %s free for cells%s\n",
			quantity_round_bytes(manager->memory_free, available),
			quantity_round_bytes(manager->memory_total, total),
			strcmp(manager->memory_source, MEMORY_SOURCE_BOOT) == 0
				? ", reserved at boot"
				: "");
	else
		fputs("none set aside for cells\n", stream);
	r = put_cpus(client, "Kept CPUs", "", COLOR_PLAIN, manager->cpus_kept,
		     ", out of Linux for the next cell\n");
	if (*manager->driver)
		put_features(client, manager);
	if (r >= 0)
		r = put_cpus(client, "Left out", "CPUs ", COLOR_YELLOW, manager->cpus_left_out,
			     ": Linux keeps these threads off (nosmt)\n");
	return r;
}

/* The manager's properties, and those of the cells. */
static struct json_object *overall_json(const struct manager_info *manager,
					const struct cell_list *list)
{
	if (!json_add(manager->properties, "cells", cell_list_properties(list)))
		return NULL;
	return json_object_get(manager->properties);
}

static enum exit_status status_overall(struct client *client)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(manager_info_free) struct manager_info manager = {0};
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(json_putp) struct json_object *columns = NULL;
	const bool is_json = client->options.json != JSON_OFF;
	int r;

	r = fetch_overview(&client->connection, &error, &manager, is_json ? &list : NULL, &columns);
	if (r < 0)
		return complain_attempt(client, NULL, &error, r);
	if (client->options.quiet)
		return STATUS_DONE;
	if (is_json)
		return client_show_json(client, overall_json(&manager, &list));
	r = put_manager(client, &manager);
	fputc('\n', client->output.stream);
	if (r < 0 || cell_table_print(columns, &client->screen) < 0)
		return complain_memory();
	return client_show(client);
}

/* Status of one cell. */

static void put_state(struct client *client, const struct cell_info *cell)
{
	char since[FORMAT_MAX], age[QUANTITY_TEXT_MAX];
	FILE *stream = client->output.stream;
	uint64_t ago = cell_info_age(cell);

	put_label(client, "State");
	put_text(client, state_color(cell->state), cell->state, "");
	if (cell->started_at > 0) {
		/* StartedAt tells nothing about when a cell ended. */
		fprintf(stream, "%s %s", cell_info_runs(cell) ? " since" : ", started",
			format_timestamp(since, cell->started_at));
		if (ago)
			fprintf(stream, "; %s ago", quantity_format_time(ago * 1000, age));
	}
	fputc('\n', stream);
}

static void put_exits(struct client *client, const struct cell_info *cell)
{
	if (json_object_object_length(cell->exits) == 0)
		return;
	put_label(client, "Exits");
	fprintf(client->output.stream, "%" PRIu64 "\n", exits_total(cell->exits));
}

/* Where there are any. */
static int put_words(struct client *client, const char *label, enum color color,
		     struct json_object *words, const char *between)
{
	_cleanup_(freep) char *text = format_words(words, between);

	if (text && *text)
		put_field(client, label, color, text);
	return text ? 0 : -ENOMEM;
}

static int put_cell(struct client *client, const struct cell_info *cell)
{
	_cleanup_(freep) char *cpus = format_cpus(cell->cpus);
	FILE *stream = client->output.stream;
	char memory[QUANTITY_TEXT_MAX];

	if (!cpus)
		return -ENOMEM;
	put_dot(client, cell->state);
	put_text(client, COLOR_BOLD, cell->name, "\n");
	put_state(client, cell);
	put_field(client, "Health", health_color(cell->health), cell->health);
	put_field(client, "CPUs", COLOR_PLAIN, cpus);
	put_field(client, "Memory", COLOR_PLAIN,
		  cell->memory > 0 ? quantity_round_bytes(cell->memory, memory) : "-");
	if (put_words(client, "Devices", COLOR_PLAIN, cell->devices, " ") < 0)
		return -ENOMEM;
	/* What is held back by nothing is to be seen. */
	if (dma_from_word(cell->dma) == DMA_UNPROTECTED)
		put_field(client, "DMA", COLOR_YELLOW,
			  "unprotected: its devices can reach all of the machine's memory");
	/* What its description says and it is not yet. */
	if (put_words(client, "Pending", COLOR_YELLOW, cell->pending, ", ") < 0)
		return -ENOMEM;
	if (cell->id >= 0) {
		put_label(client, "Id");
		fprintf(stream, "%" PRId64 "\n", cell->id);
	}
	if (*cell->image_sha256) {
		char start[HASH_SHOWN + 1];

		put_label(client, "Image");
		snprintf(start, sizeof(start), "%s", cell->image_sha256);
		fputs("sha256 ", stream);
		put_text(client, COLOR_PLAIN, start, "\n");
	}
	if (*cell->operation)
		put_field(client, "Operation", COLOR_PLAIN, cell->operation);
	if (*cell->warning)
		put_field(client, "Warning", COLOR_YELLOW, cell->warning);
	if (*cell->last_error)
		put_field(client, "Last error", COLOR_PLAIN, cell->last_error);
	put_exits(client, cell);
	return 0;
}

/* The tail is an extra that needs a permission of its own: without it status says nothing of it. */
static void read_console(struct client *client, const char *path, char **ret_console)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(closep) int fd = -1;

	if (open_console(&client->connection, CALL_READ, path, false, &error, &fd) < 0)
		return;
	(void)console_tail(fd, &tail_limits, CONSOLE_LINES, client->screen.unicode, ret_console);
}

static enum exit_status print_cell(struct client *client, const struct cell_info *cell,
				   const char *console)
{
	if (client->options.json != JSON_OFF)
		return client_show_json(client, json_object_get(cell->properties));
	if (put_cell(client, cell) < 0)
		return complain_memory();
	if (console && *console) {
		fputc('\n', client->output.stream);
		put_text(client, COLOR_DIM, "Last lines of the console:", "\n");
		/* Lines were made safe when they were read. */
		fputs(console, client->output.stream);
	}
	return client_show(client);
}

static enum exit_status status_of_cell(struct client *client, const char *cell)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(cell_info_free) struct cell_info info = {0};
	_cleanup_(freep) char *path = NULL, *console = NULL;
	enum exit_status status = STATUS_DONE;
	/* Its descriptor does not come through ssh. */
	bool with_console =
		client->options.json == JSON_OFF && !client->options.quiet && !client->options.host;
	int r;

	r = fetch_cell_path(&client->connection, cell, &error, &path);
	if (r >= 0)
		r = fetch_cell(&client->connection, path, &error, &info);
	if (r < 0)
		return complain_attempt(client, cell, &error, r);
	if (with_console)
		read_console(client, path, &console);
	if (!client->options.quiet)
		status = print_cell(client, &info, console);
	if (status != STATUS_DONE)
		return status;
	return cell_info_runs(&info) ? STATUS_DONE : STATUS_NOT_RUNNING;
}

enum exit_status verb_status(struct client *client, char **arguments)
{
	return *arguments ? status_of_cell(client, *arguments) : status_overall(client);
}
