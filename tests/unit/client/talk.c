// SPDX-License-Identifier: GPL-2.0-only
/* A conversation with a cell, between pipes and on a terminal of the test's own. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/lib/tap.h"
#include "view/console_talk.h"

#define PATIENCE_MS 10000

/* The other ends: of the program's input, of the cell's console and of what it reads. */
struct talk {
	pid_t program;
	int keys, console, heard;
	int terminal; /* the program's, -1: its input is a pipe */
};

static int no_sink(void *context, const char *bytes, size_t length)
{
	return 0;
}

static void begin(struct talk *talk, bool tty)
{
	int keys[2], console[2], heard[2];

	if (tty ? openpty(&keys[1], &keys[0], NULL, NULL, NULL) < 0 : pipe(keys) < 0)
		abort();
	if (pipe(console) < 0 || pipe2(heard, O_NONBLOCK) < 0)
		abort();
	*talk = (struct talk){.keys = keys[1],
			      .console = console[1],
			      .heard = heard[0],
			      .terminal = tty ? keys[0] : -1};
	talk->program = fork();
	if (talk->program == 0) {
		dup2(keys[0], STDIN_FILENO);
		close(keys[1]);
		close(console[1]);
		close(heard[0]);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		/* It would turn for ever otherwise. */
		alarm(PATIENCE_MS / 1000);
		_exit(console_talk(console[0], heard[1], no_sink, NULL) == 0 ? 0 : 1);
	}
	close(console[0]);
	close(heard[1]);
	if (!tty)
		close(keys[0]);
}

/* Its status as wait() has it. */
static int ended(struct talk *talk)
{
	int status;

	waitpid(talk->program, &status, 0);
	close(talk->heard);
	close(talk->console);
	if (talk->terminal >= 0)
		close(talk->terminal);
	return status;
}

static bool is_raw(const struct talk *talk)
{
	struct termios now;

	return tcgetattr(talk->terminal, &now) == 0 && !(now.c_lflag & ICANON);
}

static bool becomes_raw(const struct talk *talk, bool raw)
{
	for (int i = 0; i < PATIENCE_MS / 10 && is_raw(talk) != raw; i++)
		usleep(10000);
	return is_raw(talk) == raw;
}

static bool has_heard(const struct talk *talk, const char *wanted)
{
	char bytes[64] = "";
	size_t length = 0;

	while (length < strlen(wanted) &&
	       poll(&(struct pollfd){talk->heard, POLLIN, 0}, 1, PATIENCE_MS) > 0) {
		const ssize_t more = read(talk->heard, bytes + length, sizeof(bytes) - 1 - length);

		if (more <= 0)
			break;
		length += (size_t)more;
	}
	return strcmp(bytes, wanted) == 0;
}

static void type(const struct talk *talk, const char *keys)
{
	if (write(talk->keys, keys, strlen(keys)) < 0)
		abort();
}

static void test_keys(struct tap *tap)
{
	/* ^C, ^S, ^V, ^Z, ^D, ^Q, and both ends of a line: all that a terminal does itself else. */
	static const char all[] = "k\x03\x13\x16\x1a\x04\x11\n";
	struct talk talk;
	int status;

	begin(&talk, true);
	tap_ok(tap, becomes_raw(&talk, true), "the keys of a terminal are the cell's");
	type(&talk, all);
	tap_ok(tap, has_heard(&talk, all), "each of them");
	type(&talk, "last\x1dnever");
	tap_ok(tap, has_heard(&talk, "last"), "those before the key that ends it, too");
	status = ended(&talk);
	tap_ok(tap, WIFEXITED(status) && WEXITSTATUS(status) == 0, "that is an end");
	close(talk.keys);
}

/* Nobody can type ^] there any more. */
static void test_terminal_goes(struct tap *tap)
{
	struct talk talk;
	int status;

	begin(&talk, true);
	becomes_raw(&talk, true);
	close(talk.keys);
	close(talk.terminal);
	talk.terminal = -1;
	status = ended(&talk);
	tap_ok(tap, !WIFSIGNALED(status) || WTERMSIG(status) == SIGHUP,
	       "it ends with its terminal: status %x", status);
}

/* As soon as it has the keys, and so often that it would be seen in between. */
static void test_signal(struct tap *tap)
{
	bool back = true, of_it = true;

	for (int round = 0; round < 100; round++) {
		struct talk talk;
		int status;

		begin(&talk, true);
		for (int i = 0; i < 10000000 && !is_raw(&talk); i++)
			;
		kill(talk.program, SIGTERM);
		back = becomes_raw(&talk, false) && back;
		status = ended(&talk);
		of_it = WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && of_it;
		close(talk.keys);
	}
	tap_ok(tap, back, "who is told to end gives the terminal back");
	tap_ok(tap, of_it, "and ends of that");
}

/* So many bytes that neither pipe holds them. */
static void test_slow_cell(struct tap *tap)
{
	const size_t all = 300000;
	struct talk talk;
	char bytes[4096];
	size_t heard = 0;

	begin(&talk, false);
	if (fork() == 0) {
		memset(bytes, 'x', sizeof(bytes));
		for (size_t left = all; left > 0;) {
			const size_t part = left < sizeof(bytes) ? left : sizeof(bytes);
			const ssize_t done = write(talk.keys, bytes, part);

			left -= done > 0 ? (size_t)done : left;
		}
		_exit(0);
	}
	close(talk.keys);
	usleep(300000);
	while (poll(&(struct pollfd){talk.heard, POLLIN, 0}, 1, PATIENCE_MS / 2) > 0) {
		const ssize_t more = read(talk.heard, bytes, sizeof(bytes));

		if (more <= 0)
			break;
		heard += (size_t)more;
	}
	tap_is_u64(tap, heard, all, "a slow cell gets all that comes out of a pipe");
	close(talk.console);
	talk.console = -1;
	ended(&talk);
}

/* A terminal is not waited for: what the cell has no room for is lost, and what comes later is not.
 */
static void test_full_cell(struct tap *tap)
{
	struct talk talk;
	char bytes[4096];
	int full = 0;

	begin(&talk, true);
	becomes_raw(&talk, true);
	for (int i = 0; i < 1000 && full < 3; i++) {
		memset(bytes, 'x', 1000);
		bytes[1000] = '\0';
		type(&talk, bytes);
		/* Linux' pipes have 64 KiB. */
		full += i > 100;
		usleep(1000);
	}
	usleep(100000);
	while (poll(&(struct pollfd){talk.heard, POLLIN, 0}, 1, 100) > 0 &&
	       read(talk.heard, bytes, sizeof(bytes)) > 0)
		;
	type(&talk, "again");
	tap_ok(tap, has_heard(&talk, "again"), "a cell that was slow hears what is typed later");
	type(&talk, "\x1d");
	ended(&talk);
	close(talk.keys);
}

int main(void)
{
	struct tap tap = {0};

	test_keys(&tap);
	test_terminal_goes(&tap);
	test_signal(&tap);
	test_slow_cell(&tap);
	test_full_cell(&tap);
	return tap_done(&tap);
}
