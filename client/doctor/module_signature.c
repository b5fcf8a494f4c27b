// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux, kernel/module_signature.c and Documentation/admin-guide/module-signing.rst: behind the
 * module comes a PKCS#7 message in DER, then a struct module_signature, then a line.
 */
#include "doctor/module_signature.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define LINE	      "~Module signature appended~\n"
#define ID_TYPE_PKCS7 2

struct trailer {
	uint8_t algorithm, hash, id_type, signer_size, key_id_size, reserved[3];
	uint32_t size; /* big-endian */
};

int module_signer_read(const void *module, size_t size, struct signature_signer *ret)
{
	const size_t line = strlen(LINE), tail = sizeof(struct trailer) + line;
	const uint8_t *end = (const uint8_t *)module + size;
	struct trailer trailer;

	if (size < line || memcmp(end - line, LINE, line) != 0)
		return 0;
	if (size < tail)
		return -EBADMSG;
	memcpy(&trailer, end - tail, sizeof(trailer));
	trailer.size = be32toh(trailer.size);
	if (trailer.id_type != ID_TYPE_PKCS7 || trailer.size > size - tail)
		return -EBADMSG;
	return signature_signer(end - tail - trailer.size, trailer.size, ret) ?: 1;
}
