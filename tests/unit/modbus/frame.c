// SPDX-License-Identifier: GPL-2.0-only
/* Frames: where they end, and which are requests that may be answered. */
#include "frame.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/lib/tap.h"

#define MBAP(length) 0x12, 0x34, 0, 0, (length) >> 8, (length)&0xff, 0x07

static const struct {
	const char *name;
	uint8_t bytes[12];
	size_t count;
	int length;
} beginnings[] = {
	{"nothing", {0}, 0, 0},
	{"five bytes", {MBAP(6)}, 5, 0},
	{"a header", {MBAP(6)}, 7, 12},
	{"its first six bytes", {MBAP(6)}, 6, 12},
	{"the shortest", {MBAP(2)}, 7, 8},
	{"the longest", {MBAP(254)}, 7, 260},
	{"one that is too short for a function", {MBAP(1)}, 7, -EPROTO},
	{"one without a unit", {MBAP(0)}, 7, -EPROTO},
	{"one that is too long", {MBAP(255)}, 7, -EPROTO},
	{"one that is far too long", {MBAP(0xffff)}, 7, -EPROTO},
	{"another protocol", {0, 0, 1, 0, 0, 6}, 4, -EPROTO},
	{"another protocol, its low byte", {0, 0, 0, 1}, 4, -EPROTO},
	{"half of what says the protocol, others behind it", {0, 0, 1, 1}, 3, 0},
	{"a header, and what is no function of it behind", {MBAP(6), 0x81}, 7, 12},
	{"text", "GET / HTTP", 10, -EPROTO},
	{"an answer", {MBAP(3), 0x81, 2}, 9, -EPROTO},
};

static const struct {
	const char *name;
	uint8_t body[16];
	size_t size;
	unsigned int exception;
	struct request request;
} requests[] = {
	{"read coils", {1, 0, 5, 0x07, 0xd0}, 5, 0, {1, TABLE_COIL, false, 5, 2000}},
	{"read discrete inputs", {2, 1, 0, 0, 1}, 5, 0, {2, TABLE_DISCRETE, false, 256, 1}},
	{"read holding registers", {3, 0, 0, 0, 125}, 5, 0, {3, TABLE_HOLDING, false, 0, 125}},
	{"read input registers", {4, 0xff, 0xff, 0, 1}, 5, 0, {4, TABLE_INPUT, false, 65535, 1}},
	{"write a coil", {5, 0, 1, 0xff, 0}, 5, 0, {5, TABLE_COIL, true, 1, 1}},
	{"write a coil off", {5, 0, 1, 0, 0}, 5, 0, {5, TABLE_COIL, true, 1, 1}},
	{"write a register", {6, 0, 1, 0xab, 0xcd}, 5, 0, {6, TABLE_HOLDING, true, 1, 1}},
	{"write coils", {15, 0, 1, 0, 9, 2, 0xff, 1}, 8, 0, {15, TABLE_COIL, true, 1, 9}},
	{"write registers",
	 {16, 0, 1, 0, 2, 4, 1, 2, 3, 4},
	 10,
	 0,
	 {16, TABLE_HOLDING, true, 1, 2}},
	{"2001 coils", {1, 0, 0, 0x07, 0xd1}, 5, 3, {0}},
	{"126 registers", {3, 0, 0, 0, 126}, 5, 3, {0}},
	{"65535 registers", {4, 0, 0, 0xff, 0xff}, 5, 3, {0}},
	{"no register", {4, 0, 0, 0, 0}, 5, 3, {0}},
	{"registers behind the last", {4, 0xff, 0xff, 0, 2}, 5, 2, {0}},
	{"coils behind the last", {1, 0xf8, 0x31, 0x07, 0xd0}, 5, 2, {0}},
	{"a read that is cut off", {3, 0, 0, 0}, 4, 3, {0}},
	{"a function alone", {3}, 1, 3, {0}},
	{"a read with something behind it", {3, 0, 0, 0, 1, 0}, 6, 3, {0}},
	{"a coil that is neither on nor off", {5, 0, 1, 0xff, 1}, 5, 3, {0}},
	{"a coil that is written 1", {5, 0, 1, 0, 1}, 5, 3, {0}},
	{"registers with too few bytes", {16, 0, 1, 0, 2, 4, 1, 2, 3}, 9, 3, {0}},
	{"registers with a wrong number of bytes", {16, 0, 1, 0, 2, 3, 1, 2, 3, 4}, 10, 3, {0}},
	{"registers without any", {16, 0, 1, 0, 2}, 5, 3, {0}},
	{"124 registers to write", {16, 0, 1, 0, 124, 248}, 6, 3, {0}},
	{"coils with too many bytes", {15, 0, 1, 0, 8, 2, 1, 1}, 8, 3, {0}},
	{"function 0", {0, 0, 0, 0, 1}, 5, 1, {0}},
	{"diagnostics", {8, 0, 0, 0, 1}, 5, 1, {0}},
	{"mask write", {22, 0, 0, 0, 1, 0, 1}, 7, 1, {0}},
	{"read and write at once", {23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0}, 12, 1, {0}},
	{"another function, alone", {0x2b}, 1, 1, {0}},
};

static bool is_request(const struct request *got, const struct request *expected)
{
	return got->function == expected->function && got->table == expected->table &&
	       got->write == expected->write && got->address == expected->address &&
	       got->count == expected->count;
}

static void test_request(struct tap *tap, size_t i)
{
	/* Of its own size, so that a look behind the end is found. */
	const size_t length = FRAME_HEADER + requests[i].size;
	_cleanup_(freep) uint8_t *frame = calloc(1, length);
	struct request request = {0};
	unsigned int exception;

	if (!frame)
		abort();
	memcpy(frame + FRAME_HEADER, requests[i].body, requests[i].size);
	exception = frame_check(frame, length, &request);
	tap_is_u64(tap, exception, requests[i].exception, "%s: what it gets", requests[i].name);
	tap_ok(tap, is_request(&request, &requests[i].request), "%s: what it is", requests[i].name);
}

int main(void)
{
	struct tap tap = {0};

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		tap_is_u64(&tap, (uint64_t)frame_length(beginnings[i].bytes, beginnings[i].count),
			   (uint64_t)beginnings[i].length, "length of %s", beginnings[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		test_request(&tap, i);
	return tap_done(&tap);
}
