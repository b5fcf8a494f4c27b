/* SPDX-License-Identifier: GPL-2.0-only */
/* What the stand-in was asked, a line for each call. */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

bool log_open(const char *path);

void log_call(sd_bus_message *message, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* FAKE_LOG_H */
