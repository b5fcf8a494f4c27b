/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Detached CMS (PKCS#7) signatures. What looks at them is a module, which is loaded with the first
 * one: with it comes libcrypto, and a daemon that needs neither is smaller without.
 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_MAX (256u << 10) /* bytes: certificates may be in it */

struct signed_bytes {
	const void *data;
	size_t size;
	const void *signature; /* DER or PEM */
	size_t signature_size;
};

/*
 * Whether every signature in it fits the data and is by somebody for whom a certificate in the
 * directory (*.pem, *.crt; of root's files only) vouches, now and for signing. Returns 0 with who
 * that is; -EINVAL with what is wrong and what to do, as what follows a file's name; -ENOMEM. What
 * is returned is to be freed; what is not is NULL. Safe from every thread.
 */
int signature_verify(const char *trusted, const struct signed_bytes *bytes, char **ret_signer,
		     char **ret_why);

/* By whose certificate something is signed. Not for people to see: it may name its owner. */
struct signature_signer {
	uint8_t *bytes; /* to be freed: the serial number, then the issuer as in DER behind its
			   head; or the id of the key, without an issuer */
	size_t serial_size, size;
};

/*
 * Who has made the first signature in a message in DER, whether it is right or not. Returns 0;
 * -EBADMSG where that is none; -ELIBACC without libcrypto; -ENOMEM.
 */
int signature_signer(const void *message, size_t size, struct signature_signer *ret);

/* In the module. */
typedef int signature_function(const char *trusted, const struct signed_bytes *bytes,
			       char **ret_signer, char **ret_why);
typedef int signature_signer_function(const void *message, size_t size,
				      struct signature_signer *ret);
signature_function signature_module_verify;
signature_signer_function signature_module_signer;

#endif /* SIGNATURE_H */
