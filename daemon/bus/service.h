/* SPDX-License-Identifier: GPL-2.0-only */
/* org.cellmgr1 on the bus: the core's cells and manager as objects, their methods as jobs. */
#ifndef SERVICE_H
#define SERVICE_H

#include <systemd/sd-bus.h>

#include "common/cleanup.h"
#include "manager/core_events.h"
#include "util/cpu_mask.h"
#include "util/error.h"

struct check_call;
struct request;
struct subscription;
struct unit_order;
struct worker;

struct service {
	sd_bus *bus;
	struct manager *manager;
	struct request *requests;	    /* request.c */
	sd_bus_slot *vanished;		    /* while there are some: who goes from the bus */
	struct subscription *subscriptions; /* subscription.c */
	struct unit_order *orders;	    /* unit.c */
	sd_bus_slot *removals;		    /* of jobs that these are about, while there are some */
	sd_event_source *settling;	    /* what is put off a little; NULL: nothing */
	int inhibit_fd;			    /* inhibit.c: the lock; -1: none */
	sd_bus_slot *inhibit_call;
	bool inhibit_refused;	   /* and told */
	struct check_call *checks; /* check_call.c: whose images are read, in order */
	struct worker *reader;	   /* of them; NULL until it is needed */
};

/*
 * Makes the core and puts it on the bus, but for the bus name; machine_root as for manager_new().
 * Returns 0 or negative errno, with a line in the log.
 */
int service_new(sd_event *event, sd_bus *bus, const char *machine_root, struct service **ret);

/* Takes NULL. */
void service_free(struct service *service);
DEFINE_FREEP(struct service *, service_free)

/*
 * Cells, the hypervisor or the configuration have changed: logind and the service manager are told
 * of it a little later, when who waits for an answer has it, and once for all that has changed
 * until then.
 */
void service_settle(struct service *service);

/* PropertiesChanged for bits of properties, by their names. */
void service_tell_changes(const struct service *service, const char *path, const char *interface,
			  const char *const *names, uint32_t properties);

/* Replies with an error. For return from a method. */
int service_reply_error(sd_bus_error *ret_error, const struct error *error);

/* The same where nobody has seen yet which cells there are and what they do. */
int service_refuse_unseen(sd_bus_error *ret_error);

/* manager_bus.c: org.cellmgr1.Manager. */
int manager_bus_add(struct service *service);
void manager_bus_changed(uint32_t properties, void *userdata);

/* cell_bus.c: org.cellmgr1.Cell; userdata is the service. */
int cell_bus_add(struct service *service);
void cell_bus_added(const struct cell *cell, void *userdata);
void cell_bus_removed(const struct cell *cell, void *userdata);
void cell_bus_changed(const struct cell *cell, uint32_t properties, void *userdata);
void cell_bus_failed(const struct cell *cell, const char *reason, const char *crash_record,
		     void *userdata);
void cell_bus_stopped(const struct cell *cell, void *userdata);

/* An array of numbers. For return from a getter. */
int service_append_cpus(sd_bus_message *reply, const struct cpu_mask *cpus);

/* Keys of descriptions (model/description_diff.h) by their names, as. */
int service_append_keys(sd_bus_message *reply, uint32_t keys);

/* Path of a cell's object; what a foreign cell's name may hold is escaped. NULL without memory. */
char *cell_bus_path(const struct cell *cell);

#endif /* SERVICE_H */
