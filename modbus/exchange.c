// SPDX-License-Identifier: GPL-2.0-only
#include "exchange.h"

#include <errno.h>
#include <string.h>

#include "common/bus_words.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "util/log.h"

/* An entry of the map that the request is about. */
struct part {
	struct map_entry *entry;
	size_t at; /* its first register or its bit in the request */
	bool is_read;
	struct value value; /* to be written */
};

struct exchange {
	const struct exchange_context *context;
	struct map *map;
	uint8_t frame[FRAME_MAX];
	size_t length;
	struct request request;
	modbus_mapping_t *room;
	struct part *parts;
	size_t count;
	struct signal_asked *asked; /* of one cell; room for all */
	struct part **asked_parts;
	size_t num_asked;
	size_t written; /* parts */
	struct answer answer;
	uint64_t deadline_us;
	void *call;
	exchange_done done;
	void *userdata;
};

static void go_on(struct exchange *exchange);

static void exchange_free(struct exchange *exchange)
{
	if (exchange->room)
		modbus_mapping_free(exchange->room);
	map_unref(exchange->map);
	free(exchange->parts);
	free(exchange->asked);
	free(exchange->asked_parts);
	free(exchange);
}

void exchange_cancel(struct exchange *exchange)
{
	if (!exchange)
		return;
	if (exchange->call)
		exchange->context->signals->cancel(exchange->context->signals, exchange->call);
	exchange_free(exchange);
}

/* ---- The end -------------------------------------------------------------------------------- */

static void finish(struct exchange *exchange, int r)
{
	const exchange_done done = exchange->done;
	const struct answer answer = exchange->answer;
	void *userdata = exchange->userdata;

	if (r < 0)
		log_error("Cannot make an answer: %s", strerror(-r));
	exchange_free(exchange);
	done(userdata, r < 0 ? NULL : &answer);
}

static void refuse(struct exchange *exchange, unsigned int exception)
{
	finish(exchange, answers_refuse(exchange->context->answers, exchange->frame, exception,
					&exchange->answer));
}

/*
 * Once for each kind of trouble, however often a client asks: who reads the log is told of changes.
 * That it can be read does not say that it can be written.
 */
static void tell(const struct exchange *exchange, struct map_entry *entry, unsigned int exception,
		 const char *text)
{
	const bool write = exchange->request.write;

	if (entry->told[write] == exception)
		return;
	entry->told[write] = exception;
	if (exception)
		log_warning("Signal %s of cell %s, %s %u: clients that %s get exception %u: %s",
			    entry->signal, entry->cell, map_table_name(entry->table),
			    entry->address, write ? "write" : "read", exception, text);
	else
		log_notice("Signal %s of cell %s, %s %u: clients %s it again", entry->signal,
			   entry->cell, map_table_name(entry->table), entry->address,
			   write ? "write" : "read");
}

/* ---- Reading -------------------------------------------------------------------------------- */

static unsigned int exception_of_quality(enum quality quality, const char **ret_text)
{
	switch (quality) {
	case QUALITY_GOOD:
		return 0;
	case QUALITY_STALE:
		*ret_text = "it is stale";
		return MODBUS_EXCEPTION_GATEWAY_TARGET;
	case QUALITY_UNCONNECTED:
		*ret_text = "it is not connected";
		return MODBUS_EXCEPTION_GATEWAY_PATH;
	default:
		*ret_text = "it is bad";
		return MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE;
	}
}

static unsigned int put(struct exchange *exchange, const struct part *part,
			const struct signal_asked *asked, const char **ret_text)
{
	const struct encoding *encoding = &part->entry->encoding;
	const struct request *request = &exchange->request;
	uint16_t bit = 0;
	unsigned int exception;
	bool fits;

	*ret_text = "the daemon did not tell its value";
	exception = asked->found ? exception_of_quality(asked->quality, ret_text)
				 : MODBUS_EXCEPTION_GATEWAY_PATH;
	if (exception)
		return exception;
	if (map_table_has_bits(request->table)) {
		fits = encoding_write(encoding, &asked->value, &bit);
		*answers_bit(request, exchange->room, part->at) = bit != 0;
	} else {
		fits = encoding_write(encoding, &asked->value,
				      answers_register(request, exchange->room, part->at));
	}
	*ret_text = "its value does not fit the encoding; mend the map";
	return fits ? 0 : MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE;
}

static void on_read(void *userdata, unsigned int exception, const char *text)
{
	struct exchange *exchange = userdata;
	const char *own_text = text;

	exchange->call = NULL;
	for (size_t i = 0; i < exchange->num_asked; i++) {
		struct part *part = exchange->asked_parts[i];
		unsigned int found = exception;

		if (!found)
			found = put(exchange, part, &exchange->asked[i], &own_text);
		tell(exchange, part->entry, found, own_text);
		if (found) {
			refuse(exchange, found);
			return;
		}
		part->is_read = true;
	}
	go_on(exchange);
}

/* All that is missing of one cell. False where nothing is. */
static bool ask_next_cell(struct exchange *exchange)
{
	const char *cell = NULL;

	exchange->num_asked = 0;
	for (size_t i = 0; i < exchange->count; i++) {
		struct part *part = &exchange->parts[i];

		if (part->is_read || (cell && strcmp(cell, part->entry->cell) != 0))
			continue;
		cell = part->entry->cell;
		exchange->asked[exchange->num_asked] =
			(struct signal_asked){.name = part->entry->signal};
		exchange->asked_parts[exchange->num_asked++] = part;
	}
	return cell != NULL;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void on_written(void *userdata, unsigned int exception, const char *text)
{
	struct exchange *exchange = userdata;

	exchange->call = NULL;
	tell(exchange, exchange->parts[exchange->written].entry, exception, text);
	exchange->written++;
	if (exception)
		refuse(exchange, exception);
	else
		go_on(exchange);
}

/* What the request wants to write, all of it, and the answer that it will get. */
static unsigned int take_values(struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	if (answers_make(exchange->context->answers, exchange->frame, exchange->length,
			 exchange->room, &exchange->answer) < 0)
		return MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE;
	for (size_t i = 0; i < exchange->count; i++) {
		struct part *part = &exchange->parts[i];
		uint16_t bit;
		const uint16_t *registers = &bit;

		if (!part->entry->write)
			return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
		if (map_table_has_bits(request->table))
			bit = *answers_bit(request, exchange->room, part->at);
		else
			registers = answers_register(request, exchange->room, part->at);
		if (!encoding_read(&part->entry->encoding, registers, &part->value))
			return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	}
	return 0;
}

/* ---- Both ----------------------------------------------------------------------------------- */

/* Asks the daemon for what comes next. 1: nothing does. */
static int call_next(struct exchange *exchange, uint64_t left_us)
{
	struct signals *signals = exchange->context->signals;
	const struct part *part = &exchange->parts[exchange->written];

	if (exchange->request.write) {
		if (exchange->written == exchange->count)
			return 1;
		return signals->write(signals, part->entry->cell, part->entry->signal, &part->value,
				      left_us, on_written, exchange, &exchange->call);
	}
	if (!ask_next_cell(exchange))
		return 1;
	return signals->read(signals, exchange->asked_parts[0]->entry->cell, exchange->asked,
			     exchange->num_asked, left_us, on_read, exchange, &exchange->call);
}

static void go_on(struct exchange *exchange)
{
	const uint64_t now = monotonic_us();
	int r;

	if (now >= exchange->deadline_us) {
		refuse(exchange, MODBUS_EXCEPTION_GATEWAY_TARGET);
		return;
	}
	r = call_next(exchange, exchange->deadline_us - now);
	if (r < 0) {
		log_error("Cannot ask the daemon: %s", strerror(-r));
		refuse(exchange, MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE);
	} else if (r > 0) {
		r = 0;
		if (!exchange->request.write)
			r = answers_make(exchange->context->answers, exchange->frame,
					 exchange->length, exchange->room, &exchange->answer);
		finish(exchange, r);
	}
}

/* What of the map the request is about. An exception, or a negative errno. */
static int find_parts(struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	struct map_entry *entries = map_find(exchange->map, request->table, request->address,
					     request->count, &exchange->count);

	if (!entries)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	exchange->parts = calloc(exchange->count, sizeof(*exchange->parts));
	exchange->asked = calloc(exchange->count, sizeof(*exchange->asked));
	exchange->asked_parts = calloc(exchange->count, sizeof(*exchange->asked_parts));
	exchange->room = answers_room(request);
	if (!exchange->parts || !exchange->asked || !exchange->asked_parts || !exchange->room)
		return -ENOMEM;
	for (size_t i = 0; i < exchange->count; i++)
		exchange->parts[i] = (struct part){
			.entry = &entries[i],
			.at = entries[i].address - request->address,
		};
	return 0;
}

int exchange_begin(const struct exchange_context *context, struct map *map, const uint8_t *frame,
		   size_t length, exchange_done done, void *userdata,
		   struct exchange **ret_exchange)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	int exception;

	if (!exchange)
		return -ENOMEM;
	exchange->context = context;
	exchange->map = map_ref(map);
	exchange->length = length;
	exchange->done = done;
	exchange->userdata = userdata;
	memcpy(exchange->frame, frame, length);
	exception = (int)frame_check(frame, length, &exchange->request);
	if (!exception)
		exception = find_parts(exchange);
	if (!exception && exchange->request.write)
		exception = (int)take_values(exchange);
	if (exception < 0) {
		exchange_free(exchange);
		return exception;
	}
	exchange->deadline_us =
		monotonic_us() + (exchange->request.write ? EXCHANGE_WRITE_US : EXCHANGE_READ_US);
	*ret_exchange = exchange;
	if (exception)
		refuse(exchange, (unsigned int)exception);
	else
		go_on(exchange);
	return 0;
}
