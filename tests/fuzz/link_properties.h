/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold for one end of a link whatever the other one writes. */
#ifndef LINK_PROPERTIES_H
#define LINK_PROPERTIES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Plays the bytes as steps of both ends: the other one writes what it likes into its section, this
 * one sends, receives, reads, writes, begins anew. Returns how many records came through;
 * *ret_broken is what does not hold, or NULL.
 */
unsigned int link_try(const uint8_t *bytes, size_t size, const char **ret_broken);

#endif /* LINK_PROPERTIES_H */
