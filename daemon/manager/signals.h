/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of cells' signals, read from and written to the links that Linux has an end of. For the
 * loop's thread; nothing here waits but for the first write (driver/link_memory.h).
 */
#ifndef MANAGER_SIGNALS_H
#define MANAGER_SIGNALS_H

#include "common/bus_words.h"
#include "manager/link.h"
#include "model/signal_value.h"

#define SIGNAL_AGE_UNKNOWN UINT64_MAX

struct signal_reading {
	const struct description_signal *signal; /* of the cell's description; set before */
	struct signal_value value; /* of the signal's kind; zero where there is none */
	uint64_t age_us;	   /* since its block was last written; or SIGNAL_AGE_UNKNOWN */
	enum quality quality;
};

/* The signal of that name, also where it does not come from here; NULL: the cell has none. */
const struct description_signal *signals_find(const struct cell *cell, const char *name);

/* NoSuchSignal, with the name that may have been meant. Returns -EINVAL. */
int signals_refuse(const struct cell *cell, const char *name, struct error *error);

/* Reads them: those of one section all of the same moment. What cannot be read has its quality. */
void signals_read(const struct cell *cell, struct signal_reading *readings, size_t count);

/* Who writes, for the journal. */
struct signal_author {
	const char *peer; /* on the bus */
	uint32_t uid;
};

/*
 * Writes a value, and tells the journal: old and new value, and who. Error: NoSuchSignal; Invalid
 * (not to be written, of another type, out of range); WrongState where its link is not there;
 * Driver where it cannot be used. Returns 0 or -EINVAL.
 */
int signals_write(const struct cell *cell, const char *name, const struct signal_value *value,
		  const struct signal_author *author, struct error *error);

#endif /* MANAGER_SIGNALS_H */
