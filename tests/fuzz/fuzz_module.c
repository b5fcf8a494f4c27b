// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a kernel module, of which doctor reads who has signed it: what it finds lies in it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/module_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As the module is loaded. */
int signature_signer(const void *message, size_t size, struct signature_signer *ret)
{
	return signature_module_signer(message, size, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signature_signer signer;
	const int r = module_signer_read(data, size, &signer);

	if (r != 0 && r != 1 && r != -EBADMSG)
		abort();
	if (r != 1)
		return 0;
	if (!signer.serial_size || signer.serial_size > signer.size ||
	    !memmem(data, size, signer.bytes + signer.serial_size,
		    signer.size - signer.serial_size))
		abort();
	free(signer.bytes);
	return 0;
}
