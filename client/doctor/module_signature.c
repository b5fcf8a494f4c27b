// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux, kernel/module_signature.c and Documentation/admin-guide/module-signing.rst: behind the
 * module comes a PKCS#7 message in DER (RFC 2315, RFC 5652) without certificates, then a struct
 * module_signature, then a line.
 */
#include "doctor/module_signature.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"

#define LINE	      "~Module signature appended~\n"
#define ID_TYPE_PKCS7 2
#define LENGTH_BYTES  3 /* of lengths that do not fit one; more nothing here has */

enum der_tag {
	DER_INTEGER = 0x02,
	DER_NAME_OF_KIND = 0x06, /* OBJECT IDENTIFIER */
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_KEY_ID = 0x80, /* [0] in the place of issuer and serial number */
	DER_CONTEXT_0 = 0xa0,
	DER_CONTEXT_1 = 0xa1,
};

struct trailer {
	uint8_t algorithm, hash, id_type, signer_size, key_id_size, reserved[3];
	uint32_t size; /* big-endian */
};

struct bytes {
	const uint8_t *at;
	size_t size;
};

/*
 * What the next element contains. Where it is another one, or cut off, it is nothing, and nothing
 * follows: who takes one after the other looks at the last.
 */
static struct bytes take(struct bytes *from, enum der_tag tag)
{
	const size_t more = from->size > 1 && from->at[1] & 0x80 ? from->at[1] & 0x7f : 0;
	struct bytes value = {0};

	if (more <= LENGTH_BYTES && from->size >= 2 + more && from->at[0] == tag) {
		value.at = from->at + 2 + more;
		value.size = more ? 0 : from->at[1];
		for (size_t i = 0; i < more; i++)
			value.size = value.size << 8 | from->at[2 + i];
	}
	if (!value.at || value.size > from->size - 2 - more) {
		*from = (struct bytes){0};
		return *from;
	}
	from->at = value.at + value.size;
	from->size -= 2 + more + value.size;
	return value;
}

static bool is_next(const struct bytes *from, enum der_tag tag)
{
	return from->size && *from->at == tag;
}

/* PKCS#7: SignedData with what identifies the first signer's certificate; serial: or its key,
 * without an issuer. */
static void find_signer(struct bytes message, struct bytes *ret_issuer, struct bytes *ret_serial)
{
	struct bytes content = take(&message, DER_SEQUENCE), data, signers, signer, id;

	take(&content, DER_NAME_OF_KIND);
	data = take(&content, DER_CONTEXT_0);
	data = take(&data, DER_SEQUENCE);
	take(&data, DER_INTEGER);
	take(&data, DER_SET);
	take(&data, DER_SEQUENCE);
	if (is_next(&data, DER_CONTEXT_0))
		take(&data, DER_CONTEXT_0);
	if (is_next(&data, DER_CONTEXT_1))
		take(&data, DER_CONTEXT_1);
	signers = take(&data, DER_SET);
	signer = take(&signers, DER_SEQUENCE);
	take(&signer, DER_INTEGER);
	*ret_issuer = (struct bytes){0};
	if (is_next(&signer, DER_KEY_ID)) {
		*ret_serial = take(&signer, DER_KEY_ID);
		return;
	}
	id = take(&signer, DER_SEQUENCE);
	*ret_issuer = take(&id, DER_SEQUENCE);
	*ret_serial = take(&id, DER_INTEGER);
}

static char *hex(struct bytes bytes)
{
	char *text = calloc(bytes.size + 1, 2);

	for (size_t i = 0; text && i < bytes.size; i++)
		sprintf(text + 2 * i, "%02x", bytes.at[i]);
	return text;
}

int module_signer_read(const void *module, size_t size, struct module_signer *ret)
{
	const size_t line = strlen(LINE), tail = sizeof(struct trailer) + line;
	const uint8_t *end = (const uint8_t *)module + size;
	struct bytes issuer, serial;
	struct trailer trailer;
	_cleanup_(freep) char *number = NULL, *rest = NULL;
	char *key;

	if (size < line || memcmp(end - line, LINE, line) != 0)
		return 0;
	if (size < tail)
		return -EBADMSG;
	memcpy(&trailer, end - tail, sizeof(trailer));
	trailer.size = be32toh(trailer.size);
	if (trailer.id_type != ID_TYPE_PKCS7 || trailer.size > size - tail)
		return -EBADMSG;
	find_signer((struct bytes){end - tail - trailer.size, trailer.size}, &issuer, &serial);
	if (!serial.size)
		return -EBADMSG;
	number = hex(serial);
	rest = hex(issuer);
	key = number && rest ? text_format("ex:%s%s", number, rest) : NULL;
	if (!key)
		return -ENOMEM;
	*ret = (struct module_signer){key, issuer.at, serial.at, issuer.size, serial.size};
	return 1;
}
