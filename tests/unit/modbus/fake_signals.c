// SPDX-License-Identifier: GPL-2.0-only
#include "fake_signals.h"

#include <stdlib.h>

static struct fake_signals *begin(struct signals *signals, const char *cell, uint64_t timeout_us,
				  signals_done done, void *userdata, void **ret_call)
{
	struct fake_signals *fake = (struct fake_signals *)signals;

	/* The daemon has answers for many, but an exchange asks for one thing after the other. */
	if (fake->is_pending)
		abort();
	fake->calls++;
	fake->cell = cell;
	fake->timeout_us = timeout_us;
	fake->done = done;
	fake->userdata = userdata;
	if (fake->fail == 0) {
		fake->is_pending = true;
		*ret_call = fake;
	}
	return fake;
}

static int fake_read(struct signals *signals, const char *cell, struct signal_asked *asked,
		     size_t count, uint64_t timeout_us, signals_done done, void *userdata,
		     void **ret_call)
{
	struct fake_signals *fake = begin(signals, cell, timeout_us, done, userdata, ret_call);

	fake->is_write = false;
	fake->asked = asked;
	fake->count = count;
	return fake->fail;
}

static int fake_write(struct signals *signals, const char *cell, const char *name,
		      const struct value *value, uint64_t timeout_us, signals_done done,
		      void *userdata, void **ret_call)
{
	struct fake_signals *fake = begin(signals, cell, timeout_us, done, userdata, ret_call);

	fake->is_write = true;
	fake->name = name;
	fake->value = *value;
	return fake->fail;
}

static void fake_cancel(struct signals *signals, void *call)
{
	struct fake_signals *fake = (struct fake_signals *)signals;

	if (call != fake || !fake->is_pending)
		abort();
	fake->is_pending = false;
	fake->cancelled++;
}

void fake_signals_init(struct fake_signals *fake)
{
	*fake = (struct fake_signals){.signals = {fake_read, fake_write, fake_cancel}};
}

void fake_signals_answer(struct fake_signals *fake, unsigned int exception)
{
	if (!fake->is_pending)
		abort();
	fake->is_pending = false;
	fake->done(fake->userdata, exception, "as the test says");
}

void fake_signals_tell(struct fake_signals *fake, struct value value, enum quality quality)
{
	for (size_t i = 0; !fake->is_write && i < fake->count; i++) {
		fake->asked[i].found = true;
		fake->asked[i].value = value;
		fake->asked[i].quality = quality;
	}
	fake_signals_answer(fake, 0);
}
