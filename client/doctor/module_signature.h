/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has signed a kernel module, as the end of its file says. Whether the signature is right the
 * kernel finds out.
 */
#ifndef CLIENT_MODULE_SIGNATURE_H
#define CLIENT_MODULE_SIGNATURE_H

#include <stddef.h>

/* Nothing of it is for people to see: it may name its owner, and modinfo shows that. */
struct module_signer {
	char *key; /* by what the kernel finds it among its own: "ex:", bytes in hexadecimal */
	const void *issuer, *serial; /* of its certificate, in the module's bytes; issuer NULL:
					serial is the key's id */
	size_t issuer_size, serial_size;
};

/*
 * Returns 1, with a key to be freed; 0 where there is no signature; -EBADMSG where nothing can be
 * made of it; -ENOMEM.
 */
int module_signer_read(const void *module, size_t size, struct module_signer *ret);

#endif /* CLIENT_MODULE_SIGNATURE_H */
