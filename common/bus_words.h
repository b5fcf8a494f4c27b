/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of bus_abi.h, from their enums and back. */
#ifndef BUS_WORDS_H
#define BUS_WORDS_H

#include "bus_abi.h"

/* The words; constants. error_bus_name() is of codes other than ERROR_NONE. */
const char *lifecycle_name(enum lifecycle state);
const char *health_name(enum health health);
const char *hypervisor_state_name(enum hypervisor_state state);
const char *quality_name(enum quality quality);
const char *dma_name(enum dma dma);
const char *owner_name(enum owner owner);
const char *verb_name(enum bus_verb verb);
const char *change_name(enum bus_change change);
const char *error_bus_name(enum error_code code);

/* These return the enum's _COUNT for what is none of its words. */
enum lifecycle lifecycle_from_word(const char *word);
enum health health_from_word(const char *word);
enum hypervisor_state hypervisor_state_from_word(const char *word);
enum quality quality_from_word(const char *word);
enum dma dma_from_word(const char *word);
enum owner owner_from_word(const char *word);

/* The code of an error on D-Bus; ERROR_NONE for those that bus_abi.h does not list. */
enum error_code error_code_from_name(const char *name);

/*
 * What a text of the daemon gives as the reason, without "cannot VERB CELL: " before it: for those
 * who say that themselves. cell is NULL for the hypervisor.
 */
const char *error_reason(const char *text, const char *verb, const char *cell);

#endif /* BUS_WORDS_H */
