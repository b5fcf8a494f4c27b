/* SPDX-License-Identifier: GPL-2.0-only */
#define FAILURE_REASONS_ARCH(X) X(FAILURE_OTHER, "other", "did something else")
#define FAILURE_REGISTERS_ARCH	uint64_t x[31];
