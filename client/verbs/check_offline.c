// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "daemon/model/config.h"
#include "daemon/util/cpu_mask.h"
#include "daemon/util/read_text.h"
#include "verbs/check_offline.h"

static void add_cpus(struct cpu_mask *cpus, const char *path)
{
	char line[4096];
	struct cpu_mask more;

	if (read_line(AT_FDCWD, path, line, sizeof(line)) == 0 && cpu_mask_parse(line, &more) == 0)
		*cpus = cpu_mask_union(cpus, &more);
}

/* Those that Linux has offline since cells have them, or will; cell 0 is Linux' own. */
static struct cpu_mask read_cell_cpus(void)
{
	struct cpu_mask cpus = {0};
	glob_t found;

	if (glob("/sys/devices/jailhouse/cells/[1-9]*/cpus_assigned_list", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_cpus(&cpus, found.gl_pathv[i]);
		globfree(&found);
	}
	add_cpus(&cpus, "/sys/devices/jailhouse/cpus_kept_list");
	return cpus;
}

/* What the daemon takes of its configuration, before there is a pool. */
static void set_limits(struct offline *offline, const struct config *config)
{
	struct check_input *input = &offline->input;
	uint64_t pool = config->reserved_memory.size ?: config->pool_size;

	if (!config->reserved_memory.size && config->pool_limit > pool)
		pool = config->pool_limit;
	input->machine = offline->machine;
	input->pool_size = pool - config->hypervisor_memory;
	input->whole_cores = config->whole_cores;
	input->signatures = config->require_signature;
	input->memory_node = config->has_memory_node ? config->memory_node : TOPOLOGY_NO_NODE;
	input->cell_cpus = read_cell_cpus();
}

int offline_begin(struct offline *offline)
{
	struct config config = {0};
	int r = machine_read_partly(NULL, &offline->notes, &offline->machine);

	if (r < 0 && r != -ENOMEM)
		problems_add(&offline->notes, SEVERITY_WARNING, NULL,
			     "not checked against the machine");
	if (r >= 0 && (r = config_read(CONFIG_FILE, &offline->notes, &config)) < 0 && r != -ENOMEM)
		r = config_parse("{}", 2, CONFIG_FILE, &(struct problems){0}, &config);
	if (offline->machine && r >= 0)
		set_limits(offline, &config);
	config_done(&config);
	if (r != -ENOMEM)
		r = cell_dir_load(NULL, &offline->installed);
	/* That something could not be read makes no description wrong. */
	for (size_t i = 0; i < offline->notes.count; i++)
		offline->notes.items[i].severity = SEVERITY_WARNING;
	return r == -ENOMEM ? r : 0;
}

void offline_end(struct offline *offline)
{
	machine_free(offline->machine);
	cell_dir_free(offline->installed);
	problems_done(&offline->notes);
}

int offline_check_dir(struct offline *offline, struct cell_dir *dir)
{
	const struct check_reading reading = {.signatures = offline->input.signatures};
	int r = offline->machine ? check_dir(&offline->input, dir) : 0;

	for (size_t i = 0; r >= 0 && i < dir->count; i++) {
		if (dir->entries[i].description)
			check_contents(&reading, dir->entries[i].description,
				       &dir->entries[i].problems);
	}
	return r;
}

static int parse(int fd, const char *path, const char *name, struct problems *problems,
		 struct description **ret)
{
	_cleanup_(freep) char *text = NULL;
	struct stat status;
	size_t length;
	int r;

	if (!description_name_valid(name))
		return problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = path),
				    "a cell's name, which is the file's, has 1 to %d of a-z, 0-9 "
				    "and -, the first not -; rename the file",
				    DESCRIPTION_MAX_NAME);
	/* Standard input may be a pipe. */
	if (strcmp(path, "-") != 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)))
		return description_read(fd, path, name, problems, ret);
	r = read_text(fd, DESCRIPTION_MAX_FILE + 1, &text, &length);
	return r < 0 ? r : description_parse(text, length, path, name, problems, ret);
}

int offline_check_file(struct offline *offline, int fd, const char *path, const char *name,
		       struct problems *problems)
{
	_cleanup_(freep) const struct description **set = NULL;
	_cleanup_(description_freep) struct description *description = NULL;
	struct check_input input = offline->input;
	int r = parse(fd, path, name, problems, &description);

	if (r < 0 && r != -ENOMEM && !problems->errors)
		problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = path),
			     "cannot be read: %s", strerror(-r));
	if (r < 0 || !offline->machine)
		return r == -ENOMEM ? r : 0;
	set = calloc(offline->installed->count + 1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < offline->installed->count; i++) {
		if (offline->installed->entries[i].description)
			set[input.num_descriptions++] = offline->installed->entries[i].description;
	}
	input.descriptions = set;
	r = check_cell(&input, description, problems);
	check_contents(&(struct check_reading){.signatures = input.signatures}, description,
		       problems);
	return r == -ENOMEM ? r : 0;
}
