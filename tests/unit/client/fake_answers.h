/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of the stand-in that have no state. */
#ifndef FAKE_ANSWERS_H
#define FAKE_ANSWERS_H

#include <systemd/sd-bus.h>

/* GetMap(): 72 CPUs, of which two numbers are not there, and two pieces of memory. */
int fake_map_reply(sd_bus_message *message);

/* CheckAll(). */
int fake_check_all_reply(sd_bus_message *message);

/* Check() of a description with this text: an error where it has "bad" in it, a warning for "odd".
 */
int fake_check_reply(sd_bus_message *message, const char *text);

#endif /* FAKE_ANSWERS_H */
