// SPDX-License-Identifier: GPL-2.0-only
#include "manager/restart.h"

#define NS_PER_US 1000

bool restart_plan(struct restart_record *record, const struct description_restart *rules,
		  uint64_t now_us)
{
	uint64_t delay_ns = rules->delay_ns, max_ns = rules->max_delay_ns;

	record->due = 0;
	/* A boot ago the clock may have been anywhere. */
	if (now_us < record->since || now_us - record->since >= rules->within_ns / NS_PER_US)
		record->count = 0;
	if (record->count >= rules->limit)
		return false;
	if (!record->count)
		record->since = now_us;
	for (uint64_t i = 0; i < record->count; i++)
		delay_ns = delay_ns > max_ns / 2 ? max_ns : 2 * delay_ns;
	if (delay_ns > max_ns)
		delay_ns = max_ns;
	record->count++;
	record->due = now_us + delay_ns / NS_PER_US;
	return true;
}
