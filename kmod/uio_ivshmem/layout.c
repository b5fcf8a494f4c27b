// SPDX-License-Identifier: GPL-2.0-only
#include "uio_ivshmem/layout.h"

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

#include "page.h"

static bool whole_pages(uint64_t value)
{
	return value % PAGE_BYTES == 0;
}

static const char *wrong(const char *what, uint64_t value, uint64_t *ret_value)
{
	*ret_value = value;
	return what;
}

const char *layout_check(struct layout *layout, uint64_t *ret_value)
{
	uint64_t outputs, size, end;

	if (!layout->state_size || !whole_pages(layout->state_size))
		return wrong("state table's size", layout->state_size, ret_value);
	if (!whole_pages(layout->common_size))
		return wrong("common section's size", layout->common_size, ret_value);
	if (!whole_pages(layout->output_size))
		return wrong("output sections' size", layout->output_size, ret_value);
	if (!layout->base || !whole_pages(layout->base))
		return wrong("memory's address", layout->base, ret_value);
	if (!layout->peers || layout->peers > layout->state_size / sizeof(uint32_t))
		return wrong("number of peers", layout->peers, ret_value);
	if (layout->id >= layout->peers)
		return wrong("own number", layout->id, ret_value);
	if (__builtin_mul_overflow(layout->output_size, (uint64_t)layout->peers, &outputs))
		return wrong("output sections' size", layout->output_size, ret_value);
	if (__builtin_add_overflow(layout->state_size, layout->common_size, &size))
		return wrong("common section's size", layout->common_size, ret_value);
	if (__builtin_add_overflow(size, outputs, &size))
		return wrong("output sections' size", layout->output_size, ret_value);
	if (__builtin_add_overflow(layout->base, size, &end))
		return wrong("memory's address", layout->base, ret_value);
	layout->size = size;
	return NULL;
}
