// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/text_span.h"

bool text_span_split(struct text_span *rest, char separator, struct text_span *ret_part)
{
	const char *end;

	if (rest->length == 0)
		return false;
	end = memchr(rest->at, separator, rest->length);
	*ret_part = (struct text_span){rest->at, end ? (size_t)(end - rest->at) : rest->length};
	rest->at += ret_part->length + !!end;
	rest->length -= ret_part->length + !!end;
	return true;
}

bool text_span_line(struct text_span *rest, struct text_span *ret_line)
{
	return text_span_split(rest, '\n', ret_line);
}

bool text_span_prefix(struct text_span *span, const char *prefix)
{
	size_t length = strlen(prefix);

	if (span->length < length || memcmp(span->at, prefix, length) != 0)
		return false;
	span->at += length;
	span->length -= length;
	return true;
}

size_t text_span_blanks(struct text_span *span)
{
	size_t count = 0;

	while (span->length > 0 && (*span->at == ' ' || *span->at == '\t')) {
		span->at++;
		span->length--;
		count++;
	}
	return count;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int text_span_number(struct text_span *span, unsigned int base, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < span->length; i++) {
		unsigned int digit = digit_value(span->at[i]);

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	if (i == 0)
		return -EINVAL;
	span->at += i;
	span->length -= i;
	*ret = value;
	return 0;
}

bool text_span_equals(struct text_span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.at, text, span.length) == 0;
}
