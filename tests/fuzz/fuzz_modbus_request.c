// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as what a client sends to the Modbus bridge, and as what the daemon says to that: each
 * frame gets one answer, of its transaction, of a length that the protocol allows.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "exchange.h"
#include "tests/unit/modbus/fake_signals.h"
#include "util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRY(table, address, cell, more)                                   \
	"{\"table\":\"" table "\",\"address\":" address ",\"cell\":\"" cell \
	"\",\"signal\":\"s\"," more "}"

static const char
	map_text[] = "{ \"registers\": [" ENTRY("input", "0",
						"a", "\"encoding\":\"f32\"") "," ENTRY("input", "2",
										       "b", "\"encoding\":\"u16\",\"scale\":0.1") "," ENTRY("input", "3", "a", "\"encoding\":\"i64\",\"word-order\":\"low-first\"") "," ENTRY("holding", "0", "a", "\"encoding\":\"f64\",\"write\":true") "," ENTRY("holding", "4", "b", "\"encoding\":\"i16\",\"write\":true") "," ENTRY("holding", "5", "b", "\"encoding\":\"bool\",\"write\":true") "," ENTRY("holding",
																																																						 "6", "b", "\"encoding\":\"u32\"") "," ENTRY("coil",
																																																											     "0", "a", "\"write\":true") "," ENTRY("coil",
																																																																   "1", "b", "\"write\":true") "," ENTRY("coil",
																																																																					 "2", "a", "\"write\":false") "," ENTRY("discrete-input",
																																																																										"0",
																																																																										"b",
																																																																										"\"write\":false") "] }";

struct state {
	struct exchange_context context;
	struct map *map;
	struct fake_signals fake;
	const uint8_t *data; /* what is left of the input */
	size_t size;
	unsigned int answers;
	struct answer answer;
};

static struct state state;

static void set_up(void)
{
	struct problems problems = {0};

	if (state.map)
		return;
	log_set_target(LOG_TARGET_NULL);
	fake_signals_init(&state.fake);
	state.context.signals = &state.fake.signals;
	if (map_parse(map_text, strlen(map_text), "m", &problems, &state.map) < 0 ||
	    answers_new(&state.context.answers) < 0)
		abort();
	problems_done(&problems);
}

static void on_answer(void *userdata, const struct answer *answer)
{
	state.answers++;
	if (!answer)
		abort();
	state.answer = *answer;
}

static void take(void *bytes, size_t count)
{
	const size_t taken = count < state.size ? count : state.size;

	memset(bytes, 0, count);
	memcpy(bytes, state.data, taken);
	state.data += taken;
	state.size -= taken;
}

/* One byte says how, eight what. */
static void answer_call(void)
{
	struct value value = {0};
	uint8_t how;

	take(&how, 1);
	if (how & 0x80) {
		fake_signals_answer(&state.fake,
				    (how & 0x7f) % (MODBUS_EXCEPTION_GATEWAY_TARGET + 1));
		return;
	}
	value.kind = (enum value_kind)(how & 3);
	take(&value.natural, sizeof(value.natural));
	if (value.kind == VALUE_TRUTH)
		value = (struct value){VALUE_TRUTH, {.truth = value.natural & 1}};
	fake_signals_tell(&state.fake, value, (enum quality)(how >> 2 & 7));
}

static void check_answer(const uint8_t *frame)
{
	const uint8_t *answer = state.answer.bytes;
	const size_t length = state.answer.length;
	const unsigned int said = (unsigned int)(answer[4] << 8 | answer[5]);

	if (length < FRAME_HEADER + 2 || length > FRAME_MAX || said != length - 6 ||
	    memcmp(answer, frame, 4) != 0 || answer[6] != frame[6])
		abort();
	if (answer[7] == (frame[7] | 0x80)) {
		if (length != FRAME_HEADER + 2 || answer[8] < 1 ||
		    answer[8] > MODBUS_EXCEPTION_GATEWAY_TARGET)
			abort();
	} else if (answer[7] != frame[7]) {
		abort();
	} else if (frame[7] <= MODBUS_FC_READ_INPUT_REGISTERS) {
		if (length != FRAME_HEADER + 2u + answer[8])
			abort();
	} else if (length != FRAME_HEADER + 5 || memcmp(answer + 7, frame + 7, 3) != 0) {
		abort();
	}
}

static void run_frame(const uint8_t *frame, size_t length)
{
	/* Of its own size, so that a look behind the end is found. */
	_cleanup_(freep) uint8_t *exact = malloc(length);
	struct exchange *exchange = NULL;
	unsigned int calls = 0;

	if (!exact)
		abort();
	memcpy(exact, frame, length);
	state.answers = 0;
	if (exchange_begin(&state.context, state.map, exact, length, on_answer, NULL, &exchange) <
	    0)
		abort();
	while (state.fake.is_pending) {
		/* Who leaves in the middle. */
		if (state.size == 0) {
			exchange_cancel(exchange);
			if (state.answers != 0 || state.fake.is_pending)
				abort();
			return;
		}
		answer_call();
		if (++calls > MODBUS_MAX_WRITE_BITS)
			abort();
	}
	if (state.answers != 1)
		abort();
	check_answer(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	set_up();
	state.data = data;
	state.size = size;
	while (state.size > 0) {
		const int length = frame_length(state.data, state.size);
		const uint8_t *frame = state.data;

		if (length <= 0 || (size_t)length > state.size)
			return 0;
		state.data += length;
		state.size -= (size_t)length;
		run_frame(frame, (size_t)length);
	}
	return 0;
}
