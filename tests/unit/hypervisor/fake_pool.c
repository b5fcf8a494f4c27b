// SPDX-License-Identifier: GPL-2.0-only
/* The fake machine's pool of pages, of which a test leaves few. */
#include "core/page_pool.h"
#include "fake_machine.h"

static void *drained; /* pages, chained through their first words */

/* Those that a test takes are not counted. */
void *__real_page_pool_alloc(uint32_t pages);

void machine_drain(uint32_t leave)
{
	void *page;

	while (page_pool_size() - page_pool_used() > leave && (page = __real_page_pool_alloc(1))) {
		*(void **)page = drained;
		drained = page;
	}
}

void machine_refill(void)
{
	void *page;

	while ((page = drained)) {
		drained = *(void **)page;
		page_pool_free(page, 1);
	}
}

void machine_forget_drained(void)
{
	drained = NULL;
}
