// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view/format.h"
#include "util.h"

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  (1000 * USEC_PER_MSEC)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)

const char *format_size(char buffer[FORMAT_MAX], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	uint64_t unit = 1;
	size_t i = 0;

	while (bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	/* One digit behind the point; bytes % unit is below 2^60, so ten times that fits. */
	if (bytes % unit == 0)
		snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%c", bytes / unit, units[i]);
	else
		snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "%c", bytes / unit,
			 bytes % unit * 10 / unit, units[i]);
	return buffer;
}

const char *format_duration(char buffer[FORMAT_MAX], uint64_t microseconds)
{
	static const struct {
		uint64_t usec;
		const char *name;
	} units[] = {
		{USEC_PER_DAY, "d"}, {USEC_PER_HOUR, "h"},  {USEC_PER_MIN, "min"},
		{USEC_PER_SEC, "s"}, {USEC_PER_MSEC, "ms"},
	};
	size_t i = 0;
	uint64_t rest;
	int length;

	while (i < ARRAY_SIZE(units) - 1 && microseconds < units[i].usec)
		i++;
	length = snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%s", microseconds / units[i].usec,
			  units[i].name);

	/* Milliseconds beside seconds are noise. */
	if (i + 2 >= ARRAY_SIZE(units))
		return buffer;
	rest = microseconds % units[i].usec / units[i + 1].usec;
	if (rest > 0)
		snprintf(buffer + length, FORMAT_MAX - (size_t)length, " %" PRIu64 "%s", rest,
			 units[i + 1].name);
	return buffer;
}

const char *format_timestamp(char buffer[FORMAT_MAX], uint64_t microseconds)
{
	time_t seconds = (time_t)(microseconds / USEC_PER_SEC);
	struct tm local;

	if (!localtime_r(&seconds, &local) ||
	    strftime(buffer, FORMAT_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &local) == 0)
		snprintf(buffer, FORMAT_MAX, "%" PRIu64 "us", microseconds);
	return buffer;
}

const char *format_rate(char buffer[FORMAT_MAX], double per_second)
{
	if (per_second <= 0)
		snprintf(buffer, FORMAT_MAX, "0");
	else if (per_second < 10)
		snprintf(buffer, FORMAT_MAX, "%.2f", per_second);
	else if (per_second < 100)
		snprintf(buffer, FORMAT_MAX, "%.1f", per_second);
	else
		snprintf(buffer, FORMAT_MAX, "%.0f", per_second);
	return buffer;
}

static int compare_cpus(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

char *format_cpus(const uint32_t *cpus, size_t count)
{
	_cleanup_(freep) uint32_t *sorted = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *stream;

	if (count == 0)
		return strdup("-");
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		return NULL;
	memcpy(sorted, cpus, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_cpus);

	stream = open_memstream(&text, &size);
	if (!stream)
		return NULL;
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;

		while (end < count && sorted[end] - sorted[end - 1] <= 1)
			end++;
		fprintf(stream, "%s%" PRIu32, i > 0 ? "," : "", sorted[i]);
		if (sorted[end - 1] != sorted[i])
			fprintf(stream, "-%" PRIu32, sorted[end - 1]);
		i = end;
	}
	if (fclose(stream) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int parse_interval(const char *text, uint64_t *ret_microseconds)
{
	static const struct {
		const char *name;
		uint64_t usec;
	} units[] = {
		{"", USEC_PER_SEC},    {"ms", USEC_PER_MSEC}, {"s", USEC_PER_SEC},
		{"min", USEC_PER_MIN}, {"h", USEC_PER_HOUR},
	};
	char *end;
	double value;

	/* strtod() would take signs, blanks, "inf" and hexadecimal numbers as well. */
	if (strspn(text, "0123456789.") == 0 ||
	    strspn(text, "0123456789.") != strcspn(text, "mshin"))
		return -EINVAL;
	errno = 0;
	value = strtod(text, &end);
	if (errno != 0 || end == text)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		double usec;

		if (strcmp(end, units[i].name) != 0)
			continue;
		usec = value * (double)units[i].usec;
		if (usec < 10.0 * USEC_PER_MSEC || usec > (double)USEC_PER_HOUR)
			return -ERANGE;
		*ret_microseconds = (uint64_t)usec;
		return 0;
	}
	return -EINVAL;
}
