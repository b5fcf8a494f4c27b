// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as root's end of a link. */
#include <stdlib.h>

#include "blob_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *broken;

	blob_try(BLOB_KIND_LINK, data, size, &broken);
	if (broken)
		abort();
	return 0;
}
