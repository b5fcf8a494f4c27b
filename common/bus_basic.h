/* SPDX-License-Identifier: GPL-2.0-only */
/* Room for a value of any basic type of D-Bus that signals have, as sd-bus reads and appends it. */
#ifndef BUS_BASIC_H
#define BUS_BASIC_H

#include <stdint.h>

/* By its letter on the bus; truth is "b". */
union basic {
	int truth;
	uint8_t y;
	int16_t n;
	uint16_t q;
	int32_t i;
	uint32_t u;
	int64_t x;
	uint64_t t;
	double d;
};

#endif /* BUS_BASIC_H */
