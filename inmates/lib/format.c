// SPDX-License-Identifier: BSD-2-Clause
/* Text from values. Runs on the host too, for its test. */
#include "inmate.h"

#define DEFAULT_PRECISION 6
#define MAX_PRECISION	  9
#define NO_PRECISION	  (-1)
#define NUMBER_SIZE	  48

struct output {
	char *buffer;
	size_t size, length;
};

struct conversion {
	bool left, zero;
	int width, precision;
	int longs; /* 0 int, 1 long, 2 long long; -1 short, -2 char */
};

static void emit(struct output *output, char c)
{
	if (output->length + 1 < output->size)
		output->buffer[output->length++] = c;
}

static void emit_padded(struct output *output, const struct conversion *conversion,
			const char *text, int length)
{
	int padding = conversion->width - length, n = 0;
	bool zero = conversion->zero && !conversion->left;

	/* The sign comes before the zeros. */
	if (zero && length > 0 && (text[0] == '-' || text[0] == '+'))
		emit(output, text[n++]);
	if (!conversion->left)
		for (; padding > 0; padding--)
			emit(output, zero ? '0' : ' ');
	for (; n < length; n++)
		emit(output, text[n]);
	for (; padding > 0; padding--)
		emit(output, ' ');
}

/* Writes the digits in front of end; returns where they begin. */
static char *digits_before(char *end, uint64_t value, unsigned int base, bool capitals, int minimum)
{
	const char *digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";

	while (value || minimum > 0) {
		*--end = digits[value % base];
		value /= base;
		minimum--;
	}
	return end;
}

static void emit_integer(struct output *output, struct conversion *conversion, uint64_t value,
			 bool negative, unsigned int base, bool capitals)
{
	char text[NUMBER_SIZE], *end = text + sizeof(text), *start;
	int minimum = conversion->precision == NO_PRECISION ? 1 : conversion->precision;

	if (minimum > NUMBER_SIZE - 2)
		minimum = NUMBER_SIZE - 2;
	start = digits_before(end, value, base, capitals, minimum);
	if (negative)
		*--start = '-';
	emit_padded(output, conversion, start, end - start);
}

static void emit_string(struct output *output, struct conversion *conversion, const char *string)
{
	int length = 0;

	if (!string)
		string = "(null)";
	while ((conversion->precision == NO_PRECISION || length < conversion->precision) &&
	       string[length])
		length++;
	conversion->zero = false;
	emit_padded(output, conversion, string, length);
}

static void emit_float(struct output *output, struct conversion *conversion, double value)
{
	char text[NUMBER_SIZE], *end = text + sizeof(text), *start = end;
	int precision =
		conversion->precision == NO_PRECISION ? DEFAULT_PRECISION : conversion->precision;
	bool negative = __builtin_signbit(value);
	uint64_t scale = 1, whole, fraction;
	int exponent = 0;

	if (value != value || __builtin_isinf(value)) {
		conversion->precision = NO_PRECISION;
		emit_string(output, conversion, value != value ? "nan" : negative ? "-inf" : "inf");
		return;
	}
	if (precision > MAX_PRECISION)
		precision = MAX_PRECISION;
	for (int n = 0; n < precision; n++)
		scale *= 10;
	value = negative ? -value : value;
	if (value >= 1e18) {
		/* Below 10, by powers of ten. */
		for (; value >= 10.0; exponent++)
			value /= 10.0;
		start = digits_before(start, exponent, 10, false, 2);
		*--start = '+';
		*--start = 'e';
	}
	whole = value;
	fraction = (value - whole) * scale + 0.5;
	if (fraction >= scale) {
		fraction -= scale;
		whole++;
	}
	if (precision > 0) {
		start = digits_before(start, fraction, 10, false, precision);
		*--start = '.';
	}
	start = digits_before(start, whole, 10, false, 1);
	if (negative)
		*--start = '-';
	emit_padded(output, conversion, start, end - start);
}

static const char *parse_number(const char *format, va_list *arguments, int *ret_number)
{
	int number = 0;

	if (*format == '*') {
		*ret_number = va_arg(*arguments, int);
		return format + 1;
	}
	for (; *format >= '0' && *format <= '9'; format++) {
		if (number < 10000)
			number = number * 10 + *format - '0';
	}
	*ret_number = number;
	return format;
}

static const char *parse_conversion(const char *format, va_list *arguments,
				    struct conversion *ret_conversion)
{
	struct conversion conversion = {.precision = NO_PRECISION};

	for (; *format == '-' || *format == '0'; format++) {
		conversion.left |= *format == '-';
		conversion.zero |= *format == '0';
	}
	format = parse_number(format, arguments, &conversion.width);
	if (conversion.width < 0) {
		conversion.left = true;
		conversion.width = -conversion.width;
	}
	if (*format == '.') {
		format = parse_number(format + 1, arguments, &conversion.precision);
		if (conversion.precision < 0)
			conversion.precision = NO_PRECISION;
	}
	for (;; format++) {
		if (*format == 'l')
			conversion.longs++;
		else if (*format == 'z' || *format == 'j' || *format == 't')
			conversion.longs = 1;
		else if (*format == 'h')
			conversion.longs--;
		else
			break;
	}
	*ret_conversion = conversion;
	return format;
}

/* An argument of the length given; what the type does not have of 64 bits is zero, or its sign. */
static uint64_t integer_argument(const struct conversion *conversion, bool is_signed,
				 va_list *arguments)
{
	bool wide = conversion->longs > 0;
	uint64_t value =
		wide ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned int);
	unsigned int missing = wide ? 0 : 32;

	if (conversion->longs < 0)
		missing = conversion->longs == -1 ? 48 : 56;
	value <<= missing;
	return is_signed ? (uint64_t)((int64_t)value >> missing) : value >> missing;
}

static void convert(struct output *output, struct conversion *conversion, char kind,
		    va_list *arguments)
{
	unsigned int base;
	int64_t value;
	char c;

	switch (kind) {
	case 'd':
	case 'i':
		value = integer_argument(conversion, true, arguments);
		emit_integer(output, conversion, value < 0 ? -(uint64_t)value : (uint64_t)value,
			     value < 0, 10, false);
		break;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		base = kind == 'u' ? 10 : kind == 'o' ? 8 : 16;
		emit_integer(output, conversion, integer_argument(conversion, false, arguments),
			     false, base, kind == 'X');
		break;
	case 'p':
		emit(output, '0');
		emit(output, 'x');
		emit_integer(output, conversion, (uintptr_t)va_arg(*arguments, void *), false, 16,
			     false);
		break;
	case 'f':
		emit_float(output, conversion, va_arg(*arguments, double));
		break;
	case 's':
		emit_string(output, conversion, va_arg(*arguments, const char *));
		break;
	case 'c':
		c = va_arg(*arguments, int);
		emit_padded(output, conversion, &c, 1);
		break;
	default:
		/* "%%", or something unknown, which is better seen than swallowed. */
		emit(output, kind);
		break;
	}
}

size_t format_string_v(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct output output = {.buffer = buffer, .size = size};
	struct conversion conversion;
	va_list rest;

	va_copy(rest, arguments);
	while (*format) {
		if (*format != '%') {
			emit(&output, *format++);
			continue;
		}
		format = parse_conversion(format + 1, &rest, &conversion);
		if (!*format)
			break;
		convert(&output, &conversion, *format++, &rest);
	}
	va_end(rest);
	if (size)
		buffer[output.length] = 0;
	return output.length;
}

size_t format_string(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = format_string_v(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
