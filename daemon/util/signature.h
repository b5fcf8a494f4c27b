/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Detached CMS (PKCS#7) signatures. What looks at them is a module, which is loaded with the first
 * one: with it comes libcrypto, and a daemon that needs neither is smaller without.
 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stddef.h>

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

/* In the module. */
typedef int signature_function(const char *trusted, const struct signed_bytes *bytes,
			       char **ret_signer, char **ret_why);
signature_function signature_module_verify;

#endif /* SIGNATURE_H */
