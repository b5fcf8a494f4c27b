// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "bus/bus.h"
#include "bus/polkit_agent.h"
#include "view/text.h"
#include "common/cleanup.h"

/* The daemon never blocks; what does not come in that time will not come. */
#define READ_TIMEOUT_USEC (10 * UINT64_C(1000000))

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
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
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

int client_try_connect(struct client *client)
{
	if (client->bus)
		return 0;
	return sd_bus_open_system_with_description(&client->bus, "cellctl");
}

int client_connect(struct client *client)
{
	int r = client_try_connect(client);

	if (r < 0) {
		complain("cannot connect to the system bus: %s", strerror(-r));
		if (!client->options.quiet && (r == -ENOENT || r == -ECONNREFUSED))
			complain("hint: is dbus.service running on this machine?");
	}
	return r;
}

void client_close(struct client *client)
{
	polkit_agent_stop(&client->polkit_agent);
	client->bus = sd_bus_flush_close_unref(client->bus);
}

static int prepare_call(struct client *client, enum call_kind kind, sd_bus_message *message,
			uint64_t *ret_timeout)
{
	int r;

	*ret_timeout = READ_TIMEOUT_USEC;
	if (kind == CALL_PROBE)
		return sd_bus_message_set_auto_start(message, 0);
	if (kind == CALL_READ)
		return 0;

	/* How long is the daemon's business: each of its operations has a deadline. */
	*ret_timeout = UINT64_MAX;
	r = sd_bus_message_set_allow_interactive_authorization(message, isatty(STDIN_FILENO));
	if (r < 0)
		return r;
	polkit_agent_start(&client->polkit_agent);
	return 0;
}

int client_call(struct client *client, enum call_kind kind, const char *path, const char *interface,
		const char *member, sd_bus_error *ret_error, sd_bus_message **ret_reply,
		const char *types, ...)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	uint64_t timeout;
	va_list list;
	int r;

	r = sd_bus_message_new_method_call(client->bus, &message, BUS_NAME, path, interface,
					   member);
	if (r < 0)
		return r;
	r = prepare_call(client, kind, message, &timeout);
	if (r < 0)
		return r;
	if (types) {
		va_start(list, types);
		r = sd_bus_message_appendv(message, types, list);
		va_end(list);
		if (r < 0)
			return r;
	}
	return sd_bus_call(client->bus, message, timeout, ret_error, ret_reply);
}

/* sd-bus would refuse such a string with a bare "invalid argument". */
static bool is_utf8(const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		uint32_t code;
		size_t bytes = utf8_decode(text, length, &code);

		if (bytes == 0)
			return false;
		text += bytes;
		length -= bytes;
	}
	return true;
}

int client_check_name(const char *cell, sd_bus_error *ret_error)
{
	if (*cell == '\0' || !is_utf8(cell))
		return sd_bus_error_setf(ret_error, BUS_ERROR("NoSuchCell"),
					 "That is no name of a cell.");
	return 0;
}

int client_cell_path(struct client *client, const char *cell, sd_bus_error *ret_error,
		     char **ret_path)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *path;
	char *copy;
	int r;

	r = client_check_name(cell, ret_error);
	if (r < 0)
		return r;
	r = client_call(client, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE, "GetCell",
			ret_error, &reply, "s", cell);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	*ret_path = copy;
	return 0;
}

enum exit_status client_show(struct client *client, struct output *output)
{
	int r = output_show(output, &client->options, &client->screen);

	if (r < 0)
		complain("cannot write the output: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : STATUS_DONE;
}
