// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as an instruction; the first one says in which mode. */
#include <stdlib.h>

#include "insn_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *broken;

	if (size == 0)
		return 0;
	insn_try(data + 1, (unsigned int)size - 1, data[0] % 3, &broken);
	if (broken)
		abort();
	return 0;
}
