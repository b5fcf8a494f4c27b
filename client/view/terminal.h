/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminal that is a screen of ours for a while: pictures on it, one after the other, and keys.
 * It is given back as it was, also while the program is stopped, and when it is ended by a signal.
 */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum key {
	KEY_NONE,    /* the time is over */
	KEY_RESIZED, /* or the program was stopped and goes on: the picture is to be drawn anew */
	KEY_END,     /* q, or a signal that ends programs */
	KEY_UP,
	KEY_DOWN,
	KEY_OTHER = 0x20, /* from here on the character */
};

/*
 * Takes over standard input and output, if interactive is set; else only waits, and listens to
 * signals. Returns 0 or a negative errno. terminal_end() undoes it, also where it was never begun.
 */
int terminal_begin(bool interactive);
void terminal_end(void);

/*
 * Shows at most rows lines of text in place of the picture before: line by line over the old one,
 * so that nothing flickers. Returns 0 or a negative errno.
 */
int terminal_show(const char *text, size_t rows);

/*
 * Whether a signal that ends programs ends this one at once, as q does, with the terminal given
 * back: for what may take long and is no waiting for keys.
 */
void terminal_hurry(bool hurry);

/* Waits for a key until monotonic_us() is there. */
enum key terminal_wait(uint64_t until_usec);

#endif /* CLIENT_TERMINAL_H */
