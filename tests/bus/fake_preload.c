// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into the daemon by the bus tests: /dev/jailhouse and its sysfs tree are the fake's
 * (fake_driver.h). Everything else goes where it went before.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_driver.h"

#define MAX_DEVICES 16

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		/* As if the module were not there. */
		errno = ENOENT;
		return -1;
	}
	return fd;
}

/* Whether a descriptor is an open device: a socket connected to the fake. */
static bool is_device(int fd)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
		return false;
	memset(&address, 0, sizeof(address));
	return getpeername(fd, (struct sockaddr *)&address, &size) == 0 &&
	       strcmp(address.sun_path, FAKE_DRIVER_SOCKET) == 0;
}

/*
 * A system call that a signal may cut short, as the driver's may. Then the fake is let go of, and
 * waited for: it may be about to write to the caller's memory, which is somebody else's when this
 * has returned.
 */
static int call_fake(unsigned long request, void *argument)
{
	struct fake_request message = {
		.pid = getpid(),
		.request = request & 0xffffffffu,
		.argument = (uint64_t)(uintptr_t)argument,
	};
	struct fake_reply reply;
	ssize_t length;
	int error;
	int fd = connect_to(FAKE_CALL_SOCKET);

	if (fd < 0)
		return -1;
	if (send(fd, &message, sizeof(message), MSG_NOSIGNAL) != sizeof(message)) {
		close(fd);
		errno = EIO;
		return -1;
	}
	length = recv(fd, &reply, sizeof(reply), MSG_WAITALL);
	error = length < 0 ? errno : EIO;
	if (error == EINTR)
		shutdown(fd, SHUT_WR);
	while ((length < 0 && errno == EINTR) ||
	       (length == sizeof(reply) && reply.result == FAKE_STUCK))
		length = recv(fd, &reply, sizeof(reply), MSG_WAITALL);
	close(fd);
	if (length != sizeof(reply)) {
		errno = error;
		return -1;
	}
	if (reply.result < 0) {
		errno = -reply.result;
		return -1;
	}
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, ...);
	char urgent[16];
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!is_device(fd)) {
		if (!next)
			next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
		return next(fd, request, argument);
	}
	if ((request & 0xffffffffu) == CELLVISOR_EVENTS) {
		while (recv(fd, urgent, sizeof(urgent), MSG_OOB | MSG_DONTWAIT) > 0)
			;
	}
	return call_fake(request, argument);
}

static const char *redirect(const char *path, char *buffer, size_t size)
{
	size_t length = strlen(JAILHOUSE_SYSFS);

	if (strncmp(path, JAILHOUSE_SYSFS, length) != 0 || (path[length] && path[length] != '/'))
		return path;
	snprintf(buffer, size, "%s%s", FAKE_SYSFS, path + length);
	return buffer;
}

static int open_any(const char *function, const char *path, int flags, mode_t mode)
{
	int (*next)(const char *, int, ...) =
		(int (*)(const char *, int, ...))dlsym(RTLD_NEXT, function);
	char buffer[256];

	if (strcmp(path, JAILHOUSE_DEVICE) == 0)
		return connect_to(FAKE_DRIVER_SOCKET);
	return next(redirect(path, buffer, sizeof(buffer)), flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		mode = va_arg(args, mode_t);
	va_end(args);
	return open_any("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		mode = va_arg(args, mode_t);
	va_end(args);
	return open_any("open64", path, flags, mode);
}
