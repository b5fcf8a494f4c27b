/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An architecture that is not there, with nothing that the real one has: contracts and generic code
 * are compiled with it, so that neither needs anything of the x86.
 */
#define EXIT_COUNTERS_ARCH(X) X(EXITS_OTHER, "other")
#define COMM_REGION_ARCH      uint8_t controller_version;
