// SPDX-License-Identifier: GPL-2.0-only
#include "view/console_talk.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/cleanup.h"

struct talk {
	int output;
	int input;    /* -1: nothing more can be said */
	bool tty;     /* of standard input */
	bool blocked; /* the cell is slow, its pipe is full */
	console_sink sink;
	void *context;
};

/* What stays is what makes output readable, and ^C where it is a signal for us: the keys are the
 * cell's. */
static bool take_keys(struct termios *ret_before)
{
	struct termios keys;

	if (tcgetattr(STDIN_FILENO, ret_before) < 0)
		return false;
	keys = *ret_before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	keys.c_iflag &= ~(tcflag_t)(IXON | INLCR);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &keys) == 0;
}

static void say_no_more(struct talk *talk)
{
	close(talk->input);
	talk->input = -1;
}

/* Returns 1 where the person has had enough. */
static int hand_on_keys(struct talk *talk)
{
	/* No more than fits whole wherever there is room at all. */
	char keys[_POSIX_PIPE_BUF];
	ssize_t length = read(STDIN_FILENO, keys, sizeof(keys));
	const char *end;

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (length <= 0) {
		say_no_more(talk);
		return 0;
	}
	end = talk->tty ? memchr(keys, CONSOLE_TALK_END, (size_t)length) : NULL;
	if (end)
		length = end - keys;
	if (length && write(talk->input, keys, (size_t)length) != length)
		say_no_more(talk);
	return end != NULL;
}

/* Returns 1 at the end, 0 to go on, or a negative errno or the sink's answer in ret. */
static int hand_on_output(struct talk *talk, int *ret)
{
	char buffer[4096];
	ssize_t length = read(talk->output, buffer, sizeof(buffer));

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	*ret = length < 0    ? -errno
	       : length == 0 ? 0
			     : talk->sink(talk->context, buffer, (size_t)length);
	return length <= 0 || *ret != 0;
}

static int talk_on(struct talk *talk)
{
	for (;;) {
		/* Keys are read where they can be handed on; a closed pipe is told in any case. */
		struct pollfd fds[] = {
			{.fd = talk->output, .events = POLLIN},
			{.fd = talk->input < 0 || talk->blocked ? -1 : STDIN_FILENO,
			 .events = POLLIN},
			{.fd = talk->input, .events = talk->blocked ? POLLOUT : 0},
		};
		int r = 0;

		if (poll(fds, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[0].revents && hand_on_output(talk, &r))
			return r;
		if (fds[2].revents & (POLLERR | POLLNVAL)) {
			say_no_more(talk);
			continue;
		}
		if (fds[2].revents & POLLOUT)
			talk->blocked = false;
		if (!fds[1].revents)
			continue;
		talk->blocked = poll(&(struct pollfd){talk->input, POLLOUT, 0}, 1, 0) == 0;
		if (!talk->blocked && hand_on_keys(talk))
			return 0;
	}
}

int console_talk(int output, int input, console_sink sink, void *context)
{
	struct talk talk = {.output = output, .input = input, .sink = sink, .context = context};
	struct termios before;
	int r;

	signal(SIGPIPE, SIG_IGN);
	talk.tty = isatty(STDIN_FILENO) && take_keys(&before);
	r = talk_on(&talk);
	if (talk.tty)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	if (talk.input >= 0)
		close(talk.input);
	return r;
}
