// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end of signals, for the bus tests: the cell that writes a section, and callers that
 * subscribe.
 *
 * FILE is a section, or FILE@OFFSET where it begins in one.
 *
 *   signal-peer put FILE OFFSET TYPE VALUE    a value into the block of a section, of 256 bytes;
 *                                             TYPE is f64, f32, u8, u64 or i16
 *   signal-peer get FILE OFFSET TYPE          prints one
 *   signal-peer age FILE MS                   the block was last written so long ago
 *   signal-peer torn FILE                     the block is in the middle of a change for ever
 *   signal-peer busy FILE MS                  the block is changed all the time
 *   signal-peer equal FILE MS                 16 values of f64 that are equal, changed all the time
 *   signal-peer steady FILE MS                the same, 200 times a second
 *   signal-peer listen CELL US MS [NAME...]   subscribes; prints what comes within MS milliseconds,
 *                                             a line for each value
 *   signal-peer changes CELL                  subscribes for 20 ms, then for 250 ms, then ends it;
 *                                             fails where not so many messages come
 *   signal-peer write CELL NAME SIGNATURE VALUE  WriteSignal()
 *   signal-peer many CELL US COUNT [MS]       COUNT connections subscribe; prints the error names.
 *                                             Or "all", and has them for MS milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "lib/link/parts.h"

#define BLOCK_BYTES 256u
#define VALUES	    16u

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

static void pause_ms(unsigned int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000l}, NULL);
}

static uint64_t measure_khz(void)
{
	uint64_t begin_ns = now_ns(), begin = link_counter();

	pause_ms(50);
	return (link_counter() - begin) * 1000000 / (now_ns() - begin_ns);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

struct section {
	uint8_t *memory;
	size_t size;
	struct link_writer writer;
};

static void map_or_die(const char *place, struct section *section)
{
	const char *at = strchr(place, '@');
	char path[256];
	struct stat status;
	size_t offset = at ? strtoul(at + 1, NULL, 0) : 0;
	int fd;

	snprintf(path, sizeof(path), "%.*s", at ? (int)(at - place) : 255, place);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		exit(2);
	section->size = (size_t)status.st_size;
	section->memory = mmap(NULL, section->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (section->memory == MAP_FAILED)
		exit(2);
	section->memory += offset;
	section->size -= offset;
}

static void write_or_die(const char *path, struct section *section)
{
	map_or_die(path, section);
	if (link_writer_resume(&section->writer, section->memory, section->size, BLOCK_BYTES,
			       measure_khz()) != LINK_OK)
		exit(2);
}

static uint32_t to_bytes(const char *type, const char *text, void *bytes)
{
	const double real = strtod(text, NULL);
	const float single = (float)real;
	const uint64_t whole = strtoull(text, NULL, 0);

	if (strcmp(type, "f64") == 0) {
		memcpy(bytes, &real, 8);
		return 8;
	}
	memcpy(bytes, &whole, 8);
	if (strcmp(type, "f32") == 0)
		memcpy(bytes, &single, 4);
	return type[1] == '8' ? 1 : (uint32_t)atoi(type + 1) / 8;
}

static int put(const char *path, const char *offset, const char *type, const char *value)
{
	struct section section;
	uint8_t bytes[8];
	uint32_t size = to_bytes(type, value, bytes);

	write_or_die(path, &section);
	return link_write(&section.writer, (uint32_t)atoi(offset), bytes, size, link_counter());
}

static int get(const char *path, const char *offset, const char *type)
{
	struct section section;
	struct link_stamp stamp;
	uint64_t whole = 0;
	double real;
	int result;

	map_or_die(path, &section);
	result = link_read(section.memory, section.size, (uint32_t)atoi(offset), &whole,
			   to_bytes(type, "0", &real), &stamp);
	memcpy(&real, &whole, sizeof(real));
	if (result == LINK_OK && type[0] == 'f')
		printf("%g\n", real);
	else if (result == LINK_OK)
		printf("%llu\n", (unsigned long long)whole);
	return result;
}

static int age(const char *path, unsigned int ms)
{
	struct section section;
	const uint64_t khz = measure_khz();

	write_or_die(path, &section);
	link_write_begin(&section.writer);
	link_write_end(&section.writer, link_counter() - khz * ms);
	return 0;
}

static int torn(const char *path)
{
	struct section section;

	write_or_die(path, &section);
	link_write_begin(&section.writer);
	return 0;
}

enum pace { PACE_BUSY, PACE_CALM, PACE_STEADY };

static int busy(const char *path, unsigned int ms, enum pace pace)
{
	const uint64_t end = now_ms() + ms;
	struct section section;
	double value = 0;

	write_or_die(path, &section);
	while (now_ms() < end) {
		value++;
		link_write_begin(&section.writer);
		for (uint32_t n = 0; n < VALUES; n++)
			link_write_part(&section.writer, n * 8, &value, sizeof(value));
		link_write_end(&section.writer, link_counter());
		/* A writer leaves time to read. */
		for (unsigned int n = 0; pace == PACE_CALM && n < 2000; n++)
			__asm__ volatile("" : : : "memory");
		if (pace == PACE_STEADY)
			pause_ms(5);
	}
	return 0;
}

/* ---- Callers -------------------------------------------------------------------------------- */

static sd_bus_message *make_call(sd_bus *bus, const char *cell, const char *method)
{
	sd_bus_message *call;
	char *path;

	if (sd_bus_path_encode("/org/cellmgr1/cell", cell, &path) < 0 ||
	    sd_bus_message_new_method_call(bus, &call, "org.cellmgr1", path, "org.cellmgr1.Cell",
					   method) < 0)
		exit(2);
	free(path);
	return call;
}

static int send_call(sd_bus *bus, sd_bus_message *call)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(bus, call, 60 * 1000000ull, &error, NULL);

	if (r < 0)
		fprintf(stderr, "%s: %s\n", error.name ? error.name : strerror(-r),
			error.message ? error.message : "");
	sd_bus_error_free(&error);
	return r < 0;
}

static int subscribe(sd_bus *bus, const char *cell, const char *period, char **names)
{
	sd_bus_message *call = make_call(bus, cell, "SubscribeSignals");

	sd_bus_message_append_strv(call, names);
	sd_bus_message_append(call, "t", (uint64_t)strtoull(period, NULL, 0));
	return send_call(bus, call);
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	const char *name, *quality, *contents;
	double value;
	uint64_t age;

	sd_bus_message_enter_container(message, 'a', "{sv}");
	while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
		sd_bus_message_read(message, "s", &name);
		sd_bus_message_enter_container(message, 'v', "(vts)");
		sd_bus_message_enter_container(message, 'r', "vts");
		sd_bus_message_peek_type(message, NULL, &contents);
		if (strcmp(contents, "d") == 0)
			sd_bus_message_read(message, "v", "d", &value);
		else
			sd_bus_message_skip(message, "v");
		sd_bus_message_read(message, "ts", &age, &quality);
		for (int n = 0; n < 3; n++)
			sd_bus_message_exit_container(message);
		printf("%s %g %s\n", name, strcmp(contents, "d") == 0 ? value : -1, quality);
	}
	puts(".");
	fflush(stdout);
	return 0;
}

static int listen_to(const char *cell, const char *period, unsigned int ms, char **names)
{
	const uint64_t end = now_ms() + ms;
	sd_bus *bus;

	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_match_signal(bus, NULL, "org.cellmgr1", NULL, "org.cellmgr1.Cell",
				"SignalsChanged", on_changed, NULL) < 0)
		return 2;
	if (subscribe(bus, cell, period, names))
		return 1;
	while (now_ms() < end) {
		if (sd_bus_process(bus, NULL) == 0)
			sd_bus_wait(bus, (end - now_ms()) * 1000);
	}
	return 0;
}

static int many(const char *cell, const char *period, int count, unsigned int ms)
{
	int failed = 0;

	for (int n = 0; n < count; n++) {
		sd_bus *bus;

		if (sd_bus_open_system(&bus) < 0)
			return 2;
		failed |= subscribe(bus, cell, period, NULL);
	}
	if (ms && !failed) {
		puts("all");
		fflush(stdout);
		pause_ms(ms);
	}
	return failed;
}

/* How many messages come within a second. */
static int count_changes(sd_bus *bus, int *count)
{
	const uint64_t end = now_ms() + 1000;

	*count = 0;
	while (now_ms() < end) {
		if (sd_bus_process(bus, NULL) == 0)
			sd_bus_wait(bus, 50000);
	}
	return *count;
}

static int on_counted(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	++*(int *)userdata;
	return 0;
}

static int changes(const char *cell)
{
	int count, fast, slow, none;
	sd_bus *bus;

	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_match_signal(bus, NULL, "org.cellmgr1", NULL, "org.cellmgr1.Cell",
				"SignalsChanged", on_counted, &count) < 0)
		return 2;
	if (subscribe(bus, cell, "20000", NULL))
		return 1;
	fast = count_changes(bus, &count);
	if (subscribe(bus, cell, "250000", NULL))
		return 1;
	slow = count_changes(bus, &count);
	if (subscribe(bus, cell, "0", NULL))
		return 1;
	none = count_changes(bus, &count);
	printf("%d %d %d\n", fast, slow, none);
	/* One may have been on its way. */
	return !(fast > 20 && slow >= 3 && slow <= 6 && none <= 1);
}

static int write_signal(char **arguments)
{
	const char *text = arguments[3];
	sd_bus_message *call;
	sd_bus *bus;
	int r;

	if (sd_bus_open_system(&bus) < 0)
		return 2;
	call = make_call(bus, arguments[0], "WriteSignal");
	sd_bus_message_append(call, "s", arguments[1]);
	if (arguments[2][0] == 'd')
		r = sd_bus_message_append(call, "v", "d", strtod(text, NULL));
	else if (arguments[2][0] == 's')
		r = sd_bus_message_append(call, "v", "s", text);
	else
		r = sd_bus_message_append(call, "v", "b", atoi(text));
	return r < 0 ? 2 : send_call(bus, call);
}

int main(int argc, char *argv[])
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "put") == 0 && argc == 6)
		return put(argv[2], argv[3], argv[4], argv[5]);
	if (strcmp(verb, "get") == 0 && argc == 5)
		return get(argv[2], argv[3], argv[4]);
	if (strcmp(verb, "age") == 0 && argc == 4)
		return age(argv[2], (unsigned int)atoi(argv[3]));
	if (strcmp(verb, "torn") == 0 && argc == 3)
		return torn(argv[2]);
	if (strcmp(verb, "busy") == 0 && argc == 4)
		return busy(argv[2], (unsigned int)atoi(argv[3]), PACE_BUSY);
	if (strcmp(verb, "equal") == 0 && argc == 4)
		return busy(argv[2], (unsigned int)atoi(argv[3]), PACE_CALM);
	if (strcmp(verb, "steady") == 0 && argc == 4)
		return busy(argv[2], (unsigned int)atoi(argv[3]), PACE_STEADY);
	if (strcmp(verb, "listen") == 0 && argc >= 5)
		return listen_to(argv[2], argv[3], (unsigned int)atoi(argv[4]), argv + 5);
	if (strcmp(verb, "changes") == 0 && argc == 3)
		return changes(argv[2]);
	if (strcmp(verb, "write") == 0 && argc == 6)
		return write_signal(argv + 2);
	if (strcmp(verb, "many") == 0 && (argc == 5 || argc == 6))
		return many(argv[2], argv[3], atoi(argv[4]),
			    argc == 6 ? (unsigned int)atoi(argv[5]) : 0);
	return 2;
}
