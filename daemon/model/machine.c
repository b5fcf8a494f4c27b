// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/machine.h"
#include "util/read_text.h"

#define FILE_MAX (8u << 20) /* timer_list of a machine with hundreds of CPUs is large */

struct reader {
	const char *root;
	struct problems *problems;
	struct machine *machine;
};

/* Reads a whole file below the root; the text has a zero behind its end. -ENOENT is no problem. */
static int read_file(const struct reader *reader, const char *path, char **ret_text,
		     size_t *ret_length)
{
	const struct problem_place place = {.file = path};
	_cleanup_(freep) char *full = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	if (asprintf(&full, "%s%s", reader->root, path) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	fd = open(full, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : read_text(fd, FILE_MAX, ret_text, ret_length);
	if (r == 0 && *ret_length == FILE_MAX)
		r = -EFBIG;
	if (r < 0 && r != -ENOENT && r != -ENOMEM)
		problems_add(reader->problems, SEVERITY_ERROR, &place, "cannot be read: %s",
			     strerror(-r));
	return r;
}

static int broken(const struct reader *reader, const char *path, const char *what)
{
	const struct problem_place place = {.file = path};

	problems_add(reader->problems, SEVERITY_ERROR, &place, "%s", what);
	return -EINVAL;
}

static int missing(const struct reader *reader, const char *path)
{
	const struct problem_place place = {.file = path};

	problems_add(reader->problems, SEVERITY_ERROR, &place,
		     "is not there; is /proc or /sys mounted?");
	return -ENOENT;
}

static int read_resources(const struct reader *reader, const char *path,
			  struct machine_resources *ret)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = read_file(reader, path, &text, &length);

	if (r == -ENOENT)
		return missing(reader, path);
	if (r < 0)
		return r;
	r = machine_parse_resources(text, length, ret);
	if (r == -EINVAL)
		return broken(reader, path, "has a line that is no resource");
	return r;
}

/* Without CAP_SYS_ADMIN the kernel shows every address as 0. */
static int check_visible(const struct reader *reader)
{
	const struct problem_place place = {.file = "/proc/iomem"};
	const struct machine_resources *iomem = &reader->machine->iomem;

	for (size_t i = 0; i < iomem->count; i++) {
		if (iomem->items[i].end != 0)
			return 0;
	}
	problems_add(reader->problems, SEVERITY_ERROR, &place,
		     "shows no addresses; only root may see them");
	return -EPERM;
}

static int read_cpus(const struct reader *reader, const char *path, struct cpu_mask *ret)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = read_file(reader, path, &text, &length);

	if (r == -ENOENT)
		return missing(reader, path);
	if (r < 0)
		return r;
	if (cpu_mask_parse(text, ret) < 0 || cpu_mask_count(ret) == 0)
		return broken(reader, path,
			      "is no list of CPUs, or has more than this version can "
			      "manage");
	return 0;
}

static int read_processors(const struct reader *reader)
{
	struct machine *machine = reader->machine;
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r;

	r = read_cpus(reader, "/sys/devices/system/cpu/possible", &machine->possible);
	if (r == 0)
		r = read_cpus(reader, "/sys/devices/system/cpu/present", &machine->present);
	if (r == 0)
		r = read_cpus(reader, "/sys/devices/system/cpu/online", &machine->online);
	if (r < 0)
		return r;
	r = read_file(reader, "/proc/cpuinfo", &text, &length);
	if (r == -ENOENT)
		return missing(reader, "/proc/cpuinfo");
	if (r < 0)
		return r;
	machine_parse_cpuinfo(text, length, machine);
	return 0;
}

static int read_cmdline(const struct reader *reader)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = read_file(reader, "/proc/cmdline", &text, &length);

	if (r == 0)
		machine_parse_cmdline(text, length, reader->machine);
	return r == -ENOENT ? 0 : r;
}

static int read_timer(const struct reader *reader)
{
	const char *path = "/proc/timer_list";
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = read_file(reader, path, &text, &length);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = machine_parse_timer_list(text, length, &reader->machine->apic_khz,
				     &reader->machine->tsc_deadline);
	if (r == -EINVAL)
		return broken(reader, path, "has a lapic clock event device with no usable speed");
	return r == -ENOENT ? 0 : r;
}

typedef int (*acpi_parse)(const uint8_t *table, size_t length, struct machine *machine);

static int read_table(const struct reader *reader, const char *path, acpi_parse parse)
{
	_cleanup_(freep) char *table = NULL;
	size_t length;
	int r = read_file(reader, path, &table, &length);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (parse((const uint8_t *)table, length, reader->machine) < 0)
		return broken(reader, path, "is no valid ACPI table");
	return 0;
}

static int read_tables(const struct reader *reader)
{
	int r;

	r = read_table(reader, "/sys/firmware/acpi/tables/MCFG", machine_parse_mcfg);
	if (r == 0)
		r = read_table(reader, "/sys/firmware/acpi/tables/FACP", machine_parse_facp);
	if (r == 0)
		r = read_table(reader, "/sys/firmware/acpi/tables/APIC", machine_parse_madt);
	return r;
}

int machine_read(const char *root, struct problems *problems, struct machine **ret)
{
	_cleanup_(machine_freep) struct machine *machine = calloc(1, sizeof(*machine));
	const struct reader reader = {.root = root ?: "", .problems = problems, .machine = machine};
	int r;

	if (!machine)
		return -ENOMEM;
	r = read_resources(&reader, "/proc/iomem", &machine->iomem);
	if (r == 0)
		r = check_visible(&reader);
	if (r == 0)
		r = read_resources(&reader, "/proc/ioports", &machine->ioports);
	if (r == 0)
		r = read_processors(&reader);
	if (r == 0)
		r = read_cmdline(&reader);
	if (r == 0)
		r = read_timer(&reader);
	if (r == 0)
		r = read_tables(&reader);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(machine);
	return 0;
}

int machine_read_online(const char *root, struct machine *machine)
{
	_cleanup_(problems_done) struct problems problems = {0};
	const struct reader reader = {
		.root = root ?: "", .problems = &problems, .machine = machine};
	struct cpu_mask present, online;
	int r;

	r = read_cpus(&reader, "/sys/devices/system/cpu/present", &present);
	if (r == 0)
		r = read_cpus(&reader, "/sys/devices/system/cpu/online", &online);
	if (r < 0)
		return r;
	machine->present = present;
	machine->online = online;
	return 0;
}

void machine_free(struct machine *machine)
{
	if (!machine)
		return;
	machine_resources_done(&machine->iomem);
	machine_resources_done(&machine->ioports);
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
