/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A steam turbine with its generator, feeding a network of its own, and the governor that keeps its
 * speed. Pure calculation in per-unit quantities, one step a call: the same numbers on a cell's
 * processor and in a test on the host.
 */
#ifndef TURBINE_MODEL_H
#define TURBINE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define TURBINE_RATED_RPM     3000.0
#define TURBINE_RATED_MW      50.0
#define TURBINE_RATED_HZ      50.0
#define TURBINE_PHASE_VOLTAGE 6062.0 /* effective, of 10.5 kV between the phases */
/*
 * Of the rated speed: the overspeed protection acts. Rotors stand 120 %. The governor keeps below
 * 109.5 % when the whole load goes at once, so more is a governor that has failed; and with the
 * valve fully open at the trip, the steam that is still in the chest brings the speed to 114 %.
 */
#define TURBINE_TRIP_SPEED    1.10

#define TURBINE_MAX_LOAD_STEPS 16

/* Electrical load by time. Before the first step the load is that of the first step. */
struct load_step {
	double time; /* s from the start of the profile */
	double load; /* 0 … 1 of the rated power */
};

struct load_profile {
	size_t count;
	struct load_step steps[TURBINE_MAX_LOAD_STEPS]; /* by ascending time */
	double period;					/* s until it begins again; 0: never */
};

/* What the plant is doing. */
struct plant {
	double speed;	    /* 1 = rated */
	double valve;	    /* 0 closed … 1 open */
	double power;	    /* mechanical, 1 = rated */
	double load;	    /* electrical, 1 = rated */
	double phase_angle; /* electrical, rad, 0 … 2π */
	bool tripped; /* the trip system's: its springs close the valve, whatever the command */
};

/* PID controller of the speed. */
struct governor {
	double set_point; /* 1 = rated */
	double integral;  /* its part of the valve position */
	double followed;  /* the speed, with the filter's lag */
	bool closing;	  /* the valve goes to closed whatever the speed */
};

/* Both at rest at the speed set_point under the load given. */
void turbine_init(struct plant *ret_plant, struct governor *ret_governor, double set_point,
		  double load);

/* The load at a time in s since the start. */
double load_profile_at(const struct load_profile *profile, double time);

/*
 * Reads "TIME:PERCENT,TIME:PERCENT,…", whole seconds and percent, times ascending. 0, or -EINVAL
 * with the profile untouched.
 */
int load_profile_parse(const char *text, struct load_profile *ret_profile);

/* One control cycle of dt s: returns the wanted valve position, 0 … 1. */
double governor_step(struct governor *governor, double speed, double dt);

/* In place of it while something else has the valve: it begins anew, from closed, at that speed. */
void governor_rest(struct governor *governor, double speed);

/* The plant moves on by dt s. */
void plant_step(struct plant *plant, double valve_command, double load, double dt);

/* Voltage of phase A at this moment, V. */
double plant_phase_voltage(const struct plant *plant);

#endif /* TURBINE_MODEL_H */
