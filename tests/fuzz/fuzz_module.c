// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a kernel module, of which doctor reads who has signed it: what it finds lies in the
 * module, and is all of what the kernel would look for.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/module_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(const uint8_t *data, size_t size, const void *part, size_t part_size)
{
	const uint8_t *at = part;

	if (at && (at < data || at > data + size || part_size > (size_t)(data + size - at)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct module_signer signer;
	const int r = module_signer_read(data, size, &signer);

	if (r != 0 && r != 1 && r != -EBADMSG)
		abort();
	if (r != 1)
		return 0;
	check_inside(data, size, signer.issuer, signer.issuer_size);
	check_inside(data, size, signer.serial, signer.serial_size);
	if (strlen(signer.key) != 3 + 2 * (signer.issuer_size + signer.serial_size) ||
	    !signer.serial_size)
		abort();
	free(signer.key);
	return 0;
}
