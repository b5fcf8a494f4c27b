// SPDX-License-Identifier: GPL-2.0-only
#include "turbine_control.h"

#include <math.h>
#include <string.h>

/* How near to its set point the generator must be to go on the network; 1 = rated. */
#define NEAR_ENOUGH 0.01

void control_init(struct turbine_control *control, const struct governor *governor)
{
	*control = (struct turbine_control){.governor = *governor, .on_network = true};
}

static void set_alarm(struct turbine_control *control, enum turbine_alarm alarm, bool there)
{
	if (there && !(control->alarms & alarm))
		control->alarm_count++;
	if (there)
		control->alarms |= alarm;
	else
		control->alarms &= ~(uint32_t)alarm;
	control->alarms_seen |= control->alarms;
}

static void trip(struct turbine_control *control, enum turbine_trip cause)
{
	if (control->trip == TURBINE_RUNS)
		control->trip = cause;
	set_alarm(control, TURBINE_ALARM_TRIPPED, true);
}

/* What is no number is in no range. */
static bool is_within(double value, double most)
{
	return value >= 0.0 && value <= most;
}

static bool is_same(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void take_speed(struct turbine_control *control, double rpm)
{
	bool good = is_within(rpm, TURBINE_MAX_SPEED_RPM);

	set_alarm(control, TURBINE_ALARM_SPEED_REFUSED, !good);
	if (good && !is_same(rpm, control->last.speed))
		control->governor.set_point = rpm / TURBINE_RATED_RPM;
}

static void take_load(struct turbine_control *control, double percent)
{
	bool good = is_within(percent, TURBINE_MAX_LOAD_PERCENT);

	set_alarm(control, TURBINE_ALARM_LOAD_REFUSED, !good);
	if (!good || is_same(percent, control->last.load))
		return;
	control->load_commanded = true;
	control->load = percent / 100.0;
}

/* Only a reset that is given while the machine is tripped counts: one that stood there before would
 * be no trip that lasts. */
static void take_reset(struct turbine_control *control, const struct turbine_commands *commands,
		       double speed)
{
	bool edge = commands->reset == 1 && control->last.reset == 0 && control->has_read;
	bool may = commands->trip != 1 && speed <= TURBINE_TRIP_SPEED;

	if (commands->reset != 1)
		set_alarm(control, TURBINE_ALARM_RESET_REFUSED, false);
	else if (edge)
		set_alarm(control, TURBINE_ALARM_RESET_REFUSED, !may);
	if (!edge || !may)
		return;
	control->trip = TURBINE_RUNS;
	set_alarm(control, TURBINE_ALARM_TRIPPED, false);
	control->alarms_seen = control->alarms;
}

void control_take(struct turbine_control *control, enum link_result result,
		  const struct turbine_commands *commands, uint64_t sequence, double speed)
{
	bool waits = result == LINK_BUSY || result == LINK_UNFINISHED;

	control->unread = waits ? control->unread + 1 : 0;
	set_alarm(control, TURBINE_ALARM_NO_COMMANDS,
		  waits ? control->unread >= TURBINE_COMMAND_PATIENCE
			: result != LINK_OK && result != LINK_NONE);
	if (result != LINK_OK)
		return;
	set_alarm(control, TURBINE_ALARM_SWITCH_REFUSED, commands->trip > 1 || commands->reset > 1);
	take_speed(control, commands->speed);
	take_load(control, commands->load);
	take_reset(control, commands, speed);
	if (commands->trip == 1)
		trip(control, TURBINE_TRIP_COMMAND);
	control->last = *commands;
	control->sequence = sequence;
	control->has_read = true;
}

double control_step(struct turbine_control *control, double speed, double dt, bool *ret_connected)
{
	double command = governor_step(&control->governor, speed, dt);

	/* So, and not the other way round: a speed that is no number is none to run at. */
	if (!(speed <= TURBINE_TRIP_SPEED))
		trip(control, TURBINE_TRIP_OVERSPEED);
	if (control->trip != TURBINE_RUNS) {
		governor_rest(&control->governor, speed);
		control->on_network = false;
		command = 0.0;
	} else if (!control->on_network) {
		control->on_network = fabs(speed - control->governor.set_point) < NEAR_ENOUGH;
	}
	/* With the valve closing there is nothing to feed a network with. */
	*ret_connected = control->on_network && !control->governor.closing;
	return command;
}
