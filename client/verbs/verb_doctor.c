// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "doctor/doctor.h"
#include "verbs/verbs.h"

#define FOUND_AT 21 /* column */

static void print_finding(struct client *client, struct json_object *finding)
{
	static const enum color colors[] = {COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_DIM};
	static const char *const words[] = {DOCTOR_VERDICTS(WORD_ENTRY)};
	const char *verdict = json_text_of(finding, "verdict"), *todo = json_text_of(finding, "do");
	FILE *stream = client->output.stream;
	size_t v = 0;

	while (v < VERDICT_UNKNOWN && strcmp(words[v], verdict) != 0)
		v++;
	fprintf(stream, "%s%-7s%s  %-10s  ", screen_color(&client->screen, colors[v]), verdict,
		screen_plain(&client->screen, colors[v]), json_text_of(finding, "check"));
	screen_put_wrapped(&client->screen, COLOR_PLAIN, FOUND_AT, FOUND_AT,
			   json_text_of(finding, "found"));
	fputc('\n', stream);
	if (*todo) {
		fprintf(stream, "%*sdo: ", FOUND_AT, "");
		screen_put_wrapped(&client->screen, COLOR_PLAIN, FOUND_AT + 4, FOUND_AT + 4, todo);
		fputc('\n', stream);
	}
}

static void print_findings(struct client *client, struct json_object *findings, bool fit)
{
	for (size_t i = 0; i < json_object_array_length(findings); i++)
		print_finding(client, json_object_array_get_idx(findings, i));
	if (!client->options.quiet)
		fprintf(client->output.stream, "This machine is %s for the hypervisor.\n",
			fit ? "fit" : "not fit");
}

static enum exit_status write_report(const char *file, struct json_object *result)
{
	_cleanup_(fclosep) FILE *stream = fopen(file, "we");

	if (stream)
		json_print(stream, result, true);
	if (stream && fflush(stream) == 0)
		return STATUS_DONE;
	complain("doctor: --report=%s: %s", file, strerror(errno));
	return STATUS_FAILED;
}

enum exit_status verb_doctor(struct client *client, char **arguments)
{
	_cleanup_(json_putp) struct json_object *result =
		doctor_examine("", client->options.smi_usec);
	enum exit_status status = STATUS_DONE;
	bool fit;

	if (!result)
		return complain_memory();
	fit = json_object_get_boolean(json_object_object_get(result, "fit"));
	if (client->options.report)
		status = write_report(client->options.report, result);
	if (client->options.json != JSON_OFF)
		json_print(client->output.stream, result, client->options.json == JSON_PRETTY);
	else
		print_findings(client, json_object_object_get(result, "findings"), fit);
	if (client_show(client) != STATUS_DONE)
		return STATUS_FAILED;
	return fit ? status : STATUS_FAILED;
}
