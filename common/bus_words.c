// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/bus_words.h"

/* Index of word among count words, some of which may be NULL; count where it is none of them. */
static unsigned int find_word(const char *const *words, unsigned int count, const char *word)
{
	for (unsigned int i = 0; i < count; i++)
		if (words[i] && strcmp(words[i], word) == 0)
			return i;
	return count;
}

enum lifecycle lifecycle_from_word(const char *word)
{
	static const char *const words[] = {BUS_CELL_STATES(WORD_ENTRY)};

	return (enum lifecycle)find_word(words, LIFECYCLE_COUNT, word);
}

enum health health_from_word(const char *word)
{
	static const char *const words[] = {BUS_HEALTHS(WORD_ENTRY)};

	return (enum health)find_word(words, HEALTH_COUNT, word);
}

enum hypervisor_state hypervisor_state_from_word(const char *word)
{
	static const char *const words[] = {BUS_HYPERVISOR_STATES(WORD_ENTRY)};

	return (enum hypervisor_state)find_word(words, HYPERVISOR_STATE_COUNT, word);
}

enum error_code error_code_from_name(const char *name)
{
	static const char *const names[] = {BUS_ERRORS(WORD_ENTRY)};
	unsigned int code = find_word(names, ERROR_CODE_COUNT, name);

	return code == ERROR_CODE_COUNT ? ERROR_NONE : (enum error_code)code;
}
