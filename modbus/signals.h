/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to the cells' signals: the daemon's (bus.h), or a stand-in's in tests. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stddef.h>
#include <stdint.h>

#include "bus_abi.h"
#include "encoding.h"

/* A signal that is asked for, and what came of it. */
struct signal_asked {
	const char *name;
	bool found; /* what follows is known */
	struct value value;
	enum quality quality;
};

/*
 * How a call ended: with 0, or the exception that tells a client why it did not succeed, and a text
 * for people, which does not outlive the call.
 */
typedef void (*signals_done)(void *userdata, unsigned int exception, const char *text);

struct signals {
	/*
	 * Begin a call that ends within timeout_us; what they are given must last as long, texts
	 * but for the array's names only until they return. done is called later, or never: after 0
	 * and until then *ret_call is what cancel takes. Negative errno: nothing was begun.
	 */
	int (*read)(struct signals *signals, const char *cell, struct signal_asked *asked,
		    size_t count, uint64_t timeout_us, signals_done done, void *userdata,
		    void **ret_call);
	int (*write)(struct signals *signals, const char *cell, const char *name,
		     const struct value *value, uint64_t timeout_us, signals_done done,
		     void *userdata, void **ret_call);
	void (*cancel)(struct signals *signals, void *call);
};

#endif /* SIGNALS_H */
