// SPDX-License-Identifier: GPL-2.0-only
#include "util/signature.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "common/cleanup.h"

struct part {
	const unsigned char *at;
	size_t size;
};

/* What stands in a DER value behind its head; nothing where that is not right. */
static struct part contents(const unsigned char *der, long size)
{
	int tag, class;
	long length = 0;
	const int bad = size > 0 ? ASN1_get_object(&der, &length, &tag, &class, size) & 0x80 : 1;

	return bad ? (struct part){0} : (struct part){der, (size_t)length};
}

static int set_signer(struct part serial, struct part issuer, struct signature_signer *ret)
{
	if (!serial.size)
		return -EBADMSG;
	ret->bytes = malloc(serial.size + issuer.size);
	if (!ret->bytes)
		return -ENOMEM;
	memcpy(ret->bytes, serial.at, serial.size);
	if (issuer.size)
		memcpy(ret->bytes + serial.size, issuer.at, issuer.size);
	ret->serial_size = serial.size;
	ret->size = serial.size + issuer.size;
	return 0;
}

static int read_signer(CMS_SignerInfo *signer, struct signature_signer *ret)
{
	ASN1_OCTET_STRING *key = NULL;
	ASN1_INTEGER *serial = NULL;
	X509_NAME *issuer = NULL;
	const unsigned char *name = NULL;
	unsigned char *number = NULL;
	size_t name_size = 0;
	int size, r;

	if (!CMS_SignerInfo_get0_signer_id(signer, &key, &issuer, &serial))
		return -EBADMSG;
	if (key)
		return set_signer(
			(struct part){ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)},
			(struct part){0}, ret);
	size = i2d_ASN1_INTEGER(serial, &number);
	if (!X509_NAME_get0_der(issuer, &name, &name_size))
		name_size = 0;
	r = set_signer(contents(number, size), contents(name, (long)name_size), ret);
	OPENSSL_free(number);
	return r;
}

int signature_module_signer(const void *message, size_t size, struct signature_signer *ret)
{
	const unsigned char *at = message;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)size);
	STACK_OF(CMS_SignerInfo) *signers = cms ? CMS_get0_SignerInfos(cms) : NULL;
	const int r = sk_CMS_SignerInfo_num(signers) > 0
			      ? read_signer(sk_CMS_SignerInfo_value(signers, 0), ret)
			      : -EBADMSG;

	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return r;
}
