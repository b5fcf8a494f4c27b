/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names and words of org.cellmgr1 on D-Bus, for the daemon and everybody who talks to it. The
 * interfaces themselves are described in dbus/org.cellmgr1.*.xml.
 */
#ifndef BUS_ABI_H
#define BUS_ABI_H

#include "words.h"

#define BUS_NAME	      "org.cellmgr1"
#define BUS_MANAGER_PATH      "/org/cellmgr1"
#define BUS_CELL_PATH	      "/org/cellmgr1/cell" /* and the name, escaped as a bus label */
#define BUS_MANAGER_INTERFACE BUS_NAME ".Manager"
#define BUS_CELL_INTERFACE    BUS_NAME ".Cell"

/* Polkit's actions. */
#define BUS_ACTION_MANAGE_CELLS	     BUS_NAME ".manage-cells"
#define BUS_ACTION_MANAGE_HYPERVISOR BUS_NAME ".manage-hypervisor"
#define BUS_ACTION_WRITE_SIGNALS     BUS_NAME ".write-signals"
#define BUS_ACTION_DEBUG_CELLS	     BUS_NAME ".debug-cells"

/* Property State of a cell. */
#define BUS_CELL_STATES(X)                            \
	X(LIFECYCLE_DEFINED, "defined")               \
	X(LIFECYCLE_CREATED, "created")               \
	X(LIFECYCLE_LOADED, "loaded")                 \
	X(LIFECYCLE_RUNNING, "running")               \
	X(LIFECYCLE_RUNNING_LOCKED, "running-locked") \
	X(LIFECYCLE_SHUT_DOWN, "shut-down")           \
	X(LIFECYCLE_FAILED, "failed")                 \
	X(LIFECYCLE_FOREIGN, "foreign")               \
	X(LIFECYCLE_INVALID, "invalid")

enum lifecycle { BUS_CELL_STATES(WORD_SYMBOL) LIFECYCLE_COUNT };

/* Property Health of a cell. */
#define BUS_HEALTHS(X)               \
	X(HEALTH_UNKNOWN, "unknown") \
	X(HEALTH_OK, "ok")           \
	X(HEALTH_LATE, "late")       \
	X(HEALTH_FAILED, "failed")

enum health { BUS_HEALTHS(WORD_SYMBOL) HEALTH_COUNT };

/* Property Dma of a cell, and the key of descriptions: what keeps its devices from memory that is
 * not the cell's. none: they cannot reach any; unprotected: nothing does. */
#define BUS_DMAS(X)         \
	X(DMA_NONE, "none") \
	X(DMA_UNPROTECTED, "unprotected")

enum dma { BUS_DMAS(WORD_SYMBOL) DMA_COUNT };

/*
 * What comes with each signal's value: whether to believe it. stale: older than "stale-after", or
 * the cell that writes it does not run; bad: it is being changed all the time, was left in the
 * middle of a change, is not in its writer's block or is no number; unconnected: its link is not
 * there, or nobody has written to it.
 */
#define BUS_QUALITIES(X)          \
	X(QUALITY_GOOD, "good")   \
	X(QUALITY_STALE, "stale") \
	X(QUALITY_BAD, "bad")     \
	X(QUALITY_UNCONNECTED, "unconnected")

enum quality { BUS_QUALITIES(WORD_SYMBOL) QUALITY_COUNT };

/* Property HypervisorState of the manager; unavailable: no driver. */
#define BUS_HYPERVISOR_STATES(X)                 \
	X(HYPERVISOR_UNAVAILABLE, "unavailable") \
	X(HYPERVISOR_OFF, "off")                 \
	X(HYPERVISOR_ENABLED, "enabled")

enum hypervisor_state { BUS_HYPERVISOR_STATES(WORD_SYMBOL) HYPERVISOR_STATE_COUNT };

/*
 * Whose CPUs and memory are, as the manager's GetMap() tells: kept, by no cell, but out of Linux
 * for the next one; left-out, nobody's because Linux was told to keep off them; none, free or
 * offline.
 */
#define BUS_OWNERS(X)                     \
	X(OWNER_LINUX, "linux")           \
	X(OWNER_HYPERVISOR, "hypervisor") \
	X(OWNER_CELL, "cell")             \
	X(OWNER_LINK, "link")             \
	X(OWNER_KEPT, "kept")             \
	X(OWNER_LEFT_OUT, "left-out")     \
	X(OWNER_NONE, "none")

enum owner { BUS_OWNERS(WORD_SYMBOL) OWNER_COUNT };

/* Property MemorySource of the manager. */
#define MEMORY_SOURCE_NONE  ""
#define MEMORY_SOURCE_LINUX "linux"
#define MEMORY_SOURCE_BOOT  "boot"

/* Property Features of the manager: what of driver_abi.h the driver offers. */
#define BUS_FEATURE_KILL "kill"
#define BUS_FEATURES(X)                             \
	X(CELLVISOR_FEATURE_POOL, "pool")           \
	X(CELLVISOR_FEATURE_STATUS, "status")       \
	X(CELLVISOR_FEATURE_CONSOLE, "console")     \
	X(CELLVISOR_FEATURE_KILL, BUS_FEATURE_KILL) \
	X(CELLVISOR_FEATURE_EVENTS, "events")       \
	X(CELLVISOR_FEATURE_LINKS, "links")         \
	X(CELLVISOR_FEATURE_DEVICES, "devices")     \
	X(CELLVISOR_FEATURE_KEEP, "keep-cpus")      \
	X(CELLVISOR_FEATURE_PIECES, "pool-pieces")  \
	X(CELLVISOR_FEATURE_INPUT, "console-input")

/*
 * What is done with the hypervisor and with cells: property Operation of a cell, polkit's detail
 * "verb" and the action that it is asked about. The first are single steps, too;
 * links come and go with cells, and so do pieces of the pool, and which CPUs are kept the
 * configuration says: nobody has to ask for it. Without an action everybody may.
 */
#define BUS_STEPS(X)                                                 \
	X(VERB_ENABLE, "enable", BUS_ACTION_MANAGE_HYPERVISOR)       \
	X(VERB_DISABLE, "disable", BUS_ACTION_MANAGE_HYPERVISOR)     \
	X(VERB_CREATE, "create", BUS_ACTION_MANAGE_CELLS)            \
	X(VERB_LOAD, "load", BUS_ACTION_MANAGE_CELLS)                \
	X(VERB_START, "start", BUS_ACTION_MANAGE_CELLS)              \
	X(VERB_STOP, "stop", BUS_ACTION_MANAGE_CELLS)                \
	X(VERB_KILL, "kill", BUS_ACTION_MANAGE_CELLS)                \
	X(VERB_DESTROY, "destroy", BUS_ACTION_MANAGE_CELLS)          \
	X(VERB_ADD_LINK, "add-link", BUS_ACTION_MANAGE_CELLS)        \
	X(VERB_REMOVE_LINK, "remove-link", BUS_ACTION_MANAGE_CELLS)  \
	X(VERB_KEEP_CPUS, "keep-cpus", BUS_ACTION_MANAGE_HYPERVISOR) \
	X(VERB_GROW_POOL, "grow-pool", BUS_ACTION_MANAGE_CELLS)      \
	X(VERB_SHRINK_POOL, "shrink-pool", BUS_ACTION_MANAGE_CELLS)  \
	X(VERB_VERIFY, "verify", BUS_ACTION_MANAGE_CELLS)

#define BUS_VERBS(X)                                                   \
	BUS_STEPS(X)                                                   \
	X(VERB_RESTART, "restart", BUS_ACTION_MANAGE_CELLS)            \
	X(VERB_RELOAD, "reload", BUS_ACTION_MANAGE_CELLS)              \
	X(VERB_OPEN_CONSOLE, "open-console", BUS_ACTION_DEBUG_CELLS)   \
	X(VERB_OPEN_INPUT, "open-input", BUS_ACTION_MANAGE_CELLS)      \
	X(VERB_ADOPT, "adopt", BUS_ACTION_MANAGE_CELLS)                \
	X(VERB_APPLY, "apply", BUS_ACTION_MANAGE_CELLS)                \
	X(VERB_CANCEL, "cancel", BUS_ACTION_MANAGE_CELLS)              \
	X(VERB_WRITE_SIGNAL, "write-signal", BUS_ACTION_WRITE_SIGNALS) \
	X(VERB_LIST_CRASHES, "list-crashes", "")                       \
	X(VERB_READ_CRASH, "read-crash", BUS_ACTION_DEBUG_CELLS)       \
	X(VERB_PLAN, "plan", "")                                       \
	X(VERB_SUBSCRIBE, "subscribe", "")                             \
	X(VERB_CHECK, "check", "")

enum bus_verb { BUS_VERBS(WORD_SYMBOL) VERB_COUNT };

/* Those before are single steps. */
#define VERB_STEP_COUNT (VERB_VERIFY + 1)

/*
 * What Plan says of a cell: it is left alone; it is new; what has changed counts without a restart;
 * it is stopped and started anew; it is stopped and destroyed; its description has errors.
 */
#define BUS_CHANGES(X)               \
	X(CHANGE_KEEP, "keep")       \
	X(CHANGE_DEFINE, "define")   \
	X(CHANGE_UPDATE, "update")   \
	X(CHANGE_RESTART, "restart") \
	X(CHANGE_REMOVE, "remove")   \
	X(CHANGE_INVALID, "invalid")

enum bus_change { BUS_CHANGES(WORD_SYMBOL) CHANGE_COUNT };

/* Errors of methods: our own, then those of D-Bus itself that callers meet. */
#define BUS_ERROR(name)	     BUS_NAME ".Error." name
#define BUS_DBUS_ERROR(name) "org.freedesktop.DBus.Error." name

#define BUS_ERRORS(X)                                              \
	X(ERROR_NO_SUCH_CELL, BUS_ERROR("NoSuchCell"))             \
	X(ERROR_NO_SUCH_SIGNAL, BUS_ERROR("NoSuchSignal"))         \
	X(ERROR_NO_SUCH_RECORD, BUS_ERROR("NoSuchRecord"))         \
	X(ERROR_WRONG_STATE, BUS_ERROR("WrongState"))              \
	X(ERROR_REFUSED, BUS_ERROR("Refused"))                     \
	X(ERROR_BUSY, BUS_ERROR("Busy"))                           \
	X(ERROR_LOCKED, BUS_ERROR("Locked"))                       \
	X(ERROR_INVALID, BUS_ERROR("Invalid"))                     \
	X(ERROR_NO_RESOURCES, BUS_ERROR("NoResources"))            \
	X(ERROR_HYPERVISOR_OFF, BUS_ERROR("HypervisorOff"))        \
	X(ERROR_TIMEOUT, BUS_ERROR("Timeout"))                     \
	X(ERROR_DRIVER, BUS_ERROR("Driver"))                       \
	X(ERROR_ACCESS_DENIED, BUS_DBUS_ERROR("AccessDenied"))     \
	X(ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,                \
	  BUS_DBUS_ERROR("InteractiveAuthorizationRequired"))      \
	X(ERROR_LIMITS_EXCEEDED, BUS_DBUS_ERROR("LimitsExceeded")) \
	X(ERROR_NO_MEMORY, BUS_DBUS_ERROR("NoMemory"))

enum error_code { ERROR_NONE, BUS_ERRORS(WORD_SYMBOL) ERROR_CODE_COUNT };

/*
 * The columns of the manager's SummarizeCells(), with the type of their entries. A struct for each
 * cell would cost its reader as much again.
 */
#define BUS_SUMMARY_COLUMNS(X) \
	X(SUMMARY_NAME, 's')   \
	X(SUMMARY_STATE, 's')  \
	X(SUMMARY_HEALTH, 's') \
	X(SUMMARY_CPUS, 's')   \
	X(SUMMARY_MEMORY, 't') \
	X(SUMMARY_UPTIME, 't') \
	X(SUMMARY_NOTE, 's')

enum summary_column { BUS_SUMMARY_COLUMNS(WORD_SYMBOL) SUMMARY_COLUMN_COUNT };

#endif /* BUS_ABI_H */
