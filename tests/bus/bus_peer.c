// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer for the bus tests, for what busctl cannot: descriptors, and many calls at once.
 *
 *   bus-peer call PATH INTERFACE METHOD [b|s VALUE]  any method without or with one argument;
 *                                         for "a(ht)" an empty array, for "hs" a file and VALUE,
 *                                         for "sv" VALUE and 1.0, for "ast" no names and VALUE,
 *                                         for "ast+" the name VALUE
 *   bus-peer load CELL [FILE ADDRESS]...  Load() with these images
 *   bus-peer check FILE NAME              Check(); prints severity, key and text, tab-separated
 *   bus-peer check-fd KIND                Check() of what is no memfd: pipe, directory or file
 *   bus-peer console CELL MS              OpenConsole(); prints what comes within MS milliseconds
 *   bus-peer type CELL TEXT               OpenConsoleInput(); writes TEXT; prints what became of it
 *   bus-peer flood COUNT [CELL]           COUNT EnableHypervisor() at once, or StartCell(CELL) and
 *                                         StopCell(CELL) in turns; prints the error names
 *   bus-peer pace COUNT                   COUNT ListCells(), one after the other; prints how many
 *                                         microseconds half of them took at most
 *
 * Prints the error's name and text on standard error and returns 1 where a call fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#define BUS_NAME "org.cellmgr1"
#define MANAGER	 "/org/cellmgr1", "org.cellmgr1.Manager"

static sd_bus *bus;

static int report(const sd_bus_error *error, int r)
{
	if (r >= 0)
		return 0;
	fprintf(stderr, "%s: %s\n", error->name ? error->name : strerror(-r),
		error->message ? error->message : "");
	return 1;
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

static sd_bus_message *cell_call(const char *cell, const char *method)
{
	sd_bus_message *call;
	char *path;

	if (sd_bus_path_encode("/org/cellmgr1/cell", cell, &path) < 0 ||
	    sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, "org.cellmgr1.Cell",
					   method) < 0)
		exit(2);
	return call;
}

static int call_method(int argc, char *argv[])
{
	const char *signature = argc > 3 ? argv[3] : "";
	const char *value = argc > 4 ? argv[4] : "";
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call;
	int r;

	if (sd_bus_message_new_method_call(bus, &call, BUS_NAME, argv[0], argv[1], argv[2]) < 0)
		return 2;
	if (strcmp(signature, "s") == 0)
		r = sd_bus_message_append(call, "s", value);
	else if (strcmp(signature, "b") == 0)
		r = sd_bus_message_append(call, "b", strcmp(value, "true") == 0);
	else if (strcmp(signature, "sv") == 0)
		r = sd_bus_message_append(call, "sv", value, "d", 1.0);
	else if (strcmp(signature, "ast") == 0)
		r = sd_bus_message_append(call, "ast", 0, (uint64_t)strtoull(value, NULL, 0));
	else if (strcmp(signature, "ast+") == 0)
		r = sd_bus_message_append(call, "ast", 1, value, (uint64_t)1000000);
	else if (strcmp(signature, "a(ht)") == 0)
		r = sd_bus_message_append(call, "a(ht)", 0);
	else if (strcmp(signature, "hs") == 0)
		r = sd_bus_message_append(call, "hs", open_or_die("/etc/hostname", O_RDONLY),
					  value);
	else
		r = 0;
	if (r < 0)
		return 2;
	sd_bus_message_set_allow_interactive_authorization(call,
							   getenv("BUS_PEER_INTERACTIVE") != NULL);
	return report(&error, sd_bus_call(bus, call, 120 * 1000000ull, &error, NULL));
}

static int load(int argc, char *argv[])
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = cell_call(argv[0], "Load");

	sd_bus_message_open_container(call, 'a', "(ht)");
	for (int i = 1; i + 1 < argc; i += 2)
		sd_bus_message_append(call, "(ht)", open_or_die(argv[i], O_RDONLY),
				      strtoull(argv[i + 1], NULL, 0));
	sd_bus_message_close_container(call);
	return report(&error, sd_bus_call(bus, call, 0, &error, NULL));
}

/* A memfd with what is in the file. */
static int copy_or_die(const char *path)
{
	int file = open_or_die(path, O_RDONLY), fd = memfd_create("description", MFD_CLOEXEC);

	if (fd < 0 || sendfile(fd, file, NULL, 1 << 20) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		perror(path);
		exit(2);
	}
	close(file);
	return fd;
}

static int check(int fd, const char *name)
{
	const char *severity, *key, *text;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply;
	int r;

	r = sd_bus_call_method(bus, BUS_NAME, MANAGER, "Check", &error, &reply, "hs", fd, name);
	if (r < 0)
		return report(&error, r);
	sd_bus_message_enter_container(reply, 'a', "(sss)");
	while (sd_bus_message_read(reply, "(sss)", &severity, &key, &text) > 0)
		printf("%s\t%s\t%s\n", severity, key, text);
	return 0;
}

static int check_fd(const char *kind)
{
	int fds[2];

	if (strcmp(kind, "directory") == 0)
		return check(open_or_die("/", O_RDONLY | O_DIRECTORY), "alpha");
	if (strcmp(kind, "file") == 0)
		return check(open_or_die("/etc/cellmgr/cells/alpha.json", O_RDONLY), "alpha");
	if (pipe(fds) < 0)
		exit(2);
	return check(fds[0], "alpha");
}

static int console(const char *cell, int milliseconds)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply;
	char buffer[4096];
	int fd, r;

	r = sd_bus_call(bus, cell_call(cell, "OpenConsole"), 0, &error, &reply);
	if (r < 0)
		return report(&error, r);
	if (sd_bus_message_read(reply, "h", &fd) < 0)
		return 2;
	for (;;) {
		struct pollfd pipe = {.fd = fd, .events = POLLIN};
		ssize_t length;

		if (poll(&pipe, 1, milliseconds) <= 0)
			return 0;
		length = read(fd, buffer, sizeof(buffer));
		if (length <= 0) {
			puts("[end]");
			return 0;
		}
		fwrite(buffer, 1, (size_t)length, stdout);
		fflush(stdout);
	}
}

/* Whole, or as far as the cell takes it. */
static int type(const char *cell, const char *text)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply;
	int fd, r;

	r = sd_bus_call(bus, cell_call(cell, "OpenConsoleInput"), 0, &error, &reply);
	if (r < 0)
		return report(&error, r);
	if (sd_bus_message_read(reply, "h", &fd) < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	for (; *text; text++) {
		if (write(fd, text, 1) != 1) {
			puts("closed");
			return 0;
		}
		/* As a person does. */
		usleep(20000);
	}
	puts("written");
	return 0;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	int *left = userdata;

	puts(error ? error->name : "done");
	--*left;
	return 0;
}

static int flood(int count, const char *cell)
{
	int left = count;

	for (int i = 0; i < count; i++) {
		if (sd_bus_call_method_async(bus, NULL, BUS_NAME, MANAGER,
					     !cell   ? "EnableHypervisor"
					     : i % 2 ? "StopCell"
						     : "StartCell",
					     on_reply, &left, cell ? "s" : NULL, cell) < 0)
			return 2;
	}
	while (left > 0) {
		if (sd_bus_process(bus, NULL) == 0)
			sd_bus_wait(bus, UINT64_MAX);
	}
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int pace(int count)
{
	uint64_t *times = calloc((size_t)count, sizeof(*times));

	for (int i = 0; times && i < count; i++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;
		uint64_t began = now_us();
		int r = sd_bus_call_method(bus, BUS_NAME, MANAGER, "ListCells", &error, NULL, NULL);

		if (r < 0)
			return report(&error, r);
		times[i] = now_us() - began;
	}
	if (!times || count < 1)
		return 2;
	qsort(times, (size_t)count, sizeof(*times), compare_times);
	printf("%llu\n", (unsigned long long)times[count / 2]);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc < 3 || sd_bus_open_system(&bus) < 0)
		return 2;
	if (strcmp(argv[1], "call") == 0 && argc >= 5)
		return call_method(argc - 2, argv + 2);
	if (strcmp(argv[1], "load") == 0)
		return load(argc - 2, argv + 2);
	if (strcmp(argv[1], "check") == 0 && argc == 4)
		return check(copy_or_die(argv[2]), argv[3]);
	if (strcmp(argv[1], "check-fd") == 0)
		return check_fd(argv[2]);
	if (strcmp(argv[1], "console") == 0 && argc == 4)
		return console(argv[2], atoi(argv[3]));
	if (strcmp(argv[1], "type") == 0 && argc == 4)
		return type(argv[2], argv[3]);
	if (strcmp(argv[1], "pace") == 0)
		return pace(atoi(argv[2]));
	if (strcmp(argv[1], "flood") == 0)
		return flood(atoi(argv[2]), argc > 3 ? argv[3] : NULL);
	return 2;
}
