// SPDX-License-Identifier: GPL-2.0-only
#include "model/description_diff.h"
#include "model_test.h"

#define BASE   "\"cpus\": [1], \"memory\": \"1M\", \"image\": \"a.bin\""
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *a, *b;
	const char *keys;
	const char *what;
} cases[] = {
	{BASE, BASE, "", "the same is no difference"},
	{BASE, BASE ", \"$schema\": \"x\", \"x-note\": 1", "", "what is ignored is none"},
	{"\"memory\": \"1024K\", \"image\": [{\"file\": \"a.bin\"}], \"cpus\": [ 1 ]", BASE, "",
	 "nor is what is written in another way or order"},
	{BASE, "\"cpus\": [2], \"memory\": \"2M\", \"image\": \"a.bin\"", "cpus, memory",
	 "values that differ are named"},
	{BASE, BASE ", \"heartbeat\": \"1s\"", "heartbeat", "so is what has come"},
	{BASE ", \"stop\": {\"timeout\": \"1s\", \"force\": true}",
	 BASE ", \"stop\": {\"timeout\": \"1s\"}", "stop", "or gone, also within an object"},
	{BASE, "\"cpus\": [1], \"memory\": \"1M\", \"image\": \"b.bin\"", "image",
	 "another image is another one"},
	{BASE,
	 "\"cpus\": [1], \"memory\": \"1M\", \"image\": [{\"file\": \"a.bin\", \"sha256\": "
	 "\"" DIGEST "\"}]",
	 "image", "so is one of which other bytes are asked for"},
};

static char *differences(struct tap *tap, const char *a, const char *b)
{
	char text[2][512];
	_cleanup_(description_freep) struct description *left = NULL;
	_cleanup_(description_freep) struct description *right = NULL;

	snprintf(text[0], sizeof(text[0]), "{%s}", a);
	snprintf(text[1], sizeof(text[1]), "{%s}", b);
	left = describe(tap, "alpha", text[0]);
	right = describe(tap, "alpha", text[1]);
	return left && right ? description_keys_format(description_differences(left, right)) : NULL;
}

int main(void)
{
	_cleanup_(freep) char *once = description_keys_format(description_keys_used(USE_AT_ONCE));
	struct tap tap = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *keys = differences(&tap, cases[i].a, cases[i].b);

		tap_ok(&tap, keys && strcmp(keys, cases[i].keys) == 0, cases[i].what);
	}
	tap_ok(&tap,
	       once && strcmp(once, "signals, heartbeat, on-failure, restart, stop, after, "
				    "requires, reload") == 0,
	       "what counts at once is known");
	return tap_done(&tap);
}
