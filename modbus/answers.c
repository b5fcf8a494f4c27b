// SPDX-License-Identifier: GPL-2.0-only
#include "answers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/cleanup.h"

struct answers {
	modbus_t *modbus;
	int theirs; /* libmodbus sends here */
	int ours;
};

void answers_free(struct answers *answers)
{
	if (!answers)
		return;
	if (answers->modbus)
		modbus_free(answers->modbus);
	if (answers->theirs >= 0)
		close(answers->theirs);
	if (answers->ours >= 0)
		close(answers->ours);
	free(answers);
}
DEFINE_FREEP(struct answers *, answers_free)

int answers_new(struct answers **ret_answers)
{
	_cleanup_(answers_freep) struct answers *answers = calloc(1, sizeof(*answers));
	int pair[2];

	if (!answers)
		return -ENOMEM;
	answers->theirs = answers->ours = -1;
	/* One packet is one answer. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	answers->theirs = pair[0];
	answers->ours = pair[1];
	/* The address is never connected to. */
	answers->modbus = modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT);
	if (!answers->modbus || modbus_set_socket(answers->modbus, answers->theirs) < 0)
		return -ENOMEM;
	*ret_answers = TAKE_POINTER(answers);
	return 0;
}

modbus_mapping_t *answers_room(const struct request *request)
{
	unsigned int counts[TABLE_COUNT] = {0};

	counts[request->table] = request->count;
	return modbus_mapping_new_start_address(
		request->address, counts[TABLE_COIL], request->address, counts[TABLE_DISCRETE],
		request->address, counts[TABLE_HOLDING], request->address, counts[TABLE_INPUT]);
}

uint16_t *answers_register(const struct request *request, modbus_mapping_t *room, size_t i)
{
	return (request->table == TABLE_HOLDING ? room->tab_registers : room->tab_input_registers) +
	       i;
}

uint8_t *answers_bit(const struct request *request, modbus_mapping_t *room, size_t i)
{
	return (request->table == TABLE_COIL ? room->tab_bits : room->tab_input_bits) + i;
}

static int take(struct answers *answers, int sent, struct answer *ret_answer)
{
	const ssize_t length =
		recv(answers->ours, ret_answer->bytes, sizeof(ret_answer->bytes), MSG_DONTWAIT);

	if (sent < 0 || length <= 0 || length != sent)
		return -EIO;
	ret_answer->length = (size_t)length;
	return 0;
}

int answers_make(struct answers *answers, const uint8_t *frame, size_t length,
		 modbus_mapping_t *room, struct answer *ret_answer)
{
	return take(answers, modbus_reply(answers->modbus, frame, (int)length, room), ret_answer);
}

int answers_refuse(struct answers *answers, const uint8_t *frame, unsigned int exception,
		   struct answer *ret_answer)
{
	return take(answers, modbus_reply_exception(answers->modbus, frame, exception), ret_answer);
}
