// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that calls whatever an object offers, with arguments of the right types that make no
 * sense, or nearly some: the same ones for the same seed. It goes away in the middle of calls, too.
 *
 *   random-peer SEED COUNT PATH...
 *
 * Prints how many calls were answered and how many of them well. Returns 1 where the peer on the
 * other side went away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#define BUS_NAME     "org.cellmgr1"
#define MAX_METHODS  128
#define CALL_TIMEOUT 20000000 /* µs */
#define HURRY	     2000     /* µs: the caller does not wait for the answer */

struct method {
	char path[128], interface[64], name[64], signature[64];
};

static struct method methods[MAX_METHODS];
static size_t num_methods;
static uint64_t seed;
static sd_bus *bus;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static size_t draw_below(size_t limit)
{
	return (size_t)(draw() % limit);
}

/* The value of an attribute of an element that begins at text. */
static bool attribute(const char *text, const char *name, char *buffer, size_t size)
{
	const char *end = strchr(text, '>'), *value;
	char key[32];
	size_t length;

	snprintf(key, sizeof(key), " %s=\"", name);
	value = strstr(text, key);
	if (!value || !end || value > end)
		return false;
	value += strlen(key);
	length = strcspn(value, "\"");
	if (length >= size)
		return false;
	memcpy(buffer, value, length);
	buffer[length] = '\0';
	return true;
}

/* The types of a method's arguments; text is behind the method's beginning. */
static void signature_of(const char *text, struct method *method)
{
	const char *end = strstr(text, "</method>");
	char type[32], direction[8];

	for (const char *argument = strstr(text, "<arg "); end && argument && argument < end;
	     argument = strstr(argument + 1, "<arg ")) {
		if (!attribute(argument, "type", type, sizeof(type)) ||
		    (attribute(argument, "direction", direction, sizeof(direction)) &&
		     strcmp(direction, "out") == 0))
			continue;
		if (strlen(method->signature) + strlen(type) < sizeof(method->signature))
			strcat(method->signature, type);
	}
}

static void learn(const char *path)
{
	sd_bus_message *reply;
	char interface[64] = "";
	const char *text;

	if (sd_bus_call_method(bus, BUS_NAME, path, "org.freedesktop.DBus.Introspectable",
			       "Introspect", NULL, &reply, NULL) < 0 ||
	    sd_bus_message_read(reply, "s", &text) < 0)
		exit(2);
	for (; (text = strchr(text, '<')) && num_methods < MAX_METHODS; text++) {
		struct method *method = &methods[num_methods];
		const char *end;

		if (strncmp(text, "<interface ", 11) == 0)
			attribute(text, "name", interface, sizeof(interface));
		if (strncmp(text, "<method ", 8) != 0)
			continue;
		memset(method, 0, sizeof(*method));
		snprintf(method->path, sizeof(method->path), "%s", path);
		snprintf(method->interface, sizeof(method->interface), "%s", interface);
		attribute(text, "name", method->name, sizeof(method->name));
		end = strchr(text, '>');
		if (end && end[-1] != '/')
			signature_of(text, method);
		num_methods++;
	}
	sd_bus_message_unref(reply);
}

static const char *draw_string(void)
{
	static const char *const words[] = {
		"alpha",
		"beta",
		"boot",
		"broken",
		"huge",
		"",
		"no-such-cell",
		"../../etc/shadow",
		"%s%n%x",
		"a\nb",
		"\xe2\x82\xac",
		"speed",
		"org.cellmgr1.Manager",
		"org.cellmgr1.Cell",
		"State",
		"Cpus",
		"/usr/lib/cellmgr/images/alpha.bin",
		"debug",
		"console",
		"-1",
		"alpha beta",
		"ALPHA",
		"alpha\t",
	};
	static char text[6000];
	size_t length = draw_below(8) == 0 ? draw_below(sizeof(text)) : draw_below(40);

	if (draw_below(3) > 0)
		return words[draw_below(sizeof(words) / sizeof(words[0]))];
	for (size_t i = 0; i < length; i++)
		text[i] = (char)(1 + draw_below(127));
	text[length] = '\0';
	return text;
}

static int draw_descriptor(void)
{
	static const char texts[][64] = {
		"{", "{ \"cpus\": [3], \"memory\": \"1M\", \"image\": \"alpha.bin\" }", "[]",
		"\xef\xbb\xbf{}", ""};
	int fds[2], fd = -1;

	switch (draw_below(6)) {
	case 0:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 1:
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case 2:
		return open("/etc/hostname", O_PATH | O_CLOEXEC);
	case 3:
		if (pipe2(fds, O_CLOEXEC) < 0)
			exit(2);
		close(fds[1]);
		return fds[0];
	default:
		fd = memfd_create("random", MFD_CLOEXEC);
		if (fd >= 0) {
			const char *text = texts[draw_below(5)];

			(void)!write(fd, text, strlen(text));
			(void)!lseek(fd, 0, SEEK_SET);
		}
		return fd;
	}
}

static int append(sd_bus_message *call, const char *signature, const char *end);

/* Where the first complete type of a signature ends. */
static const char *type_end(const char *type)
{
	unsigned int depth = 0;

	while (*type == 'a')
		type++;
	do {
		depth += *type == '(' || *type == '{';
		depth -= *type == ')' || *type == '}';
		type++;
	} while (depth);
	return type;
}

static int append_basic(sd_bus_message *call, char type)
{
	uint64_t number = draw_below(3) == 0 ? draw() : draw_below(4);
	double real = draw_below(4) == 0 ? (double)draw() * 1e300 * 1e300 : (double)draw_below(100);
	int fd, yes = (int)draw_below(2), r;

	switch (type) {
	case 'h':
		fd = draw_descriptor();
		r = sd_bus_message_append_basic(call, type, &fd);
		close(fd);
		return r;
	case 'b':
		return sd_bus_message_append_basic(call, type, &yes);
	case 'd':
		return sd_bus_message_append_basic(call, type, &real);
	case 's':
		return sd_bus_message_append_basic(call, type, draw_string());
	case 'o':
		return sd_bus_message_append_basic(call, type, "/org/cellmgr1/cell/alpha");
	case 'g':
		return sd_bus_message_append_basic(call, type, "a{sv}");
	default:
		return sd_bus_message_append_basic(call, type, &number);
	}
}

static int append_variant(sd_bus_message *call)
{
	static const char *const types[] = {"s",    "d", "t", "b",     "as",
					    "(st)", "y", "x", "a{sv}", "n"};
	const char *type = types[draw_below(sizeof(types) / sizeof(types[0]))];
	int r = sd_bus_message_open_container(call, 'v', type);

	r = r < 0 ? r : append(call, type, type + strlen(type));
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_container(sd_bus_message *call, const char *type, const char *end)
{
	size_t count = *type != 'a' ? 1 : draw_below(20) == 0 ? draw_below(300) : draw_below(4);
	char contents[64];
	int r;

	/* Of an array the type of its items, of a structure what is between the brackets. */
	snprintf(contents, sizeof(contents), "%.*s", (int)(end - type) - (*type == 'a' ? 1 : 2),
		 type + 1);
	r = sd_bus_message_open_container(call,
					  *type == '('	 ? 'r'
					  : *type == '{' ? 'e'
							 : 'a',
					  contents);
	for (size_t i = 0; i < count && r >= 0; i++)
		r = append(call, contents, contents + strlen(contents));
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append(sd_bus_message *call, const char *signature, const char *end)
{
	int r = 0;

	while (signature < end && r >= 0) {
		const char *next = type_end(signature);

		if (*signature == 'v')
			r = append_variant(call);
		else if (strchr("a({", *signature))
			r = append_container(call, signature, next);
		else
			r = append_basic(call, *signature);
		signature = next;
	}
	return r;
}

/* Returns 1 for a good answer, 0 for an error, or -1 where there is nobody any more. */
static int call_once(const struct method *method, uint64_t timeout)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call, *reply = NULL;
	int r;

	if (sd_bus_message_new_method_call(bus, &call, BUS_NAME, method->path, method->interface,
					   method->name) < 0)
		exit(2);
	/* What a message cannot hold is not sent. */
	if (append(call, method->signature, method->signature + strlen(method->signature)) < 0) {
		sd_bus_message_unref(call);
		return 0;
	}
	r = sd_bus_call(bus, call, timeout, &error, &reply);
	if (r < 0 && timeout == CALL_TIMEOUT &&
	    (sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY) || r == -ETIMEDOUT)) {
		fprintf(stderr, "%s %s: no answer\n", method->path, method->name);
		r = -ECONNRESET;
	} else {
		r = r >= 0;
	}
	sd_bus_error_free(&error);
	sd_bus_message_unref(call);
	sd_bus_message_unref(reply);
	return r < 0 ? -1 : r;
}

int main(int argc, char *argv[])
{
	unsigned long count = argc > 3 ? strtoul(argv[2], NULL, 0) : 0, good = 0;

	if (!count || sd_bus_open_system(&bus) < 0)
		return 2;
	seed = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	for (int i = 3; i < argc; i++)
		learn(argv[i]);
	for (unsigned long i = 0; i < count; i++) {
		const struct method *method = &methods[draw_below(num_methods)];
		bool leaves = draw_below(16) == 0;
		int r = call_once(method, leaves ? HURRY : CALL_TIMEOUT);

		if (r < 0)
			return 1;
		good += (unsigned long)r;
		if (!leaves)
			continue;
		sd_bus_close(bus);
		bus = sd_bus_unref(bus);
		if (sd_bus_open_system(&bus) < 0)
			return 2;
	}
	printf("%zu methods, %lu calls, %lu good\n", num_methods, count, good);
	return 0;
}
