/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has signed a kernel module, as the end of its file says. Whether the signature is right the
 * kernel finds out.
 */
#ifndef CLIENT_MODULE_SIGNATURE_H
#define CLIENT_MODULE_SIGNATURE_H

#include "util/signature.h"

/* Returns 1; 0 where there is no signature; -EBADMSG where nothing can be made of it, and what
 * signature_signer() returns. */
int module_signer_read(const void *module, size_t size, struct signature_signer *ret);

#endif /* CLIENT_MODULE_SIGNATURE_H */
