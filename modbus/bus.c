// SPDX-License-Identifier: GPL-2.0-only
#include "bus.h"

#include <errno.h>
#include <string.h>

#include <modbus/modbus.h>

#include "common/bus_basic.h"
#include "common/bus_words.h"
#include "common/cleanup.h"

struct bus_signals {
	struct signals signals;
	sd_bus *bus;
};

struct call {
	sd_bus_slot *slot;
	struct signal_asked *asked; /* NULL: of a call that writes */
	size_t count;
	signals_done done;
	void *userdata;
};

/* ---- Errors --------------------------------------------------------------------------------- */

/* What the daemon says: what a SCADA system shall think of it (cellmgr-modbus(8), EXCEPTIONS). */
static unsigned int exception_of_code(enum error_code code)
{
	switch (code) {
	case ERROR_ACCESS_DENIED:
	case ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED:
		return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
	case ERROR_INVALID:
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	case ERROR_BUSY:
	case ERROR_LOCKED:
	case ERROR_LIMITS_EXCEEDED:
		return MODBUS_EXCEPTION_SLAVE_OR_SERVER_BUSY;
	case ERROR_NO_SUCH_CELL:
	case ERROR_NO_SUCH_SIGNAL:
	case ERROR_WRONG_STATE:
	case ERROR_HYPERVISOR_OFF:
		return MODBUS_EXCEPTION_GATEWAY_PATH;
	case ERROR_TIMEOUT:
		return MODBUS_EXCEPTION_GATEWAY_TARGET;
	default:
		return MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE;
	}
}

static unsigned int exception_of(const sd_bus_error *error)
{
	/* There is no daemon, or it has no such cell. */
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_UNKNOWN_OBJECT,
				   SD_BUS_ERROR_UNKNOWN_METHOD, SD_BUS_ERROR_DISCONNECTED))
		return MODBUS_EXCEPTION_GATEWAY_PATH;
	/* It was there. */
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT,
				   "org.freedesktop.DBus.Error.TimedOut"))
		return MODBUS_EXCEPTION_GATEWAY_TARGET;
	return exception_of_code(error_code_from_name(error->name));
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool value_from_basic(char type, const union basic *basic, struct value *ret)
{
	switch (type) {
	case 'b':
		*ret = (struct value){VALUE_TRUTH, {.truth = basic->truth != 0}};
		return true;
	case 'd':
		*ret = (struct value){VALUE_REAL, {.real = basic->d}};
		return true;
	case 'n':
		*ret = (struct value){VALUE_INTEGER, {.integer = basic->n}};
		return true;
	case 'i':
		*ret = (struct value){VALUE_INTEGER, {.integer = basic->i}};
		return true;
	case 'x':
		*ret = (struct value){VALUE_INTEGER, {.integer = basic->x}};
		return true;
	case 'y':
		*ret = (struct value){VALUE_NATURAL, {.natural = basic->y}};
		return true;
	case 'q':
		*ret = (struct value){VALUE_NATURAL, {.natural = basic->q}};
		return true;
	case 'u':
		*ret = (struct value){VALUE_NATURAL, {.natural = basic->u}};
		return true;
	case 't':
		*ret = (struct value){VALUE_NATURAL, {.natural = basic->t}};
		return true;
	default:
		return false;
	}
}

static int read_value(sd_bus_message *reply, struct value *ret)
{
	const char *contents;
	union basic basic = {0};
	char type;
	int r;

	r = sd_bus_message_peek_type(reply, &type, &contents);
	if (r < 0)
		return r;
	if (r == 0 || type != 'v' || strlen(contents) != 1 || !strchr("bynqiuxtd", contents[0]))
		return -EBADMSG;
	type = contents[0];
	r = sd_bus_message_enter_container(reply, 'v', contents);
	if (r >= 0)
		r = sd_bus_message_read_basic(reply, type, &basic);
	if (r < 0)
		return r;
	if (!value_from_basic(type, &basic, ret))
		return -EBADMSG;
	return sd_bus_message_exit_container(reply);
}

static int append_value(sd_bus_message *call, const struct value *value)
{
	switch (value->kind) {
	case VALUE_TRUTH:
		return sd_bus_message_append(call, "v", "b", (int)value->truth);
	case VALUE_INTEGER:
		return sd_bus_message_append(call, "v", "x", value->integer);
	case VALUE_NATURAL:
		return sd_bus_message_append(call, "v", "t", value->natural);
	default:
		return sd_bus_message_append(call, "v", "d", value->real);
	}
}

/* ---- Answers -------------------------------------------------------------------------------- */

/* One signal may be in several registers. */
static void found(const struct call *call, const char *name, const struct value *value,
		  enum quality quality)
{
	for (size_t i = 0; i < call->count; i++) {
		struct signal_asked *asked = &call->asked[i];

		if (strcmp(asked->name, name) != 0)
			continue;
		asked->found = true;
		asked->value = *value;
		asked->quality = quality;
	}
}

static int read_signal(const struct call *call, sd_bus_message *reply)
{
	const char *name, *quality;
	struct value value;
	uint64_t age;
	int r;

	r = sd_bus_message_read(reply, "s", &name);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'v', "(vts)");
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'r', "vts");
	if (r >= 0)
		r = read_value(reply, &value);
	if (r >= 0)
		r = sd_bus_message_read(reply, "ts", &age, &quality);
	if (r < 0)
		return r;
	found(call, name, &value, quality_from_word(quality));
	for (int containers = 0; r >= 0 && containers < 3; containers++)
		r = sd_bus_message_exit_container(reply);
	return r;
}

static int read_signals(const struct call *call, sd_bus_message *reply)
{
	int r = sd_bus_message_enter_container(reply, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0)
		r = read_signal(call, reply);
	return r;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(freep) struct call *call = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	const char *text = "";
	unsigned int exception = 0;

	call->slot = sd_bus_slot_unref(call->slot);
	if (error) {
		exception = exception_of(error);
		text = error->message ? error->message : error->name;
		/* There is nothing that a client could have said better. */
		if (call->asked && exception == MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE)
			exception = MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE;
	} else if (call->asked && read_signals(call, reply) < 0) {
		exception = MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE;
		text = "the daemon's answer makes no sense; is it of another release?";
	}
	call->done(call->userdata, exception, text);
	return 0;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static sd_bus_message *new_call(const struct signals *signals, const char *cell, const char *method)
{
	const struct bus_signals *bus = (const struct bus_signals *)signals;
	_cleanup_(freep) char *path = NULL;
	sd_bus_message *message;

	if (sd_bus_path_encode(BUS_CELL_PATH, cell, &path) < 0 ||
	    sd_bus_message_new_method_call(bus->bus, &message, BUS_NAME, path, BUS_CELL_INTERFACE,
					   method) < 0)
		return NULL;
	/* That a client asks is no reason to start the daemon. */
	sd_bus_message_set_auto_start(message, false);
	return message;
}

static int send(sd_bus_message *message, const struct call *wanted, uint64_t timeout_us,
		void **ret_call)
{
	struct call *call = malloc(sizeof(*call));
	int r;

	if (!call)
		return -ENOMEM;
	*call = *wanted;
	r = sd_bus_call_async(sd_bus_message_get_bus(message), &call->slot, message, on_answer,
			      call, timeout_us);
	if (r < 0) {
		free(call);
		return r;
	}
	*ret_call = call;
	return 0;
}

static int begin_read(struct signals *signals, const char *cell, struct signal_asked *asked,
		      size_t count, uint64_t timeout_us, signals_done done, void *userdata,
		      void **ret_call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message =
		new_call(signals, cell, "ReadSignals");
	const struct call call = {NULL, asked, count, done, userdata};
	int r;

	if (!message)
		return -ENOMEM;
	r = sd_bus_message_open_container(message, 'a', "s");
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = sd_bus_message_append(message, "s", asked[i].name);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r < 0 ? r : send(message, &call, timeout_us, ret_call);
}

static int begin_write(struct signals *signals, const char *cell, const char *name,
		       const struct value *value, uint64_t timeout_us, signals_done done,
		       void *userdata, void **ret_call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message =
		new_call(signals, cell, "WriteSignal");
	const struct call call = {NULL, NULL, 0, done, userdata};
	int r;

	if (!message)
		return -ENOMEM;
	r = sd_bus_message_append(message, "s", name);
	if (r >= 0)
		r = append_value(message, value);
	return r < 0 ? r : send(message, &call, timeout_us, ret_call);
}

static void cancel(struct signals *signals, void *userdata)
{
	struct call *call = userdata;

	sd_bus_slot_unref(call->slot);
	free(call);
}

struct signals *bus_signals_new(sd_bus *bus)
{
	struct bus_signals *signals = calloc(1, sizeof(*signals));

	if (!signals)
		return NULL;
	signals->signals = (struct signals){begin_read, begin_write, cancel};
	signals->bus = bus;
	return &signals->signals;
}

void bus_signals_free(struct signals *signals)
{
	free(signals);
}
