// SPDX-License-Identifier: GPL-2.0-only
/*
 * cellmgr-generator [--root=DIR] NORMAL [EARLY LATE]: what descriptions say about the units of
 * their cells, as drop-ins for systemd, which runs this before it reads its units (see
 * systemd.generator(7)): at boot, and with every daemon-reload.
 *
 * Nothing runs yet that could be asked, and nothing of this may keep a machine from booting: what
 * is wrong with a description is told, its drop-in left out, and the exit status is 0 all the same.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "model/cell_dir.h"
#include "model/order.h"
#include "model/signal.h"
#include "util/write_text.h"

/* Before what an administrator writes, which counts more. */
#define DROP_IN "00-cell-description.conf"

static FILE *log_stream;

/* The journal may not be there yet. */
__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	va_list arguments;

	fprintf(log_stream, "<4>cellmgr-generator: ");
	va_start(arguments, format);
	vfprintf(log_stream, format, arguments);
	va_end(arguments);
	fputc('\n', log_stream);
	/* A record of the kernel's log is what is written at once. */
	fflush(log_stream);
}

static void tell_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		_cleanup_(freep) char *line = NULL;

		if (problems->items[i].severity != SEVERITY_ERROR)
			continue;
		line = problem_format(&problems->items[i]);
		tell("%s; the cell's unit has no order", line ? line : "out of memory");
	}
}

/* Of the cell's object on the bus: what is neither letter nor digit, and a digit at first. */
static void write_label(FILE *file, const char *name)
{
	for (const char *c = name; *c; c++) {
		if (*c == '-' || (c == name && *c >= '0' && *c <= '9'))
			fprintf(file, "_%02x", (unsigned char)*c);
		else
			fputc(*c, file);
	}
}

static void write_reload(FILE *file, const struct description *description)
{
	bool truth = false;

	for (size_t i = 0; i < description->num_signals; i++) {
		const struct description_signal *signal = &description->signals[i];

		if (strcmp(signal->name, description->reload_signal) == 0)
			truth = signal->type == SIGNAL_BOOL;
	}
	fprintf(file,
		"\n[Service]\nExecReload=/usr/bin/busctl -- call " BUS_NAME " " BUS_CELL_PATH "/");
	write_label(file, description->name);
	fprintf(file, " " BUS_CELL_INTERFACE " WriteSignal sv %s ", description->reload_signal);
	if (truth)
		fprintf(file, "b %s\n", description->reload_value != 0 ? "true" : "false");
	else
		fprintf(file, "d %.17g\n", description->reload_value);
}

static void write_drop_in(FILE *file, const struct cell_dir_entry *entry, bool ordered)
{
	const struct description *description = entry->description;
	const char *name;

	fprintf(file, "# Made of the cell's description by cellmgr-generator.\n[Unit]\n");
	fprintf(file, "SourcePath=%s\n", entry->path);
	for (size_t i = 0; ordered && (name = order_name(description, i)); i++)
		fprintf(file, "After=cell@%s.service\n", name);
	for (size_t i = 0; ordered && i < description->num_requires; i++)
		fprintf(file, "Requires=cell@%s.service\n", description->requires[i]);
	if (description->reload_signal)
		write_reload(file, description);
}

/* Returns 0 or negative errno. */
static int make_drop_in(const char *units, const struct cell_dir_entry *entry, bool ordered)
{
	_cleanup_(freep) char *directory = NULL, *file = NULL, *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return -ENOMEM;
	write_drop_in(stream, entry, ordered);
	if (fclose(stream) != 0)
		return -ENOMEM;
	directory = text_format("%s/cell@%s.service.d", units, entry->name);
	file = directory ? text_format("%s/" DROP_IN, directory) : NULL;
	if (!file)
		return -ENOMEM;
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	/* Half of it would be worse than nothing. */
	return write_text(file, text, 0644);
}

/* systemd would break a circle itself, by leaving out whatever job comes first. */
static bool is_ordered(const struct description *const *set, size_t count,
		       const struct cell_dir_entry *entry)
{
	size_t first;
	_cleanup_(freep) char *way = order_find_cycle(set, count, entry->description, &first);

	if (way)
		tell("%s: cell %s would come after itself (%s); its unit has no order", entry->path,
		     entry->name, way);
	return !way && order_name(entry->description, 0);
}

static void generate(const char *root, const char *units)
{
	_cleanup_(freep) const struct description **set = NULL;
	_cleanup_(cell_dir_freep) struct cell_dir *dir = NULL;
	size_t count = 0;

	if (cell_dir_load(root, &dir) < 0 || !(set = calloc(dir->count + 1, sizeof(*set)))) {
		tell("out of memory; no cell's unit has an order");
		return;
	}
	for (size_t i = 0; i < dir->count; i++) {
		tell_problems(&dir->entries[i].problems);
		if (dir->entries[i].description)
			set[count++] = dir->entries[i].description;
	}
	for (size_t i = 0; i < dir->count; i++) {
		const struct cell_dir_entry *entry = &dir->entries[i];
		bool ordered = entry->description && is_ordered(set, count, entry);
		int r = 0;

		if (ordered || (entry->description && entry->description->reload_signal))
			r = make_drop_in(units, entry, ordered);
		if (r < 0)
			tell("%s: cannot write a drop-in of cell@%s.service: %s", entry->path,
			     entry->name, strerror(-r));
	}
}

int main(int argc, char *argv[])
{
	const char *root = NULL;
	struct stat status;

	if (argc > 1 && strncmp(argv[1], "--root=", strlen("--root=")) == 0) {
		root = argv[1] + strlen("--root=");
		argc--;
		argv++;
	}
	log_stream = root ? NULL : fopen("/dev/kmsg", "we");
	if (!log_stream)
		log_stream = stderr;
	if (argc < 2 || stat(argv[1], &status) < 0 || !S_ISDIR(status.st_mode))
		tell("the first argument must be the directory to write to");
	else
		generate(root, argv[1]);
	return EXIT_SUCCESS;
}
