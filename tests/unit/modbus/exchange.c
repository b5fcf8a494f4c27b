// SPDX-License-Identifier: GPL-2.0-only
/* Requests and their answers, byte for byte, with signals that the test makes up. */
#include "exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "fake_signals.h"
#include "tests/lib/tap.h"
#include "util/log.h"

#define ENTRY(table, address, cell, signal, more)                                 \
	"{ \"table\": \"" table "\", \"address\": " address ", \"cell\": \"" cell \
	"\", \"signal\": \"" signal "\"" more " }"
#define AS(encoding) ", \"encoding\": \"" encoding "\""
#define WRITE	     ", \"write\": true"

static const char map_text[] =
	"{ \"registers\": [\n" ENTRY("input", "0", "turbine",
				     "speed", AS("f32")) "," ENTRY("input", "2", "pump", "level",
								   AS("u16")) "," ENTRY("input",
											"3",
											"turbine", "alarms", AS("u32")) "," ENTRY("input", "5", "turbine", "speed", AS("i16") ", \"scale\": 0.5") "," ENTRY("holding", "0", "turbine", "setpoint", AS("f32") WRITE) "," ENTRY("holding", "2",
																																	      "turbine",
																																	      "load",
																																	      AS("u16") WRITE) "," ENTRY("holding", "3", "turbine", "speed", AS("u16")) "," ENTRY("holding",
																																												  "4",
																																												  "turbine",
																																												  "run",
																																												  AS(
																																													  "bool") WRITE) "," ENTRY("discrete-input",
																																																   "8", "turbine", "ready",
																																																   "") "," ENTRY("coil", "0", "turbine", "run", WRITE) "," ENTRY("coil", "1", "pump", "on",
																																																								 WRITE) "] }";

struct fixture {
	struct tap tap;
	struct map *map;
	struct fake_signals fake;
	struct exchange_context context;
	struct exchange *exchange;
	struct answer answer;
	unsigned int answers;
	bool had_none; /* answered with nothing */
};

static void on_answer(void *userdata, const struct answer *answer)
{
	struct fixture *f = userdata;

	f->answers++;
	f->had_none = !answer;
	if (answer)
		f->answer = *answer;
	f->exchange = NULL;
}

/* A frame of this body for unit 7, and transaction 0x1234. */
static int begin(struct fixture *f, const uint8_t *body, size_t size)
{
	const size_t length = FRAME_HEADER + size;
	_cleanup_(freep) uint8_t *frame = calloc(1, length);

	if (!frame)
		abort();
	memcpy(frame, (const uint8_t[]){0x12, 0x34, 0, 0, 0, (uint8_t)(size + 1), 7}, FRAME_HEADER);
	memcpy(frame + FRAME_HEADER, body, size);
	f->answers = 0;
	f->fake.calls = 0;
	return exchange_begin(&f->context, f->map, frame, length, on_answer, f, &f->exchange);
}

#define BEGIN(f, ...) \
	begin(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static bool is_answered(struct fixture *f, const uint8_t *body, size_t size)
{
	const uint8_t header[] = {0x12, 0x34, 0, 0, 0, (uint8_t)(size + 1), 7};

	return f->answers == 1 && !f->had_none && !f->fake.is_pending &&
	       f->answer.length == sizeof(header) + size &&
	       memcmp(f->answer.bytes, header, sizeof(header)) == 0 &&
	       memcmp(f->answer.bytes + sizeof(header), body, size) == 0;
}

#define GETS(f, name, ...)                                          \
	tap_ok(&(f)->tap,                                           \
	       is_answered(f, (const uint8_t[]){__VA_ARGS__},       \
			   sizeof((const uint8_t[]){__VA_ARGS__})), \
	       name)

static struct value real(double value)
{
	return (struct value){VALUE_REAL, {.real = value}};
}

static struct value natural(uint64_t value)
{
	return (struct value){VALUE_NATURAL, {.natural = value}};
}

static void test_reads(struct fixture *f)
{
	struct tap *tap = &f->tap;

	BEGIN(f, 4, 0, 0, 0, 6);
	tap_ok(tap,
	       f->fake.is_pending && strcmp(f->fake.cell, "turbine") == 0 && f->fake.count == 3,
	       "three values of one cell are one call");
	tap_is_str(tap, f->fake.asked[0].name, "speed", "its first signal");
	tap_is_str(tap, f->fake.asked[1].name, "alarms", "its second");
	tap_is_str(tap, f->fake.asked[2].name, "speed", "its third, in other registers");
	tap_ok(tap, f->fake.timeout_us <= EXCHANGE_READ_US, "it ends in time");
	fake_signals_tell(&f->fake, natural(1000), QUALITY_GOOD);
	tap_ok(tap, f->fake.is_pending && strcmp(f->fake.cell, "pump") == 0 && f->fake.count == 1,
	       "then the other cell is asked");
	fake_signals_tell(&f->fake, natural(0xabcd), QUALITY_GOOD);
	/* IEEE 754: 1000 is 0x447a0000. */
	GETS(f, "registers in their places", 4, 12, 0x44, 0x7a, 0, 0, 0xab, 0xcd, 0, 0, 0x03, 0xe8,
	     0x07, 0xd0);
	tap_is_u64(tap, f->fake.calls, 2, "nothing was asked twice");

	BEGIN(f, 4, 0, 3, 0, 2);
	tap_is_u64(tap, f->fake.count, 1, "what is not read is not asked for");
	fake_signals_tell(&f->fake, natural(0x12345678), QUALITY_GOOD);
	GETS(f, "one value", 4, 4, 0x12, 0x34, 0x56, 0x78);

	BEGIN(f, 2, 0, 8, 0, 1);
	fake_signals_tell(&f->fake, (struct value){VALUE_TRUTH, {.truth = true}}, QUALITY_GOOD);
	GETS(f, "a discrete input", 2, 1, 1);
	BEGIN(f, 1, 0, 0, 0, 2);
	fake_signals_tell(&f->fake, (struct value){VALUE_TRUTH, {.truth = false}}, QUALITY_GOOD);
	fake_signals_tell(&f->fake, (struct value){VALUE_TRUTH, {.truth = true}}, QUALITY_GOOD);
	GETS(f, "coils", 1, 1, 2);
}

static void test_refused_at_once(struct fixture *f)
{
	struct tap *tap = &f->tap;

	BEGIN(f, 4, 0, 1, 0, 1);
	GETS(f, "a part of a value has no address", 0x84, 2);
	BEGIN(f, 4, 0, 0, 0, 1);
	GETS(f, "nor has the other part", 0x84, 2);
	BEGIN(f, 4, 0, 6, 0, 1);
	GETS(f, "what is not in the map has none", 0x84, 2);
	BEGIN(f, 3, 0, 0, 0, 6);
	GETS(f, "nor has a range with such a register", 0x83, 2);
	BEGIN(f, 6, 0, 0, 0x12, 0x34);
	GETS(f, "a half of a value is not written", 0x86, 2);
	BEGIN(f, 6, 0, 3, 0, 1);
	GETS(f, "what the map does not let clients write has no address to be written", 0x86, 2);
	BEGIN(f, 16, 0, 2, 0, 2, 4, 0, 1, 0, 1);
	GETS(f, "nor has a range with such a register", 0x90, 2);
	BEGIN(f, 16, 0, 0, 0, 2, 4, 0x7f, 0x80, 0, 0);
	GETS(f, "infinity is no value", 0x90, 3);
	BEGIN(f, 6, 0, 4, 0, 2);
	GETS(f, "2 is no bool", 0x86, 3);
	BEGIN(f, 4, 0, 0, 0, 126);
	GETS(f, "126 registers are too many", 0x84, 3);
	BEGIN(f, 8, 0, 0, 0, 0);
	GETS(f, "functions that are not served", 0x88, 1);
	BEGIN(f, 0x2b, 14, 1, 0);
	GETS(f, "nor this one", 0xab, 1);
	tap_is_u64(tap, f->fake.calls, 0, "the daemon has nothing to do with it");
}

static void test_qualities(struct fixture *f)
{
	static const struct {
		enum quality quality;
		uint8_t exception;
	} cases[] = {
		{QUALITY_STALE, 0x0b},
		{QUALITY_BAD, 0x04},
		{QUALITY_UNCONNECTED, 0x0a},
		{QUALITY_COUNT, 0x04},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		BEGIN(f, 4, 0, 0, 0, 2);
		fake_signals_tell(&f->fake, real(1), cases[i].quality);
		GETS(f, "its quality is an exception", 0x84, cases[i].exception);
	}
	BEGIN(f, 4, 0, 2, 0, 1);
	fake_signals_tell(&f->fake, natural(65536), QUALITY_GOOD);
	GETS(f, "what does not fit its registers", 0x84, 4);
	BEGIN(f, 1, 0, 0, 0, 1);
	fake_signals_tell(&f->fake, natural(1), QUALITY_GOOD);
	GETS(f, "a number for a coil", 0x81, 4);
	BEGIN(f, 4, 0, 2, 0, 1);
	fake_signals_answer(&f->fake, 0);
	GETS(f, "what the daemon left out", 0x84, 0x0a);
	BEGIN(f, 4, 0, 0, 0, 3);
	fake_signals_tell(&f->fake, real(1), QUALITY_GOOD);
	fake_signals_tell(&f->fake, natural(1), QUALITY_STALE);
	GETS(f, "one of two is stale", 0x84, 0x0b);
	BEGIN(f, 4, 0, 0, 0, 3);
	fake_signals_answer(&f->fake, 6);
	GETS(f, "what the daemon says of a cell", 0x84, 6);
}

static void test_writes(struct fixture *f)
{
	struct tap *tap = &f->tap;

	BEGIN(f, 16, 0, 0, 0, 3, 6, 0x45, 0x3b, 0x84, 0, 0, 77);
	tap_ok(tap, f->fake.is_pending && f->fake.is_write && f->answers == 0,
	       "an answer waits for the daemon");
	tap_is_str(tap, f->fake.name, "setpoint", "the first value goes to its signal");
	tap_ok(tap, f->fake.value.kind == VALUE_REAL && f->fake.value.real == 3000.25, "as it is");
	tap_ok(tap,
	       f->fake.timeout_us <= EXCHANGE_WRITE_US && f->fake.timeout_us > EXCHANGE_READ_US,
	       "it ends in time, which is more than for a reading");
	fake_signals_answer(&f->fake, 0);
	tap_is_str(tap, f->fake.name, "load", "then the second");
	tap_ok(tap, f->fake.value.kind == VALUE_NATURAL && f->fake.value.natural == 77, "as it is");
	fake_signals_answer(&f->fake, 0);
	GETS(f, "what was written is said", 16, 0, 0, 0, 3);

	BEGIN(f, 16, 0, 0, 0, 3, 6, 0x45, 0x3b, 0x84, 0, 0, 77);
	fake_signals_answer(&f->fake, 3);
	GETS(f, "what the daemon does not take", 0x90, 3);
	tap_is_u64(tap, f->fake.calls, 1, "is the last that is written");

	BEGIN(f, 6, 0, 2, 0xff, 0xfe);
	tap_is_u64(tap, f->fake.value.natural, 0xfffe, "a single register");
	fake_signals_answer(&f->fake, 0);
	GETS(f, "is echoed", 6, 0, 2, 0xff, 0xfe);
	BEGIN(f, 6, 0, 2, 0, 1);
	fake_signals_answer(&f->fake, 1);
	GETS(f, "what the bridge may not do is no function", 0x86, 1);
	BEGIN(f, 6, 0, 4, 0, 1);
	tap_ok(tap, f->fake.value.kind == VALUE_TRUTH && f->fake.value.truth,
	       "a bool in a register");
	fake_signals_answer(&f->fake, 0);
	GETS(f, "is echoed", 6, 0, 4, 0, 1);

	BEGIN(f, 5, 0, 0, 0xff, 0);
	tap_ok(tap, f->fake.value.kind == VALUE_TRUTH && f->fake.value.truth, "a coil is set");
	fake_signals_answer(&f->fake, 0);
	GETS(f, "and echoed", 5, 0, 0, 0xff, 0);
	BEGIN(f, 15, 0, 0, 0, 2, 1, 2);
	tap_ok(tap, f->fake.value.kind == VALUE_TRUTH && !f->fake.value.truth, "the first of two");
	fake_signals_answer(&f->fake, 0);
	tap_ok(tap, f->fake.value.truth && strcmp(f->fake.cell, "pump") == 0,
	       "the second, of another cell");
	fake_signals_answer(&f->fake, 0);
	GETS(f, "coils", 15, 0, 0, 0, 2);
}

/* One that may be read and not written, by clients that do both. */
static void test_told_once(struct fixture *f)
{
	struct tap *tap = &f->tap;
	size_t number;
	struct map_entry *entry = map_find(f->map, TABLE_HOLDING, 2, 1, &number);

	BEGIN(f, 6, 0, 2, 0, 1);
	fake_signals_answer(&f->fake, 1);
	BEGIN(f, 3, 0, 2, 0, 1);
	fake_signals_tell(&f->fake, natural(77), QUALITY_GOOD);
	tap_ok(tap, entry->told[true] == 1 && entry->told[false] == 0,
	       "that it can be read is no news of writing");
	BEGIN(f, 6, 0, 2, 0, 1);
	fake_signals_answer(&f->fake, 0);
	tap_is_u64(tap, entry->told[true], 0, "that it was written is");
}

static void test_ends(struct fixture *f)
{
	struct tap *tap = &f->tap;

	BEGIN(f, 4, 0, 0, 0, 2);
	exchange_cancel(f->exchange);
	tap_ok(tap, f->fake.cancelled == 1 && f->answers == 0,
	       "who has gone gets no answer, and the daemon is not waited for");
	exchange_cancel(NULL);
	f->fake.fail = -ENOMEM;
	BEGIN(f, 4, 0, 0, 0, 2);
	GETS(f, "a call that cannot be made", 0x84, 4);
	BEGIN(f, 6, 0, 2, 0, 1);
	GETS(f, "nor one that writes", 0x86, 4);
	f->fake.fail = 0;
	/* One cell's answer just in time leaves none for the other's. */
	BEGIN(f, 4, 0, 0, 0, 3);
	sleep_until_us(monotonic_us() + EXCHANGE_READ_US);
	fake_signals_tell(&f->fake, natural(1000), QUALITY_GOOD);
	GETS(f, "the whole request has an end, whatever its parts take", 0x84, 0x0b);
	tap_is_u64(tap, f->fake.calls, 1, "nothing is asked for that comes too late");
	/* The map may be another one while a request is at work. */
	BEGIN(f, 4, 0, 0, 0, 2);
	map_unref(f->map);
	fake_signals_tell(&f->fake, natural(1000), QUALITY_GOOD);
	GETS(f, "it is answered by the map that it began with", 4, 4, 0x44, 0x7a, 0, 0);
}

int main(void)
{
	struct fixture f = {0};
	struct problems problems = {0};

	log_set_target(LOG_TARGET_NULL);
	fake_signals_init(&f.fake);
	f.context.signals = &f.fake.signals;
	if (!tap_ok(&f.tap,
		    map_parse(map_text, strlen(map_text), "m.json", &problems, &f.map) == 0 &&
			    answers_new(&f.context.answers) == 0,
		    "there are a map and libmodbus"))
		return tap_done(&f.tap);
	test_reads(&f);
	test_refused_at_once(&f);
	test_qualities(&f);
	test_writes(&f);
	test_told_once(&f);
	test_ends(&f);
	answers_free(f.context.answers);
	problems_done(&problems);
	return tap_done(&f.tap);
}
