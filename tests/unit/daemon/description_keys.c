// SPDX-License-Identifier: GPL-2.0-only
/* The table of a description's keys: every limit, told here once more, and every member. */
#include "blob.h"
#include "model/description_keys.h"
#include "model_test.h"

/*
 * json has %s for the value. Values have the limits in them, and the next ones beyond; NULL: there
 * is none that could be written.
 */
static const struct {
	const char *json, *key;
	const char *low, *high, *too_low, *too_high;
} limits[] = {
	{"{\"cpus\": %s, \"memory\": \"4K\"}", "cpus", "1", "255", "0", "256"},
	{"{\"cpus\": [%s], \"memory\": \"4K\"}", "cpus[0]", "0", "255", "-1", "256"},
	{"{\"cpus\": 1, \"memory\": %s}", "memory", "4096", NULL, "0", "\"0x1000000001000\""},
	{"{\"cpus\": 1, \"memory\": [{\"size\": %s}]}", "memory[0].size", "\"4K\"", NULL, "0",
	 "\"0x1000000001000\""},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"4K\"}, {\"size\": \"4K\", \"address\": %s}]}",
	 "memory[1].address", "\"4K\"", "\"0xfffffffff000\"", NULL, "\"0x1000000000000\""},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"4K\", \"phys\": %s}]}", "memory[0].phys", "0",
	 "\"0xffffffffff000\"", NULL, "\"0x10000000000000\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"comm-region\": {\"address\": %s}}",
	 "comm-region.address", "\"4K\"", "\"0xfffffffff000\"", NULL, "\"0x1000000000000\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"image\": [{\"file\": \"a\", \"address\": %s}]}",
	 "image[0].address", "0", "4095", "-1", "\"0x1000000000000\""},
	{"{\"cpus\": 1, \"memory\": \"8K\", \"entry\": %s}", "entry", "0", "8191", "-1",
	 "\"0x100000000\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"console\": {\"port\": %s}}", "console.port", "1",
	 "\"0xfff8\"", "0", "\"0xfff9\""},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"4K\", \"address\": \"4K\"}], \"entry\": 4096, "
	 "\"console\": {\"mmio\": %s}}",
	 "console.mmio", "4", "\"0xfffffffff000\"", "0", "\"0xfffffffff004\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"console\": {\"port\": 8, \"divider\": %s}}",
	 "console.divider", "0", "65535", "-1", "65536"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"console\": {\"mmio\": \"2M\", "
	 "\"register-distance\": %s}}",
	 "console.register-distance", "1", "4", "0", "8"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"devices\": {\"ports\": [{\"base\": %s, \"count\": "
	 "1}]}}",
	 "devices.ports[0].base", "0", "65535", "-1", "65536"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"devices\": {\"ports\": [{\"base\": 0, \"count\": "
	 "%s}]}}",
	 "devices.ports[0].count", "1", "65535", "0", "65536"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"devices\": {\"mmio\": [{\"phys\": %s, \"size\": 1, "
	 "\"address\": \"0x200fff\"}]}}",
	 "devices.mmio[0].phys", "4095", "\"0xfffffffffffff\"", "-1", "\"0x10000000000000\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"devices\": {\"mmio\": [{\"phys\": \"2M\", \"size\": "
	 "%s}]}}",
	 "devices.mmio[0].size", "1", "4096", "0", "\"0x1000000000001\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"devices\": {\"mmio\": [{\"phys\": 4095, \"size\": 1, "
	 "\"address\": %s}]}}",
	 "devices.mmio[0].address", "8191", "\"0xffffffffffff\"", "-1", "\"0x1000000000fff\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"devices\": {\"mmio\": [{\"phys\": \"2M\", \"size\": "
	 "8, \"widths\": [%s]}]}}",
	 "devices.mmio[0].widths[0]", "1", "8", "0", "16"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"heartbeat\": %s}", "heartbeat", "\"1ms\"",
	 "\"1440min\"", "\"0s\"", "\"1441min\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"stop\": {\"timeout\": %s}}", "stop.timeout",
	 "\"0ms\"", "\"86400s\"", NULL, "\"86401s\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"shared-memory\": [{\"name\": \"a\", \"peers\": "
	 "[\"b\"], \"size\": %s, \"common\": 0}]}",
	 "shared-memory[0].size", "4096", "\"0x1fff000\"", "0", "\"0x2000000\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"shared-memory\": [{\"name\": \"a\", \"peers\": "
	 "[\"b\"], \"size\": \"4K\", \"common\": %s}]}",
	 "shared-memory[0].common", "0", "\"0x3ffd000\"", "-1", "\"0x3ffe000\""},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"shared-memory\": [{\"name\": \"a\", \"peers\": "
	 "[\"b\"], \"size\": \"4K\", \"vectors\": %s}]}",
	 "shared-memory[0].vectors", "1", "16", "0", "17"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"shared-memory\": [{\"name\": \"l\", \"peers\": "
	 "[\"root\"], \"size\": \"4K\"}], \"signals\": {\"s\": {\"at\": \"l:output/0\", \"type\": "
	 "\"u8\", \"stale-after\": %s}}}",
	 "signals.s.stale-after", "\"1ms\"", "\"1440min\"", "\"0s\"", "\"1441min\""},
};

static void try_value(struct tap *tap, size_t limit, const char *value, bool good)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *description = NULL;
	char json[256];
	int r;

	if (!value)
		return;
		/* The formats are all in the table above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(json, sizeof(json), limits[limit].json, value);
#pragma GCC diagnostic pop
	r = description_parse(json, strlen(json), "f", "a", &problems, &description);
	if (!tap_ok(tap,
		    good ? r == 0
			 : r == -EINVAL &&
				    has_problem(&problems, SEVERITY_ERROR, limits[limit].key, ""),
		    "%s: %s is %s", limits[limit].key, value, good ? "taken" : "refused"))
		note_problems(tap, &problems);
}

static void test_limits(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		try_value(tap, i, limits[i].low, true);
		try_value(tap, i, limits[i].high, true);
		try_value(tap, i, limits[i].too_low, false);
		try_value(tap, i, limits[i].too_high, false);
	}
}

/* The largest number that is kept for a value. */
static uint64_t largest(const struct description_value *value)
{
	uint64_t max = value->max | value->mask;

	for (const struct description_word *word = value->words; word && word->word; word++)
		max |= word->value;
	return max;
}

static bool is_text(enum value_type type)
{
	return type == VALUE_STRING || type == VALUE_FILE || type == VALUE_NAME;
}

static void test_room(struct tap *tap, const char *name, const struct description_value *value)
{
	const size_t size = value->to.size;

	if (size == 0 || value->type == VALUE_LIST || value->type == VALUE_OBJECT)
		return;
	if (is_text(value->type))
		tap_is_u64(tap, size, sizeof(char *), "%s: a text is kept as a pointer", name);
	else if (value->type == VALUE_CPU)
		tap_is_u64(tap, size, sizeof(struct cpu_mask), "%s: CPUs are kept in a mask", name);
	else if (value->type == VALUE_BOOL && !value->in_flags)
		tap_is_u64(tap, size, sizeof(bool), "%s: a yes or no is kept in a bool", name);
	else
		tap_ok(tap, size >= 8 || largest(value) >> (8 * size) == 0,
		       "%s: the largest fits where it is kept", name);
}

static bool overlap(struct description_member a, struct description_member b)
{
	return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

static bool are_either(const struct description_object *kind, const char *a, const char *b)
{
	return kind->either[0] && strcmp(kind->either[0], a) == 0 &&
	       strcmp(kind->either[1], b) == 0;
}

/* Keys of flags may share a member, but no flag of it. */
static void test_apart(struct tap *tap, const struct description_object *kind)
{
	for (const struct description_key *a = kind->keys; a->name; a++) {
		for (const struct description_key *b = a + 1; b->name; b++) {
			const struct description_value *left = &a->value, *right = &b->value;
			bool flags = left->in_flags && right->in_flags;

			if (left->to.size == 0 || right->to.size == 0 ||
			    are_either(kind, a->name, b->name))
				continue;
			tap_ok(tap,
			       !overlap(left->to, right->to) ||
				       (flags && (left->mask & right->mask) == 0),
			       "%s: %s and %s are kept apart", kind->name, a->name, b->name);
		}
	}
}

static void test_kind(struct tap *tap, const struct description_object *kind)
{
	for (const struct description_key *key = kind->keys; key->name; key++) {
		tap_ok(tap, key->doc || key->value.type == VALUE_OBJECT, "%s says what it is",
		       key->name);
		tap_ok(tap, !key->required || !key->has_standard,
		       "%s is required or has a default, not both", key->name);
		test_room(tap, key->name, &key->value);
		if (key->value.item)
			test_room(tap, key->name, key->value.item);
		if (key->short_form)
			test_room(tap, key->name, key->short_form);
	}
	test_apart(tap, kind);
}

static void test_warning(struct tap *tap)
{
	static const char json[] =
		"{\"cpus\": 1, \"memory\": \"4K\", \"stop\": {\"timeout\": \"0s\"}}";
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;

	tap_ok(tap,
	       description_parse(json, sizeof(json) - 1, "f", "a", &problems, &d) == 0 &&
		       has_problem(&problems, SEVERITY_WARNING, "stop.timeout", "without end"),
	       "waiting for ever is warned of, not refused");
}

int main(void)
{
	struct tap tap = {0};

	test_limits(&tap);
	test_warning(&tap);
	for (size_t i = 0; description_objects[i]; i++)
		test_kind(&tap, description_objects[i]);
	return tap_done(&tap);
}
