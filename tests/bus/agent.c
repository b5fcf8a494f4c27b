// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the shell of the bus tests would start a process for, thousands of times: it is asked over
 * TCP on loopback, which bash speaks itself.
 *
 * One connection a request: words, each with a US (0x1f) behind it, and a newline. The answer is a
 * digit, the status, and a text without a newline at its end, and a NUL.
 *
 *   call PATH INTERFACE METHOD [SIGNATURE VALUE...]
 *                         of the daemon, on a connection of its own; as busctl does it, and prints
 *   try ...               the same, but errors are "NAME: TEXT", as of bus-peer
 *   get PATH INTERFACE PROPERTY
 *                         its value, strings without quotes
 *   signals PATH NAME...  ReadSignals(): lines of name, type, value and quality
 *   unit NAME PROPERTY    ActiveState, MainPID or StatusText, as the service manager has it
 *   up PATTERN            names of units that are not at rest, a line each
 *   manager METHOD        of the service manager, over the bus: behind what it was told there
 *   same PATH PATH        whether two directories of files are alike, owners and modes, too
 *   fake WORD...          the fake driver's answer
 */
#include "agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_driver.h"

#define PORT	    9999
#define SYSTEMD	    "org.freedesktop.systemd1"
#define SYSTEMD_BUS "unix:path=/run/systemd/private"
#define PROPERTIES  "org.freedesktop.DBus.Properties"

/* A connection that is kept, for what changes nothing: the bus, or the service manager's own. */
struct kept {
	pthread_mutex_t lock;
	const char *address;
	sd_bus *bus;
};

static struct kept system_bus = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct kept service_manager = {.lock = PTHREAD_MUTEX_INITIALIZER, .address = SYSTEMD_BUS};

static int open_bus(const char *address, sd_bus **ret)
{
	sd_bus *bus;
	int r;

	if (!address)
		return sd_bus_open_system(ret);
	r = sd_bus_new(&bus);
	if (r < 0)
		return r;
	r = sd_bus_set_address(bus, address);
	r = r < 0 ? r : sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static const char *text_of(const sd_bus_error *error, int r)
{
	return error->message ? error->message : strerror(-r);
}

static int call_daemon(struct words *words, FILE *out, bool with_name)
{
	const char *path = agent_take(words), *interface = agent_take(words),
		   *method = agent_take(words);
	const char *signature = agent_take(words), *answer;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	sd_bus *bus = NULL;
	int r = method ? open_bus(NULL, &bus) : -EINVAL;

	r = r < 0 ? r
		  : sd_bus_message_new_method_call(bus, &call, "org.cellmgr1", path, interface,
						   method);
	r = r < 0 || !signature ? r : agent_append_values(call, signature, words);
	if (r < 0) {
		fprintf(out, "agent: %s: %s", method ? method : "", strerror(-r));
		r = 2;
		goto out;
	}
	r = sd_bus_call(bus, call, 60 * 1000000ull, &error, &reply);
	if (r < 0) {
		fprintf(out, "%s: %s", with_name ? error.name : "Call failed", text_of(&error, r));
		r = 1;
		goto out;
	}
	answer = sd_bus_message_get_signature(reply, true);
	if (answer && answer[0]) {
		fprintf(out, "%s ", answer);
		agent_put_values(out, reply, true);
	}
	r = 0;
out:
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(call);
	sd_bus_flush_close_unref(bus);
	return r;
}

static int do_call(struct words *words, FILE *out)
{
	return call_daemon(words, out, false);
}

static int do_try(struct words *words, FILE *out)
{
	return call_daemon(words, out, true);
}

static bool is_broken(int r)
{
	return r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE || r == -ESTALE;
}

/* On the connection that is kept, or on one of its own where that is in use. */
static int call_once(sd_bus **bus, const char *address,
		     sd_bus_message *(*make)(sd_bus *, struct words *), struct words *words,
		     sd_bus_error *error, sd_bus_message **ret)
{
	sd_bus_message *call;
	int r = *bus && sd_bus_is_open(*bus) > 0 ? 0 : -ENOTCONN;

	if (r < 0) {
		*bus = sd_bus_close_unref(*bus);
		r = open_bus(address, bus);
		if (r < 0)
			return r;
	}
	call = make(*bus, words);
	r = call ? sd_bus_call(*bus, call, 25 * 1000000ull, error, ret) : -EINVAL;
	sd_bus_message_unref(call);
	if (is_broken(r))
		*bus = sd_bus_close_unref(*bus);
	return r;
}

/* Once more where the other side had gone. */
static int call_kept(struct kept *kept, sd_bus_message *(*make)(sd_bus *, struct words *),
		     struct words *words, sd_bus_error *error, sd_bus_message **ret)
{
	bool ours = pthread_mutex_trylock(&kept->lock) == 0;
	size_t first = words->next;
	sd_bus *bus = NULL;
	int r;

	r = call_once(ours ? &kept->bus : &bus, kept->address, make, words, error, ret);
	if (is_broken(r)) {
		words->next = first;
		sd_bus_error_free(error);
		r = call_once(ours ? &kept->bus : &bus, kept->address, make, words, error, ret);
	}
	sd_bus_close_unref(bus);
	if (ours)
		pthread_mutex_unlock(&kept->lock);
	return r;
}

static sd_bus_message *make_get(sd_bus *bus, struct words *words)
{
	const char *path = agent_take(words), *interface = agent_take(words),
		   *property = agent_take(words);
	sd_bus_message *call = NULL;

	if (property && sd_bus_message_new_method_call(bus, &call, "org.cellmgr1", path, PROPERTIES,
						       "Get") >= 0)
		sd_bus_message_append(call, "ss", interface, property);
	return call;
}

static int do_get(struct words *words, FILE *out)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *contents, *text;
	int r = call_kept(&system_bus, make_get, words, &error, &reply);

	if (r < 0) {
		fprintf(out, "Failed to get property: %s", text_of(&error, r));
		sd_bus_error_free(&error);
		return 1;
	}
	sd_bus_message_peek_type(reply, NULL, &contents);
	sd_bus_message_enter_container(reply, 'v', contents);
	if (strcmp(contents, "s") == 0 && sd_bus_message_read(reply, "s", &text) > 0)
		agent_put_string(out, text);
	else
		agent_put_values(out, reply, true);
	sd_bus_message_unref(reply);
	return 0;
}

static sd_bus_message *make_read_signals(sd_bus *bus, struct words *words)
{
	const char *path = agent_take(words), *name;
	sd_bus_message *call = NULL;

	if (!path || sd_bus_message_new_method_call(bus, &call, "org.cellmgr1", path,
						    "org.cellmgr1.Cell", "ReadSignals") < 0)
		return NULL;
	sd_bus_message_open_container(call, 'a', "s");
	while ((name = agent_take(words)))
		sd_bus_message_append(call, "s", name);
	sd_bus_message_close_container(call);
	return call;
}

/* Its type, and what it is: of numbers a NaN is none, of booleans 1 is true. */
static void put_signal(FILE *out, sd_bus_message *reply)
{
	const char *type;
	double number = 0;
	int boolean = 0;

	sd_bus_message_peek_type(reply, NULL, &type);
	sd_bus_message_enter_container(reply, 'v', type);
	fprintf(out, "%s ", type);
	if (type[0] == 'd') {
		sd_bus_message_read(reply, "d", &number);
		fprintf(out, number == number ? "%.12g" : "none", number);
	} else if (type[0] == 'b') {
		sd_bus_message_read(reply, "b", &boolean);
		fprintf(out, "%d", boolean);
	} else {
		agent_put_values(out, reply, true);
	}
	sd_bus_message_exit_container(reply);
}

static int do_signals(struct words *words, FILE *out)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *name, *quality, *between = "";
	uint64_t age;
	int r = call_kept(&system_bus, make_read_signals, words, &error, &reply);

	if (r < 0) {
		fprintf(out, "Call failed: %s", text_of(&error, r));
		sd_bus_error_free(&error);
		return 1;
	}
	sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
		sd_bus_message_read(reply, "s", &name);
		sd_bus_message_enter_container(reply, 'v', "(vts)");
		sd_bus_message_enter_container(reply, 'r', "vts");
		fprintf(out, "%s%s ", between, name);
		put_signal(out, reply);
		sd_bus_message_read(reply, "ts", &age, &quality);
		fprintf(out, " %s", quality);
		sd_bus_message_exit_container(reply);
		sd_bus_message_exit_container(reply);
		sd_bus_message_exit_container(reply);
		between = "\n";
	}
	sd_bus_message_unref(reply);
	return 0;
}

static sd_bus_message *make_manager_call(sd_bus *bus, struct words *words)
{
	const char *method = agent_take(words), *argument = agent_take(words);
	sd_bus_message *call = NULL;

	if (method &&
	    sd_bus_message_new_method_call(bus, &call, SYSTEMD, "/org/freedesktop/systemd1",
					   SYSTEMD ".Manager", method) >= 0 &&
	    argument)
		sd_bus_message_append(call, "s", argument);
	return call;
}

static sd_bus_message *make_get_of_unit(sd_bus *bus, struct words *words)
{
	const char *path = agent_take(words), *property = agent_take(words);
	bool any = strcmp(property, "ActiveState") == 0;
	sd_bus_message *call = NULL;

	if (sd_bus_message_new_method_call(bus, &call, SYSTEMD, path, PROPERTIES, "Get") >= 0)
		sd_bus_message_append(call, "ss", any ? SYSTEMD ".Unit" : SYSTEMD ".Service",
				      property);
	return call;
}

/* A unit that is not there is inactive, and has no process and no status, as systemctl says it. */
static const char *of_no_unit(const char *property)
{
	if (strcmp(property, "ActiveState") == 0)
		return "inactive";
	return strcmp(property, "MainPID") == 0 ? "0" : "";
}

static int do_unit(struct words *words, FILE *out)
{
	const char *name = agent_take(words), *property = agent_take(words), *text;
	struct words ask = {.word = {"GetUnit", (char *)name}, .count = 2};
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *unit = NULL, *reply = NULL;
	int r = property ? call_kept(&service_manager, make_manager_call, &ask, &error, &unit)
			 : -EINVAL;

	if (r < 0 && sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit")) {
		fputs(of_no_unit(property), out);
		r = 0;
		goto out;
	}
	if (r >= 0 && sd_bus_message_read(unit, "o", &text) > 0) {
		ask = (struct words){.word = {(char *)text, (char *)property}, .count = 2};
		r = call_kept(&service_manager, make_get_of_unit, &ask, &error, &reply);
	}
	if (r < 0) {
		fprintf(out, "Failed: %s", text_of(&error, r));
		goto out;
	}
	sd_bus_message_peek_type(reply, NULL, &text);
	sd_bus_message_enter_container(reply, 'v', text);
	if (strcmp(text, "s") == 0 && sd_bus_message_read(reply, "s", &text) > 0)
		fputs(text, out);
	else
		agent_put_values(out, reply, true);
out:
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(unit);
	return r < 0;
}

static int do_manager(struct words *words, FILE *out)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = call_kept(&system_bus, make_manager_call, words, &error, &reply);

	if (r < 0)
		fprintf(out, "Failed: %s", text_of(&error, r));
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return r < 0;
}

static sd_bus_message *make_list(sd_bus *bus, struct words *words)
{
	const char *pattern = agent_take(words);
	sd_bus_message *call = NULL;

	if (pattern &&
	    sd_bus_message_new_method_call(bus, &call, SYSTEMD, "/org/freedesktop/systemd1",
					   SYSTEMD ".Manager", "ListUnitsByPatterns") >= 0)
		sd_bus_message_append(call, "asas", 0, 1, pattern);
	return call;
}

static int do_up(struct words *words, FILE *out)
{
	const char *name, *load, *state, *between = "";
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	uint32_t job;
	int r = call_kept(&service_manager, make_list, words, &error, &reply);

	if (r < 0) {
		fprintf(out, "Failed: %s", text_of(&error, r));
		sd_bus_error_free(&error);
		return 1;
	}
	sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
	while (sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, &load, &state, NULL, NULL,
				   NULL, &job, NULL, NULL) > 0) {
		if (!job && (strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0))
			continue;
		fprintf(out, "%s%s", between, name);
		between = "\n";
	}
	sd_bus_message_unref(reply);
	return 0;
}

/* As `fake-driver WORD...` does. */
static int do_fake(struct words *words, FILE *out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = FAKE_CONTROL_SOCKET};
	char line[1024] = "", answer[256];
	size_t used = 0;
	ssize_t length = -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *word;

	while ((word = agent_take(words)) && used < sizeof(line))
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", used ? "\t" : "",
					 word);
	if (used < sizeof(line) && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, line, used, MSG_NOSIGNAL) == (ssize_t)used)
		length = recv(fd, answer, sizeof(answer) - 1, 0);
	close(fd);
	if (length <= 0) {
		fputs("the fake driver does not answer", out);
		return 1;
	}
	answer[length] = '\0';
	fputs(answer, out);
	return strncmp(answer, "no ", 3) == 0 || strcmp(answer, "full") == 0;
}

static const struct {
	const char *name;
	int (*run)(struct words *words, FILE *out);
} requests[] = {
	{"call", do_call},	 {"try", do_try},	  {"up", do_up},
	{"get", do_get},	 {"signals", do_signals}, {"unit", do_unit},
	{"manager", do_manager}, {"fake", do_fake},	  {"same", agent_same},
};

static int answer_request(struct words *words, FILE *out)
{
	const char *name = agent_take(words);

	for (size_t i = 0; name && i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (strcmp(name, requests[i].name) == 0)
			return requests[i].run(words, out);
	}
	fputs("agent: no such request", out);
	return 2;
}

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument, status;
	char line[16384], *answer = NULL, *rest = line;
	struct words words = {.count = 0};
	size_t used = 0, size;
	FILE *out = open_memstream(&answer, &size);

	while (used < 2 || line[used - 1] != '\n' || line[used - 2] != '\x1f') {
		ssize_t length = recv(fd, line + used, sizeof(line) - 1 - used, 0);

		if (length <= 0)
			break;
		used += (size_t)length;
	}
	/* Without the newline, and the US that ends the last word. */
	line[used < 2 ? 0 : used - 2] = '\0';
	while (rest && words.count < MAX_WORDS)
		words.word[words.count++] = strsep(&rest, "\x1f");
	fputc('0', out);
	status = answer_request(&words, out);
	fputc('\0', out);
	fclose(out);
	answer[0] = (char)('0' + status);
	(void)!send(fd, answer, size, MSG_NOSIGNAL);
	free(answer);
	close(fd);
	return NULL;
}

int main(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0) {
		perror("agent");
		return EXIT_FAILURE;
	}
	/* Who started it may ask now. */
	puts("ready");
	fflush(stdout);
	for (;;) {
		int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (peer < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)peer) != 0)
			abort();
		pthread_detach(thread);
	}
}
