// SPDX-License-Identifier: GPL-2.0-only
/*
 * cellmgr-modbus: signals of cells as registers of Modbus TCP. All it can do is what its user may
 * do over the bus: cellmgrd reads and writes the signals, polkit says which it may write.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <systemd/sd-daemon.h>

#include "bus.h"
#include "common/cleanup.h"
#include "server.h"
#include "util/log.h"

#define EXIT_USAGE	 2
#define EXIT_MAP	 78 /* sysexits.h: configuration error; to start again would not help */
#define PRIVILEGED_PORTS 1024

struct bridge {
	const char *file;
	sd_event *event;
	sd_bus *bus;
	struct signals *signals;
	struct server *server;
};

/* ---- The map -------------------------------------------------------------------------------- */

/* What is wrong with it goes to the log, or to the terminal. */
static int load_map(const char *file, struct map **ret_map)
{
	struct problems problems = {0};
	int r = map_read(file, &problems, ret_map);

	for (size_t i = 0; i < problems.count; i++) {
		_cleanup_(freep) char *line = problem_format(&problems.items[i]);

		log_error("%s", line ?: "Out of memory");
	}
	problems_done(&problems);
	if (r == -ENOENT)
		log_error("%s: there is no such file; write it as cellmgr-modbus(8) says", file);
	else if (r < 0 && r != -EINVAL)
		log_error("%s: %s", file, strerror(-r));
	return r;
}

static void tell_status(const struct map *map)
{
	log_notice("%zu signals are at %s, port %u", map->count, map->listen, map->port);
	sd_notifyf(false, "READY=1\nSTATUS=%zu signals at %s, port %u", map->count, map->listen,
		   map->port);
}

/* Gives up every capability, for good. */
static int drop_rights(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &header, none) < 0)
		return -errno;
	return 0;
}

static int use_map(struct bridge *bridge, struct map *map)
{
	int r = server_use(bridge->server, map);

	if (r == -EACCES)
		log_error("%s: port: %u is for who has CAP_NET_BIND_SERVICE, which is given up "
			  "when another port is listened at; restart the service",
			  bridge->file, map->port);
	else if (r < 0)
		log_error("%s: Cannot listen at %s, port %u: %s; change \"listen\" or \"port\"",
			  bridge->file, map->listen, map->port, strerror(-r));
	/* For a lower port a new start has it again. */
	if (r >= 0 && map->port >= PRIVILEGED_PORTS)
		r = drop_rights();
	return r;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	_cleanup_(map_unrefp) struct map *map = NULL;
	struct bridge *bridge = userdata;

	sd_notify(false, "RELOADING=1");
	if (load_map(bridge->file, &map) < 0 || use_map(bridge, map) < 0) {
		log_error("The map stays as it was");
		sd_notify(false,
			  "READY=1\nSTATUS=The last reload failed: the map is as it was before");
		return 0;
	}
	tell_status(map);
	return 0;
}

static int check_map(const char *file)
{
	_cleanup_(map_unrefp) struct map *map = NULL;

	if (load_map(file, &map) < 0)
		return EXIT_FAILURE;
	printf("%s: %zu signals, to be at %s, port %u\n", file, map->count, map->listen, map->port);
	return EXIT_SUCCESS;
}

/* ---- The program ---------------------------------------------------------------------------- */

/* Calls say it too; but without a client nobody would know. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	const char *name, *old_owner, *new_owner;

	if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
		return 0;
	if (!new_owner[0])
		log_warning("cellmgrd is away: clients get exception %d until it is back",
			    MODBUS_EXCEPTION_GATEWAY_PATH);
	else if (!old_owner[0])
		log_notice("cellmgrd is there");
	return 0;
}

static int set_up_bus(struct bridge *bridge)
{
	int r = sd_bus_open_system_with_description(&bridge->bus, "cellmgr-modbus");

	if (r < 0) {
		log_error("Cannot connect to the system bus: %s", strerror(-r));
		return r;
	}
	sd_bus_set_exit_on_disconnect(bridge->bus, true);
	r = sd_bus_attach_event(bridge->bus, bridge->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_add_match_async(bridge->bus, NULL,
					   "type='signal',sender='org.freedesktop.DBus',"
					   "interface='org.freedesktop.DBus',"
					   "member='NameOwnerChanged',arg0='" BUS_NAME "'",
					   on_owner, NULL, bridge);
	return r;
}

static int set_up(struct bridge *bridge, struct map *map)
{
	int r = sd_event_default(&bridge->event);

	if (r >= 0)
		r = sd_event_add_signal(bridge->event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK,
					NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(bridge->event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK,
					NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(bridge->event, NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK,
					on_reload, bridge);
	if (r >= 0)
		r = sd_event_set_watchdog(bridge->event, true);
	if (r >= 0)
		r = set_up_bus(bridge);
	if (r < 0)
		return r;
	bridge->signals = bus_signals_new(bridge->bus);
	if (!bridge->signals)
		return -ENOMEM;
	r = server_new(bridge->event, bridge->signals, &bridge->server);
	return r < 0 ? r : use_map(bridge, map);
}

static int run(const char *file)
{
	_cleanup_(map_unrefp) struct map *map = NULL;
	struct bridge bridge = {.file = file};
	int r;

	if (load_map(file, &map) < 0)
		return EXIT_MAP;
	r = set_up(&bridge, map);
	if (r >= 0) {
		tell_status(map);
		r = sd_event_loop(bridge.event);
	} else {
		log_error("Cannot start: %s", strerror(-r));
	}
	sd_notify(false, "STOPPING=1");
	server_free(bridge.server);
	bus_signals_free(bridge.signals);
	sd_bus_flush_close_unref(bridge.bus);
	sd_event_unref(bridge.event);
	return r < 0 ? EXIT_FAILURE : r;
}

static void usage(FILE *stream)
{
	fputs("usage: cellmgr-modbus [--map FILE]\n"
	      "       cellmgr-modbus --check FILE\n"
	      "\n"
	      "Signals of cells as registers of Modbus TCP; see cellmgr-modbus(8).\n"
	      "  --map FILE    the map; default: " MAP_FILE "\n"
	      "  --check FILE  says what is wrong with a map, and does nothing else\n"
	      "  --version\n"
	      "  --help\n",
	      stream);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{"check", required_argument, NULL, 'c'},
		{"map", required_argument, NULL, 'm'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *file = MAP_FILE;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			return check_map(optarg);
		case 'm':
			file = optarg;
			break;
		case 'v':
			puts("cellmgr-modbus " CELLMGR_RELEASE);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return run(file);
}
