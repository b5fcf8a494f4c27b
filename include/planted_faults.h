/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults that a test can plant: hypercalls of an image that is built for tests only, and that no
 * release has (tests/planted/planted.c). By any CPU of any cell.
 */
#ifndef PLANTED_FAULTS_H
#define PLANTED_FAULTS_H

enum planted_fault {
	/*
	 * The hypervisor has an exception on this CPU; argument 1: with the management lock held,
	 * and CPUs by bits from 1 on suspended.
	 */
	PLANTED_EXCEPTION = 0x50540000,
	/* This CPU does not come back for argument 1 milliseconds, or until it is called: 0. */
	PLANTED_SILENCE = 0x50540001,
	/* The allocation of pages that follows on as many others as argument 1 says fails. */
	PLANTED_NO_PAGE = 0x50540002,
	/* From now on orders are carried out so many milliseconds late; argument 1. */
	PLANTED_DELAY = 0x50540003,
	/* Whoever is silent now is called. */
	PLANTED_CALL = 0x50540004,
};

/* A system configuration whose debug console is at this port and one of enum image_step: there a
 * CPU stops for good that comes to that step. */
#define PLANTED_STEP_PORT 0x5000

#endif /* PLANTED_FAULTS_H */
