/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers for people: points in time, CPU lists, rates; and intervals that people write. */
#ifndef CLIENT_FORMAT_H
#define CLIENT_FORMAT_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAX 64

/* All of these write a terminated string into buffer (FORMAT_MAX bytes are always enough) and
 * return buffer. */

/* A point in time (microseconds since the epoch) in the local time zone: "Mon 2026-11-23 01:27:32
 * UTC". */
const char *format_timestamp(char buffer[FORMAT_MAX], uint64_t microseconds);

/* Events per second: "0", "0.25", "12.5", "1000". */
const char *format_rate(char buffer[FORMAT_MAX], double per_second);

/* How long ago something was: "850us", "1.5ms", "12.0s", "3min 5s". */
const char *format_age(char buffer[FORMAT_MAX], uint64_t microseconds);

/* An array of CPU numbers: "0,2-5"; "-" if empty. To be freed by the caller; NULL when memory is
 * short. */
char *format_cpus(struct json_object *cpus);

/* An array of texts. To be freed by the caller; NULL when memory is short. */
char *format_words(struct json_object *words, const char *between);

/*
 * What cells enter the hypervisor for, most often first, at most max of them: "hypercall 500, mmio
 * 250". per_second is by counter, NULL: not known. To be freed; NULL when memory is short.
 */
char *format_reasons(struct json_object *per_second, size_t max);

/*
 * Reads a time such as "500ms", "2s", "1min" or "1.5" (seconds) into microseconds. Returns -EINVAL
 * if it is none and -ERANGE if it is not between 10 ms and 1 h.
 */
int parse_interval(const char *text, uint64_t *ret_microseconds);

#endif /* CLIENT_FORMAT_H */
