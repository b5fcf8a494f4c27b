// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "model/machine.h"
#include "util/read_text.h"

#define FILE_MAX (8u << 20) /* timer_list of a machine with hundreds of CPUs is large */

struct reader {
	const char *root;
	struct problems *problems;
	struct machine *machine;
	bool partly; /* what the caller may not see is told, and left out */
};

/* What the kernel shows to root only. */
static int unseen(const struct reader *reader, const char *path, const char *what, int error)
{
	problems_add(reader->problems, reader->partly ? SEVERITY_WARNING : SEVERITY_ERROR,
		     PROBLEM_AT(.file = path), "%s", what);
	return reader->partly ? 0 : error;
}

/* Reads a whole file below the root; the text has a zero behind its end. -ENOENT is no problem. */
static int read_file(const struct reader *reader, const char *path, char **ret_text,
		     size_t *ret_length)
{
	_cleanup_(freep) char *full = text_format("%s%s", reader->root, path);
	_cleanup_(closep) int fd = -1;
	int r;

	if (!full)
		return -ENOMEM;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : read_text(fd, FILE_MAX, ret_text, ret_length);
	if (r == 0 && *ret_length == FILE_MAX)
		r = -EFBIG;
	if (r < 0 && r != -ENOENT && r != -ENOMEM && !(reader->partly && r == -EACCES))
		problems_add(reader->problems, SEVERITY_ERROR, PROBLEM_AT(.file = path),
			     "cannot be read: %s", strerror(-r));
	return r;
}

static int complain(const struct reader *reader, const char *path, const char *what, int error)
{
	problems_add(reader->problems, SEVERITY_ERROR, PROBLEM_AT(.file = path), "%s", what);
	return error;
}

/* Without CAP_SYS_ADMIN the kernel shows every address as 0. */
static int check_visible(const struct reader *reader)
{
	const struct machine_resources *iomem = &reader->machine->iomem;

	for (size_t i = 0; i < iomem->count; i++) {
		if (iomem->items[i].end != 0)
			return 0;
	}
	return unseen(reader, "/proc/iomem", "shows no addresses; only root may see them", -EPERM);
}

static int parse_iomem(const void *text, size_t length, struct machine *machine)
{
	return machine_parse_resources(text, length, &machine->iomem);
}

static int parse_ioports(const void *text, size_t length, struct machine *machine)
{
	return machine_parse_resources(text, length, &machine->ioports);
}

#define DEFINE_PARSE_CPUS(mask)                                                                    \
	static int parse_##mask(const void *text, size_t length, struct machine *machine)          \
	{                                                                                          \
		return cpu_mask_parse(text, &machine->mask) < 0 || !cpu_mask_count(&machine->mask) \
			       ? -EINVAL                                                           \
			       : 0;                                                                \
	}
DEFINE_PARSE_CPUS(possible)
DEFINE_PARSE_CPUS(present)
DEFINE_PARSE_CPUS(online)

/* "on", "off", "forceoff", "notsupported", "notimplemented", or a number of threads. */
static int parse_smt(const void *text, size_t length, struct machine *machine)
{
	machine->smt_off = strstr(text, "off") != NULL;
	return 0;
}

struct source {
	const char *path;
	/* -EINVAL where it makes no sense, -ENOENT where it does not say; -ENOMEM. */
	machine_parse *parse;
	const char *broken; /* what is told of it then */
	bool optional;
};

#define CPUS(mask)                                                                             \
	{                                                                                      \
		"/sys/devices/system/cpu/" #mask, parse_##mask,                                \
			"is no list of CPUs, or has more than this version can manage", false, \
	}
#define SMT_CONTROL                                                          \
	{                                                                    \
		"/sys/devices/system/cpu/smt/control", parse_smt, NULL, true \
	}
#define TABLE(name, parse)                                                               \
	{                                                                                \
		"/sys/firmware/acpi/tables/" name, parse, "is no valid ACPI table", true \
	}

static const struct source pin_users = {"/proc/interrupts", machine_parse_interrupts, NULL, true};
static const struct source present_cpus = CPUS(present), online_cpus = CPUS(online);
static const struct source smt_control = SMT_CONTROL;

static const struct source sources[] = {
	{"/proc/iomem", parse_iomem, "has a line that is no resource", false},
	{"/proc/ioports", parse_ioports, "has a line that is no resource", false},
	CPUS(possible),
	CPUS(present),
	CPUS(online),
	SMT_CONTROL,
	{"/proc/cmdline", machine_parse_cmdline, NULL, true},
	{"/proc/timer_list", machine_parse_timer_list,
	 "has a lapic clock event device with no usable speed", true},
	{"/proc/interrupts", machine_parse_interrupts, NULL, true},
	TABLE("MCFG", machine_parse_mcfg),
	TABLE("FACP", machine_parse_facp),
	TABLE("APIC", machine_parse_madt),
	TABLE("DMAR", machine_parse_dmar),
	TABLE("IVRS", machine_parse_ivrs),
};

static int read_source(const struct reader *reader, const struct source *source)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = read_file(reader, source->path, &text, &length);

	if (r == -EACCES && reader->partly)
		return source->optional ? 0
					: unseen(reader, source->path, "only root may see it", r);
	if (r == -ENOENT && !source->optional)
		return complain(reader, source->path, "is not there; is /proc or /sys mounted?",
				-ENOENT);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = source->parse(text, length, reader->machine);
	if (r == -EINVAL)
		return complain(reader, source->path, source->broken, -EINVAL);
	return r == -ENOENT ? 0 : r;
}

static int read_machine(const char *root, bool partly, struct problems *problems,
			struct machine **ret)
{
	_cleanup_(machine_freep) struct machine *machine = calloc(1, sizeof(*machine));
	const struct reader reader = {root ?: "", problems, machine, partly};
	int r = machine && (machine->root = strdup(reader.root)) ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sources); i++) {
		r = read_source(&reader, &sources[i]);
		if (r == 0 && sources[i].parse == parse_iomem)
			r = check_visible(&reader);
	}
	if (r < 0)
		return r;
	r = machine_read_pci(root, machine);
	if (r < 0)
		return complain(&reader, "/sys/bus/pci/devices", "cannot be read", r);
	topology_read(reader.root, &machine->online, &machine->topology);
	*ret = TAKE_POINTER(machine);
	return 0;
}

int machine_read(const char *root, struct problems *problems, struct machine **ret)
{
	return read_machine(root, false, problems, ret);
}

int machine_read_partly(const char *root, struct problems *problems, struct machine **ret)
{
	return read_machine(root, true, problems, ret);
}

int machine_read_online(const char *root, struct machine *machine)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct machine now = {0};
	const struct reader reader = {.root = root ?: "", .problems = &problems, .machine = &now};
	int r;

	r = read_source(&reader, &present_cpus);
	if (r == 0)
		r = read_source(&reader, &online_cpus);
	if (r == 0)
		r = read_source(&reader, &smt_control);
	if (r < 0)
		return r;
	machine->present = now.present;
	machine->online = now.online;
	machine->smt_off = now.smt_off;
	topology_read(reader.root, &machine->online, &machine->topology);
	return 0;
}

void machine_inherit(struct machine *machine, const struct machine *before)
{
	if (!before)
		return;
	machine->topology = before->topology;
	topology_read(machine->root, &machine->online, &machine->topology);
}

static void free_pin_users(struct machine *machine)
{
	for (size_t pin = 0; pin < MACHINE_IOAPIC_PINS; pin++)
		free(machine->pin_users[pin]);
}

int machine_read_pins(const char *root, struct machine *machine)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct machine now = {0};
	const struct reader reader = {.root = root ?: "", .problems = &problems, .machine = &now};
	int r = read_source(&reader, &pin_users);

	if (r < 0) {
		free_pin_users(&now);
		return r;
	}
	free_pin_users(machine);
	memcpy(machine->pin_users, now.pin_users, sizeof(now.pin_users));
	return 0;
}

void machine_free(struct machine *machine)
{
	if (!machine)
		return;
	free_pin_users(machine);
	machine_resources_done(&machine->iomem);
	machine_resources_done(&machine->ioports);
	free(machine->pci);
	free(machine->root);
	free(machine);
}

bool machine_is_ram(const struct machine *machine, struct address_range range)
{
	if (range.size == 0)
		return false;
	for (size_t i = 0; i < machine->iomem.count; i++) {
		const struct machine_resource *resource = &machine->iomem.items[i];

		if (resource->depth == 0 && strcmp(resource->name, "System RAM") == 0 &&
		    range.start <= resource->end &&
		    resource->start <= range.start + (range.size - 1))
			return true;
	}
	return false;
}
