// SPDX-License-Identifier: GPL-2.0-only
/* Cell ids, images, buffers and ioctls that are not what they should be, beside a cell that there
 * is.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define IMAGE_SIZE 64
#define RAM_END	   0x100000ull
#define MAX_TRIED  80 /* images; the driver takes 64 */
#define OWN_ID	   1
#define LOAD_SIZE(n) \
	(sizeof(struct jailhouse_cell_load) + (n) * sizeof(struct jailhouse_preload_image))

static uint64_t pick(struct mutator *mutator, const uint64_t *values, size_t count)
{
	return values[mutator_next(mutator) % count];
}

#define PICK(mutator, values) pick(mutator, values, sizeof(values) / sizeof((values)[0]))

/* An id that no cell has, by number or by name, or one that cannot be one. */
static void make_wrong_id(struct mutator *mutator, struct jailhouse_cell_id *ret_id)
{
	static const char *const names[] = {"", "fuz", "fuzz ", "FUZZ", "nobody", "../fuzz", "1"};
	static const int32_t ids[] = {2, 3, 31, 32, 255, 65536, INT_MAX, INT_MIN, -2, -3, 1 << 30};

	memset(ret_id, 0, sizeof(*ret_id));
	switch (mutator_next(mutator) % 3) {
	case 0:
		ret_id->id = JAILHOUSE_ID_BY_NAME;
		strcpy(ret_id->name, names[mutator_next(mutator) % 7]);
		break;
	case 1:
		/* No end, and the right beginning. */
		ret_id->id = JAILHOUSE_ID_BY_NAME;
		memset(ret_id->name, 'x', sizeof(ret_id->name));
		memcpy(ret_id->name, "fuzz", 4);
		break;
	default:
		ret_id->id = ids[mutator_next(mutator) % 11];
		strcpy(ret_id->name, "fuzz");
	}
}

/* The root cell is no cell to be managed. */
static void make_any_id(struct mutator *mutator, struct jailhouse_cell_id *ret_id)
{
	make_wrong_id(mutator, ret_id);
	if (mutator_next(mutator) % 4 == 0) {
		memset(ret_id, 0, sizeof(*ret_id));
		if (mutator_next(mutator) % 2) {
			ret_id->id = JAILHOUSE_ID_BY_NAME;
			strcpy(ret_id->name, "root");
		}
	}
}

static int try_wrong_id(struct device *device, const char **ret_what)
{
	static const unsigned long codes[] = {JAILHOUSE_CELL_LOAD, JAILHOUSE_CELL_START,
					      JAILHOUSE_CELL_DESTROY, CELLVISOR_CELL_KILL};
	struct {
		struct jailhouse_cell_id id;
		uint32_t count, reserved;
	} argument = {0};
	unsigned long code = codes[mutator_next(&device->mutator) % 4];

	*ret_what = "wrong id";
	make_any_id(&device->mutator, &argument.id);
	return device_call(device, code, &argument);
}

static int try_wrong_status(struct device *device, const char **ret_what)
{
	struct cellvisor_cell_status status = {0};
	struct cellvisor_cell_console console = {0};
	struct cellvisor_cell_input input = {0};
	struct jailhouse_cell_id id;

	*ret_what = "status, console or input of a wrong id";
	make_any_id(&device->mutator, &id);
	switch (mutator_next(&device->mutator) % 3) {
	case 0:
		status.id = id.id;
		return device_call(device, CELLVISOR_CELL_STATUS, &status);
	case 1:
		input.id = id.id;
		input.length = (uint32_t)mutator_next(&device->mutator) % 80;
		return device_call(device, CELLVISOR_CELL_INPUT, &input);
	}
	console.id = id.id;
	console.length = (uint32_t)mutator_next(&device->mutator);
	console.buffer = mutator_next(&device->mutator);
	return device_call(device, CELLVISOR_CELL_CONSOLE, &console);
}

/* An image that does not fit, of which at least one number is wrong. */
static void make_wrong_image(struct device *device, struct jailhouse_preload_image *ret_image)
{
	static const uint64_t targets[] = {
		RAM_END - IMAGE_SIZE + 1, RAM_END,    0x200000,	 0x400000, UINT64_MAX,
		UINT64_MAX - 4095,	  1ull << 63, 1ull << 52};
	static const uint64_t sizes[] = {RAM_END + 1, 1ull << 32, 1ull << 63, UINT64_MAX,
					 UINT64_MAX - 4095};
	struct mutator *mutator = &device->mutator;

	*ret_image = (struct jailhouse_preload_image){
		.source_address = (uintptr_t)device->edge.end - IMAGE_SIZE,
		.size = IMAGE_SIZE,
	};
	switch (mutator_next(mutator) % 3) {
	case 0:
		ret_image->target_address = PICK(mutator, targets);
		break;
	case 1:
		ret_image->size = PICK(mutator, sizes);
		break;
	default:
		/* Part of the source is behind the edge, all of it, or nobody's. */
		ret_image->source_address += 1 + mutator_next(mutator) % 4096;
		if (mutator_next(mutator) % 2)
			ret_image->source_address = mutator_next(mutator) | 1ull << 63;
	}
}

/* The cell is loaded before and after, so its state stays. */
static int try_wrong_load(struct device *device, const char **ret_what)
{
	static uint8_t buffer[LOAD_SIZE(MAX_TRIED)];
	struct jailhouse_cell_load *load = (struct jailhouse_cell_load *)buffer;
	static const uint32_t counts[] = {65, 66, 1000, 0x7fffffff, 0x80000000, 0xffffffff};
	struct mutator *mutator = &device->mutator;
	unsigned int n, given = 1 + mutator_next(mutator) % 8;

	memset(load, 0, sizeof(*load));
	load->cell_id.id = OWN_ID;
	load->num_images = given;
	for (n = 0; n < given; n++)
		make_wrong_image(device, &load->image[n]);
	if (mutator_next(mutator) % 3) {
		*ret_what = "wrong image";
		return device_call(device, JAILHOUSE_CELL_LOAD, load);
	}
	*ret_what = "wrong number of images";
	load->num_images = mutator_next(mutator) % 2
				   ? counts[mutator_next(mutator) % 6]
				   : given + 1 + (uint32_t)mutator_next(mutator) % (64 - given);
	/* Good images, of which the last ones lie behind the edge. */
	for (n = 0; n < given; n++)
		load->image[n] = (struct jailhouse_preload_image){
			(uintptr_t)device->edge.end - LOAD_SIZE(MAX_TRIED), IMAGE_SIZE, 0, 0};
	return device_call(device, JAILHOUSE_CELL_LOAD,
			   edge_put(&device->edge, load, LOAD_SIZE(given)));
}

/* An argument of which the last byte, or everything, cannot be read. */
static int try_edge(struct device *device, const char **ret_what)
{
	static const struct {
		unsigned long code;
		size_t size;
	} calls[] = {
		{JAILHOUSE_CELL_CREATE, sizeof(struct jailhouse_cell_create)},
		{JAILHOUSE_CELL_LOAD, sizeof(struct jailhouse_cell_load)},
		{JAILHOUSE_CELL_START, sizeof(struct jailhouse_cell_id)},
		{JAILHOUSE_CELL_DESTROY, sizeof(struct jailhouse_cell_id)},
		{CELLVISOR_CELL_KILL, sizeof(struct jailhouse_cell_id)},
		{CELLVISOR_FEATURES, sizeof(struct cellvisor_features)},
		{CELLVISOR_POOL_RESERVE, sizeof(struct cellvisor_pool)},
		{CELLVISOR_POOL_INFO, sizeof(struct cellvisor_pool)},
		{CELLVISOR_CELL_STATUS, sizeof(struct cellvisor_cell_status)},
		{CELLVISOR_CELL_CONSOLE, sizeof(struct cellvisor_cell_console)},
		{CELLVISOR_CELL_INPUT, sizeof(struct cellvisor_cell_input)},
		{CELLVISOR_EVENTS, sizeof(uint64_t)},
		{CELLVISOR_KEEP_CPUS, sizeof(struct cellvisor_keep_cpus)},
	};
	struct mutator *mutator = &device->mutator;
	unsigned int n = mutator_next(mutator) % (sizeof(calls) / sizeof(calls[0]));
	uint8_t *at = device->edge.end - calls[n].size;
	const int32_t own = OWN_ID;

	*ret_what = "argument across the edge";
	memset(at, 0, calls[n].size);
	memcpy(at + calls[n].size - sizeof(own), &own, sizeof(own));
	return device_call(device, calls[n].code,
			   at + 1 + mutator_next(mutator) % (calls[n].size - 1));
}

/* Codes that mean nothing, and the pool that is in use. */
static int try_wrong_code(struct device *device, const char **ret_what)
{
	struct cellvisor_pool pool = {.size = 2ull << 20, .source = CELLVISOR_POOL_LINUX};
	struct mutator *mutator = &device->mutator;
	uint8_t nr;

	*ret_what = "pool in use";
	switch (mutator_next(mutator) % 4) {
	case 0:
		pool.size = mutator_next(mutator);
		pool.source = mutator_next(mutator) % 4;
		pool.node = mutator_next(mutator);
		return device_call(device, CELLVISOR_POOL_RESERVE, &pool);
	case 1:
		return device_call(device, CELLVISOR_POOL_RELEASE, NULL);
	default:
		*ret_what = "unknown code";
		nr = 16 + (uint8_t)mutator_next(mutator) % 200;
		return device_call(device,
				   _IOW(mutator_next(mutator) % 2 ? 0 : CELLVISOR_IOC_TYPE, nr,
					struct cellvisor_pool),
				   device->edge.end - 256);
	}
}

/* Which are to be kept, mostly with something that cannot be; what could be is undone. */
static int try_keep(struct device *device, const char **ret_what)
{
	struct mutator *mutator = &device->mutator;
	struct cellvisor_keep_cpus keep = {.cpus[0] = mutator_next(mutator) % 16}, none = {0};
	int result;

	*ret_what = "CPUs to keep";
	switch (mutator_next(mutator) % 4) {
	case 0:
		keep.flags = (uint32_t)mutator_next(mutator) << 1;
		break;
	case 1:
		keep.reserved = 1u << mutator_next(mutator) % 32;
		break;
	case 2:
		keep.cpus[mutator_next(mutator) % 4] |= 1ull << (4 + mutator_next(mutator) % 60);
		break;
	default:
		keep.cpus[0] |= 1;
		keep.flags = mutator_next(mutator) % 2;
	}
	result = device_call(device, CELLVISOR_KEEP_CPUS, &keep);
	if (!result && device_call(device, CELLVISOR_KEEP_CPUS, &none))
		broken("try %u: what was kept is not given back", device->sent);
	return result;
}

static void make_cell(struct device *device)
{
	static const uint8_t halt_loop[IMAGE_SIZE] = {0xfa, 0xf4, 0xeb, 0xfd};
	struct jailhouse_cell_create create;
	struct {
		struct jailhouse_cell_load load;
		struct jailhouse_preload_image image;
	} load = {.load = {.cell_id = {.id = OWN_ID}, .num_images = 1},
		  .image = {(uintptr_t)halt_loop, sizeof(halt_loop), 0, 0}};
	size_t size;
	void *blob = blob_of_cell(device, &size);
	int r;

	create = (struct jailhouse_cell_create){(uintptr_t)blob, (uint32_t)size, 0};
	r = device_call(device, JAILHOUSE_CELL_CREATE, &create);
	if (!r)
		r = device_call(device, JAILHOUSE_CELL_LOAD, &load);
	if (r || snapshot_next_cell(0) != OWN_ID)
		broken("the control failed: no cell to try on: %d", r);
	free(blob);
	snapshot_take(&device->idle);
}

static void end_cell(struct device *device)
{
	struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME, .name = "fuzz"};

	/* The control: with the right id all of this works. */
	if (device_call(device, JAILHOUSE_CELL_START, &id) ||
	    device_call(device, CELLVISOR_CELL_KILL, &id) ||
	    device_call(device, JAILHOUSE_CELL_DESTROY, &id) || snapshot_next_cell(0) >= 0)
		broken("the control failed: the cell does not start, or does not end");
}

void fuzz_cells(struct device *device, unsigned int tries)
{
	static int (*const kinds[])(struct device *, const char **) = {
		try_wrong_id, try_wrong_status, try_wrong_load, try_edge, try_wrong_code, try_keep,
	};
	const char *what;
	int result;

	make_cell(device);
	while (device->sent < tries) {
		result = kinds[device->sent % 6](device, &what);
		if (!result)
			broken("try %u, %s: no error", device->sent, what);
		device_count(device, result, what);
	}
	end_cell(device);
}
