// SPDX-License-Identifier: GPL-2.0-only
/* cellctl doctor and the kernel's hwlat tracer: what is told of what it saw, and that nothing of it
 * stays. */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "doctor_findings.h"
#include "tests/lib/tap.h"
#include "tests/unit/daemon/test_tree.h"

/* The kernel's files in a new instance of its tracing, and what was in them at its end. */
static const char *hwlat_trace; /* NULL: there is no such tracer */
static const char *threshold = "10\n";
static char last_tracer[16], last_on[4];
static char left_tracer[16]; /* of an instance that was there, when it went */

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __real_rmdir(const char *path);

static void put(const char *directory, const char *name, const char *text)
{
	char path[512];
	_cleanup_(fclosep) FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = text ? fopen(path, "w") : NULL;
	if (file)
		fputs(text, file);
	else
		remove(path);
}

static void take(const char *directory, const char *name, char *ret, size_t size)
{
	char path[512];
	_cleanup_(fclosep) FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	ret[file ? fread(ret, 1, size - 1, file) : 0] = '\0';
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	const int r = __real_mkdir(path, mode);

	if (r == 0 && strstr(path, "/instances/") && hwlat_trace) {
		put(path, "current_tracer", "nop--");
		put(path, "tracing_on", "1");
		put(path, "trace", hwlat_trace);
	}
	return r;
}

int __wrap_rmdir(const char *path)
{
	if (strstr(path, "/instances/")) {
		memcpy(left_tracer, last_tracer, sizeof(left_tracer));
		take(path, "current_tracer", last_tracer, sizeof(last_tracer));
		take(path, "tracing_on", last_on, sizeof(last_on));
		put(path, "current_tracer", NULL);
		put(path, "tracing_on", NULL);
		put(path, "trace", NULL);
	}
	return __real_rmdir(path);
}

static void test_smi(struct tap *tap, const char *name, const char *trace, const char *verdict,
		     const char *found, pid_t interrupter)
{
	struct test_tree tree;
	_cleanup_(json_putp) struct json_object *result = NULL;
	struct json_object *finding;

	test_tree_make(&tree);
	test_tree_write(&tree, "/sys/kernel/tracing/instances/.keep", "");
	test_tree_write(&tree, "/sys/kernel/tracing/tracing_thresh", threshold);
	hwlat_trace = trace;
	last_tracer[0] = '\0';
	result = doctor_examine(tree.root, interrupter ? 3600000000ull : 20000);
	finding = finding_of(result, "smi");
	tap_is_str(tap, text_of(finding, "verdict"), verdict, "%s: verdict", name);
	if (!tap_ok(tap, strstr(text_of(finding, "found"), found) != NULL, "%s: what is told",
		    name))
		tap_note(tap, "%s", text_of(finding, "found"));
	if (trace) {
		/* "nop" over "hwlat", which a file of the kernel's would not show. */
		tap_is_str(tap, last_tracer, "nopat", "%s: the tracer was used, and put back",
			   name);
		tap_is_str(tap, last_on, "0", "%s: it does not trace any more", name);
	}
	tap_ok(tap,
	       access(test_tree_path(&tree, "/sys/kernel/tracing/instances/cellctl-doctor"), F_OK) <
		       0,
	       "%s: its instance goes", name);
	test_tree_done(&tree);
}

/* Somebody presses ^C, or ^Z. */
static pid_t interrupt_soon(int number)
{
	const pid_t test = getpid(), child = fork();

	if (child)
		return child;
	usleep(200000);
	kill(test, number);
	_exit(0);
}

/* One that was killed has left an instance with its tracer on. */
static void test_left_instance(struct tap *tap)
{
	static const char instance[] = "/sys/kernel/tracing/instances/cellctl-doctor";
	_cleanup_(json_putp) struct json_object *result = NULL;
	struct test_tree tree;

	test_tree_make(&tree);
	hwlat_trace = "";
	test_tree_write(&tree, "/sys/kernel/tracing/instances/.keep", "");
	mkdir(test_tree_path(&tree, instance), 0700);
	put(test_tree_path(&tree, instance), "current_tracer", "hwlat");
	result = doctor_examine(tree.root, 1);
	tap_is_str(tap, text_of(finding_of(result, "smi"), "verdict"), "ok",
		   "an instance that was left is no hindrance");
	tap_is_str(tap, left_tracer, "nopat", "its tracer is put back before it goes");
	test_tree_done(&tree);
}

static void test_time(struct tap *tap)
{
	const uint64_t begin = monotonic_us(), asked = 1050000;
	_cleanup_(json_putp) struct json_object *result = NULL;
	struct test_tree tree;

	test_tree_make(&tree);
	hwlat_trace = "";
	test_tree_write(&tree, "/sys/kernel/tracing/instances/.keep", "");
	result = doctor_examine(tree.root, asked);
	tap_ok(tap, monotonic_us() - begin >= asked, "it looks as long as it is asked to");
	test_tree_done(&tree);
}

int main(void)
{
	struct tap tap = {0};

	test_smi(&tap, "without pauses", "# tracer: hwlat\n", "ok",
		 "no pause of 100 us or more; the longest: 0 us", 0);
	test_smi(&tap, "short pauses",
		 " <...>-1 [001] d.. 3.1: #1 inner/outer(us):   12/17    ts:1.2 count:1\n", "ok",
		 "the longest: 17 us", 0);
	test_smi(&tap, "a long one",
		 " <...>-1 [001] d.. 3.1: #1 inner/outer(us):   12/17    ts:1.2 count:1\n"
		 " <...>-1 [000] d.. 4.1: #2 inner/outer(us):  412/9    ts:2.2 nmi-total:0\n",
		 "warn", "up to 412 us", 0);
	test_smi(&tap, "interrupted", "", "ok", "no pause", interrupt_soon(SIGINT));
	test_smi(&tap, "stopped", "", "ok", "no pause", interrupt_soon(SIGTSTP));
	threshold = "2500\n";
	test_smi(&tap, "with somebody's threshold", "", "ok", "no pause of 2500 us or more", 0);
	test_smi(&tap, "no such tracer", NULL, "unknown", "cannot be used: No such file", 0);
	test_left_instance(&tap);
	test_time(&tap);
	return tap_done(&tap);
}
