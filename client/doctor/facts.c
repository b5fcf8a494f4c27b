// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/util/read_text.h"
#include "doctor/facts.h"
#include "json.h"

#define FACT_MAX     (16u << 20) /* modules.dep, cpuinfo of a machine with hundreds of CPUs */
#define MAX_CPUS     8192
#define SEPARATORS   " \t\n"
#define ANSWER_WORDS 4

static char *path_below(const struct facts *facts, const char *format, va_list arguments)
{
	char *path = NULL;
	size_t size;
	FILE *stream = open_memstream(&path, &size);

	if (!stream)
		return NULL;
	fputs(facts->root, stream);
	vfprintf(stream, format, arguments);
	return memstream_end(stream, &path);
}

char *facts_path(const struct facts *facts, const char *path, ...)
{
	va_list list;
	char *full;

	va_start(list, path);
	full = path_below(facts, path, list);
	va_end(list);
	return full;
}

char *facts_text(const struct facts *facts, const char *path, ...)
{
	_cleanup_(freep) char *full = NULL;
	_cleanup_(closep) int fd = -1;
	char *text = NULL;
	size_t length;
	va_list list;

	va_start(list, path);
	full = path_below(facts, path, list);
	va_end(list);
	fd = full ? open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
	if (fd >= 0)
		errno = -read_text(fd, FACT_MAX, &text, &length);
	return text;
}

bool facts_exists(const struct facts *facts, const char *path)
{
	_cleanup_(freep) char *full = facts_path(facts, "%s", path);

	return full && access(full, F_OK) == 0;
}

static bool has_item(const char *text, const char *word, const char *separators)
{
	const size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length) {
		if ((at == text || strchr(separators, at[-1])) && strchr(separators, at[length]))
			return true;
	}
	return false;
}

static bool has_word(const char *text, const char *word)
{
	return has_item(text, word, SEPARATORS);
}

bool facts_has(const struct facts *facts, const char *path, const char *word)
{
	_cleanup_(freep) char *text = facts_text(facts, "%s", path);

	return text && has_word(text, word);
}

bool facts_flag(const struct facts *facts, const char *flag)
{
	return has_word(facts->cpuinfo, flag);
}

bool facts_option(const struct facts *facts, const char *word)
{
	return has_word(facts->cmdline, word);
}

bool facts_option_has(const struct facts *facts, const char *option, const char *item)
{
	_cleanup_(freep) char *words = strdup(facts->cmdline);
	char *rest = words, *word;

	while (words && (word = strsep(&rest, SEPARATORS))) {
		if (strncmp(word, option, strlen(option)) == 0 &&
		    has_item(word + strlen(option), item, ","))
			return true;
	}
	return false;
}

int facts_msr(const struct facts *facts, uint32_t number, uint64_t *ret)
{
	uint64_t value, all = 0;
	int r = -ENOENT;

	for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
		_cleanup_(freep) char *path = facts_path(facts, "/dev/cpu/%d/msr", cpu);
		_cleanup_(closep) int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

		if (fd < 0 && errno == ENXIO) /* offline */
			continue;
		if (fd < 0 && errno == ENOENT)
			break;
		if (fd < 0 || pread(fd, &value, sizeof(value), number) != sizeof(value))
			return -errno;
		all |= value;
		r = 0;
	}
	*ret = all;
	return r;
}

#ifdef __x86_64__
#include <cpuid.h>

static void ask(uint32_t leaf, uint32_t ret[ANSWER_WORDS])
{
	__cpuid(leaf, ret[0], ret[1], ret[2], ret[3]);
}
#else
static void ask(uint32_t leaf, uint32_t ret[ANSWER_WORDS])
{
}
#endif

void facts_cpuid(const struct facts *facts, uint32_t leaf, uint32_t ret[ANSWER_WORDS])
{
	_cleanup_(freep) char *path = facts_path(facts, "/dev/cpu/0/cpuid");
	_cleanup_(closep) int fd = -1;

	memset(ret, 0, ANSWER_WORDS * sizeof(*ret));
	if (!*facts->root) {
		ask(leaf, ret);
		return;
	}
	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0)
		(void)!pread(fd, ret, ANSWER_WORDS * sizeof(*ret), leaf);
}

static void read_hypervisor(struct facts *facts)
{
	uint32_t answer[ANSWER_WORDS];

	if (!facts_flag(facts, "hypervisor"))
		return;
	facts_cpuid(facts, 0x40000000, answer);
	memcpy(facts->hypervisor, &answer[1], sizeof(facts->hypervisor) - 1);
}

int facts_read(const char *root, struct facts *ret)
{
	struct facts facts = {.root = root};
	_cleanup_(freep) char *release = facts_text(&facts, "/proc/sys/kernel/osrelease");
	size_t length;

	facts.cpuinfo = facts_text(&facts, "/proc/cpuinfo") ?: strdup("");
	facts.cmdline = facts_text(&facts, "/proc/cmdline") ?: strdup("");
	facts.findings = json_object_new_array();
	facts.on = facts_has(&facts, "/sys/devices/jailhouse/enabled", "1");
	snprintf(facts.release, sizeof(facts.release), "%.*s",
		 release ? (int)strcspn(release, "\n") : 0, release ?: "");
	length = strspn(facts.release, "0123456789.-");
	while (length && !strchr("0123456789", facts.release[length - 1]))
		length--;
	memcpy(facts.version, facts.release, length);
	*ret = facts;
	if (!facts.cpuinfo || !facts.cmdline || !facts.findings) {
		facts_done(ret);
		return -ENOMEM;
	}
	read_hypervisor(ret);
	return 0;
}

void facts_done(struct facts *facts)
{
	free(facts->cpuinfo);
	free(facts->cmdline);
	json_object_put(facts->findings);
}
