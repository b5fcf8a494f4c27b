/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of the stand-in that have no state. */
#ifndef FAKE_ANSWERS_H
#define FAKE_ANSWERS_H

#include <systemd/sd-bus.h>

/* GetMap(): 72 CPUs, of which two numbers are not there, and two pieces of memory. */
int fake_get_map(sd_bus_message *message, void *context, sd_bus_error *error);

/*
 * SummarizeCells(), of cells as they are at first; uptime of the one that runs, in µs. With
 * FAKE_SUMMARY in the environment of 200 cells: "many", or "uneven" with columns that differ.
 */
int fake_summary_reply(sd_bus_message *message, uint64_t uptime);

/* CheckRoom(): there is none; with FAKE_ROOM in the environment the cell has been created. */
int fake_room_reply(sd_bus_error *error);

/* CheckAll(). */
int fake_check_all_reply(sd_bus_message *message);

/* Check(), by what is in the description. */
int fake_check(sd_bus_message *message, void *context, sd_bus_error *error);

/* Plan, and Apply of it. */
int fake_plan_reply(sd_bus_message *message);
int fake_apply(sd_bus_message *message, int fails, sd_bus_error *error);

#endif /* FAKE_ANSWERS_H */
