// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view/format.h"
#include "common/cleanup.h"
#include "common/quantity.h"

#define USEC_PER_SEC UINT64_C(1000000)
#define MAX_REASONS  16

#define INTERVAL_MIN_NS (10 * UINT64_C(1000000))
#define INTERVAL_MAX_NS (3600 * UINT64_C(1000000000))

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

const char *format_age(char buffer[FORMAT_MAX], uint64_t microseconds)
{
	if (microseconds < 1000)
		snprintf(buffer, FORMAT_MAX, "%" PRIu64 "us", microseconds);
	else if (microseconds < USEC_PER_SEC)
		snprintf(buffer, FORMAT_MAX, "%.1fms", (double)microseconds / 1000);
	else if (microseconds < 60 * USEC_PER_SEC)
		snprintf(buffer, FORMAT_MAX, "%.1fs", (double)microseconds / USEC_PER_SEC);
	else if (microseconds > UINT64_MAX / 1000)
		snprintf(buffer, FORMAT_MAX, "long");
	else
		quantity_format_time(microseconds * 1000, buffer);
	return buffer;
}

static int compare_cpus(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

char *format_words(struct json_object *words, const char *between)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < json_object_array_length(words); i++)
		fprintf(stream, "%s%s", i ? between : "",
			json_object_get_string(json_object_array_get_idx(words, i)) ?: "");
	return memstream_end(stream, &text);
}

char *format_cpus(struct json_object *cpus)
{
	size_t count = json_object_array_length(cpus);
	_cleanup_(freep) uint32_t *sorted = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *stream;

	if (count == 0)
		return strdup("-");
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < count; i++)
		sorted[i] = (uint32_t)json_object_get_int64(json_object_array_get_idx(cpus, i));
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
	return memstream_end(stream, &text);
}

struct reason {
	const char *name;
	double rate;
};

static int by_rate(const void *a, const void *b)
{
	const struct reason *left = a, *right = b;

	return (left->rate < right->rate) - (left->rate > right->rate);
}

char *format_reasons(struct json_object *per_second, size_t max)
{
	struct reason reasons[MAX_REASONS];
	size_t count = 0, size;
	char *text = NULL, rate[FORMAT_MAX];
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	if (per_second) {
		json_object_object_foreach(per_second, name, number)
		{
			if (count < MAX_REASONS && strcmp(name, "total") != 0 &&
			    json_object_get_double(number) > 0)
				reasons[count++] =
					(struct reason){name, json_object_get_double(number)};
		}
	}
	qsort(reasons, count, sizeof(*reasons), by_rate);
	for (size_t i = 0; i < count && i < max; i++)
		fprintf(stream, "%s%s %s", i > 0 ? ", " : "", reasons[i].name,
			format_rate(rate, reasons[i].rate));
	return memstream_end(stream, &text);
}

int parse_interval(const char *text, uint64_t *ret_microseconds)
{
	uint64_t ns;
	int r = quantity_parse_interval(text, &ns);

	if (r < 0)
		return r;
	if (ns < INTERVAL_MIN_NS || ns > INTERVAL_MAX_NS)
		return -ERANGE;
	*ret_microseconds = ns / 1000;
	return 0;
}
