// SPDX-License-Identifier: GPL-2.0-only
#include "turbine_cycle.h"

#define CYCLE_S (1.0 / TURBINE_TELEMETRY_HZ)

void turbine_start(struct turbine *turbine, double set_point, const struct load_profile *profile,
		   uint64_t period)
{
	struct governor governor;

	*turbine = (struct turbine){.profile = profile};
	turbine_init(&turbine->plant, &governor, set_point, load_profile_at(profile, 0.0));
	control_init(&turbine->control, &governor);
	cycle_clock_init(&turbine->clock, period);
}

static void take_commands(struct turbine *turbine)
{
	const struct turbine_exchange *exchange = turbine->exchange;
	struct turbine_commands commands = {0};
	struct link_stamp stamp = {0};
	enum link_result result;

	if (!exchange->common)
		return;
	result = link_read(exchange->common, exchange->common_bytes, 0, &commands, sizeof(commands),
			   &stamp);
	control_take(&turbine->control, result, &commands, stamp.sequence, turbine->plant.speed);
}

static void tell(struct turbine *turbine, uint64_t now)
{
	const struct turbine_control *control = &turbine->control;
	struct turbine_telemetry telemetry = {
		.speed = turbine->plant.speed * TURBINE_RATED_RPM,
		.valve = turbine->plant.valve * 100.0,
		.power = turbine->plant.power * TURBINE_RATED_MW,
		.load = turbine->plant.load * 100.0,
		.speed_setpoint = control->governor.set_point * TURBINE_RATED_RPM,
		.load_setpoint = turbine->load_setpoint * 100.0,
		.cycle = turbine->clock.cycles,
		.skipped = turbine->clock.skipped,
		.doubled = turbine->clock.doubled,
		.commands = control->sequence,
		.alarms = control->alarms,
		.alarms_seen = control->alarms_seen,
		.alarm_count = control->alarm_count,
		.trip = control->trip,
	};

	telemetry.check = turbine_check(&telemetry);
	link_write(&turbine->exchange->telemetry, 0, &telemetry, sizeof(telemetry), now);
}

bool turbine_cycle(struct turbine *turbine, uint64_t now)
{
	struct turbine_control *control = &turbine->control;
	double command;
	bool connected, alarm;

	cycle_clock_tick(&turbine->clock, now);
	if (turbine->exchange)
		take_commands(turbine);
	command = control_step(control, turbine->plant.speed, CYCLE_S, &connected);
	turbine->load_setpoint =
		control->load_commanded
			? control->load
			: load_profile_at(turbine->profile, turbine->clock.cycles * CYCLE_S);
	turbine->plant.tripped = control->trip != TURBINE_RUNS;
	plant_step(&turbine->plant, command, connected ? turbine->load_setpoint : 0.0, CYCLE_S);
	turbine->voltage = plant_phase_voltage(&turbine->plant);
	if (turbine->exchange)
		tell(turbine, now);
	alarm = control->alarm_count != turbine->told_alarms;
	turbine->told_alarms = control->alarm_count;
	return alarm;
}
