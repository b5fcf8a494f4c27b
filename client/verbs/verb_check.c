// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/text.h"

#define DESCRIPTION_COPY_MAX (4 << 20) /* far beyond what the daemon takes */

struct check {
	struct client *client;
	struct json_object *results;  /* NULL unless JSON is wanted */
	struct json_object *findings; /* of the file that is being told about, in results */
	size_t files;
	size_t errors;
	size_t warnings;
};

struct finding {
	const char *severity;
	const char *key;
	const char *text;
};

static void print_finding(struct check *check, const char *file, const struct finding *finding)
{
	const struct screen *screen = &check->client->screen;
	FILE *stream = check->client->output.stream;
	enum color color = strcmp(finding->severity, "error") == 0 ? COLOR_RED : COLOR_YELLOW;

	text_put_line(stream, file, screen->unicode);
	fprintf(stream, "%s%s", *file ? ": " : "", screen_color(screen, color));
	text_put_line(stream, finding->severity, screen->unicode);
	fprintf(stream, "%s: ", screen_plain(screen, color));
	if (*finding->key) {
		text_put_line(stream, finding->key, screen->unicode);
		fputs(": ", stream);
	}
	text_put_line(stream, finding->text, screen->unicode);
	fputc('\n', stream);
}

static bool add_finding_json(struct json_object *findings, const struct finding *finding)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return false;
	if (!json_add_string(object, "severity", finding->severity) ||
	    !json_add_string(object, "key", finding->key) ||
	    !json_add_string(object, "text", finding->text)) {
		json_object_put(object);
		return false;
	}
	return json_append(findings, object);
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

static int take_finding(struct check *check, const char *file, const struct finding *finding)
{
	if (strcmp(finding->severity, "error") == 0)
		check->errors++;
	else
		check->warnings++;
	if (!check->results)
		print_finding(check, file, finding);
	else if (!add_finding_json(check->findings, finding))
		return -ENOMEM;
	return 0;
}

/* a(sss) */
static int read_findings(struct check *check, const char *file, sd_bus_message *reply)
{
	struct finding finding;
	int r;

	r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sss)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(sss)", &finding.severity, &finding.key,
						  &finding.text)) > 0)
		r = take_finding(check, file, &finding);
	return r;
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

/* a(ssss), with the findings of one file after each other; one without any has an empty one. */
static int read_all_findings(struct check *check, sd_bus_message *reply)
{
	const char *last = NULL, *file;
	struct finding finding;
	int r;

	r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(ssss)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(ssss)", &file, &finding.severity,
						  &finding.key, &finding.text)) > 0) {
		if (!last || strcmp(file, last) != 0) {
			_cleanup_(freep) char *name = description_name(file);

			/* A directory that cannot be read is no description. */
			check->files += suffix_length(file) > 0;
			r = name ? begin_file(check, file, name) : -ENOMEM;
		}
		if (r >= 0 && *finding.severity)
			r = take_finding(check, file, &finding);
		last = file;
	}
	return r;
}

/* The daemon reads memory only: a file could make it wait. What is too long it says itself. */
static int copy_to_memory(int file)
{
	char block[16384];
	ssize_t length, total = 0;
	int fd = memfd_create("description", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (total < DESCRIPTION_COPY_MAX && (length = read(file, block, sizeof(block))) != 0) {
		if (length < 0 || write(fd, block, (size_t)length) != length) {
			length = -errno;
			close(fd);
			return (int)length;
		}
		total += length;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The daemon gets the content: it need not be able to reach the file, nor do we show it others. */
static int open_description(const char *path)
{
	_cleanup_(closep) int file = -1;
	struct stat status;
	int fd;

	/* O_NONBLOCK: a FIFO must not hold us up before we see that it is one. */
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0) {
		complain("check: %s: %s", path, strerror(errno));
		return -errno;
	}
	if (fstat(file, &status) < 0 || !S_ISREG(status.st_mode)) {
		complain("check: %s: is no regular file", path);
		return -EINVAL;
	}
	fd = copy_to_memory(file);
	if (fd < 0)
		complain("check: %s: %s", path, strerror(-fd));
	return fd;
}

static enum exit_status check_file(struct check *check, const char *path, const char *name)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(closep) int fd = open_description(path);
	int r;

	if (fd < 0)
		return STATUS_FAILED;
	r = connection_call(&check->client->connection, CALL_READ, BUS_MANAGER_PATH,
			    BUS_MANAGER_INTERFACE, "Check", &error, &reply, "hs", fd, name);
	if (r < 0)
		return complain_attempt(check->client, path, &error, r);
	check->files++;
	r = begin_file(check, path, name);
	if (r >= 0)
		r = read_findings(check, path, reply);
	return r < 0 ? complain_reply(r) : STATUS_DONE;
}

static enum exit_status check_named(struct check *check, char **paths)
{
	enum exit_status status = STATUS_DONE;

	for (; *paths; paths++) {
		_cleanup_(freep) char *name = description_name(*paths);

		if (!name)
			return complain_memory();
		if (check_file(check, *paths, name) != STATUS_DONE)
			status = STATUS_FAILED;
	}
	return status;
}

static enum exit_status check_installed(struct check *check)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = connection_call(&check->client->connection, CALL_READ, BUS_MANAGER_PATH,
			    BUS_MANAGER_INTERFACE, "CheckAll", &error, &reply, NULL);
	if (r < 0)
		return complain_attempt(check->client, NULL, &error, r);
	r = read_all_findings(check, reply);
	return r < 0 ? complain_reply(r) : STATUS_DONE;
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

	status = *arguments ? check_named(&check, arguments) : check_installed(&check);
	if (results)
		json_print(client->output.stream, results, client->options.json == JSON_PRETTY);
	else if (!client->options.quiet)
		print_summary(&check);
	if (client_show(client) != STATUS_DONE)
		return STATUS_FAILED;
	return check.errors > 0 ? STATUS_FAILED : status;
}
