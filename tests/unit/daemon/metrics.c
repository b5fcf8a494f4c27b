// SPDX-License-Identifier: GPL-2.0-only
/* The figures, as text: written to the file that is named, and looked at. */
#include <math.h>

#include "manager/metrics.h"
#include "manager/signals.h"
#include "model_test.h"

static char *const names[] = {(char *)"alpha", (char *)"we \"i\\rd\n", (char *)"\xff\xfe"};

/* A value for each kind and quality, by the order of the description. */
void signals_read(const struct cell *cell, struct signal_reading *readings, size_t count)
{
	static const struct signal_reading all[] = {
		{.value = {.kind = SIGNAL_KIND_REAL, .real = 49.98}, .age_us = 1500000},
		{.value = {.kind = SIGNAL_KIND_TRUTH, .truth = true}, .quality = QUALITY_STALE},
		{.value = {.kind = SIGNAL_KIND_INTEGER, .integer = -7}, .quality = QUALITY_BAD},
		{.quality = QUALITY_UNCONNECTED, .age_us = SIGNAL_AGE_UNKNOWN},
		{.value = {.kind = SIGNAL_KIND_REAL, .real = -INFINITY}},
		{.value = {.kind = SIGNAL_KIND_REAL, .real = NAN}},
	};

	for (size_t i = 0; i < count; i++) {
		const struct description_signal *signal = readings[i].signal;

		if (cell->name != names[0]) {
			readings[i].value =
				(struct signal_value){.kind = SIGNAL_KIND_REAL, .real = 7};
			continue;
		}

		readings[i] = all[i];
		readings[i].signal = signal;
	}
}

const char *snapshot_exit_name(unsigned int reason)
{
	static const char *const reasons[EXITS_COUNT] = {"total", "mmio", "management"};

	return reasons[reason] ?: "other";
}

static struct manager make_manager(struct cell *cells, struct description *description)
{
	static struct description_signal signals[] = {
		{.name = (char *)"speed", .unit = (char *)"Hz"},
		{.name = (char *)"valve"},
		{.name = (char *)"wrong"},
		{.name = (char *)"nowhere"},
		{.name = (char *)"least",
		 .unit = (char *)"\xc2\xb0"
				 "C"},
		{.name = (char *)"none"},
	};
	static struct description_signal other_signal = {.name = (char *)"level"};
	static struct description others = {.signals = &other_signal, .num_signals = 1};
	struct manager manager = {
		.state = HYPERVISOR_ENABLED,
		.release = "1.2",
		.memory_total = 48 << 20,
		.memory_free = 47 << 20,
		.cells = cells,
	};

	description->signals = signals;
	description->num_signals = ARRAY_SIZE(signals);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cells[i] = (struct cell){
			.name = names[i],
			.next = i + 1 < ARRAY_SIZE(names) ? &cells[i + 1] : NULL,
			.state = i ? LIFECYCLE_FOREIGN : LIFECYCLE_RUNNING,
			.health = i ? HEALTH_UNKNOWN : HEALTH_OK,
		};
	cells[0].description = description;
	cells[1].description = &others;
	cells[0].memory = 1 << 20;
	cells[0].started_at = 1700000000500000;
	cells[0].exits_known = 3;
	cells[0].exits[0] = UINT64_MAX;
	cells[0].exits[1] = 3;
	cpu_mask_add(&cells[0].cpus, 3);
	for (size_t i = 0; i < 2; i++) {
		/* What was seen of one that does not exist any more is nothing. */
		cpu_mask_add(&cells[i].seen.cpus_failed, 3);
		cells[i].exists = i == 0;
	}
	cpu_mask_add(&manager.cpus_kept, 2);
	cpu_mask_add(&manager.cpus_kept, 3);
	cpu_mask_add(&manager.cpus_left_out, 5);
	return manager;
}

static const char *const lines[] = {
	"cellmgr_build_info{version=\"" CELLMGR_RELEASE "\",driver=\"1.2\"} 1",
	"cellmgr_hypervisor_enabled 1",
	"cellmgr_blind 0",
	"cellmgr_cpus_kept 2",
	"cellmgr_cpus_left_out 1",
	"cellmgr_cell_failed_cpus{cell=\"alpha\"} 1",
	"cellmgr_cell_failed_cpus{cell=\"we \\\"i\\\\rd\\n\"} 0",
	"cellmgr_cell_start_time_seconds{cell=\"\\\\xff\\\\xfe\"} 0",
	"cellmgr_signal_good{cell=\"alpha\",signal=\"speed\",unit=\"Hz\"} 1",
	"cellmgr_signal_good{cell=\"alpha\",signal=\"nowhere\",unit=\"\"} 0",
	"cellmgr_memory_bytes 50331648",
	"cellmgr_memory_free_bytes 49283072",
	"cellmgr_cell_state{cell=\"alpha\",state=\"running\"} 1",
	"cellmgr_cell_state{cell=\"alpha\",state=\"failed\"} 0",
	"cellmgr_cell_state{cell=\"we \\\"i\\\\rd\\n\",state=\"foreign\"} 1",
	"cellmgr_cell_state{cell=\"\\\\xff\\\\xfe\",state=\"foreign\"} 1",
	"cellmgr_cell_health{cell=\"alpha\",health=\"ok\"} 1",
	"cellmgr_cell_cpus{cell=\"alpha\"} 1",
	"cellmgr_cell_memory_bytes{cell=\"alpha\"} 1048576",
	"cellmgr_cell_start_time_seconds{cell=\"alpha\"} 1700000000.5",
	"cellmgr_cell_exits_total{cell=\"alpha\",reason=\"total\"} 18446744073709551615",
	"cellmgr_cell_exits_total{cell=\"alpha\",reason=\"mmio\"} 3",
	"cellmgr_signal{cell=\"alpha\",signal=\"speed\",unit=\"Hz\"} 49.979999999999997",
	"cellmgr_signal{cell=\"alpha\",signal=\"valve\",unit=\"\"} 1",
	"cellmgr_signal{cell=\"alpha\",signal=\"least\",unit=\"\xc2\xb0"
	"C\"} -Inf",
	"cellmgr_signal{cell=\"alpha\",signal=\"none\",unit=\"\"} NaN",
	"cellmgr_signal{cell=\"we \\\"i\\\\rd\\n\",signal=\"level\",unit=\"\"} 7",
	"cellmgr_signal_good{cell=\"alpha\",signal=\"valve\",unit=\"\"} 0",
	"cellmgr_signal_age_seconds{cell=\"alpha\",signal=\"speed\",unit=\"Hz\"} 1.5",
};

static const char *const absent[] = {
	"cellmgr_signal{cell=\"alpha\",signal=\"wrong\"",
	"cellmgr_signal{cell=\"alpha\",signal=\"nowhere\"",
	"cellmgr_signal_age_seconds{cell=\"alpha\",signal=\"nowhere\"",
	"reason=\"management\"",
};

int main(int argc, char *argv[])
{
	struct description description = {0};
	struct cell cells[ARRAY_SIZE(names)];
	const struct manager manager = make_manager(cells, &description);
	_cleanup_(freep) char *text = metrics_text(&manager);
	struct tap tap = {0};
	FILE *file;

	if (!tap_ok(&tap, text != NULL, "there is a text"))
		return tap_done(&tap);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(freep) char *line = NULL;

		if (asprintf(&line, "\n%s\n", lines[i]) < 0)
			abort();
		tap_ok(&tap, strstr(text, line) != NULL, "%s", lines[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		tap_ok(&tap, !strstr(text, absent[i]), "no %s", absent[i]);
	file = argc > 1 ? fopen(argv[1], "w") : NULL;
	if (argc > 1)
		tap_ok(&tap, file && fputs(text, file) >= 0 && fclose(file) == 0, "it is written");
	return tap_done(&tap);
}
