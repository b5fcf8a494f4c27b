// SPDX-License-Identifier: BSD-2-Clause
/* The command line. */
#include "internal.h"

#define VALUE_SIZE 64

extern const char inmate_command_line[CELL_PARAMETERS_SIZE];

static const char *command_line = inmate_command_line;

/* A word of the command line; not terminated. value is NULL where there is no "=". */
struct word {
	const char *start, *value, *end;
};

void params_set_line(const char *line)
{
	command_line = line;
}

/* The manager promises a terminator; the area's end counts as one too. */
static const char *line_end(void)
{
	const char *end = command_line;

	while (end < command_line + CELL_PARAMETERS_SIZE && *end)
		end++;
	return end;
}

/* Takes the next word from *position; false at the end. */
static bool next_word(const char **position, struct word *ret_word)
{
	const char *p = *position, *end = line_end();
	struct word word = {0};

	while (p < end && *p == ' ')
		p++;
	if (p == end)
		return false;
	word.start = p;
	for (; p < end && *p != ' '; p++) {
		if (*p == '=' && !word.value)
			word.value = p + 1;
	}
	word.end = p;
	*position = p;
	*ret_word = word;
	return true;
}

static size_t name_length(const struct word *word)
{
	return (word->value ? word->value - 1 : word->end) - word->start;
}

static bool has_name(const struct word *word, const char *name)
{
	return name_length(word) == strlen(name) &&
	       strncmp(word->start, name, name_length(word)) == 0;
}

static bool find_word(const char *name, struct word *ret_word)
{
	const char *position = command_line;
	struct word word;

	while (next_word(&position, &word)) {
		if (has_name(&word, name)) {
			*ret_word = word;
			return true;
		}
	}
	return false;
}

int param_string(const char *name, char *ret_value, size_t size)
{
	struct word word;
	size_t length;

	if (!find_word(name, &word))
		return -ENOENT;
	length = word.value ? (size_t)(word.end - word.value) : 0;
	if (length >= size)
		return -EINVAL;
	if (length)
		memcpy(ret_value, word.value, length);
	ret_value[length] = 0;
	return 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static int parse_int(const char *text, int64_t *ret_value)
{
	bool negative = *text == '-';
	uint64_t limit = negative ? 1ull << 63 : INT64_MAX, value = 0;
	int base = 10, digit;

	if (*text == '-' || *text == '+')
		text++;
	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		digit = digit_of(*text);
		if (digit >= base || value > (limit - digit) / base)
			return -EINVAL;
		value = value * base + digit;
	}
	*ret_value = negative ? -value : value;
	return 0;
}

int param_int(const char *name, int64_t *ret_value)
{
	char text[VALUE_SIZE];
	int err = param_string(name, text, sizeof(text));

	return err ? err : parse_int(text, ret_value);
}

int param_bool(const char *name, bool *ret_value)
{
	static const char *const yes[] = {"1", "yes", "true", "on"};
	static const char *const no[] = {"0", "no", "false", "off"};
	struct word word;
	char text[VALUE_SIZE];
	int err;

	if (!find_word(name, &word))
		return -ENOENT;
	if (!word.value) {
		*ret_value = true;
		return 0;
	}
	err = param_string(name, text, sizeof(text));
	for (unsigned int n = 0; n < sizeof(yes) / sizeof(yes[0]) && !err; n++) {
		if (strcmp(text, yes[n]) == 0 || strcmp(text, no[n]) == 0) {
			*ret_value = strcmp(text, yes[n]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

void params_require_known(const char *const *names)
{
	const char *position = command_line;
	struct word word;

	while (next_word(&position, &word)) {
		/* The library's own. */
		bool known = has_name(&word, "comm") || has_name(&word, "bars") ||
			     strncmp(word.start, "link.", 5) == 0;

		for (const char *const *name = names; *name && !known; name++)
			known = has_name(&word, *name);
		if (!known)
			inmate_fail("parameter \"%.*s\": this program has none of that name",
				    (int)name_length(&word), word.start);
	}
}

static void __attribute__((noreturn)) fail_on_value(const char *name, const char *expected)
{
	struct word word = {0};

	find_word(name, &word);
	inmate_fail("parameter \"%.*s\": expected %s", (int)(word.end - word.start), word.start,
		    expected);
}

int64_t param_int_or_fail(const char *name, int64_t preset, int64_t minimum, int64_t maximum)
{
	char expected[96];
	int64_t value = preset;
	int err = param_int(name, &value);

	if (err == -EINVAL || (err == 0 && (value < minimum || value > maximum))) {
		format_string(expected, sizeof(expected), "%s=NUMBER from %lld to %lld", name,
			      (long long)minimum, (long long)maximum);
		fail_on_value(name, expected);
	}
	return value;
}

bool param_bool_or_fail(const char *name, bool preset)
{
	bool value = preset;

	if (param_bool(name, &value) == -EINVAL)
		fail_on_value(name, "yes or no");
	return value;
}
