// SPDX-License-Identifier: GPL-2.0-only
#include "fake_signals.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fake_log.h"
#include "bus_abi.h"
#include "common/cleanup.h"

static const char *const errors[] = {BUS_ERRORS(WORD_ENTRY)};
static const char *const qualities[] = {BUS_QUALITIES(WORD_ENTRY)};

static const struct {
	const char *name, *unit, *signature;
	double value;
	uint64_t age;
	enum quality quality;
} signals[] = {
	{"speed", "rpm", "d", 3000.5, 1500, QUALITY_GOOD},
	{"oil\x1b[2J", "\x1b[2Jbar", "d", 1, 12000000, QUALITY_STALE},
	{"ready", "", "b", 1, 1500, QUALITY_GOOD},
	{"setpoint", "rpm", "d", 0, UINT64_MAX, QUALITY_UNCONNECTED},
};

static bool has_signals(const char *cell)
{
	return strcmp(cell, "turbine") == 0;
}

int fake_signals_describe(sd_bus_message *reply, const char *cell)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
	for (size_t i = 0; r >= 0 && has_signals(cell) && i < ARRAY_SIZE(signals); i++)
		r = sd_bus_message_append(reply, "{sa{sv}}", signals[i].name, 3, "unit", "s",
					  signals[i].unit, "signature", "s", signals[i].signature,
					  "write", "b", strcmp(signals[i].name, "setpoint") == 0);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append(sd_bus_message *message, size_t i, double more)
{
	if (signals[i].signature[0] == 'b')
		return sd_bus_message_append(message, "{sv}", signals[i].name, "(vts)", "b",
					     (int)signals[i].value, signals[i].age,
					     qualities[signals[i].quality]);
	return sd_bus_message_append(message, "{sv}", signals[i].name, "(vts)", "d",
				     signals[i].value + more, signals[i].age,
				     qualities[signals[i].quality]);
}

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(signals) && strcmp(signals[i].name, name) != 0)
		i++;
	return i;
}

int fake_signals_read(sd_bus_message *call, const char *cell, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *name;
	bool named = false;
	int r;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_enter_container(call, 'a', "s");
	while (r >= 0 && sd_bus_message_read(call, "s", &name) > 0) {
		size_t i = find(name);

		named = true;
		if (!has_signals(cell) || i == ARRAY_SIZE(signals))
			return sd_bus_error_setf(error, errors[ERROR_NO_SUCH_SIGNAL],
						 "cell turbine has no signal %s", name);
		r = append(reply, i, 0);
	}
	for (size_t i = 0; r >= 0 && has_signals(cell) && !named && i < ARRAY_SIZE(signals); i++)
		r = append(reply, i, 0);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int fake_signals_write(sd_bus_message *call, const char *cell, sd_bus_error *error)
{
	const char *name, *contents;
	uint64_t natural;
	int64_t integer;
	double number;
	int truth;

	if (sd_bus_message_read(call, "s", &name) < 0 ||
	    sd_bus_message_peek_type(call, NULL, &contents) < 0)
		return -EINVAL;
	if (contents[0] == 'b' && sd_bus_message_read(call, "v", "b", &truth) >= 0)
		log_call(call, " %s %s b %d", cell, name, truth);
	else if (contents[0] == 'd' && sd_bus_message_read(call, "v", "d", &number) >= 0)
		log_call(call, " %s %s d %.12g", cell, name, number);
	else if (contents[0] == 'x' && sd_bus_message_read(call, "v", "x", &integer) >= 0)
		log_call(call, " %s %s x %lld", cell, name, (long long)integer);
	else if (contents[0] == 't' && sd_bus_message_read(call, "v", "t", &natural) >= 0)
		log_call(call, " %s %s t %llu", cell, name, (unsigned long long)natural);
	if (strcmp(name, "speed") == 0)
		return sd_bus_error_set(error, errors[ERROR_INVALID],
					"signal speed is not to be written");
	if (strcmp(cell, "locked") == 0)
		return sd_bus_error_set(error, errors[ERROR_ACCESS_DENIED], "Not allowed.");
	return sd_bus_reply_method_return(call, NULL);
}

static int tell(sd_bus_message *call, const char *path, size_t count, double more)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	sd_bus *bus = sd_bus_message_get_bus(call);
	int r;

	r = sd_bus_message_new_signal(bus, &message, path, BUS_CELL_INTERFACE, "SignalsChanged");
	if (r >= 0)
		r = sd_bus_message_set_destination(message, sd_bus_message_get_sender(call));
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "{sv}");
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = append(message, i, more);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r < 0 ? r : sd_bus_send(bus, message, NULL);
}

int fake_signals_tell(sd_bus_message *call, const char *path)
{
	int r = sd_bus_reply_method_return(call, NULL);

	log_call(call, " %s", path);
	if (r >= 0)
		r = tell(call, path, ARRAY_SIZE(signals), 0);
	/* What has not changed is not told again. */
	return r < 0 ? r : tell(call, path, 1, 100);
}
