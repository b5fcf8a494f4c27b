/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes over the bus, as JSON values. */
#ifndef CLIENT_VALUE_H
#define CLIENT_VALUE_H

#include <json-c/json.h>
#include <systemd/sd-bus.h>

/* Any D-Bus value (the one at the message's read pointer, which moves on). Returns a negative errno
 * for what has no JSON form (descriptors) or is nested too deeply. */
int json_from_message(sd_bus_message *message, struct json_object **ret_value);

#endif /* CLIENT_VALUE_H */
