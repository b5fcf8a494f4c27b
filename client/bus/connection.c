// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <unistd.h>

#include "bus/connection.h"
#include "bus/polkit_agent.h"
#include "common/cleanup.h"

/* Kept until then, so that it is not taken for lost. */
static sd_bus *volatile left;

/* The daemon never blocks; what does not come in that time will not come. */
#define READ_TIMEOUT_USEC (10 * UINT64_C(1000000))

int connection_open(struct connection *connection)
{
	if (connection->bus)
		return 0;
	if (connection->host)
		return sd_bus_open_system_remote(&connection->bus, connection->host);
	return sd_bus_open_system_with_description(&connection->bus, "cellctl");
}

void connection_close(struct connection *connection)
{
	polkit_agent_stop(&connection->polkit_agent);
	/*
	 * This machine's bus hears of the end of the process, all of whose calls are answered: what
	 * it has to do then is nothing that a caller has to wait for. ssh has to be told.
	 */
	if (connection->host)
		connection->bus = sd_bus_flush_close_unref(connection->bus);
	left = connection->bus;
}

static int prepare_call(struct connection *connection, enum call_kind kind, sd_bus_message *message,
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
	if (kind == CALL_LONG_READ)
		return 0;
	/* Of another machine's polkit nobody here could be asked for a password. */
	if (connection->host)
		return 0;
	r = sd_bus_message_set_allow_interactive_authorization(message, isatty(STDIN_FILENO));
	if (r < 0)
		return r;
	polkit_agent_start(&connection->polkit_agent);
	return 0;
}

int connection_new_call(struct connection *connection, const char *path, const char *interface,
			const char *member, sd_bus_message **ret_call)
{
	return sd_bus_message_new_method_call(connection->bus, ret_call, BUS_NAME, path, interface,
					      member);
}

int connection_send(struct connection *connection, enum call_kind kind, sd_bus_message *call,
		    sd_bus_error *ret_error, sd_bus_message **ret_reply)
{
	uint64_t timeout;
	int r = prepare_call(connection, kind, call, &timeout);

	return r < 0 ? r : sd_bus_call(connection->bus, call, timeout, ret_error, ret_reply);
}

int connection_call(struct connection *connection, enum call_kind kind, const char *path,
		    const char *interface, const char *member, sd_bus_error *ret_error,
		    sd_bus_message **ret_reply, const char *types, ...)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	va_list list;
	int r;

	r = connection_new_call(connection, path, interface, member, &message);
	if (r < 0)
		return r;
	if (types) {
		va_start(list, types);
		r = sd_bus_message_appendv(message, types, list);
		va_end(list);
		if (r < 0)
			return r;
	}
	return connection_send(connection, kind, message, ret_error, ret_reply);
}
