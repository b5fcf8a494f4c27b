/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent of the bus tests, see agent.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <systemd/sd-bus.h>

#define MAX_WORDS 512

struct words {
	char *word[MAX_WORDS];
	size_t count, next;
};

/* The next one, or NULL. */
const char *agent_take(struct words *words);

/* Escaped, without quotes. */
void agent_put_string(FILE *out, const char *text);

/* All values of the container in which the message is, a blank between two of them. */
void agent_put_values(FILE *out, sd_bus_message *message, bool first);

/* All words that are left, by the signature. -EINVAL: they do not fit it. -EOPNOTSUPP: busctl
 * could. */
int agent_append_values(sd_bus_message *message, const char *signature, struct words *words);

/* The request "same", see agent.c. */
int agent_same(struct words *words, FILE *out);
