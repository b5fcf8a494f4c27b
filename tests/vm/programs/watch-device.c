// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits for events of the device by poll() and prints their counter after each; "ready" first. Ends
 * after so many seconds without one. With FILE, an attribute in sysfs, that is watched, and printed
 * after each change.
 *
 * usage: watch-device SECONDS [FILE]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver_abi.h"

/* poll() tells of a change since the last read(). */
static int watch_attribute(const char *path, int seconds)
{
	struct pollfd attribute = {.fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLPRI};
	char text[128];
	ssize_t length;

	do {
		length = pread(attribute.fd, text, sizeof(text), 0);
		if (length <= 0)
			return 1;
		printf("%.*s", (int)length, text);
	} while (poll(&attribute, 1, seconds * 1000) == 1);
	return 0;
}

int main(int argc, char **argv)
{
	int seconds = argc >= 2 ? atoi(argv[1]) : 0;
	struct pollfd device = {.events = POLLPRI};
	uint64_t count;

	if (seconds <= 0) {
		fprintf(stderr, "usage: watch-device SECONDS [FILE]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3)
		return watch_attribute(argv[2], seconds);
	device.fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	if (device.fd < 0) {
		perror(JAILHOUSE_DEVICE);
		return 1;
	}
	puts("ready");
	while (poll(&device, 1, seconds * 1000) == 1) {
		if (!(device.revents & POLLPRI) || ioctl(device.fd, CELLVISOR_EVENTS, &count) < 0)
			return 1;
		printf("event %" PRIu64 "\n", count);
	}
	return 0;
}
