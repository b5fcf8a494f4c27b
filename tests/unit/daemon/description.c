// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/stat.h>

#include "blob.h"
#include "model_test.h"

#define MEMORY "\"cpus\": [3], \"memory\": \"1M\""

/* One mistake each, in a description that is good but for it. */
static const struct {
	const char *json;
	const char *key;
	const char *text; /* part of the message */
} bad[] = {
	/* structure */
	{"", "", "ends before"},
	{"{", "", "ends before"},
	{"[]", "", "one JSON object"},
	{"3 ", "", "one JSON object"},
	{"null ", "", "one JSON object"},
	{"{" MEMORY "} x", "", "more behind"},
	{"{" MEMORY ",}", "", "is not JSON"},
	{"{'cpus': [3]}", "", "is not JSON"},
	{"{" MEMORY ", \"x-a\": /* no */ 1}", "", "JSON has no comments"},
	{"{" MEMORY ", # no\n\"x-a\": 1}", "", "JSON has no comments"},
	{"\xef\xbb\xbf{" MEMORY "}", "", "byte order mark"},
	{"{" MEMORY ", \"x-a\": [-9223372036854775809]}", "x-a[0]", "64 bits"},
	{"{" MEMORY ", \"x-a\": -Infinity}", "x-a", "no numbers in JSON"},
	{"{" MEMORY ", \"x-a\": \"\xff\"}", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"\xc0\x80\"}", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"\xe0\x9f\x80\"}", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"\xed\xa0\x80\"}", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"\xf4\x90\x80\x80\"}", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"\xc3\"}", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"\xe2\x82", "", "UTF-8"},
	{"{" MEMORY ", \"x-a\": \"a\\u0000b\"}", "x-a", "zero character"},
	{"{" MEMORY ", \"x-\\u0000b\": 1}", "x-", "zero character"},
	{"{" MEMORY ", \"x-a\": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", "", "nested too deeply"},
	/* keys */
	{"{" MEMORY ", \"memory\": \"2M\"}", "memory", "there twice"},
	{"{" MEMORY ", \"stop\": {\"force\": true, \"f\\u006frce\": true}}", "stop.force",
	 "there twice"},
	{"{" MEMORY ", \"x-a\": {\"b\": 1, \"b\": 2}}", "x-a.b", "there twice"},
	{"{" MEMORY ", \"consoel\": \"none\"}", "consoel", "did you mean \"console\""},
	{"{" MEMORY ", \"Image\": \"a\"}", "Image", "did you mean \"image\""},
	{"{" MEMORY ", \"frobnicate\": 1}", "frobnicate", "unknown key; remove it"},
	{"{" MEMORY ", \"stop\": {\"timout\": \"5s\"}}", "stop.timout", "did you mean \"timeout\""},
	{"{" MEMORY ", \"stop\": {\"$schema\": 1}}", "stop.$schema", "unknown key"},
	{"{\"memory\": \"1M\"}", "cpus", "is missing"},
	{"{\"cpus\": [3]}", "memory", "is missing"},
	/* cpus */
	{"{\"cpus\": \"3\", \"memory\": \"1M\"}", "cpus", "must be a list of CPUs"},
	{"{\"cpus\": [], \"memory\": \"1M\"}", "cpus", "must have 1 to"},
	{"{\"cpus\": 0, \"memory\": \"1M\"}", "cpus", "between 1 and"},
	{"{\"cpus\": -1, \"memory\": \"1M\"}", "cpus", "negative"},
	{"{\"cpus\": 1.5, \"memory\": \"1M\"}", "cpus", "must be a list of CPUs"},
	{"{\"cpus\": [1, 1.5], \"memory\": \"1M\"}", "cpus[1]", "whole number"},
	{"{\"cpus\": [-1], \"memory\": \"1M\"}", "cpus[0]", "negative"},
	{"{\"cpus\": [256], \"memory\": \"1M\"}", "cpus[0]", "between 0 and 255"},
	{"{\"cpus\": [99999999999999999999999], \"memory\": \"1M\"}", "cpus[0]", "64 bits"},
	{"{\"cpus\": [3, 2, 3], \"memory\": \"1M\"}", "cpus[2]", "twice"},
	{"{" MEMORY ", \"devices\": {\"pins\": [4, 4]}}", "devices.pins[1]", "twice"},
	{"{" MEMORY ", \"devices\": {\"pins\": [256]}}", "devices.pins[0]", "between 0 and 255"},
	{"{" MEMORY ", \"devices\": {\"pins\": 4}}", "devices.pins", "a list"},
	/* memory */
	{"{\"cpus\": 1, \"memory\": \"1X\"}", "memory", "like \"64K\""},
	{"{\"cpus\": 1, \"memory\": true}", "memory", "must be"},
	{"{\"cpus\": 1, \"memory\": 1048577}", "memory", "multiple of 4K"},
	{"{\"cpus\": 1, \"memory\": 0}", "memory", "at least 4K"},
	{"{\"cpus\": 1, \"memory\": \"999999999999G\"}", "memory", "64 bits"},
	{"{\"cpus\": 1, \"memory\": \"17592186044415G\"}", "memory", "64 bits"},
	{"{\"cpus\": 1, \"memory\": \"0xfffffffffffff000\"}", "memory", "at most"},
	{"{\"cpus\": 1, \"memory\": []}", "memory", "1 to 16 entries"},
	{"{\"cpus\": 1, \"memory\": [\"1M\"]}", "memory[0]", "must be an object"},
	{"{\"cpus\": 1, \"memory\": [{\"address\": 0}]}", "memory[0].size", "is missing"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\"}, {\"size\": \"1M\"}]}", "memory[1]",
	 "needs \"address\""},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"permissions\": \"wr\"}]}",
	 "memory[0].permissions", "is not known"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"phys\": 5}]}", "memory[0].phys",
	 "multiple of 4K"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"dma\": 1}]}", "memory[0].dma",
	 "true or false"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"2M\"}, {\"size\": \"1M\", \"address\": \"1M\"}]}",
	 "memory[1]", "where memory is as well"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"64K\"}, {\"size\": \"1M\", \"address\": "
	 "\"0xfed80000\"}]}",
	 "memory[1]", "local APIC"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"64K\"}, {\"size\": \"64K\", \"address\": "
	 "\"1M\"}]}",
	 "comm-region", "where memory is as well"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"64K\", \"phys\": \"1G\"}, {\"size\": \"64K\", "
	 "\"address\": \"2M\", \"phys\": \"1G\"}]}",
	 "memory[1]", "same physical memory"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"8K\", \"phys\": \"0xffffffffff000\"}]}",
	 "memory[0]", "beyond physical address 2^52"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"64K\"}, {\"size\": \"64K\", "
	 "\"address\": \"0xfffffffff000\"}]}",
	 "memory[1]", "beyond guest address"},
	{"{" MEMORY ", \"comm-region\": {\"address\": \"0x10001\"}}", "comm-region.address",
	 "multiple of 4K"},
	{"{" MEMORY ", \"comm-region\": {\"address\": 0}}", "comm-region", "memory is as well"},
	/* image, parameters, entry */
	{"{" MEMORY ", \"image\": 3}", "image", "file name"},
	{"{" MEMORY ", \"image\": \"\"}", "image", "1 to 1024"},
	{"{" MEMORY ", \"image\": \"../../etc/shadow\"}", "image", "\"..\""},
	{"{" MEMORY ", \"image\": \"a/../b\"}", "image", "\"..\""},
	{"{" MEMORY ", \"image\": \"a/..\"}", "image", "\"..\""},
	{"{" MEMORY ", \"image\": [{\"address\": 0}]}", "image[0].file", "is missing"},
	{"{" MEMORY ", \"image\": [{\"file\": \"a\", \"address\": \"1M\"}]}", "image[0]",
	 "no loadable memory"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"loadable\": false}], \"image\": \"a\"}",
	 "image[0]", "no loadable memory"},
	{"{" MEMORY ", \"parameters\": [\"a\"]}", "parameters", "a string"},
	{"{\"cpus\": 1, \"memory\": \"4K\", \"parameters\": \"\"}", "parameters",
	 "no loadable memory"},
	{"{" MEMORY ", \"entry\": \"2M\"}", "entry", "no executable memory"},
	{"{" MEMORY ", \"entry\": \"4G\"}", "entry", "at most"},
	{"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"permissions\": \"rw\"}]}", "entry",
	 "no executable memory"},
	/* console */
	{"{" MEMORY ", \"console\": \"serial\"}", "console", "it can be \"virtual\", \"none\""},
	{"{" MEMORY ", \"console\": 1}", "console", "must be \"virtual\""},
	{"{" MEMORY ", \"console\": {}}", "console", "either \"port\" or \"mmio\""},
	{"{" MEMORY ", \"console\": {\"port\": 1, \"mmio\": 4096}}", "console", "either"},
	{"{" MEMORY ", \"console\": {\"port\": \"0xfffc\"}}", "console.port", "at most"},
	{"{" MEMORY ", \"console\": {\"mmio\": \"2M\", \"register-distance\": 2}}",
	 "console.register-distance", "1 or 4"},
	{"{" MEMORY ", \"console\": {\"mmio\": \"4K\"}}", "console", "memory is as well"},
	/* devices */
	{"{" MEMORY ", \"devices\": {\"pci\": [\"00:1f.2\"]}}", "devices.pci[0]",
	 "must be an object: { \"pci\": … }"},
	{"{" MEMORY ", \"devices\": [{\"pci\": \"pci:0000:00:03.0\"}]}", "devices[0].pci",
	 "must be a place like \"0000:00:03.0\""},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"-x\", \"peers\": [\"root\"], "
	 "\"size\": 4096}]}",
	 "shared-memory[0].name", "is no name: 1 to 31 of a-z, 0-9 and -, the first not -"},
	{"{" MEMORY ", \"devices\": {\"ports\": [{\"base\": \"0x3f8\"}]}}",
	 "devices.ports[0].count", "is missing"},
	{"{" MEMORY ", \"devices\": {\"ports\": [{\"base\": \"0xfff8\", \"count\": 9}]}}",
	 "devices.ports[0]", "beyond the last port"},
	{"{" MEMORY ", \"devices\": {\"ports\": [{\"base\": 65536, \"count\": 1}]}}",
	 "devices.ports[0].base", "at most"},
	{"{" MEMORY ", \"devices\": {\"ports\": [{\"base\": 8, \"count\": 8}, {\"base\": 15, "
	 "\"count\": 1}]}}",
	 "devices.ports[1]", "devices.ports[0] has as well"},
	{"{" MEMORY ", \"console\": {\"port\": \"0x3f8\"}, \"devices\": {\"ports\": [{\"base\": "
	 "\"0x3ff\", \"count\": 1}]}}",
	 "devices.ports[0]", "console"},
	{"{" MEMORY ", \"devices\": {\"mmio\": [{\"phys\": \"0xfed00000\", \"size\": 0}]}}",
	 "devices.mmio[0].size", "at least"},
	{"{" MEMORY ", \"devices\": {\"mmio\": [{\"phys\": \"0xfed00010\", \"size\": 8, "
	 "\"address\": \"2M\"}]}}",
	 "devices.mmio[0]", "same place in their 4K"},
	{"{" MEMORY ", \"devices\": {\"mmio\": [{\"phys\": \"0xfed00000\", \"size\": 8, "
	 "\"widths\": [3]}]}}",
	 "devices.mmio[0].widths[0]", "1, 2, 4 or 8"},
	{"{" MEMORY ", \"devices\": {\"mmio\": [{\"phys\": \"0xfed00ff8\", \"size\": 8, "
	 "\"address\": \"0xff8\"}]}}",
	 "devices.mmio[0]", "memory is as well"},
	{"{" MEMORY ", \"devices\": {\"mmio\": [{\"phys\": \"0xfee00000\", \"size\": \"4K\"}]}}",
	 "devices.mmio[0]", "local APIC"},
	/* the rest */
	{"{" MEMORY ", \"heartbeat\": 500}", "heartbeat", "with its unit"},
	{"{" MEMORY ", \"heartbeat\": \"0s\"}", "heartbeat", "longer than 0"},
	{"{" MEMORY ", \"heartbeat\": \"2000min\"}", "heartbeat", "at most 86400s"},
	{"{" MEMORY ", \"on-failure\": \"preserv\"}", "on-failure",
	 "it can be \"preserve\", \"destroy\""},
	{"{" MEMORY ", \"dma\": \"protected\"}", "dma", "it can be \"none\", \"unprotected\""},
	{"{" MEMORY ", \"on-failure\": \"revive\"}", "on-failure", "is not known"},
	{"{" MEMORY ", \"stop\": \"5s\"}", "stop", "must be an object"},
	{"{" MEMORY ", \"stop\": {\"timeout\": \"5\"}}", "stop.timeout", "with its unit"},
	{"{" MEMORY ", \"stop\": {\"force\": \"yes\"}}", "stop.force", "true or false"},
};

static void test_bad(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *description = NULL;
		int r = description_parse(bad[i].json, strlen(bad[i].json), "a.json", "a",
					  &problems, &description);

		if (!tap_ok(tap,
			    r == -EINVAL && !description &&
				    has_problem(&problems, SEVERITY_ERROR, bad[i].key, bad[i].text),
			    "\"%s\" is refused: %s", bad[i].key, bad[i].text)) {
			tap_note(tap, "  returned %d for %s", r, bad[i].json);
			note_problems(tap, &problems);
		}
	}
}

/* The example that people start from. */
static void test_short(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "turbine",
			 "{ \"$schema\": \"s\", \"x-note\": [1, {\"ä€😀\": null}],\n"
			 "  \"cpus\": [3], \"memory\": \"1M\", \"image\": \"turbine.bin\",\n"
			 "  \"console\": \"virtual\", \"heartbeat\": \"500ms\",\n"
			 "  \"on-failure\": \"preserve\",\n"
			 "  \"stop\": { \"timeout\": \"5s\", \"force\": true, \"x-why\": \"\" } }");

	if (!tap_ok(tap, d != NULL, "the short form is taken"))
		return;
	tap_is_str(tap, d->name, "turbine", "the name is the file's");
	tap_ok(tap, d->cpu_count == 1 && cpu_mask_has(&d->cpus, 3), "CPU 3 it is");
	tap_ok(tap,
	       d->num_memory == 1 && d->memory[0].size == 1 << 20 && d->memory[0].address == 0 &&
		       !d->memory[0].has_phys,
	       "1M is one region at 0 that is to be placed");
	tap_is_u64(tap, d->memory[0].flags,
		   BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE | BLOB_MEM_DMA |
			   BLOB_MEM_LOADABLE,
		   "it can be used for everything");
	tap_is_u64(tap, description_comm_address(d), 0x100000, "comm region is behind it");
	tap_ok(tap, d->num_images == 1 && d->images[0].address == 0, "one image at 0");
	tap_is_str(tap, d->images[0].file, "turbine.bin", "of that name");
	tap_is_u64(tap, d->heartbeat_ns, 500000000, "heartbeat is in nanoseconds");
	tap_is_u64(tap, d->stop_timeout_ns, 5000000000, "so is the stop timeout");
	tap_ok(tap, d->stop_force, "a stop may kill");
	tap_ok(tap, d->console.type == DESCRIPTION_CONSOLE_VIRTUAL, "console is virtual");
}

static void test_defaults(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a", "{\"cpus\": 2, \"memory\": 8192}");

	if (!tap_ok(tap, d != NULL, "cpus and memory are enough"))
		return;
	tap_ok(tap, d->cpu_count == 2 && cpu_mask_count(&d->cpus) == 0, "a count picks no CPU");
	tap_ok(tap, d->num_images == 0 && !d->parameters && d->entry == 0, "nothing is loaded");
	tap_is_u64(tap, description_comm_address(d), 0x100000,
		   "comm region stays at 1M with less memory");
	tap_ok(tap, d->heartbeat_ns == 0, "no heartbeat is watched");
	tap_ok(tap, d->on_failure == DESCRIPTION_ON_FAILURE_PRESERVE && d->restart.limit == 5,
	       "evidence is preserved");
	tap_ok(tap, d->stop_timeout_ns == DESCRIPTION_DEFAULT_STOP_TIMEOUT_NS && !d->stop_force,
	       "a stop waits for a while and kills nothing");
	tap_ok(tap, d->console.type == DESCRIPTION_CONSOLE_VIRTUAL, "console is virtual");
}

static const char long_form[] =
	"{ \"cpus\": [2, 3],\n"
	"  \"memory\": [\n"
	"    { \"size\": \"4M\" },\n"
	"    { \"size\": \"64K\", \"address\": \"0x40000000\", \"phys\": \"0x3a000000\",\n"
	"      \"permissions\": \"rw\", \"dma\": false, \"loadable\": false,\n"
	"      \"small-pages\": true } ],\n"
	"  \"comm-region\": { \"address\": \"0x50000000\", \"passive\": true },\n"
	"  \"image\": [ { \"file\": \"a.bin\" },\n"
	"               { \"file\": \"/srv/b.bin\", \"address\": \"2M\" } ],\n"
	"  \"parameters\": \"speed=1500 \\\"x\\\"\",\n"
	"  \"entry\": \"0x100000\",\n"
	"  \"console\": { \"port\": \"0x2f8\", \"divider\": 1 },\n"
	"  \"shared-memory\": [],\n"
	"  \"devices\": {\n"
	"    \"ports\": [ { \"base\": \"0x378\", \"count\": 3 } ],\n"
	"    \"mmio\": [ { \"phys\": \"0xfed00000\", \"size\": \"4K\" },\n"
	"                { \"phys\": \"0xfec10010\", \"size\": 4, \"address\": \"0x60000010\",\n"
	"                  \"permissions\": \"r\", \"widths\": [4], \"unaligned\": true } ] },\n"
	"  \"heartbeat\": \"none\", \"on-failure\": \"destroy\" }";

static void test_long(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d = describe(tap, "a", long_form);
	const uint64_t all = BLOB_MEM_IO_8 | BLOB_MEM_IO_16 | BLOB_MEM_IO_32 | BLOB_MEM_IO_64;

	if (!tap_ok(tap, d != NULL, "the long form is taken"))
		return;
	tap_is_u64(tap, description_memory_total(d), (4 << 20) + (64 << 10), "sizes add up");
	tap_ok(tap,
	       d->memory[1].has_phys && d->memory[1].phys == 0x3a000000 &&
		       d->memory[1].address == 0x40000000,
	       "a region can be fixed");
	tap_is_u64(tap, d->memory[1].flags, BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_NO_HUGEPAGES,
		   "and limited");
	tap_ok(tap, description_comm_address(d) == 0x50000000 && d->comm_passive,
	       "comm region is where it was put");
	tap_ok(tap, d->num_images == 2 && d->images[1].address == 2 << 20, "two images");
	tap_is_str(tap, d->parameters, "speed=1500 \"x\"", "parameters keep their quotes");
	tap_is_u64(tap, d->entry, 0x100000, "entry");
	tap_ok(tap,
	       d->console.type == DESCRIPTION_CONSOLE_PORT && d->console.address == 0x2f8 &&
		       d->console.size == 8 && d->console.divider == 1,
	       "the console is a UART");
	tap_ok(tap, d->num_ports == 1 && d->ports[0].base == 0x378 && d->ports[0].count == 3,
	       "ports");
	tap_ok(tap,
	       d->num_mmio == 2 && d->mmio[0].address == 0xfed00000 &&
		       d->mmio[0].flags == (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | all),
	       "MMIO is at its physical address and open by default");
	tap_ok(tap,
	       d->mmio[1].address == 0x60000010 &&
		       d->mmio[1].flags == (BLOB_MEM_READ | BLOB_MEM_IO | BLOB_MEM_IO_32 |
					    BLOB_MEM_IO_UNALIGNED),
	       "or narrowed");
	tap_ok(tap, d->on_failure == DESCRIPTION_ON_FAILURE_DESTROY, "on-failure");
}

static void test_comm_behind(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a", "{\"cpus\": 1, \"memory\": \"64M\"}");

	if (tap_ok(tap, d != NULL, "64M of memory are taken"))
		tap_is_u64(tap, description_comm_address(d), 64 << 20,
			   "comm region is right behind larger memory");
}

static void test_places(struct tap *tap)
{
	static const char json[] = "{\n  \"cpus\": [3],\n  \"memory\": \"1M\",\n"
				   "  \"stop\": {\n    \"timeout\": 5\n  },\n"
				   "  \"image\": [\n    {\"file\": \"a\"},\n    7\n  ]\n}\n";
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;
	_cleanup_(freep) char *line = NULL;

	description_parse(json, sizeof(json) - 1, "dir/a.json", "a", &problems, &d);
	if (!tap_is_u64(tap, problems.count, 2, "both mistakes are found at once"))
		return;
	tap_ok(tap, problems.items[0].line == 5 && problems.items[0].column == 5,
	       "the place of a key is told");
	tap_is_str(tap, problems.items[0].value, "5", "and its value");
	tap_ok(tap, problems.items[1].line == 9 && problems.items[1].column == 5,
	       "and that of a list's element");
	line = problems_format_first(&problems);
	tap_is_str(tap, line,
		   "dir/a.json:5:5: stop.timeout: \"5\": must be a time with its unit, like "
		   "\"500ms\", \"5s\" or \"1min\"",
		   "one line says it all");
}

static void test_hostile_values(struct tap *tap)
{
	static const char json[] = "{\"cpus\": 1, \"memory\": \"1M\", \"console\": "
				   "\"\\u001b[31mred\\r\\nlog line\", \"\\u001b]0;\\u009b\": 1}";
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;

	description_parse(json, sizeof(json) - 1, "a", "a", &problems, &d);
	if (!tap_is_u64(tap, problems.count, 2, "a value with control characters is refused"))
		return;
	tap_is_str(tap, problems.items[0].value, "\\x1b[31mred\\x0d\\x0alog line",
		   "a value cannot write to the terminal or forge lines");
	tap_is_str(tap, problems.items[1].key, "\\x1b]0;\\x9b", "nor can a key");
}

static void test_flood(struct tap *tap)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;
	_cleanup_(freep) char *json = NULL;
	size_t size;
	FILE *stream = open_memstream(&json, &size);

	fputs("{\"a\": 1", stream);
	for (int i = 0; i < 5000; i++)
		fprintf(stream, ",\"k%d\":1", i);
	fputs("}", stream);
	fclose(stream);
	tap_ok(tap,
	       description_parse(json, size, "a", "a", &problems, &d) == -EINVAL &&
		       problems.errors > 5000 && problems.count < 1000,
	       "thousands of mistakes are counted but not kept");
}

static void test_limits(struct tap *tap)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;
	_cleanup_(freep) char *json = malloc(DESCRIPTION_MAX_FILE + 1);
	char parameters[400];

	memset(json, ' ', DESCRIPTION_MAX_FILE + 1);
	memcpy(json, "{" MEMORY "}", strlen("{" MEMORY "}"));
	tap_ok(tap,
	       description_parse(json, DESCRIPTION_MAX_FILE + 1, "a", "a", &problems, &d) ==
			       -EINVAL &&
		       has_problem(&problems, SEVERITY_ERROR, "", "longer than"),
	       "a file beyond the limit is refused");
	tap_ok(tap, description_parse(json, DESCRIPTION_MAX_FILE, "a", "a", &problems, &d) == 0,
	       "one of just the limit is not");

	for (size_t length = 255; length <= 256; length++) {
		_cleanup_(description_freep) struct description *long_one = NULL;

		snprintf(parameters, sizeof(parameters), "{" MEMORY ", \"parameters\": \"%0*d\"}",
			 (int)length, 0);
		tap_ok(tap,
		       (description_parse(parameters, strlen(parameters), "a", "a", &problems,
					  &long_one) == 0) == (length == 255),
		       "%zu bytes of parameters are %s", length,
		       length == 255 ? "taken" : "refused");
	}
	json[3] = '\0';
	tap_ok(tap,
	       description_parse(json, 100, "a", "a", &problems, &(struct description *){0}) ==
			       -EINVAL &&
		       has_problem(&problems, SEVERITY_ERROR, "", "zero byte"),
	       "a zero byte in the file is refused");
}

static void test_names(struct tap *tap)
{
	static const struct {
		const char *name;
		bool valid;
	} names[] = {
		{"turbine", true},
		{"a", true},
		{"0", true},
		{"a-b-", true},
		{"abcdefghijklmnopqrstuvwxyz01234", true},
		{"abcdefghijklmnopqrstuvwxyz012345", false},
		{"", false},
		{"-a", false},
		{"a/b", false},
		{"..", false},
		{"a.b", false},
		{"A", false},
		{"a_b", false},
		{"a\xc3\xa4", false},
		{"a\n", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *d = NULL;
		int r = description_parse("{" MEMORY "}", strlen("{" MEMORY "}"), "f",
					  names[i].name, &problems, &d);

		tap_ok(tap,
		       description_name_valid(names[i].name) == names[i].valid &&
			       (r == 0) == names[i].valid,
		       "name %zu is %s", i, names[i].valid ? "taken" : "refused");
	}
}

/* A cell of that name could be a peer of itself. */
static void test_root(struct tap *tap)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;

	tap_ok(tap,
	       description_parse("{" MEMORY "}", strlen("{" MEMORY "}"), "f", "root", &problems,
				 &d) == -EINVAL &&
		       has_problem(&problems, SEVERITY_ERROR, "", "Linux' own cell"),
	       "no cell is called root");
}

static void test_descriptors(struct tap *tap)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;
	int pipe_ends[2];
	FILE *file = tmpfile();

	fputs("{" MEMORY "}", file);
	rewind(file);
	tap_ok(tap, description_read(fileno(file), "f", "a", &problems, &d) == 0 && d,
	       "a file is read");
	fclose(file);

	if (pipe(pipe_ends) < 0)
		return;
	tap_ok(tap,
	       description_read(pipe_ends[0], "f", "a", &problems, &(struct description *){0}) ==
		       -EINVAL,
	       "a pipe is refused and not waited for");
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	tap_ok(tap, description_read(-1, "f", "a", &problems, &(struct description *){0}) == -EBADF,
	       "a closed descriptor is an error of its own");
}

int main(void)
{
	struct tap tap = {0};

	test_short(&tap);
	test_defaults(&tap);
	test_long(&tap);
	test_comm_behind(&tap);
	test_bad(&tap);
	test_places(&tap);
	test_hostile_values(&tap);
	test_flood(&tap);
	test_limits(&tap);
	test_names(&tap);
	test_root(&tap);
	test_descriptors(&tap);
	return tap_done(&tap);
}
