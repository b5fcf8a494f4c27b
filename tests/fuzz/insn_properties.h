/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold whatever bytes the instruction decoder is given. */
#ifndef INSN_PROPERTIES_H
#define INSN_PROPERTIES_H

#include "arch/x86/logic/mmio_decode.h"

/*
 * Decodes the bytes, and executes what they are. Returns whether they are any; *ret_broken is what
 * does not hold, or NULL.
 */
bool insn_try(const uint8_t *bytes, unsigned int size, enum mmio_cpu_mode mode,
	      const char **ret_broken);

#endif /* INSN_PROPERTIES_H */
