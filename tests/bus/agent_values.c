// SPDX-License-Identifier: GPL-2.0-only
/* Values of messages as text, and words as values of messages: as busctl has them. */
#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *agent_take(struct words *words)
{
	return words->next < words->count ? words->word[words->next++] : NULL;
}

/* As busctl writes what stands between quotes. */
void agent_put_string(FILE *out, const char *text)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"'", letter[] = "abfnrtv\\\"'";

	for (; *text; text++) {
		const char *found = strchr(plain, *text);

		if (found)
			fprintf(out, "\\%c", letter[found - plain]);
		else if ((unsigned char)*text < ' ' || (unsigned char)*text >= 127)
			fprintf(out, "\\%03o", (unsigned char)*text);
		else
			fputc(*text, out);
	}
}

static void put_basic(FILE *out, sd_bus_message *message, char type)
{
	union {
		uint8_t u8;
		int16_t s16;
		uint16_t u16;
		int32_t s32;
		uint32_t u32;
		int64_t s64;
		uint64_t u64;
		double d64;
		const char *string;
		int boolean;
	} value;

	if (sd_bus_message_read_basic(message, type, &value) <= 0)
		return;
	switch (type) {
	case 'y':
		fprintf(out, "%u", value.u8);
		break;
	case 'b':
		fputs(value.boolean ? "true" : "false", out);
		break;
	case 'n':
		fprintf(out, "%i", value.s16);
		break;
	case 'q':
		fprintf(out, "%u", value.u16);
		break;
	case 'i':
	case 'h':
		fprintf(out, "%i", value.s32);
		break;
	case 'u':
		fprintf(out, "%u", value.u32);
		break;
	case 'x':
		fprintf(out, "%lld", (long long)value.s64);
		break;
	case 't':
		fprintf(out, "%llu", (unsigned long long)value.u64);
		break;
	case 'd':
		fprintf(out, "%g", value.d64);
		break;
	default:
		fputc('"', out);
		agent_put_string(out, value.string);
		fputc('"', out);
	}
}

static size_t count_elements(sd_bus_message *message)
{
	size_t count = 0;

	while (sd_bus_message_at_end(message, 0) == 0 && sd_bus_message_skip(message, NULL) > 0)
		count++;
	sd_bus_message_rewind(message, 0);
	return count;
}

/* All values of the container in which the message is, a blank between two of them. */
void agent_put_values(FILE *out, sd_bus_message *message, bool first)
{
	const char *contents;
	char type;

	while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
		if (!first && type != 'r' && type != 'e')
			fputc(' ', out);
		if (!contents) {
			put_basic(out, message, type);
			first = false;
			continue;
		}
		sd_bus_message_enter_container(message, type, contents);
		if (type == 'a')
			fprintf(out, "%zu", count_elements(message));
		else if (type == 'v')
			fputs(contents, out);
		agent_put_values(out, message, first && (type == 'r' || type == 'e'));
		first = false;
		sd_bus_message_exit_container(message);
	}
}

static int append_basic(sd_bus_message *message, char type, const char *text)
{
	switch (type) {
	case 's':
	case 'o':
	case 'g':
		return sd_bus_message_append_basic(message, type, text);
	case 'b':
		return sd_bus_message_append(message, "b",
					     strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
	case 'd':
		return sd_bus_message_append(message, "d", strtod(text, NULL));
	case 'y':
		return sd_bus_message_append(message, "y", (uint8_t)strtoul(text, NULL, 0));
	case 'n':
	case 'q':
		return sd_bus_message_append(message, (char[]){type, '\0'},
					     (int)strtol(text, NULL, 0));
	case 'i':
	case 'u':
		return sd_bus_message_append(message, (char[]){type, '\0'},
					     (uint32_t)strtoll(text, NULL, 0));
	case 'x':
	case 't':
		return sd_bus_message_append(message, (char[]){type, '\0'},
					     text[0] == '-' ? (uint64_t)strtoll(text, NULL, 0)
							    : strtoull(text, NULL, 0));
	default:
		return -EOPNOTSUPP;
	}
}

/* Arrays of what is basic, or empty ones of anything. */
static int append_array(sd_bus_message *message, const char *element, struct words *words)
{
	const char *text = agent_take(words);
	unsigned long count = text ? strtoul(text, NULL, 0) : 1;
	int r;

	if (count && strlen(element) != 1)
		return -EOPNOTSUPP;
	r = sd_bus_message_open_container(message, 'a', element);
	for (; count && r >= 0; count--) {
		text = agent_take(words);
		r = text ? append_basic(message, element[0], text) : -EINVAL;
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_variant(sd_bus_message *message, struct words *words)
{
	const char *type = agent_take(words), *text = agent_take(words);
	int r;

	if (!text || strlen(type) != 1)
		return -EINVAL;
	r = sd_bus_message_open_container(message, 'v', type);
	r = r < 0 ? r : append_basic(message, type[0], text);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int agent_append_values(sd_bus_message *message, const char *signature, struct words *words)
{
	const char *text;
	int r = 0;

	for (; *signature && r >= 0; signature++) {
		if (*signature == 'a') {
			r = append_array(message, signature + 1, words);
			break;
		}
		if (*signature == 'v') {
			r = append_variant(message, words);
			continue;
		}
		text = agent_take(words);
		r = text ? append_basic(message, *signature, text) : -EINVAL;
	}
	return r < 0 || words->next == words->count ? r : -EINVAL;
}
