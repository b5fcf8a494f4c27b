// SPDX-License-Identifier: GPL-2.0-only
#include "frame.h"

#include <errno.h>

#include "common/cleanup.h"

#define AT_PROTOCOL  2
#define AT_LENGTH    4
#define BEFORE_COUNT 6 /* bytes that the length does not count */

/* Behind the header. */
#define AT_FUNCTION   0
#define AT_ADDRESS    1
#define AT_COUNT      3
#define AT_BYTES      5
#define SHORT_SIZE    5
#define COIL_ON	      0xff00
#define COIL_OFF      0x0000
#define EXCEPTION_BIT 0x80

/* Functions that read and change at once are none of these: the daemon has no such method. */
static const struct function {
	uint8_t code;
	enum map_table table;
	bool write;
	bool single;
	uint16_t max; /* registers or bits */
} functions[] = {
	{MODBUS_FC_READ_COILS, TABLE_COIL, false, false, MODBUS_MAX_READ_BITS},
	{MODBUS_FC_READ_DISCRETE_INPUTS, TABLE_DISCRETE, false, false, MODBUS_MAX_READ_BITS},
	{MODBUS_FC_READ_HOLDING_REGISTERS, TABLE_HOLDING, false, false, MODBUS_MAX_READ_REGISTERS},
	{MODBUS_FC_READ_INPUT_REGISTERS, TABLE_INPUT, false, false, MODBUS_MAX_READ_REGISTERS},
	{MODBUS_FC_WRITE_SINGLE_COIL, TABLE_COIL, true, true, 1},
	{MODBUS_FC_WRITE_SINGLE_REGISTER, TABLE_HOLDING, true, true, 1},
	{MODBUS_FC_WRITE_MULTIPLE_COILS, TABLE_COIL, true, false, MODBUS_MAX_WRITE_BITS},
	{MODBUS_FC_WRITE_MULTIPLE_REGISTERS, TABLE_HOLDING, true, false,
	 MODBUS_MAX_WRITE_REGISTERS},
};

static uint16_t word_at(const uint8_t *bytes, size_t offset)
{
	return (uint16_t)(bytes[offset] << 8 | bytes[offset + 1]);
}

int frame_length(const uint8_t *bytes, size_t count)
{
	unsigned int length;

	if (count >= AT_LENGTH && word_at(bytes, AT_PROTOCOL) != 0)
		return -EPROTO;
	if (count < BEFORE_COUNT)
		return 0;
	/* The unit's number and a function at least. */
	length = word_at(bytes, AT_LENGTH);
	if (length < 2 || length > FRAME_MAX - BEFORE_COUNT)
		return -EPROTO;
	/* Requests have no number above 0x7f: as exceptions their answers would be other
	 * functions'. */
	if (count > FRAME_HEADER && bytes[FRAME_HEADER] >= EXCEPTION_BIT)
		return -EPROTO;
	return (int)(BEFORE_COUNT + length);
}

static size_t expected_size(const struct function *function, uint16_t count)
{
	if (!function->write || function->single)
		return SHORT_SIZE;
	return AT_BYTES + 1 + (map_table_has_bits(function->table) ? (count + 7u) / 8 : count * 2u);
}

unsigned int frame_check(const uint8_t *frame, size_t length, struct request *ret_request)
{
	const uint8_t *body = frame + FRAME_HEADER;
	const size_t size = length - FRAME_HEADER;
	const struct function *function = functions;
	const struct function *end = functions + ARRAY_SIZE(functions);
	uint16_t address, count;

	while (function < end && function->code != body[AT_FUNCTION])
		function++;
	if (function == end)
		return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
	if (size < SHORT_SIZE)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	address = word_at(body, AT_ADDRESS);
	count = function->single ? 1 : word_at(body, AT_COUNT);
	if (count < 1 || count > function->max || size != expected_size(function, count) ||
	    (size > SHORT_SIZE && body[AT_BYTES] != size - AT_BYTES - 1))
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	if (function->code == MODBUS_FC_WRITE_SINGLE_COIL && word_at(body, AT_COUNT) != COIL_ON &&
	    word_at(body, AT_COUNT) != COIL_OFF)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	if (address + count > (int)MAP_ADDRESSES)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	*ret_request =
		(struct request){function->code, function->table, function->write, address, count};
	return 0;
}
