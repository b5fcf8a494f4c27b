/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at the driver from a thread of its own, so that a driver that blocks does not stop the bus:
 * after its events, and periodically for drivers that have none. Heartbeats raise none: the thread
 * looks at those each period, and wakes the loop only where one stands still. It goes on while a
 * step is in progress: one that hangs must not hide what becomes of the other cells. A driver that
 * makes it wait meanwhile is told by what does not come.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include <systemd/sd-event.h>

#include "driver/snapshot.h"

#define OBSERVER_MAX_WATCHED  64
#define OBSERVER_MAX_CONSOLES 16
#define OBSERVER_CONSOLE_ROOM 16384u /* all that the hypervisor keeps */

/* A virtual console to be read, or written to, along with a look. */
struct observer_console {
	uint64_t serial; /* whose it is, for the receiver */
	int32_t id;
	bool is_input;	 /* bytes in buffer are for the cell; out: length, how many it took */
	uint64_t offset; /* in, out */
	uint64_t lost;	 /* out */
	uint32_t length; /* out, bytes in buffer */
	int result;	 /* out, 0 or negative errno */
	char buffer[OBSERVER_CONSOLE_ROOM];
};

/* What a look has brought. Taken down after the callback, which may take the snapshot over. */
struct observation {
	struct snapshot *snapshot; /* NULL where it failed */
	int error;		   /* then: negative errno */
	uint64_t epoch;		   /* of when it was asked for */
	struct observer_console *consoles;
	size_t num_consoles;
};

struct observer_callbacks {
	/* What came. */
	void (*observed)(struct observation *observation, void *userdata);
	/* Fills consoles (at most OBSERVER_MAX_CONSOLES) before a look and returns their number. */
	size_t (*consoles)(struct observer_console *consoles, void *userdata);
	/* Fills ids (at most OBSERVER_MAX_WATCHED) with the cells whose heartbeats have to move. */
	size_t (*watched)(int32_t *ids, void *userdata);
};

struct observer;

/* Returns 0 or negative errno. */
int observer_new(sd_event *event, const struct observer_callbacks *callbacks, void *userdata,
		 struct observer **ret);

/* Takes NULL. */
void observer_free(struct observer *observer);
DEFINE_FREEP(struct observer *, observer_free)

/* Looks as soon as possible, and again if a look is in progress. */
void observer_look(struct observer *observer);

/* Somebody asks for statistics: they are read once a second for some seconds. */
void observer_want_statistics(struct observer *observer);
bool observer_wants_statistics(const struct observer *observer);

/* When the driver was last through with something, monotonic µs. */
uint64_t observer_alive_us(const struct observer *observer);

/* Sets the period of looks, at heartbeats at least, in µs. */
void observer_set_period(struct observer *observer, uint64_t period_us);

/*
 * Looks anew, at once or soon; a look in progress is told by its epoch, which this increments, and
 * is followed by another one.
 */
void observer_restart(struct observer *observer, bool at_once);
uint64_t observer_epoch(const struct observer *observer);

#endif /* OBSERVER_H */
