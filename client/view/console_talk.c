// SPDX-License-Identifier: GPL-2.0-only
#include "view/console_talk.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/ending_signals.h"

struct talk {
	int output;
	int input;    /* -1: nothing more can be said */
	bool tty;     /* of standard input */
	bool blocked; /* the cell is slow, its pipe is full */
	int signals; /* with a terminal: what would end the program, which has it to give back; else
			-1 */
	int ended_by; /* of these; 0: none */
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

/* The keys are the cell's: without a word nobody knew why nothing happens, and how to leave. */
static void say_no_more(struct talk *talk)
{
	close(talk->input);
	talk->input = -1;
	talk->blocked = false;
	if (talk->tty)
		fputs("\r\n[the cell takes no more input; ^] ends this]\r\n", stderr);
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
	if (length <= 0 && talk->input < 0)
		return 1;
	if (length <= 0) {
		say_no_more(talk);
		return 0;
	}
	end = talk->tty ? memchr(keys, CONSOLE_TALK_END, (size_t)length) : NULL;
	if (end)
		length = end - keys;
	/* A terminal is listened to in any case; what the cell cannot take is lost then. */
	if (length && talk->input >= 0 && !talk->blocked &&
	    write(talk->input, keys, (size_t)length) != length)
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

static bool note_signal(struct talk *talk)
{
	struct signalfd_siginfo info;

	if (read(talk->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	talk->ended_by = (int)info.ssi_signo;
	return true;
}

/* Returns a descriptor of them, or -1: they come as ever. */
static int take_signals(sigset_t *ret_before)
{
	const sigset_t ending = ending_signals();

	sigprocmask(SIG_BLOCK, &ending, ret_before);
	return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int talk_on(struct talk *talk)
{
	for (;;) {
		/* Keys are read where they can be handed on; a closed pipe is told in any case. */
		bool is_heard = talk->tty || (talk->input >= 0 && !talk->blocked);
		struct pollfd fds[] = {
			{.fd = talk->output, .events = POLLIN},
			{.fd = is_heard ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = talk->input, .events = talk->blocked ? POLLOUT : 0},
			{.fd = talk->signals, .events = POLLIN},
		};
		int r = 0;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[3].revents && note_signal(talk))
			return 0;
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
		talk->blocked = talk->input >= 0 &&
				poll(&(struct pollfd){talk->input, POLLOUT, 0}, 1, 0) == 0;
		if ((talk->tty || !talk->blocked) && hand_on_keys(talk))
			return 0;
	}
}

int console_talk(int output, int input, console_sink sink, void *context)
{
	struct talk talk = {
		.output = output, .input = input, .signals = -1, .sink = sink, .context = context};
	const bool terminal = isatty(STDIN_FILENO);
	struct termios before;
	sigset_t mask;
	int r;

	signal(SIGPIPE, SIG_IGN);
	/* Before the keys, which somebody else would have for ever. */
	if (terminal)
		talk.signals = take_signals(&mask);
	talk.tty = terminal && take_keys(&before);
	r = talk_on(&talk);
	if (talk.input >= 0)
		close(talk.input);
	if (talk.tty)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	if (!terminal)
		return r;
	if (talk.signals >= 0)
		close(talk.signals);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (talk.ended_by)
		raise(talk.ended_by);
	return r;
}
