/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is answered to requests that frame_check() has let pass: libmodbus takes them apart and
 * makes the answers, on a socket that leads back to us, so that it never waits for a client.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "frame.h"

struct answers;

struct answer {
	uint8_t bytes[FRAME_MAX];
	size_t length;
};

/* 0 or a negative errno. */
int answers_new(struct answers **ret_answers);

/* Takes NULL. */
void answers_free(struct answers *answers);

/* Room for exactly what the request reads or writes; NULL without memory. For
 * modbus_mapping_free(). */
modbus_mapping_t *answers_room(const struct request *request);

/* What of room is the i-th register or bit of the request. */
uint16_t *answers_register(const struct request *request, modbus_mapping_t *room, size_t i);
uint8_t *answers_bit(const struct request *request, modbus_mapping_t *room, size_t i);

/*
 * The answer of a request that succeeds: with what a room has that was filled before; for one that
 * writes, what it wants to write is in the room afterwards. 0 or a negative errno.
 */
int answers_make(struct answers *answers, const uint8_t *frame, size_t length,
		 modbus_mapping_t *room, struct answer *ret_answer);

/* The answer that tells an exception, of any whole frame. 0 or a negative errno. */
int answers_refuse(struct answers *answers, const uint8_t *frame, unsigned int exception,
		   struct answer *ret_answer);

#endif /* ANSWERS_H */
