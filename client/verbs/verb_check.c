// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "json.h"
#include "verbs/descriptions.h"
#include "verbs/verbs.h"
#include "view/output.h"
#include "view/text.h"

#define DESCRIPTION_COPY_MAX (4 << 20) /* far beyond what the daemon takes */

struct check {
	struct client *client;
	FILE *stream;
	struct json_object *results; /* NULL unless JSON is wanted */
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
	enum color color = strcmp(finding->severity, "error") == 0 ? COLOR_RED : COLOR_YELLOW;

	text_put_line(check->stream, file, screen->unicode);
	fprintf(check->stream, ": %s", screen_color(screen, color));
	text_put_line(check->stream, finding->severity, screen->unicode);
	fprintf(check->stream, "%s: ", screen_plain(screen, color));
	if (*finding->key) {
		text_put_line(check->stream, finding->key, screen->unicode);
		fputs(": ", check->stream);
	}
	text_put_line(check->stream, finding->text, screen->unicode);
	fputc('\n', check->stream);
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

/* a(sss) */
static int read_findings(struct check *check, const char *file, struct json_object *findings,
			 sd_bus_message *reply)
{
	struct finding finding;
	int r;

	r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sss)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(reply, "(sss)", &finding.severity, &finding.key,
					&finding.text)) > 0) {
		if (strcmp(finding.severity, "error") == 0)
			check->errors++;
		else
			check->warnings++;
		if (!findings)
			print_finding(check, file, &finding);
		else if (!add_finding_json(findings, &finding))
			return -ENOMEM;
	}
	return r;
}

static int report_findings(struct check *check, const char *file, const char *name,
			   sd_bus_message *reply)
{
	_cleanup_(json_putp) struct json_object *object = NULL;
	struct json_object *findings;

	check->files++;
	if (!check->results)
		return read_findings(check, file, NULL, reply);

	object = json_object_new_object();
	findings = json_object_new_array();
	if (!object || !json_add_string(object, "file", file) ||
	    !json_add_string(object, "name", name)) {
		json_object_put(findings);
		return -ENOMEM;
	}
	if (!json_add(object, "findings", findings))
		return -ENOMEM;
	if (!json_append(check->results, json_object_get(object)))
		return -ENOMEM;
	return read_findings(check, file, findings, reply);
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
	struct attempt attempt = {"check", path, NULL};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(closep) int fd = open_description(path);
	int r;

	if (fd < 0)
		return STATUS_FAILED;
	r = connection_call(&check->client->connection, CALL_READ, BUS_MANAGER_PATH,
			    BUS_MANAGER_INTERFACE, "Check", &error, &reply, "hs", fd, name);
	if (r < 0)
		return complain_attempt(check->client, &attempt, &error, r);
	r = report_findings(check, path, name, reply);
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
	_cleanup_(description_files_free) struct description_files files = {0};
	enum exit_status status = STATUS_DONE;
	const char *directory = "cell descriptions";
	int r;

	r = description_files_list("", &files, &directory);
	if (r < 0) {
		complain("check: %s: %s", directory, strerror(-r));
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < files.count; i++)
		if (check_file(check, files.files[i].path, files.files[i].name) != STATUS_DONE)
			status = STATUS_FAILED;
	return status;
}

static void print_summary(struct check *check)
{
	if (check->files == 0)
		fputs("No cell descriptions to check.\n", check->stream);
	else
		fprintf(check->stream, "%zu %s checked, %zu %s, %zu %s\n", check->files,
			check->files == 1 ? "description" : "descriptions", check->errors,
			check->errors == 1 ? "error" : "errors", check->warnings,
			check->warnings == 1 ? "warning" : "warnings");
}

enum exit_status verb_check(struct client *client, const struct verb *verb, char **arguments)
{
	_cleanup_(output_close) struct output output = {0};
	_cleanup_(json_putp) struct json_object *results = NULL;
	struct check check = {.client = client};
	enum exit_status status;

	if (output_open(&output) < 0)
		return complain_memory();
	if (client->options.json != JSON_OFF) {
		results = json_object_new_array();
		if (!results)
			return complain_memory();
	}
	check.stream = output.stream;
	check.results = results;

	status = *arguments ? check_named(&check, arguments) : check_installed(&check);
	if (results)
		json_print(output.stream, results, client->options.json == JSON_PRETTY);
	else if (!client->options.quiet)
		print_summary(&check);
	if (client_show(client, &output) != STATUS_DONE)
		return STATUS_FAILED;
	return check.errors > 0 ? STATUS_FAILED : status;
}
