/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of Modbus TCP as they come from clients: where one ends, and whether it is a request that
 * may be answered, before libmodbus takes it apart.
 * MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3; Application Protocol V1.1b3, 6.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>

#include <modbus/modbus.h>

#include "map.h"

#define FRAME_MAX    MODBUS_TCP_MAX_ADU_LENGTH
#define FRAME_HEADER 7 /* with the unit's number */

struct request {
	uint8_t function; /* MODBUS_FC_… */
	enum map_table table;
	bool write;
	uint16_t address; /* from 0 */
	uint16_t count;	  /* registers or bits, 1 at least */
};

/*
 * Bytes of the frame that begins here, FRAME_MAX at most; 0: too few bytes are there to know;
 * -EPROTO: this is no Modbus, and nobody knows where the next frame would begin.
 */
int frame_length(const uint8_t *bytes, size_t count);

/*
 * Whether a whole frame is a request that we serve, with as many bytes as it says, a quantity that
 * the protocol allows, and addresses that exist. Returns 0, or the exception to answer it with.
 */
unsigned int frame_check(const uint8_t *frame, size_t length, struct request *ret_request);

#endif /* FRAME_H */
