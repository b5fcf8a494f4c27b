// SPDX-License-Identifier: GPL-2.0-only
#include "manager/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/bus_words.h"
#include "common/utf8.h"
#include "manager/signals.h"

/* Only types that are the same in the older format, which many collectors read. */
static void begin(FILE *out, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

/* A label's value; a foreign cell's name may be anything. */
static void put_text(FILE *out, const char *text)
{
	const bool valid = utf8_is_valid(text);

	for (; *text; text++) {
		if (!valid && *text & 0x80)
			fprintf(out, "\\\\x%02x", (unsigned char)*text);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void put_label(FILE *out, const char *before, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", before, name);
	put_text(out, value);
	fputc('"', out);
}

static void put_number(FILE *out, const char *name, const char *type, const char *unit,
		       uint64_t number, const char *help)
{
	begin(out, name, type, unit, help);
	fprintf(out, "%s %" PRIu64 "\n", name, number);
}

static void put_hypervisor(FILE *out, const struct manager *manager)
{
	begin(out, "cellmgr_build_info", "gauge", NULL, "Always 1; versions are labels.");
	put_label(out, "cellmgr_build_info{", "version", CELLMGR_RELEASE);
	put_label(out, ",", "driver", manager->release);
	fputs("} 1\n", out);
	put_number(out, "cellmgr_hypervisor_enabled", "gauge", NULL,
		   manager->state == HYPERVISOR_ENABLED, "Whether the hypervisor is on.");
	put_number(out, "cellmgr_blind", "gauge", NULL, manager->blind,
		   "Whether the driver does not tell what becomes of cells.");
	put_number(out, "cellmgr_memory_bytes", "gauge", "bytes", manager->memory_total,
		   "Memory of the pool for cells.");
	put_number(out, "cellmgr_memory_free_bytes", "gauge", "bytes", manager->memory_free,
		   "What no cell has of it.");
	put_number(out, "cellmgr_cpus_kept", "gauge", NULL, cpu_mask_count(&manager->cpus_kept),
		   "CPUs that are kept out of Linux for cells.");
	put_number(out, "cellmgr_cpus_left_out", "gauge", NULL,
		   cpu_mask_count(&manager->cpus_left_out),
		   "CPUs that neither Linux nor a cell has.");
}

static void put_cell_word(FILE *out, const char *metric, const struct cell *cell, const char *label,
			  const char *word, bool is_it)
{
	fputs(metric, out);
	put_label(out, "{", "cell", cell->name);
	put_label(out, ",", label, word);
	fprintf(out, "} %d\n", is_it);
}

static void put_words(FILE *out, const struct manager *manager)
{
	begin(out, "cellmgr_cell_state", "gauge", NULL, "1 for the state of a cell, 0 for others.");
	for (const struct cell *cell = manager->cells; cell; cell = cell->next)
		for (unsigned int i = 0; i < LIFECYCLE_COUNT; i++)
			put_cell_word(out, "cellmgr_cell_state", cell, "state", lifecycle_name(i),
				      cell->state == i);
	begin(out, "cellmgr_cell_health", "gauge", NULL, "1 for the health of a cell.");
	for (const struct cell *cell = manager->cells; cell; cell = cell->next)
		for (unsigned int i = 0; i < HEALTH_COUNT; i++)
			put_cell_word(out, "cellmgr_cell_health", cell, "health", health_name(i),
				      cell->health == i);
}

static double get_cpus(const struct cell *cell)
{
	return cpu_mask_count(&cell->cpus);
}

static double get_failed_cpus(const struct cell *cell)
{
	return cell->exists ? cpu_mask_count(&cell->seen.cpus_failed) : 0;
}

static double get_memory(const struct cell *cell)
{
	return (double)cell->memory;
}

static double get_start(const struct cell *cell)
{
	return (double)cell->started_at / 1e6;
}

static void put_cells(FILE *out, const struct manager *manager)
{
	static const struct {
		const char *name, *unit;
		double (*get)(const struct cell *cell);
		const char *help;
	} figures[] = {
		{"cellmgr_cell_cpus", NULL, get_cpus, "CPUs of a cell."},
		{"cellmgr_cell_failed_cpus", NULL, get_failed_cpus, "Those that have failed."},
		{"cellmgr_cell_memory_bytes", "bytes", get_memory, "Memory of a cell's own."},
		{"cellmgr_cell_start_time_seconds", "seconds", get_start,
		 "When it was started last, since the epoch; 0 for never."},
	};

	put_words(out, manager);
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		begin(out, figures[i].name, "gauge", figures[i].unit, figures[i].help);
		for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
			put_label(out, figures[i].name, "{cell", cell->name);
			fprintf(out, "} %.17g\n", figures[i].get(cell));
		}
	}
	begin(out, "cellmgr_cell_exits", "counter", NULL,
	      "Exits of a cell to the hypervisor since it was created.");
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		for (unsigned int i = 0; i < EXITS_COUNT; i++) {
			if (!(cell->exits_known & (1u << i)))
				continue;
			put_label(out, "cellmgr_cell_exits_total{", "cell", cell->name);
			put_label(out, ",", "reason", snapshot_exit_name(i));
			fprintf(out, "} %" PRIu64 "\n", cell->exits[i]);
		}
	}
}

static void put_real(FILE *out, double number)
{
	if (isnan(number))
		fputs("} NaN\n", out);
	else if (isinf(number))
		fprintf(out, "} %cInf\n", number < 0 ? '-' : '+');
	else
		fprintf(out, "} %.17g\n", number);
}

static size_t count_signals(const struct cell *cell)
{
	return cell->description ? cell->description->num_signals : 0;
}

/* False: there is none. */
static bool get_value(const struct signal_reading *reading, double *ret)
{
	*ret = signal_value_real(&reading->value);
	return reading->quality == QUALITY_GOOD || reading->quality == QUALITY_STALE;
}

static bool get_good(const struct signal_reading *reading, double *ret)
{
	*ret = reading->quality == QUALITY_GOOD;
	return true;
}

static bool get_age(const struct signal_reading *reading, double *ret)
{
	*ret = (double)reading->age_us / 1e6;
	return reading->age_us != SIGNAL_AGE_UNKNOWN;
}

static void put_signals(FILE *out, const struct manager *manager,
			const struct signal_reading *readings)
{
	static const struct {
		const char *name, *unit;
		bool (*get)(const struct signal_reading *reading, double *ret);
		const char *help;
	} families[] = {
		{"cellmgr_signal", NULL, get_value, "Value of a cell's signal."},
		{"cellmgr_signal_good", NULL, get_good, "Whether it is there and new enough."},
		{"cellmgr_signal_age_seconds", "seconds", get_age,
		 "Time since the block that it is in was written."},
	};

	for (size_t n = 0; n < ARRAY_SIZE(families); n++) {
		const struct signal_reading *reading = readings;

		begin(out, families[n].name, "gauge", families[n].unit, families[n].help);
		for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
			for (size_t i = 0; i < count_signals(cell); i++, reading++) {
				double number;

				if (!families[n].get(reading, &number))
					continue;
				put_label(out, families[n].name, "{cell", cell->name);
				put_label(out, ",", "signal", reading->signal->name);
				put_label(out, ",", "unit", reading->signal->unit ?: "");
				put_real(out, number);
			}
		}
	}
}

/* All of them, in the order of cells and descriptions. NULL without memory. */
static struct signal_reading *read_signals(const struct manager *manager)
{
	struct signal_reading *readings, *next;
	size_t count = 0;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next)
		count += count_signals(cell);
	next = readings = calloc(count + 1, sizeof(*readings));
	for (const struct cell *cell = manager->cells; readings && cell; cell = cell->next) {
		count = count_signals(cell);
		for (size_t i = 0; i < count; i++)
			next[i].signal = &cell->description->signals[i];
		if (count)
			signals_read(cell, next, count);
		next += count;
	}
	return readings;
}

char *metrics_text(const struct manager *manager)
{
	_cleanup_(freep) struct signal_reading *readings = read_signals(manager);
	char *text = NULL;
	size_t size;
	FILE *out = readings ? open_memstream(&text, &size) : NULL;

	if (!out)
		return NULL;
	put_hypervisor(out, manager);
	put_cells(out, manager);
	put_signals(out, manager, readings);
	fputs("# EOF\n", out);
	return memstream_end(out, &text);
}
