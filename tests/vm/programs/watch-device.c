// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits for events of the device by poll() and prints their counter after each; "ready" first. Ends
 * after so many seconds without one.
 *
 * usage: watch-device SECONDS
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "driver_abi.h"

int main(int argc, char **argv)
{
	int seconds = argc == 2 ? atoi(argv[1]) : 0;
	struct pollfd device = {.events = POLLPRI};
	uint64_t count;

	if (seconds <= 0) {
		fprintf(stderr, "usage: watch-device SECONDS\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
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
