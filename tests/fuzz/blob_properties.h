/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must hold whatever bytes the blob checker is given. Accepted blobs are looked through again
 * with offsets and sizes taken from the format's tables, not from blob.h or the checker.
 */
#ifndef BLOB_PROPERTIES_H
#define BLOB_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum blob_kind { BLOB_KIND_CELL, BLOB_KIND_SYSTEM, BLOB_KIND_LINK };

/*
 * Has a copy of the bytes checked. Returns whether they were accepted; *ret_broken is what does not
 * hold, or NULL.
 */
bool blob_try(enum blob_kind kind, const uint8_t *bytes, size_t size, const char **ret_broken);

#endif /* BLOB_PROPERTIES_H */
