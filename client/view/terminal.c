// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/ending_signals.h"
#include "common/clock.h"
#include "view/output.h"
#include "view/terminal.h"

/* What every terminal of today obeys, and tmux and the Linux console do. */
#define BEGIN	    "\x1b[?1049h\x1b[?25l" /* another screen, no cursor */
#define END	    "\x1b[?25h\x1b[?1049l"
#define HOME	    "\x1b[H"
#define END_OF_LINE "\x1b[K\r\n"
#define REST	    "\x1b[J"
#define ESCAPE	    0x1b
#define ESCAPE_MS   20 /* within which an escape sequence follows its first byte */

static struct {
	bool interactive;
	struct termios before;
	sigset_t mask; /* before */
	bool hurry;
} terminal;

static volatile sig_atomic_t arrived; /* the signal, 0: none */

static void leave(void);

/* Ending counts more than what else has come. */
static void on_signal(int number)
{
	if (terminal.hurry) {
		leave();
		_exit(EXIT_SUCCESS); /* as after q */
	}
	if (arrived == 0 || arrived == SIGWINCH || arrived == SIGTSTP)
		arrived = number;
}

static int enter(void)
{
	struct termios raw = terminal.before;

	if (!terminal.interactive)
		return 0;
	/* ^C and ^Z stay signals. */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -errno;
	return output_write(BEGIN, strlen(BEGIN));
}

static void leave(void)
{
	if (!terminal.interactive)
		return;
	(void)output_write(END, strlen(END));
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
}

int terminal_begin(bool interactive)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t ours = ending_signals();

	if (interactive && tcgetattr(STDIN_FILENO, &terminal.before) < 0)
		return -errno;
	sigaddset(&ours, SIGTSTP);
	sigaddset(&ours, SIGWINCH);
	/* They come in only while we wait for them. */
	sigprocmask(SIG_BLOCK, &ours, &terminal.mask);
	for (int number = 1; number < NSIG; number++) {
		if (sigismember(&ours, number) > 0)
			sigaction(number, &action, NULL);
	}
	terminal.interactive = interactive;
	return enter();
}

void terminal_hurry(bool hurry)
{
	const sigset_t ending = ending_signals();

	terminal.hurry = hurry;
	sigprocmask(hurry ? SIG_UNBLOCK : SIG_BLOCK, &ending, NULL);
}

void terminal_end(void)
{
	leave();
	terminal.interactive = false;
}

int terminal_show(const char *text, size_t rows)
{
	_cleanup_(freep) char *picture = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&picture, &size);

	if (!stream)
		return -ENOMEM;
	if (terminal.interactive)
		fputs(HOME, stream);
	for (size_t row = 0; *text && (rows == 0 || row < rows); row++) {
		size_t length = strcspn(text, "\n");

		/* A line break behind the last row would scroll. */
		fprintf(stream, "%.*s%s", (int)length, text,
			!terminal.interactive ? "\n" : (row + 1 == rows ? "\x1b[K" : END_OF_LINE));
		text += length + (text[length] == '\n');
	}
	if (terminal.interactive)
		fputs(REST, stream);
	if (fclose(stream) != 0)
		return -ENOMEM;
	return output_write(picture, size);
}

/* Of an escape sequence, whose first byte was read: arrows are ESC [ A or ESC O A. */
static enum key read_sequence(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char bytes[8];
	ssize_t count =
		poll(&input, 1, ESCAPE_MS) > 0 ? read(STDIN_FILENO, bytes, sizeof(bytes)) : 0;

	if (count < 2 || (bytes[0] != '[' && bytes[0] != 'O'))
		return KEY_NONE;
	return bytes[1] == 'A' ? KEY_UP : bytes[1] == 'B' ? KEY_DOWN : KEY_NONE;
}

static enum key read_key(void)
{
	unsigned char byte;
	ssize_t count = read(STDIN_FILENO, &byte, 1);

	/* The end of a terminal's input is the end of the terminal. */
	if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
		return KEY_END;
	if (count < 0)
		return KEY_NONE;
	if (byte == ESCAPE)
		return read_sequence();
	return byte == 'q' || byte == 'Q' ? KEY_END : byte >= KEY_OTHER ? byte : KEY_NONE;
}

static enum key take_signal(void)
{
	int number = arrived;

	arrived = 0;
	if (number != SIGTSTP)
		return number == SIGWINCH ? KEY_RESIZED : KEY_END;
	leave();
	raise(SIGSTOP);
	(void)enter();
	return KEY_RESIZED;
}

enum key terminal_wait(uint64_t until_usec)
{
	for (;;) {
		uint64_t now = monotonic_us(), left = until_usec > now ? until_usec - now : 0;
		struct timespec timeout = {(time_t)(left / 1000000), (long)(left % 1000000 * 1000)};
		struct pollfd input = {.fd = terminal.interactive ? STDIN_FILENO : -1,
				       .events = POLLIN};
		enum key key;
		int r = 0;

		if (!arrived)
			r = ppoll(&input, 1, &timeout, &terminal.mask);
		if (arrived)
			return take_signal();
		if (r == 0)
			return KEY_NONE;
		key = r > 0 ? read_key() : KEY_NONE;
		if (key != KEY_NONE)
			return key;
	}
}
