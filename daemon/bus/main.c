// SPDX-License-Identifier: GPL-2.0-only
/* cellmgrd: the daemon. Starts up, tells the service manager, runs the loop. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include <libudev.h>
#include <systemd/sd-daemon.h>

#include "bus/log_control.h"
#include "bus/service.h"
#include "bus/unit_record.h"
#include "common/cleanup.h"
#include "manager/core.h"
#include "manager/observe.h"
#include "util/log.h"

/* A driver that blocks the first look must not keep the bus name away. */
#define FIRST_LOOK_US	  5000000u
#define RUNTIME_DIRECTORY "/run/cellmgr"

struct options {
	const char *machine_root;
};

static int usage(FILE *to, int status)
{
	fprintf(to,
		"cellmgrd [OPTION...]\n\n"
		"Manages cells; normally started by systemd.\n\n"
		"  -h --help               show this and end\n"
		"     --version            show the version and end\n"
		"     --debug              log everything\n"
		"     --machine-root=DIR   read the machine's facts below DIR instead of /, for\n"
		"                          tests\n");
	return status;
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char *argv[], struct options *options)
{
	enum { VERSION = 256, DEBUG, MACHINE_ROOT };
	static const struct option known[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, VERSION},
		{"debug", no_argument, NULL, DEBUG},
		{"machine-root", required_argument, NULL, MACHINE_ROOT},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (c) {
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		case VERSION:
			printf("cellmgrd %s\n", CELLMGR_RELEASE);
			return EXIT_SUCCESS;
		case DEBUG:
			log_set_level(LOG_DEBUG);
			break;
		case MACHINE_ROOT:
			options->machine_root = optarg;
			break;
		default:
			return usage(stderr, 2);
		}
	}
	if (optind < argc)
		return usage(stderr, 2);
	return -1;
}

struct program {
	sd_event *event;
	sd_bus *bus;
	struct udev *udev;
	struct udev_monitor *monitor;
	struct service *service;
	bool late; /* the first look takes too long to wait for it */
	bool ready;
	bool resumed; /* what a daemon before this one has left with the service manager */
};

static int on_uevent(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct program *program = userdata;
	struct udev_device *device;
	bool ours = false;

	while ((device = udev_monitor_receive_device(program->monitor))) {
		const char *name = udev_device_get_sysname(device);

		ours = ours || (name && strcmp(name, "jailhouse") == 0);
		udev_device_unref(device);
	}
	if (ours)
		observer_look(program->service->manager->observer);
	return 0;
}

/* The module comes and goes, and tells of the hypervisor while nobody holds the device open. */
static int watch_module(struct program *program)
{
	int r;

	program->udev = udev_new();
	program->monitor =
		program->udev ? udev_monitor_new_from_netlink(program->udev, "udev") : NULL;
	if (!program->monitor)
		return -ENOMEM;
	r = udev_monitor_filter_add_match_subsystem_devtype(program->monitor, "misc", NULL);
	if (r >= 0)
		r = udev_monitor_enable_receiving(program->monitor);
	if (r < 0)
		return r;
	return sd_event_add_io(program->event, NULL, udev_monitor_get_fd(program->monitor), EPOLLIN,
			       on_uevent, program);
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct program *program = userdata;

	program->late = true;
	return 0;
}

/* The name is taken when there is something true to say, so that nobody sees cells come and go. */
static int on_post(sd_event_source *source, void *userdata)
{
	struct program *program = userdata;
	const bool observed = program->service->manager->observed;
	int r;

	if (observed && !program->resumed) {
		program->resumed = true;
		units_resume(program->service);
	}
	if (program->ready || !(observed || program->late))
		return 0;
	program->ready = true;
	r = sd_bus_request_name(program->bus, BUS_NAME, 0);
	if (r < 0) {
		log_error("Cannot have the bus name %s: %s", BUS_NAME, strerror(-r));
		return sd_event_exit(program->event, EXIT_FAILURE);
	}
	if (observed)
		observe_tell_status(program->service->manager);
	sd_notify(false, "READY=1");
	return 0;
}

/* The habit of daemons without a bus. Nobody waits for an answer: it is in the log. */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	_cleanup_(error_done) struct error error = {0};
	struct program *program = userdata;

	if (program->service && manager_load_descriptions(program->service->manager, &error) < 0)
		log_error("Cannot reload: %s", error_text(&error));
	if (program->service)
		service_settle(program->service);
	return 0;
}

/* What else people send by habit shall not end it in the midst of something. */
static void keep_signals_away(void)
{
	static const int signals[] = {SIGUSR1, SIGUSR2, SIGALRM};

	/* A console's reader may go at any time. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		signal(i, SIG_IGN);
}

static int set_up_loop(struct program *program)
{
	int r;

	r = sd_event_default(&program->event);
	if (r < 0)
		return r;
	r = sd_event_add_signal(program->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(program->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(program->event, NULL, SIGHUP, on_hangup, program);
	if (r >= 0)
		r = sd_event_set_watchdog(program->event, true);
	if (r >= 0)
		r = sd_event_add_post(program->event, NULL, on_post, program);
	if (r >= 0)
		r = sd_event_add_time_relative(program->event, NULL, CLOCK_MONOTONIC, FIRST_LOOK_US,
					       0, on_late, program);
	return r < 0 ? r : 0;
}

static int set_up_bus(struct program *program)
{
	int r;

	r = sd_bus_open_system(&program->bus);
	if (r < 0) {
		log_error("Cannot connect to the system bus: %s", strerror(-r));
		return r;
	}
	sd_bus_set_exit_on_disconnect(program->bus, true);
	r = sd_bus_attach_event(program->bus, program->event, SD_EVENT_PRIORITY_NORMAL);
	return r < 0 ? r : log_control_add(program->bus);
}

static int set_up(struct program *program, const struct options *options)
{
	int r;

	/* The threads take turns: a heap of its own for each costs memory, and gains nothing. */
	mallopt(M_ARENA_MAX, 1);
	if (mkdir(RUNTIME_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	r = set_up_loop(program);
	if (r >= 0)
		r = set_up_bus(program);
	if (r >= 0)
		r = service_new(program->event, program->bus, options->machine_root,
				&program->service);
	if (r < 0)
		return r;
	r = watch_module(program);
	if (r < 0)
		log_warning("Cannot watch for the module: %s", strerror(-r));
	return 0;
}

static void tear_down(struct program *program)
{
	sd_notify(false, "STOPPING=1");
	service_free(program->service);
	if (program->monitor)
		udev_monitor_unref(program->monitor);
	if (program->udev)
		udev_unref(program->udev);
	sd_bus_flush_close_unref(program->bus);
	sd_event_unref(program->event);
}

int main(int argc, char *argv[])
{
	struct options options = {.machine_root = ""};
	struct program program = {0};
	sigset_t signals;
	int r;

	r = parse_options(argc, argv, &options);
	if (r >= 0)
		return r;
	log_init();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	keep_signals_away();
	r = set_up(&program, &options);
	if (r >= 0)
		r = sd_event_loop(program.event);
	else
		log_error("Cannot start: %s", strerror(-r));
	tear_down(&program);
	return r < 0 ? EXIT_FAILURE : r;
}
