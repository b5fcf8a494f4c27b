// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "common/bus_words.h"

/* Index of word among count words, some of which may be NULL; count where it is none of them. */
static unsigned int find_word(const char *const *words, unsigned int count, const char *word)
{
	for (unsigned int i = 0; i < count; i++) {
		if (words[i] && strcmp(words[i], word) == 0)
			return i;
	}
	return count;
}

#define DEFINE_WORD_FUNCTIONS(name, type, words, count)                \
	static const char *const name##_words[] = {words(WORD_ENTRY)}; \
	const char *name##_name(type value)                            \
	{                                                              \
		return name##_words[value];                            \
	}                                                              \
	type name##_from_word(const char *word)                        \
	{                                                              \
		return (type)find_word(name##_words, count, word);     \
	}

BUS_WORDS(DEFINE_WORD_FUNCTIONS)

static const char *const errors[] = {BUS_ERRORS(WORD_ENTRY)};

const char *error_bus_name(enum error_code code)
{
	return errors[code];
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
