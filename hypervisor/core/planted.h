/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults on order, only in the image for tests (include/planted_faults.h). */
#ifndef PLANTED_H
#define PLANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "image_abi.h"

#ifdef PLANTED_FAULTS
bool planted_known(uint32_t code);
/* Whether the hypercall plants a fault. If it returns at all it has. */
bool planted_hypercall(uint32_t code, uint64_t argument);
bool planted_no_page(void);
void planted_delay(void);
void planted_step(enum image_step step);
#else
#define planted_known(code)		  false
#define planted_hypercall(code, argument) false
#define planted_no_page()		  false
#define planted_delay()			  ((void)0)
#define planted_step(step)		  ((void)0)
#endif

#endif /* PLANTED_H */
