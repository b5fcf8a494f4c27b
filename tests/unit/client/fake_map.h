/* SPDX-License-Identifier: GPL-2.0-only */
/* The stand-in's machine: 72 CPUs, of which two numbers are not there, and two pieces of memory. */
#ifndef FAKE_MAP_H
#define FAKE_MAP_H

#include <systemd/sd-bus.h>

/* Answers GetMap(). */
int fake_map_reply(sd_bus_message *message);

#endif /* FAKE_MAP_H */
