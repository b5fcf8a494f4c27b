/* SPDX-License-Identifier: GPL-2.0-only */
/* org.freedesktop.LogControl1, for `systemctl service-log-level`. */
#ifndef LOG_CONTROL_H
#define LOG_CONTROL_H

#include <systemd/sd-bus.h>

/* Adds the object. Only root may write. Returns 0 or negative errno. */
int log_control_add(sd_bus *bus);

#endif /* LOG_CONTROL_H */
