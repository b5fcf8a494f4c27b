// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens and closes the hypervisor, or takes a cell through its whole life, again and again, over
 * the daemon's bus interface like any client, without a process for every step.
 *
 * usage: cycle hypervisor COUNT | cycle cell NAME COUNT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define BUS_NAME	"org.cellmgr1"
#define MANAGER_PATH	"/org/cellmgr1"
#define MANAGER		"org.cellmgr1.Manager"
#define CELL		"org.cellmgr1.Cell"
#define PROGRESS_EVERY	20
#define CALL_TIMEOUT_US (60ull * 1000 * 1000)

static int call(sd_bus *bus, const char *path, const char *interface, const char *method)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL, *reply = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &message, BUS_NAME, path, interface, method);
	if (r >= 0 && strcmp(method, "DisableHypervisor") == 0)
		r = sd_bus_message_append(message, "b", 0);
	if (r >= 0 && strcmp(method, "Load") == 0)
		r = sd_bus_message_append(message, "a(ht)", 0);
	if (r >= 0)
		r = sd_bus_call(bus, message, CALL_TIMEOUT_US, &error, &reply);
	if (r < 0)
		printf("# %s: %s: %s\n", method, error.name ? error.name : "no answer",
		       error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	sd_bus_message_unref(message);
	sd_bus_message_unref(reply);
	return r;
}

static int run_steps(sd_bus *bus, const char *path, const char *interface, const char *const *steps,
		     unsigned int count)
{
	for (unsigned int n = 1; n <= count; n++) {
		for (unsigned int step = 0; steps[step]; step++) {
			if (call(bus, path, interface, steps[step]) < 0) {
				printf("# in round %u of %u\n", n, count);
				return 1;
			}
		}
		if (n % PROGRESS_EVERY == 0)
			printf("# %u of %u\n", n, count);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const hypervisor[] = {"EnableHypervisor", "DisableHypervisor", NULL};
	static const char *const cell[] = {"Create", "Load", "Start", "Stop", "Destroy", NULL};
	sd_bus *bus = NULL;
	char *path = NULL;
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	r = sd_bus_open_system(&bus);
	if (r < 0) {
		fprintf(stderr, "cycle: no system bus: %s\n", strerror(-r));
		return 1;
	}
	if (argc == 3 && strcmp(argv[1], "hypervisor") == 0) {
		r = run_steps(bus, MANAGER_PATH, MANAGER, hypervisor, atoi(argv[2]));
	} else if (argc == 4 && strcmp(argv[1], "cell") == 0 &&
		   sd_bus_path_encode(MANAGER_PATH "/cell", argv[2], &path) >= 0) {
		r = run_steps(bus, path, CELL, cell, atoi(argv[3]));
	} else {
		fprintf(stderr, "usage: cycle hypervisor COUNT | cycle cell NAME COUNT\n");
		r = 2;
	}
	free(path);
	sd_bus_flush_close_unref(bus);
	return r;
}
