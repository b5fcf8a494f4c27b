// SPDX-License-Identifier: GPL-2.0-only
/* The fake's process: connections, rules, commands. `fake-driver` serves, `fake-driver COMMAND…`
 * tells a serving one what to do and prints its answer. */
#include "fake_driver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_DEVICES 32
#define TICK_MS	    10

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int devices[MAX_DEVICES];
static size_t num_devices;
void fake_raise_event(void)
{
	fake.events++;
	if (!(fake.features & CELLVISOR_FEATURE_EVENTS))
		return;
	for (size_t i = 0; i < num_devices; i++)
		(void)!send(devices[i], "!", 1, MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool hung_up(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* Sleeps without the lock. Returns false when the caller has gone. */
static bool wait_tick(int fd)
{
	pthread_mutex_unlock(&lock);
	usleep(TICK_MS * 1000);
	pthread_mutex_lock(&lock);
	return !hung_up(fd);
}

/* Waits as a rule or a silent cell has it. Returns false when the caller has gone. */
static bool wait_for(int fd, const struct fake_request *request, const char *call,
		     const struct fake_rule *rule)
{
	struct fake_cell *cell;
	uint64_t waited_us = 0;

	if (rule->action == FAKE_ACTION_DELAY) {
		for (int ms = 0; ms < rule->value; ms += TICK_MS) {
			if (!wait_tick(fd))
				return false;
		}
	}
	if (rule->action == FAKE_ACTION_STUCK)
		(void)!send(fd, &(struct fake_reply){FAKE_STUCK}, sizeof(struct fake_reply),
			    MSG_NOSIGNAL);
	while (rule->action >= FAKE_ACTION_HANG && fake_rule_hangs(call)) {
		if (!wait_tick(fd))
			return false;
	}
	for (;;) {
		cell = fake_shutdown_target((pid_t)request->pid, request->request,
					    request->argument);
		if (!fake_shutdown_waits(cell) ||
		    (cell->reply_timeout_us && waited_us >= cell->reply_timeout_us))
			return true;
		if (!wait_tick(fd))
			return false;
		waited_us += TICK_MS * 1000;
	}
}

static bool changes_state(uint64_t request)
{
	switch (request) {
	case CELLVISOR_CELL_STATUS:
	case CELLVISOR_CELL_CONSOLE:
	case CELLVISOR_CELL_INPUT:
	case CELLVISOR_FEATURES:
	case CELLVISOR_EVENTS:
	case CELLVISOR_POOL_INFO:
	case CELLVISOR_POOL_PIECE:
		return false;
	default:
		return true;
	}
}

static void serve_call(int fd)
{
	struct fake_request request;
	struct fake_reply reply = {0};
	struct fake_rule rule = {0};
	const char *call;
	bool changes;

	if (recv(fd, &request, sizeof(request), MSG_WAITALL) != sizeof(request))
		return;
	pthread_mutex_lock(&lock);
	call = fake_call_name((pid_t)request.pid, request.request, request.argument);
	changes = changes_state(request.request);
	fake_rule_find(call, changes, &rule);
	if (rule.action == FAKE_ACTION_KILL)
		kill((pid_t)request.pid, SIGKILL);
	else if (wait_for(fd, &request, call, &rule)) {
		if (rule.action == FAKE_ACTION_ERROR)
			reply.result = -rule.value;
		else
			reply.result = fake_ioctl((pid_t)request.pid, request.request,
						  request.argument, rule.action == FAKE_ACTION_LIE);
		if (rule.action == FAKE_ACTION_KILL_AFTER)
			kill((pid_t)request.pid, SIGKILL);
		if (changes) {
			fake_write_sysfs();
			fake_raise_event();
		}
		(void)!send(fd, &reply, sizeof(reply), MSG_NOSIGNAL);
	}
	pthread_mutex_unlock(&lock);
}

static void serve_device(int fd)
{
	char byte;

	pthread_mutex_lock(&lock);
	if (num_devices < MAX_DEVICES)
		devices[num_devices++] = fd;
	pthread_mutex_unlock(&lock);
	(void)!recv(fd, &byte, 1, 0);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < num_devices; i++) {
		if (devices[i] == fd)
			devices[i] = devices[--num_devices];
	}
	pthread_mutex_unlock(&lock);
}

/* fail CELL REASON ADDRESS SIZE RIP CPU [VALUE] */
static const char *fail_cell(struct fake_cell *cell, char *const *words, size_t count)
{
	cell->status.state = CELL_FAILED;
	cell->status.failure = (struct failure_record){
		.reason = (uint32_t)strtoul(words[2], NULL, 0),
		.address = strtoull(words[3], NULL, 0),
		.value = count > 7 ? strtoull(words[7], NULL, 0) : 0,
		.size = (uint32_t)strtoul(words[4], NULL, 0),
		.rip = strtoull(words[5], NULL, 0),
		.cpu = (uint32_t)strtoul(words[6], NULL, 0),
		.vector = FAILURE_VECTOR_NONE,
	};
	return "ok";
}

static const char *set_answer(struct fake_cell *cell, const char *answer)
{
	cell->answer = strcmp(answer, "deny") == 0     ? FAKE_DENY
		       : strcmp(answer, "silent") == 0 ? FAKE_SILENT
						       : FAKE_APPROVE;
	return "ok";
}

static const char *add_text(struct fake_cell *cell, const char *text)
{
	int length = snprintf(cell->console + cell->console_length,
			      sizeof(cell->console) - cell->console_length, "%s\n", text);

	if ((size_t)length >= sizeof(cell->console) - cell->console_length)
		return "full";
	cell->console_length += (size_t)length;
	return "ok";
}

static const char *command_cell(struct fake_cell *cell, char *const *words, size_t count)
{
	if (strcmp(words[0], "fail") == 0 && (count == 7 || count == 8))
		return fail_cell(cell, words, count);
	if (strcmp(words[0], "answer") == 0 && count == 3)
		return set_answer(cell, words[2]);
	if (strcmp(words[0], "console") == 0 && count == 3)
		return add_text(cell, words[2]);
	if (strcmp(words[0], "gone") == 0) {
		fake_remove(cell);
		return "ok";
	}
	if (strcmp(words[0], "lock") == 0)
		cell->status.state = CELL_RUNNING_LOCKED;
	else if (strcmp(words[0], "unlock") == 0)
		cell->status.state = CELL_RUNNING;
	else if (strcmp(words[0], "shut-down") == 0)
		cell->status.state = CELL_SHUT_DOWN;
	else if (strcmp(words[0], "mismatch") == 0)
		cell->status.state = CELL_FAILED_COMM_REV;
	else if (strcmp(words[0], "flatline") == 0)
		cell->beating = false;
	else if (strcmp(words[0], "listen") == 0)
		cell->listens = true;
	else if (strcmp(words[0], "deafen") == 0)
		cell->deaf = true;
	else if (strcmp(words[0], "beat") == 0)
		cell->beating = true;
	else if (strcmp(words[0], "storm") == 0)
		cell->storms = true;
	else if (strcmp(words[0], "calm") == 0)
		cell->storms = false;
	else if (strcmp(words[0], "mute") == 0)
		cell->mute = true;
	else if (strcmp(words[0], "speak") == 0)
		cell->mute = false;
	else if (strcmp(words[0], "garble") == 0)
		cell->garbled = true;
	else if (strcmp(words[0], "ungarble") == 0)
		cell->garbled = false;
	else
		return "no such command";
	return "ok";
}

/* One that somebody else has made and started. */
static struct fake_cell *add_foreign(const char *name, const char *cpus)
{
	struct fake_cell *cell = fake_add(name, cpus);

	if (cell) {
		cell->status.state = CELL_RUNNING;
		cell->status.started = 1;
	}
	return cell;
}

/*
 * At once: nobody may see a moment in which there is none, which would be a cell that has ended. So
 * for a moment there are two of that name.
 */
static const char *replace_cell(struct fake_cell *cell, const char *cpus)
{
	if (!add_foreign(cell->name, cpus))
		return "full";
	fake_write_sysfs();
	fake_remove(cell);
	return "ok";
}

static const char *command(char **words, size_t count, char *buffer, size_t size)
{
	struct fake_cell *cell;

	if (strcmp(words[0], "rule") == 0 && count == 4)
		return fake_rule_add(words);
	if (strcmp(words[0], "clear") == 0) {
		fake_rules_clear(count > 1 && strcmp(words[1], "rules") != 0 ? words[1] : NULL);
		/* Of `clear rules` and `clear CALL` what cells answer stays. */
		for (size_t i = 0; count == 1 && i < FAKE_MAX_CELLS; i++)
			fake.cells[i].answer = FAKE_APPROVE;
		return "ok";
	}
	if (strcmp(words[0], "links-gone") == 0) {
		fake_links_gone();
		return "ok";
	}
	if (strcmp(words[0], "features") == 0 && count == 2) {
		fake.features = strtoull(words[1], NULL, 0);
		return "ok";
	}
	if (strcmp(words[0], "calls") == 0 && count == 2) {
		snprintf(buffer, size, "%u", fake_rule_calls(words[1]));
		return buffer;
	}
	if (strncmp(words[0], "pool", 4) == 0)
		return fake_pool_command(words, count, buffer, size);
	if (strcmp(words[0], "replace") == 0 && count == 3) {
		cell = fake_find_name(words[1]);
		return cell ? replace_cell(cell, words[2]) : "no such cell";
	}
	if (strcmp(words[0], "foreign") == 0 && count == 3)
		return add_foreign(words[1], words[2]) ? "ok" : "full";
	cell = count >= 2 ? fake_find_name(words[1]) : NULL;
	return cell ? command_cell(cell, words, count) : "no such cell";
}

/* One line; words are separated by tabs, as the sender joined them. */
static void serve_control(int fd)
{
	char line[1024], buffer[64];
	char *words[8] = {NULL}, *rest = line;
	const char *answer;
	size_t count = 0;
	ssize_t length = recv(fd, line, sizeof(line) - 1, 0);

	if (length <= 0)
		return;
	line[length] = '\0';
	while (rest && count < sizeof(words) / sizeof(words[0]))
		words[count++] = strsep(&rest, "\t");
	pthread_mutex_lock(&lock);
	answer = command(words, count, buffer, sizeof(buffer));
	fake_write_sysfs();
	fake_raise_event();
	(void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	pthread_mutex_unlock(&lock);
}

struct connection {
	void (*serve)(int fd);
	int fd;
};

static void *run_connection(void *argument)
{
	struct connection *connection = argument;

	connection->serve(connection->fd);
	close(connection->fd);
	free(connection);
	return NULL;
}

static int make_socket(const char *path, bool serving)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	strcpy(address.sun_path, path);
	if (serving) {
		unlink(path);
		r = bind(fd, (struct sockaddr *)&address, sizeof(address));
		r = r < 0 ? r : listen(fd, 64);
	} else {
		r = connect(fd, (struct sockaddr *)&address, sizeof(address));
	}
	if (r < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return fd;
}

static int serve(void)
{
	static void (*const serves[])(int) = {serve_device, serve_call, serve_control};
	struct pollfd fds[3];

	mkdir(FAKE_DIRECTORY, 0755);
	fake_links_clear();
	/* Of one before this, too. */
	fake_remove_tree(FAKE_SYSFS);
	pthread_mutex_lock(&lock);
	fake_write_sysfs();
	pthread_mutex_unlock(&lock);
	fds[0] = (struct pollfd){make_socket(FAKE_DRIVER_SOCKET, true), POLLIN, 0};
	fds[1] = (struct pollfd){make_socket(FAKE_CALL_SOCKET, true), POLLIN, 0};
	fds[2] = (struct pollfd){make_socket(FAKE_CONTROL_SOCKET, true), POLLIN, 0};
	while (poll(fds, 3, -1) >= 0 || errno == EINTR) {
		for (size_t i = 0; i < 3; i++) {
			struct connection *connection;
			pthread_t thread;

			if (!(fds[i].revents & POLLIN))
				continue;
			connection = calloc(1, sizeof(*connection));
			if (!connection)
				abort();
			connection->serve = serves[i];
			connection->fd = accept(fds[i].fd, NULL, NULL);
			if (pthread_create(&thread, NULL, run_connection, connection) != 0)
				abort();
			pthread_detach(thread);
		}
	}
	return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	char line[1024] = "", answer[256];
	size_t used = 0;
	ssize_t length;
	int fd;

	if (argc == 1)
		return serve();
	for (int i = 1; i < argc && used < sizeof(line); i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s",
					 i > 1 ? "\t" : "", argv[i]);
	fd = make_socket(FAKE_CONTROL_SOCKET, false);
	if (used >= sizeof(line) || send(fd, line, used, 0) != (ssize_t)used)
		return EXIT_FAILURE;
	length = recv(fd, answer, sizeof(answer) - 1, 0);
	if (length <= 0)
		return EXIT_FAILURE;
	answer[length] = '\0';
	puts(answer);
	return strncmp(answer, "no ", 3) == 0 || strcmp(answer, "full") == 0;
}
