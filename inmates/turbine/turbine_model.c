// SPDX-License-Identifier: GPL-2.0-only
#include "turbine_model.h"

#include <errno.h>
#include <math.h>

#define TWO_PI 6.28318530717958647692

/* The machine. Values of a middle-sized industrial set. */
#define INERTIA_CONSTANT 4.0  /* s: kinetic energy at rated speed by rated power ("H") */
#define DAMPING		 0.5  /* power lost per speed deviation: loads follow the frequency */
#define FRICTION	 0.02 /* power lost at rated speed where no load is left */
#define STEAM_LAG	 0.3  /* s: steam chest behind the valve */
#define VALVE_LAG	 0.1  /* s: servo */
#define VALVE_OPEN_RATE	 0.5  /* 1/s, at most */
#define VALVE_CLOSE_RATE 1.0  /* 1/s: closing is the safe direction and faster */
#define VALVE_TRIP_RATE	 4.0  /* 1/s: springs close it, without the servo */
#define VALVE_SEATED	 1e-4 /* closer than that to its seat it is closed */
#define MIN_SPEED	 0.05 /* below, torque is no longer power by speed */

/*
 * The speed answers to the valve by 1/2Hs and the two lags. The zero of the derivative part is on
 * the steam's lag (KD / KP = STEAM_LAG), which leaves the servo's as the only one that counts; so
 * the gain may be what brings the crossing to some KP / 2H = 3 rad/s: with that the speed comes
 * back in less than 3 s after 30 % of load, and the servo (15 deg), the filter (5 deg) and the
 * integral part (10 deg, KI / KP = 0.5 rad/s) leave 60 deg of phase margin. More would be of no
 * use: after such a step the valve moves at its rate. The derivative is that of the speed alone,
 * lest a new set point shakes the valve.
 */
#define KP     24.0
#define KI     12.0		/* 1/s */
#define KD     (KP * STEAM_LAG) /* s */
#define KD_LAG 0.03		/* s: of the filter, a tenth of what it is to make up for */
#define ANTI_WINDUP_LAG \
	0.5 /* s: how fast the integral part follows when the valve can do no more */

static double clamp(double value, double low, double high)
{
	return fmin(fmax(value, low), high);
}

/* What brakes beside the load. */
static double losses(double speed, double load)
{
	return load > 0.0 ? DAMPING * (speed - 1.0) : FRICTION * speed;
}

void turbine_init(struct plant *ret_plant, struct governor *ret_governor, double set_point,
		  double load)
{
	double power = load + losses(set_point, load);

	*ret_plant = (struct plant){
		.speed = set_point,
		.valve = clamp(power, 0.0, 1.0),
		.power = power,
		.load = load,
	};
	*ret_governor = (struct governor){
		.set_point = set_point,
		.integral = clamp(power, 0.0, 1.0),
		.followed = set_point,
	};
}

double load_profile_at(const struct load_profile *profile, double time)
{
	double load;

	if (profile->count == 0)
		return 0.0;
	if (profile->period > 0.0)
		time = fmod(time, profile->period);
	load = profile->steps[0].load;
	for (size_t n = 0; n < profile->count && profile->steps[n].time <= time; n++)
		load = profile->steps[n].load;
	return load;
}

static const char *parse_number(const char *text, unsigned int *ret_number)
{
	unsigned int number = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (*text - '0');
		if (number > 1000000)
			return NULL;
	}
	*ret_number = number;
	return text;
}

int load_profile_parse(const char *text, struct load_profile *ret_profile)
{
	struct load_profile profile = {.period = ret_profile->period};
	unsigned int time, percent;

	for (;;) {
		text = parse_number(text, &time);
		if (!text || *text != ':')
			return -EINVAL;
		text = parse_number(text + 1, &percent);
		if (!text || percent > 100 || profile.count == TURBINE_MAX_LOAD_STEPS)
			return -EINVAL;
		if (profile.count && time <= profile.steps[profile.count - 1].time)
			return -EINVAL;
		profile.steps[profile.count].time = time;
		profile.steps[profile.count++].load = percent / 100.0;
		if (!*text)
			break;
		if (*text++ != ',')
			return -EINVAL;
	}
	*ret_profile = profile;
	return 0;
}

double governor_step(struct governor *governor, double speed, double dt)
{
	double error = governor->set_point - speed;
	double acceleration = (speed - governor->followed) / KD_LAG;
	double wanted = KP * error + governor->integral - KD * acceleration;
	double possible = clamp(wanted, 0.0, 1.0);

	governor->followed += acceleration * dt;
	if (governor->closing)
		return 0.0;
	/* Where the valve is at its end, the integral part goes back instead of growing. */
	governor->integral += (KI * error + (possible - wanted) / ANTI_WINDUP_LAG) * dt;
	governor->integral = clamp(governor->integral, 0.0, 1.0);
	return possible;
}

void governor_rest(struct governor *governor, double speed)
{
	governor->integral = 0.0;
	governor->followed = speed;
}

static void move_valve(struct plant *plant, double command, double dt)
{
	double rate =
		clamp((command - plant->valve) / VALVE_LAG, -VALVE_CLOSE_RATE, VALVE_OPEN_RATE);

	if (plant->tripped)
		rate = -VALVE_TRIP_RATE;
	plant->valve = clamp(plant->valve + rate * dt, 0.0, 1.0);
	if (command == 0.0 && plant->valve < VALVE_SEATED)
		plant->valve = 0.0;
}

void plant_step(struct plant *plant, double valve_command, double load, double dt)
{
	double acceleration;

	move_valve(plant, clamp(valve_command, 0.0, 1.0), dt);
	plant->power += (plant->valve - plant->power) / STEAM_LAG * dt;
	plant->load = load;
	/* Swing equation: 2H dω/dt = (P_mechanical - P_electrical) / ω - losses. */
	acceleration = ((plant->power - plant->load) / fmax(plant->speed, MIN_SPEED) -
			losses(plant->speed, plant->load)) /
		       (2.0 * INERTIA_CONSTANT);
	plant->speed = fmax(plant->speed + acceleration * dt, 0.0);
	plant->phase_angle =
		fmod(plant->phase_angle + TWO_PI * TURBINE_RATED_HZ * plant->speed * dt, TWO_PI);
}

double plant_phase_voltage(const struct plant *plant)
{
	return sqrt(2.0) * TURBINE_PHASE_VOLTAGE * plant->speed * sin(plant->phase_angle);
}
