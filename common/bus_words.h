/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of bus_abi.h, from their enums and back. */
#ifndef BUS_WORDS_H
#define BUS_WORDS_H

#include "bus_abi.h"

/*
 * X(NAME, enum, list of its words, _COUNT): NAME_name() is the word, a constant; NAME_from_word()
 * returns the enum's _COUNT for what is none of its words.
 */
#define BUS_WORDS(X)                                                                              \
	X(lifecycle, enum lifecycle, BUS_CELL_STATES, LIFECYCLE_COUNT)                            \
	X(health, enum health, BUS_HEALTHS, HEALTH_COUNT)                                         \
	X(hypervisor_state, enum hypervisor_state, BUS_HYPERVISOR_STATES, HYPERVISOR_STATE_COUNT) \
	X(quality, enum quality, BUS_QUALITIES, QUALITY_COUNT)                                    \
	X(dma, enum dma, BUS_DMAS, DMA_COUNT)                                                     \
	X(owner, enum owner, BUS_OWNERS, OWNER_COUNT)                                             \
	X(verb, enum bus_verb, BUS_VERBS, VERB_COUNT)                                             \
	X(change, enum bus_change, BUS_CHANGES, CHANGE_COUNT)

#define BUS_WORD_FUNCTIONS(name, type, words, count) \
	const char *name##_name(type value);         \
	type name##_from_word(const char *word);

BUS_WORDS(BUS_WORD_FUNCTIONS)

/* The name of an error on D-Bus, of codes other than ERROR_NONE; and the code of such a name,
 * ERROR_NONE for those that bus_abi.h does not list. */
const char *error_bus_name(enum error_code code);
enum error_code error_code_from_name(const char *name);

/*
 * What a text of the daemon gives as the reason, without "cannot VERB CELL: " before it: for those
 * who say that themselves. cell is NULL for the hypervisor.
 */
const char *error_reason(const char *text, const char *verb, const char *cell);

#endif /* BUS_WORDS_H */
