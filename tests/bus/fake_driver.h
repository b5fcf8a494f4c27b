/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake of the driver for tests of the daemon: a process of its own, so that what it holds
 * survives the daemon as the real driver's state does. The daemon reaches it through
 * fake_preload.so, which turns its ioctls into requests on a socket; arguments are read and written
 * in the daemon's memory (/proc/PID/mem). Tests script it through `fake-driver COMMAND…`.
 */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "blob.h"
#include "driver_abi.h"
#include "sysfs_abi.h"

#define FAKE_DIRECTORY	    "/run/fake"
#define FAKE_DRIVER_SOCKET  FAKE_DIRECTORY "/driver"  /* opens of the device */
#define FAKE_CALL_SOCKET    FAKE_DIRECTORY "/call"    /* ioctls, one connection each */
#define FAKE_CONTROL_SOCKET FAKE_DIRECTORY "/control" /* lines of commands */
#define FAKE_SYSFS	    FAKE_DIRECTORY "/sysfs"
#define FAKE_CELLS	    FAKE_SYSFS "/" SYSFS_CELLS

struct fake_request {
	int32_t pid;
	uint32_t reserved;
	uint64_t request;
	uint64_t argument;
};

struct fake_reply {
	int32_t result; /* 0, negative errno, or FAKE_STUCK with another reply to follow */
};

/* From now on the call cannot be interrupted. */
#define FAKE_STUCK 1

/* Root of the machine that the daemon is told of. */
#define FAKE_MACHINE "/usr/lib/cellmgr-test/machine"

#define FAKE_MAX_CELLS	 64
#define FAKE_MAX_LINKS	 8
#define FAKE_MAX_ENDS	 8
#define FAKE_MAX_DEVICES 8
#define FAKE_MAX_PIECES	 8
#define FAKE_CONSOLE_MAX 65536
#define FAKE_ROOM	 16384 /* what the ring holds */

/* What a cell answers when it is asked to shut down. */
enum fake_answer {
	FAKE_APPROVE,
	FAKE_DENY,
	FAKE_SILENT,
};

/* The places of a cell's links. */
struct fake_ends {
	uint16_t bdfs[FAKE_MAX_ENDS];
	size_t count;
};

/* PCI devices of the machine that a cell has, and the drivers that they are to go back to. */
struct fake_devices {
	struct fake_device {
		uint16_t domain;
		uint16_t bdf;
		char driver[64]; /* "": none */
	} items[FAKE_MAX_DEVICES];
	size_t count;
};

struct fake_cell {
	bool used;
	int32_t id;
	char name[JAILHOUSE_NAME_LEN];
	char cpus[64]; /* as a list */
	uint64_t reply_timeout_us;
	struct cellvisor_cell_status status;
	enum fake_answer answer;
	bool beating;
	bool listens; /* to its console */
	bool deaf;    /* it does, and takes nothing */
	bool mute;    /* has not shown a heartbeat yet */
	bool garbled; /* its list of CPUs makes no sense */
	uint64_t exits;
	char shown[96]; /* what its directory says; "": there is none yet */
	uint64_t exits_shown;
	bool storms; /* has far more of them */
	char console[FAKE_CONSOLE_MAX];
	size_t console_length;
	struct fake_ends ends;
	struct fake_devices devices;
};

/* Root's end of a link. */
struct fake_link {
	bool used;
	uint16_t bdf;
	char name[64]; /* what udev calls it; "" where nobody said */
};

struct fake {
	bool enabled;
	uint64_t features;
	struct cellvisor_keep_cpus keep;
	uint64_t had;		    /* CPUs that cells have had, while those are kept */
	struct cellvisor_pool pool; /* the first piece */
	struct cellvisor_pool more[FAKE_MAX_PIECES]; /* size 0: none */
	uint64_t events;
	int32_t next_id;
	struct fake_cell cells[FAKE_MAX_CELLS];
	struct fake_link links[FAKE_MAX_LINKS];
};

/* fake_cells.c; all with the lock of fake_driver.c held. */
extern struct fake fake;

struct fake_cell *fake_find(int32_t id);
struct fake_cell *fake_find_name(const char *name);
struct fake_cell *fake_add(const char *name, const char *cpus);
/* The CPUs of a set of so many bytes, as a list. */
void fake_list_cpus(const uint8_t *set, size_t size, char *list, size_t room);
void fake_remove(struct fake_cell *cell);
/* A directory with all in it, if there is one. */
void fake_remove_tree(const char *path);
/* Makes the sysfs tree as the state is. */
void fake_write_sysfs(void);
void fake_write_cell(struct fake_cell *cell);

/* fake_links.c. */
int fake_link_add(pid_t pid, uint64_t argument, bool lie);
int fake_link_remove(pid_t pid, uint64_t argument, bool lie);
/* Removes the devices: of all, of what another fake left behind. */
void fake_links_gone(void);
void fake_links_clear(void);
/* The links of a blob. -EINVAL where root has to have an end and has none. */
int fake_link_ends(const struct cell_desc *desc, struct fake_ends *ret);

/*
 * fake_devices.c: what the machine shows of drivers changes as with the real one. may_take: bit n,
 * the blob's device n may be taken from a driver. 0; -ENODEV, -EUSERS, -EBUSY: nothing has changed.
 */
int fake_devices_take(const struct cell_desc *desc, uint64_t may_take, struct fake_devices *ret);
void fake_devices_give(struct fake_devices *devices);

/* fake_pool.c. */
int fake_pool_reserve(pid_t pid, uint64_t argument);
int fake_pool_release(void);
int fake_pool_add(pid_t pid, uint64_t argument, bool lie);
int fake_pool_remove(pid_t pid, uint64_t argument, bool lie);
int fake_pool_piece(pid_t pid, uint64_t argument);
/* Its answer, perhaps in the buffer. */
const char *fake_pool_command(char **words, size_t count, char *buffer, size_t size);

/* fake_calls.c, with the lock as well. */
int fake_write_memory(pid_t pid, uint64_t address, const void *buffer, size_t size);
/* Out of a caller's memory: 0 or -EFAULT. */
int fake_read_memory(pid_t pid, uint64_t address, void *buffer, size_t size);
/* 0 or negative errno. pid and argument: the caller's memory. lie: say yes and do nothing. */
int fake_ioctl(pid_t pid, uint64_t request, uint64_t argument, bool lie);
/* Whether a shutdown of the cell gets no answer: then the caller waits. */
bool fake_shutdown_waits(const struct fake_cell *cell);
/* The cell that a LOAD without images asks to shut down, or NULL. */
struct fake_cell *fake_shutdown_target(pid_t pid, uint64_t request, uint64_t argument);
/* "create", "load", "shutdown" …, the names of rules. */
const char *fake_call_name(pid_t pid, uint64_t request, uint64_t argument);

/* fake_rules.c, with the lock as well: what is to become of calls. */
enum fake_action {
	FAKE_ACTION_NONE,
	FAKE_ACTION_ERROR,
	FAKE_ACTION_LIE,
	FAKE_ACTION_DELAY,
	FAKE_ACTION_KILL,	/* the caller, before anything is done */
	FAKE_ACTION_KILL_AFTER, /* the caller, before it hears of what was done */
	FAKE_ACTION_HANG,	/* until `clear`, or until the caller gives up */
	FAKE_ACTION_STUCK,	/* until `clear`, whatever the caller does */
};

struct fake_rule {
	char call[16];	  /* "any": every one that changes something */
	unsigned int nth; /* counted down; 0: every one */
	enum fake_action action;
	int value; /* errno or milliseconds */
};

/* Counts the call, and gives the rule for it, used up if it was for one call only; else one without
 * an action. */
void fake_rule_find(const char *call, bool changes, struct fake_rule *ret);
/* Whether there is a rule by which it hangs. */
bool fake_rule_hangs(const char *call);
/* How often it was called. */
unsigned int fake_rule_calls(const char *call);
/* rule CALL NTH ERRNO|lie|kill|kill-after|hang|stuck|delay=MS: the answer. */
const char *fake_rule_add(char *const *words);
/* clear [CALL]: all of them, or those of one call. */
void fake_rules_clear(const char *call);

/* fake_driver.c: tells all who have the device open. */
void fake_raise_event(void);

#endif /* FAKE_DRIVER_H */
