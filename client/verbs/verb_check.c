// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "json.h"
#include "verbs/check_offline.h"
#include "verbs/verbs.h"

struct check {
	struct client *client;
	struct json_object *results;  /* NULL unless JSON is wanted */
	struct json_object *findings; /* of the file that is being told about, in results */
	struct offline offline;	      /* what files are checked against */
	size_t files;
	size_t errors;
	size_t warnings;
};

static void print_finding(struct check *check, const struct problem *finding)
{
	const struct screen *screen = &check->client->screen;
	FILE *stream = check->client->output.stream;
	enum color color = finding->severity == SEVERITY_ERROR ? COLOR_RED : COLOR_YELLOW;

	screen_put(screen, COLOR_PLAIN, finding->file, "");
	if (finding->line)
		fprintf(stream, ":%u:%u", finding->line, finding->column);
	fputs(*finding->file ? ": " : "", stream);
	screen_put(screen, color, severity_name(finding->severity), ": ");
	if (*finding->key)
		screen_put(screen, COLOR_PLAIN, finding->key, ": ");
	if (*finding->value) {
		fputc('"', stream);
		screen_put(screen, COLOR_PLAIN, finding->value, "\": ");
	}
	screen_put(screen, COLOR_PLAIN, finding->text, "\n");
}

static bool add_finding_json(struct json_object *findings, const struct problem *finding)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !json_add_string(object, "severity", severity_name(finding->severity)) ||
	    !json_add_string(object, "key", finding->key) ||
	    !json_add_string(object, "text", finding->text))
		return false;
	if (finding->line && (!json_add_uint64(object, "line", finding->line) ||
			      !json_add_uint64(object, "column", finding->column) ||
			      !json_add_string(object, "value", finding->value)))
		return false;
	return json_append(findings, TAKE_POINTER(object));
}

/* What follows is about this file; "": about no single one. */
static int begin_file(struct check *check, const char *file, const char *name)
{
	_cleanup_(json_putp) struct json_object *object = NULL;
	_cleanup_(json_putp) struct json_object *findings = NULL;

	if (!check->results)
		return 0;
	object = json_object_new_object();
	findings = json_object_new_array();
	if (!object || !findings || !json_add_string(object, "file", file) ||
	    !json_add_string(object, "name", name))
		return -ENOMEM;
	check->findings = findings;
	if (!json_add(object, "findings", TAKE_POINTER(findings)) ||
	    !json_append(check->results, TAKE_POINTER(object)))
		return -ENOMEM;
	return 0;
}

static int take_finding(struct check *check, const struct problem *finding)
{
	if (finding->severity == SEVERITY_ERROR)
		check->errors++;
	else
		check->warnings++;
	if (!check->results)
		print_finding(check, finding);
	else if (!add_finding_json(check->findings, finding))
		return -ENOMEM;
	return 0;
}

/* Bytes at the end of a description's path that do not belong to the cell's name. */
static size_t suffix_length(const char *path)
{
	const size_t length = strlen(path), suffix = strlen(".json");

	return length > suffix && strcmp(path + length - suffix, ".json") == 0 ? suffix : 0;
}

/* The cell's name that goes with the path of a description; to be freed, NULL without memory. */
static char *description_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strndup(name, strlen(name) - suffix_length(name));
}

/* On the bus the place is the beginning of the text, with the value behind it, which is freed. */
static int split_place(struct problem *finding)
{
	char *text = finding->text, *end;
	int length = 0;

	finding->line = finding->column = 0;
	if (sscanf(text, "line %u, column %u: %n", &finding->line, &finding->column, &length) == 2)
		text += length;
	else
		finding->line = 0;
	end = finding->line && *text == '"' ? strstr(text, "\": ") : NULL;
	free(finding->value);
	finding->value = end ? strndup(text + 1, (size_t)(end - text) - 1) : strdup("");
	finding->text = end ? end + strlen("\": ") : text;
	return finding->value ? 0 : -ENOMEM;
}

/* a(ssss), with the findings of one file after each other; one without any has an empty one. */
static int read_all_findings(struct check *check, sd_bus_message *reply)
{
	struct problem finding = {0};
	const char *last = NULL, *severity;
	int r;

	r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(ssss)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(ssss)", &finding.file, &severity,
						  &finding.key, &finding.text)) > 0) {
		if (!last || strcmp(finding.file, last) != 0) {
			_cleanup_(freep) char *name = description_name(finding.file);

			/* A directory that cannot be read is no description. */
			check->files += suffix_length(finding.file) > 0;
			r = name ? begin_file(check, finding.file, name) : -ENOMEM;
		}
		finding.severity =
			strcmp(severity, "error") == 0 ? SEVERITY_ERROR : SEVERITY_WARNING;
		if (r >= 0)
			r = split_place(&finding);
		if (r >= 0 && *severity)
			r = take_finding(check, &finding);
		last = finding.file;
	}
	free(finding.value);
	return r;
}

/* Name NULL: what concerns no single description. */
static int take_problems(struct check *check, const char *file, const char *name,
			 const struct problems *problems)
{
	int r = problems->out_of_memory ? -ENOMEM : 0;

	if (name || problems->count)
		r = r < 0 ? r : begin_file(check, name ? file : "", name ?: "");
	check->files += name != NULL;
	for (size_t i = 0; r >= 0 && i < problems->count; i++)
		r = take_finding(check, &problems->items[i]);
	return r;
}

static int take_dir(struct check *check, struct cell_dir *dir)
{
	int r = offline_check_dir(&check->offline, dir);

	for (size_t i = 0; r >= 0 && i < dir->count; i++)
		r = take_problems(check, dir->entries[i].path, dir->entries[i].name,
				  &dir->entries[i].problems);
	return r < 0 ? r : take_problems(check, "", NULL, &dir->problems);
}

static int open_named(const char *path)
{
	/* O_NONBLOCK: a FIFO must not hold us up before we see that it is one. */
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	/* Of a cell, that is no file, either. */
	if (fd < 0 && errno == ENOENT && !strpbrk(path, "/."))
		complain("check: %s: %s; a cell's description is like /etc/cellmgr/cells/%s.json",
			 path, strerror(ENOENT), path);
	else if (fd < 0)
		complain("check: %s: %s", path, strerror(errno));
	return fd;
}

/* Returns 0, -EINVAL where that was said already, -ENOMEM. */
static int check_path(struct check *check, const char *path)
{
	_cleanup_(freep) char *name = strdup("stdin");
	_cleanup_(closep) int fd = open_named(path);
	struct stat status;

	if (fd < 0)
		return -EINVAL;
	if (strcmp(path, "-") != 0) {
		free(name);
		name = description_name(path);
	}
	if (!name)
		return -ENOMEM;
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
		int r = cell_dir_load_path(path, &dir);

		return r < 0 ? r : take_dir(check, dir);
	} else {
		_cleanup_(problems_done) struct problems problems = {0};
		int r = offline_check_file(&check->offline, fd, path, name, &problems);

		return r < 0 ? r : take_problems(check, path, name, &problems);
	}
}

static enum exit_status check_named(struct check *check, char **paths)
{
	enum exit_status status = STATUS_DONE;

	for (; *paths; paths++) {
		int r = check_path(check, *paths);

		if (r == -ENOMEM)
			return complain_memory();
		if (r < 0)
			status = STATUS_FAILED;
	}
	return status;
}

/* As the daemon has them, which knows what cells and memory there are; without it as they lie
 * there. */
static enum exit_status check_installed(struct check *check)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
	int r = connection_open(&check->client->connection);

	if (r >= 0)
		r = connection_call(&check->client->connection, CALL_READ, BUS_MANAGER_PATH,
				    BUS_MANAGER_INTERFACE, "CheckAll", &error, &reply, NULL);
	if (r >= 0) {
		r = read_all_findings(check, reply);
		return r < 0 ? complain_reply(r) : STATUS_DONE;
	}
	if (check->client->options.host ||
	    (error.name && strncmp(error.name, BUS_NAME, strlen(BUS_NAME)) == 0))
		return complain_attempt(check->client, NULL, &error, r);
	r = offline_begin(&check->offline);
	if (r >= 0)
		r = take_problems(check, "", NULL, &check->offline.notes);
	if (r >= 0)
		r = cell_dir_load(NULL, &dir);
	return r < 0 || take_dir(check, dir) < 0 ? complain_memory() : STATUS_DONE;
}

/* Files are as good as what they are checked against; that is told first. */
static enum exit_status check_offline(struct check *check, char **paths)
{
	int r = offline_begin(&check->offline);

	if (r >= 0)
		r = take_problems(check, "", NULL, &check->offline.notes);
	return r < 0 ? complain_memory() : check_named(check, paths);
}

static void print_summary(const struct check *check)
{
	FILE *stream = check->client->output.stream;

	if (check->files == 0)
		fputs("No cell descriptions to check.\n", stream);
	else
		fprintf(stream, "%zu %s checked, %zu %s, %zu %s\n", check->files,
			check->files == 1 ? "description" : "descriptions", check->errors,
			check->errors == 1 ? "error" : "errors", check->warnings,
			check->warnings == 1 ? "warning" : "warnings");
}

enum exit_status verb_check(struct client *client, char **arguments)
{
	_cleanup_(json_putp) struct json_object *results = NULL;
	struct check check = {.client = client};
	enum exit_status status;

	if (client->options.json != JSON_OFF) {
		results = json_object_new_array();
		if (!results)
			return complain_memory();
	}
	check.results = results;

	status = *arguments ? check_offline(&check, arguments) : check_installed(&check);
	if (results)
		json_print(client->output.stream, results, client->options.json == JSON_PRETTY);
	else if (!client->options.quiet)
		print_summary(&check);
	offline_end(&check.offline);
	if (client_show(client) != STATUS_DONE)
		return STATUS_FAILED;
	return check.errors > 0 ? STATUS_FAILED : status;
}
