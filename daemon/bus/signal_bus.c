// SPDX-License-Identifier: GPL-2.0-only
#include "bus/signal_bus.h"

#include <errno.h>
#include <string.h>

#include "bus/request.h"
#include "bus/service.h"
#include "common/bus_basic.h"

#define NS_PER_US 1000u

/* ---- Values --------------------------------------------------------------------------------- */

/* D-Bus has no signed byte. */
static const char type_letters[] = {
	[SIGNAL_BOOL] = 'b', [SIGNAL_U8] = 'y',	 [SIGNAL_I8] = 'n',  [SIGNAL_U16] = 'q',
	[SIGNAL_I16] = 'n',  [SIGNAL_U32] = 'u', [SIGNAL_I32] = 'i', [SIGNAL_U64] = 't',
	[SIGNAL_I64] = 'x',  [SIGNAL_F32] = 'd', [SIGNAL_F64] = 'd',
};

static char type_letter(const struct description_signal *signal)
{
	return signal_kind(signal) == SIGNAL_KIND_REAL ? 'd' : type_letters[signal->type];
}

static int append_variant(sd_bus_message *message, const struct description_signal *signal,
			  const struct signal_value *value)
{
	const char letter[] = {type_letter(signal), 0};
	union basic basic = {0};
	int r;

	if (value->kind == SIGNAL_KIND_TRUTH)
		basic.truth = value->truth;
	else if (value->kind == SIGNAL_KIND_REAL)
		basic.d = value->real;
	else
		/* Whole numbers of all sizes begin with their low bytes. */
		basic.t = value->natural;
	r = sd_bus_message_open_container(message, 'v', letter);
	if (r >= 0)
		r = sd_bus_message_append_basic(message, letter[0], &basic);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int signal_bus_append(sd_bus_message *message, const struct signal_reading *reading)
{
	int r;

	r = sd_bus_message_open_container(message, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", reading->signal->name);
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', "(vts)");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'r', "vts");
	if (r >= 0)
		r = append_variant(message, reading->signal, &reading->value);
	if (r >= 0)
		r = sd_bus_message_append(message, "ts", reading->age_us,
					  quality_name(reading->quality));
	for (int containers = 0; r >= 0 && containers < 3; containers++)
		r = sd_bus_message_close_container(message);
	return r;
}

/* Of any type of number, or a boolean. -EINVAL: another one. */
static int read_variant(sd_bus_message *call, struct signal_value *ret)
{
	const char *contents;
	union basic basic;
	char type;
	int r;

	r = sd_bus_message_peek_type(call, &type, &contents);
	if (r < 0)
		return r;
	if (type != 'v' || strlen(contents) != 1 || !strchr("bynqiuxtd", contents[0]))
		return -EINVAL;
	type = contents[0];
	r = sd_bus_message_enter_container(call, 'v', contents);
	if (r >= 0)
		r = sd_bus_message_read_basic(call, type, &basic);
	if (r < 0)
		return r;
	switch (type) {
	case 'b':
		*ret = (struct signal_value){SIGNAL_KIND_TRUTH, {.truth = basic.truth != 0}};
		break;
	case 'd':
		*ret = (struct signal_value){SIGNAL_KIND_REAL, {.real = basic.d}};
		break;
	case 'n':
		*ret = (struct signal_value){SIGNAL_KIND_INTEGER, {.integer = basic.n}};
		break;
	case 'i':
		*ret = (struct signal_value){SIGNAL_KIND_INTEGER, {.integer = basic.i}};
		break;
	case 'x':
		*ret = (struct signal_value){SIGNAL_KIND_INTEGER, {.integer = basic.x}};
		break;
	case 'y':
		*ret = (struct signal_value){SIGNAL_KIND_NATURAL, {.natural = basic.y}};
		break;
	case 'q':
		*ret = (struct signal_value){SIGNAL_KIND_NATURAL, {.natural = basic.q}};
		break;
	case 'u':
		*ret = (struct signal_value){SIGNAL_KIND_NATURAL, {.natural = basic.u}};
		break;
	default:
		*ret = (struct signal_value){SIGNAL_KIND_NATURAL, {.natural = basic.t}};
	}
	return sd_bus_message_exit_container(call);
}

/* ---- Names ---------------------------------------------------------------------------------- */

void signal_list_done(struct signal_list *list)
{
	free(list->readings);
	*list = (struct signal_list){0};
}

static int refuse_name(const struct cell *cell, const char *name, sd_bus_error *ret_error)
{
	_cleanup_(error_done) struct error error = {0};

	/* What a peer sends is repeated only where it is a name. */
	if (!description_name_valid(name))
		return sd_bus_error_setf(ret_error, error_bus_name(ERROR_NO_SUCH_SIGNAL),
					 "this is no name of a signal; cell %s has its signals in "
					 "property Signals",
					 cell->name);
	signals_refuse(cell, name, &error);
	return service_reply_error(ret_error, &error);
}

static int list_all(const struct cell *cell, struct signal_list *list)
{
	for (; list->count < cell->description->num_signals; list->count++)
		list->readings[list->count].signal = &cell->description->signals[list->count];
	return 0;
}

static bool list_has(const struct signal_list *list, const struct description_signal *signal)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->readings[i].signal == signal)
			return true;
	}
	return false;
}

static int read_names(const struct cell *cell, sd_bus_message *call, struct signal_list *list,
		      sd_bus_error *ret_error)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(call, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read(call, "s", &name)) > 0) {
		const struct description_signal *signal = signals_find(cell, name);

		if (!signal)
			return refuse_name(cell, name, ret_error);
		/* Twice the same is once: there is no more than the cell has. */
		if (!list_has(list, signal))
			list->readings[list->count++].signal = signal;
	}
	return r < 0 ? r : sd_bus_message_exit_container(call);
}

int signal_list_read(const struct cell *cell, sd_bus_message *call, struct signal_list *ret,
		     sd_bus_error *ret_error)
{
	const size_t room = cell->description ? cell->description->num_signals : 0;
	struct signal_list list = {.readings = calloc(room + 1, sizeof(*list.readings))};
	int r;

	if (!list.readings)
		return -ENOMEM;
	r = read_names(cell, call, &list, ret_error);
	if (r >= 0 && !list.count && room)
		r = list_all(cell, &list);
	if (r < 0) {
		signal_list_done(&list);
		return r;
	}
	*ret = list;
	return 0;
}

/* ---- Methods -------------------------------------------------------------------------------- */

int signal_bus_read(struct cell *cell, sd_bus_message *call, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(signal_list_done) struct signal_list list = {0};
	int r;

	r = signal_list_read(cell, call, &list, ret_error);
	if (r < 0)
		return r;
	signals_read(cell, list.readings, list.count);
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{sv}");
	for (size_t i = 0; r >= 0 && i < list.count; i++)
		r = signal_bus_append(reply, &list.readings[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int signal_bus_write(struct cell *cell, sd_bus_message *call, sd_bus_error *ret_error)
{
	_cleanup_(job_freep) struct job *job =
		job_new(cell->manager, VERB_WRITE_SIGNAL, cell->name);
	const char *name;
	int r;

	if (!job)
		return -ENOMEM;
	r = sd_bus_message_read(call, "s", &name);
	if (r < 0)
		return r;
	/* Whether there is such a signal is asked when it is written: first whether he may. */
	if (!description_name_valid(name))
		return refuse_name(cell, name, ret_error);
	r = read_variant(call, &job->value);
	if (r == -EINVAL)
		return sd_bus_error_setf(ret_error, error_bus_name(ERROR_INVALID),
					 "signal %s: the value must be a number or a boolean",
					 name);
	job->signal = strdup(name);
	if (r < 0 || !job->signal)
		return r < 0 ? r : -ENOMEM;
	return request_submit(cell->manager->userdata, call, TAKE_POINTER(job), ret_error);
}

/* ---- Descriptions --------------------------------------------------------------------------- */

static int append_limits(sd_bus_message *reply, const struct description_signal *signal)
{
	int r = 0;

	if (signal->has_min)
		r = sd_bus_message_append(reply, "{sv}", "min", "d", signal->min);
	if (r >= 0 && signal->has_max)
		r = sd_bus_message_append(reply, "{sv}", "max", "d", signal->max);
	if (r >= 0 && signal->has_scale)
		r = sd_bus_message_append(reply, "{sv}", "scale", "d", signal->scale);
	if (r >= 0 && signal->stale_after_ns)
		r = sd_bus_message_append(reply, "{sv}", "stale-after", "t",
					  signal->stale_after_ns / NS_PER_US);
	return r;
}

static int append_description(sd_bus_message *reply, const struct description_signal *signal)
{
	const char letter[] = {type_letter(signal), 0};
	int r;

	r = sd_bus_message_open_container(reply, 'e', "sa{sv}");
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", signal->name);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_append(
			reply, "{sv}{sv}{sv}{sv}{sv}", "at", "s", signal->at, "type", "s",
			signal_types[signal->type].name, "signature", "s", letter, "unit", "s",
			signal->unit ? signal->unit : "", "write", "b", (int)signal->write);
	if (r >= 0)
		r = append_limits(reply, signal);
	for (int containers = 0; r >= 0 && containers < 2; containers++)
		r = sd_bus_message_close_container(reply);
	return r;
}

int signal_bus_append_descriptions(const struct cell *cell, sd_bus_message *reply)
{
	const struct description *description = cell->description;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
	for (size_t i = 0; r >= 0 && description && i < description->num_signals; i++)
		r = append_description(reply, &description->signals[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}
