// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as what the two ends of a link do. */
#include <stdlib.h>

#include "link_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *broken;

	link_try(data, size, &broken);
	if (broken)
		abort();
	return 0;
}
