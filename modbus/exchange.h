/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One request of a client from its frame to its answer. All registers of a value are of one reading
 * of its signal, and signals of one cell of one reading of the cell. Values are written one after
 * the other, by address, when all of them are known to make sense.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "answers.h"
#include "signals.h"

/* From the request to its answer, whatever the daemon does; the second for those that write, since
 * polkit may have somebody to ask. */
#define EXCHANGE_READ_US  UINT64_C(1000000)
#define EXCHANGE_WRITE_US UINT64_C(3000000)

struct exchange;

/* What every exchange needs; lasts longer than they do. */
struct exchange_context {
	struct answers *answers;
	struct signals *signals;
};

/* The exchange is no more when this is called; answer is NULL where there is none to be had. */
typedef void (*exchange_done)(void *userdata, const struct answer *answer);

/*
 * Begins with a whole frame, of which it keeps a copy. done may be called before this returns.
 * Returns 0, or a negative errno, and done is not called then.
 */
int exchange_begin(const struct exchange_context *context, struct map *map, const uint8_t *frame,
		   size_t length, exchange_done done, void *userdata,
		   struct exchange **ret_exchange);

/* Ends it without an answer; done is not called. Takes NULL. */
void exchange_cancel(struct exchange *exchange);

#endif /* EXCHANGE_H */
