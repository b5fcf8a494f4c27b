// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "common/bus_words.h"

static const char *const lifecycles[] = {BUS_CELL_STATES(WORD_ENTRY)};
static const char *const healths[] = {BUS_HEALTHS(WORD_ENTRY)};
static const char *const hypervisor_states[] = {BUS_HYPERVISOR_STATES(WORD_ENTRY)};
static const char *const qualities[] = {BUS_QUALITIES(WORD_ENTRY)};
static const char *const dmas[] = {BUS_DMAS(WORD_ENTRY)};
static const char *const owners[] = {BUS_OWNERS(WORD_ENTRY)};
static const char *const verbs[] = {BUS_VERBS(WORD_ENTRY)};
static const char *const changes[] = {BUS_CHANGES(WORD_ENTRY)};
static const char *const errors[] = {BUS_ERRORS(WORD_ENTRY)};

/* Index of word among count words, some of which may be NULL; count where it is none of them. */
static unsigned int find_word(const char *const *words, unsigned int count, const char *word)
{
	for (unsigned int i = 0; i < count; i++) {
		if (words[i] && strcmp(words[i], word) == 0)
			return i;
	}
	return count;
}

const char *lifecycle_name(enum lifecycle state)
{
	return lifecycles[state];
}

const char *health_name(enum health health)
{
	return healths[health];
}

const char *hypervisor_state_name(enum hypervisor_state state)
{
	return hypervisor_states[state];
}

const char *quality_name(enum quality quality)
{
	return qualities[quality];
}

const char *dma_name(enum dma dma)
{
	return dmas[dma];
}

const char *owner_name(enum owner owner)
{
	return owners[owner];
}

const char *verb_name(enum bus_verb verb)
{
	return verbs[verb];
}

const char *change_name(enum bus_change change)
{
	return changes[change];
}

const char *error_bus_name(enum error_code code)
{
	return errors[code];
}

enum lifecycle lifecycle_from_word(const char *word)
{
	return (enum lifecycle)find_word(lifecycles, LIFECYCLE_COUNT, word);
}

enum health health_from_word(const char *word)
{
	return (enum health)find_word(healths, HEALTH_COUNT, word);
}

enum hypervisor_state hypervisor_state_from_word(const char *word)
{
	return (enum hypervisor_state)find_word(hypervisor_states, HYPERVISOR_STATE_COUNT, word);
}

enum quality quality_from_word(const char *word)
{
	return (enum quality)find_word(qualities, QUALITY_COUNT, word);
}

enum dma dma_from_word(const char *word)
{
	return (enum dma)find_word(dmas, DMA_COUNT, word);
}

enum owner owner_from_word(const char *word)
{
	return (enum owner)find_word(owners, OWNER_COUNT, word);
}

enum error_code error_code_from_name(const char *name)
{
	unsigned int code = find_word(errors, ERROR_CODE_COUNT, name);

	return code == ERROR_CODE_COUNT ? ERROR_NONE : (enum error_code)code;
}

const char *error_reason(const char *text, const char *verb, const char *cell)
{
	char prefix[64];
	int length = snprintf(prefix, sizeof(prefix), "cannot %s %s: ", verb,
			      cell ? cell : "the hypervisor");

	return strncmp(text, prefix, (size_t)length) == 0 ? text + length : text;
}
