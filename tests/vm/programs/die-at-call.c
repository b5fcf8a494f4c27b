// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into the daemon: counts its calls of the driver as soon as DIE_AT_CALL exists, and ends
 * it as SIGKILL does at the one that is named there, in a line: "NUMBER before" or "NUMBER after"
 * (before it hears of the answer). The driver is the real one. Each call is told on standard error.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver_abi.h"

#define DIE_AT_CALL "/run/die-at-call"

struct plan {
	int call;
	char when[8];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int calls; /* so far */

/* Returns whether there is one. */
static int read_plan(struct plan *plan)
{
	char text[32] = "";
	int fd = open(DIE_AT_CALL, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return size > 0 && sscanf(text, "%d %7s", &plan->call, plan->when) == 2;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	pause();
}

/* The request is the driver's: Jailhouse's type is 0, and has few numbers. */
static int is_drivers(unsigned long request)
{
	return _IOC_TYPE(request) == CELLVISOR_IOC_TYPE ||
	       (_IOC_TYPE(request) == _IOC_TYPE(JAILHOUSE_DISABLE) &&
		_IOC_NR(request) <= _IOC_NR(JAILHOUSE_CELL_DESTROY));
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, void *) =
		(int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
	struct plan plan;
	void *argument;
	va_list list;
	int number, error, r;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (!is_drivers(request) || !read_plan(&plan))
		return next(fd, request, argument);
	pthread_mutex_lock(&lock);
	number = ++calls;
	pthread_mutex_unlock(&lock);
	if (number == plan.call && strcmp(plan.when, "before") == 0)
		die();
	r = next(fd, request, argument);
	error = errno;
	fprintf(stderr, "call %d of the driver: %lu of type %lu\n", number, _IOC_NR(request),
		_IOC_TYPE(request));
	if (number == plan.call)
		die();
	errno = error;
	return r;
}
