// SPDX-License-Identifier: GPL-2.0-only
#include "driver/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

static int call(struct driver *driver, unsigned long request, void *argument)
{
	return ioctl(driver->fd, request, argument) < 0 ? -errno : 0;
}

static int call_feature(struct driver *driver, uint64_t feature, unsigned long request,
			void *argument)
{
	if (!driver_has(driver, feature))
		return -EOPNOTSUPP;
	return call(driver, request, argument);
}

/* The same for what answers in its argument, which goes to ret on success. */
static int query(struct driver *driver, uint64_t feature, unsigned long request, void *argument,
		 void *ret, size_t size)
{
	int r = call_feature(driver, feature, request, argument);

	if (r == 0)
		memcpy(ret, argument, size);
	return r;
}

static int probe(struct driver *driver)
{
	struct cellvisor_features features = {0};
	int r;

	r = call(driver, CELLVISOR_FEATURES, &features);
	/* The original driver answers unknown requests with EINVAL. */
	if (r == -ENOTTY || r == -EINVAL)
		return 0;
	if (r < 0)
		return r;
	if (features.abi_version != CELLVISOR_ABI_VERSION)
		return -EPROTO;
	driver->features = features.features;
	memcpy(driver->release, features.release, sizeof(driver->release) - 1);
	return 0;
}

int driver_open(struct driver **ret)
{
	_cleanup_(driver_closep) struct driver *driver = NULL;
	int r;

	driver = calloc(1, sizeof(*driver));
	if (!driver)
		return -ENOMEM;
	driver->fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (driver->fd < 0)
		return -errno;
	r = probe(driver);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(driver);
	return 0;
}

void driver_close(struct driver *driver)
{
	if (!driver)
		return;
	if (driver->fd >= 0)
		close(driver->fd);
	free(driver);
}

int driver_enable(struct driver *driver, const void *system_blob)
{
	return call(driver, JAILHOUSE_ENABLE, (void *)system_blob);
}

int driver_disable(struct driver *driver)
{
	return call(driver, JAILHOUSE_DISABLE, NULL);
}

int driver_cell_create(struct driver *driver, const void *blob, size_t size, uint64_t take)
{
	struct jailhouse_cell_create create = {
		.blob_address = (uintptr_t)blob,
		.blob_size = (uint32_t)size,
	};
	struct cellvisor_cell_create taking = {
		.blob_address = (uintptr_t)blob,
		.blob_size = (uint32_t)size,
		.take = take,
	};

	if (size > UINT32_MAX)
		return -E2BIG;
	return take && driver_has(driver, CELLVISOR_FEATURE_DEVICES)
		       ? call(driver, CELLVISOR_CELL_CREATE, &taking)
		       : call(driver, JAILHOUSE_CELL_CREATE, &create);
}

int driver_cell_load(struct driver *driver, int32_t id, const struct driver_image *images,
		     size_t num_images)
{
	_cleanup_(freep) struct jailhouse_cell_load *load = NULL;

	load = calloc(1, sizeof(*load) + num_images * sizeof(load->image[0]));
	if (!load)
		return -ENOMEM;
	load->cell_id.id = id;
	load->num_images = (uint32_t)num_images;
	for (size_t i = 0; i < num_images; i++) {
		load->image[i] = (struct jailhouse_preload_image){
			.source_address = (uintptr_t)images[i].data,
			.size = images[i].size,
			.target_address = images[i].address,
		};
	}
	return call(driver, JAILHOUSE_CELL_LOAD, load);
}

int driver_cell_shut_down(struct driver *driver, int32_t id)
{
	return driver_cell_load(driver, id, NULL, 0);
}

static int call_cell(struct driver *driver, unsigned long request, int32_t id)
{
	struct jailhouse_cell_id cell = {.id = id};

	return call(driver, request, &cell);
}

int driver_cell_start(struct driver *driver, int32_t id)
{
	return call_cell(driver, JAILHOUSE_CELL_START, id);
}

int driver_cell_kill(struct driver *driver, int32_t id)
{
	struct jailhouse_cell_id cell = {.id = id};

	return call_feature(driver, CELLVISOR_FEATURE_KILL, CELLVISOR_CELL_KILL, &cell);
}

int driver_cell_destroy(struct driver *driver, int32_t id)
{
	return call_cell(driver, JAILHOUSE_CELL_DESTROY, id);
}

int driver_cell_status(struct driver *driver, int32_t id, struct cellvisor_cell_status *ret)
{
	struct cellvisor_cell_status status = {.id = id};

	return query(driver, CELLVISOR_FEATURE_STATUS, CELLVISOR_CELL_STATUS, &status, ret,
		     sizeof(*ret));
}

int driver_cell_console(struct driver *driver, int32_t id, uint64_t *offset, void *buffer,
			uint32_t size, uint32_t *ret_length, uint64_t *ret_lost)
{
	struct cellvisor_cell_console console = {
		.id = id,
		.length = size,
		.offset = *offset,
		.buffer = (uintptr_t)buffer,
	};
	int r;

	r = call_feature(driver, CELLVISOR_FEATURE_CONSOLE, CELLVISOR_CELL_CONSOLE, &console);
	if (r < 0)
		return r;
	if (console.length > size)
		return -EPROTO;
	*offset = console.offset;
	*ret_length = console.length;
	*ret_lost = console.lost;
	return 0;
}

int driver_cell_input(struct driver *driver, int32_t id, const void *bytes, uint32_t length,
		      uint32_t *ret_taken)
{
	struct cellvisor_cell_input input = {.id = id, .length = length};
	int r;

	memcpy(input.bytes, bytes, length);
	r = call_feature(driver, CELLVISOR_FEATURE_INPUT, CELLVISOR_CELL_INPUT, &input);
	if (r < 0)
		return r;
	if (input.length > length)
		return -EPROTO;
	*ret_taken = input.length;
	return 0;
}

int driver_pool_info(struct driver *driver, struct cellvisor_pool *ret)
{
	struct cellvisor_pool pool = {0};

	return query(driver, CELLVISOR_FEATURE_POOL, CELLVISOR_POOL_INFO, &pool, ret, sizeof(*ret));
}

int driver_pool_reserve(struct driver *driver, const struct cellvisor_pool *request,
			struct cellvisor_pool *ret)
{
	struct cellvisor_pool pool = *request;

	return query(driver, CELLVISOR_FEATURE_POOL, CELLVISOR_POOL_RESERVE, &pool, ret,
		     sizeof(*ret));
}

int driver_pool_release(struct driver *driver)
{
	return call_feature(driver, CELLVISOR_FEATURE_POOL, CELLVISOR_POOL_RELEASE, NULL);
}

int driver_pool_add(struct driver *driver, const struct cellvisor_pool *request,
		    struct cellvisor_pool *ret)
{
	struct cellvisor_pool pool = *request;

	return query(driver, CELLVISOR_FEATURE_PIECES, CELLVISOR_POOL_ADD, &pool, ret,
		     sizeof(*ret));
}

int driver_pool_remove(struct driver *driver, struct address_range range)
{
	struct cellvisor_pool pool = {.phys_start = range.start, .size = range.size};

	return call_feature(driver, CELLVISOR_FEATURE_PIECES, CELLVISOR_POOL_REMOVE, &pool);
}

bool driver_pool_is_linux(const struct cellvisor_pool *pool)
{
	return pool->source == CELLVISOR_POOL_LINUX || pool->source == CELLVISOR_POOL_BLOCKS ||
	       pool->source == CELLVISOR_POOL_MOVABLE;
}

int driver_pool_pieces(struct driver *driver, struct cellvisor_pool *ret, size_t max)
{
	struct cellvisor_pool pool = {0};
	uint64_t above = 0;
	size_t count;
	int r;

	for (count = 0; count < max; count++) {
		pool = (struct cellvisor_pool){.phys_start = above};
		r = query(driver, CELLVISOR_FEATURE_PIECES, CELLVISOR_POOL_PIECE, &pool,
			  &ret[count], sizeof(ret[count]));
		if (r < 0)
			return r;
		if (ret[count].source == CELLVISOR_POOL_NONE)
			break;
		/* What goes on for ever is nonsense. */
		if (ret[count].size > UINT64_MAX - ret[count].phys_start ||
		    ret[count].phys_start + ret[count].size <= above)
			return -EPROTO;
		above = ret[count].phys_start + ret[count].size;
	}
	return (int)count;
}

int driver_link_add(struct driver *driver, const void *blob, size_t size)
{
	struct cellvisor_link_add add = {
		.blob_address = (uintptr_t)blob,
		.blob_size = (uint32_t)size,
	};

	if (size > UINT32_MAX)
		return -E2BIG;
	return call_feature(driver, CELLVISOR_FEATURE_LINKS, CELLVISOR_LINK_ADD, &add);
}

int driver_link_remove(struct driver *driver, uint16_t bdf)
{
	struct cellvisor_link_remove remove = {.bdf = bdf};

	return call_feature(driver, CELLVISOR_FEATURE_LINKS, CELLVISOR_LINK_REMOVE, &remove);
}

int driver_keep_cpus(struct driver *driver, const struct cpu_mask *cpus, bool cells)
{
	struct cellvisor_keep_cpus keep = {.flags = cells ? CELLVISOR_KEEP_CELLS : 0};

	_Static_assert(sizeof(keep.cpus) == sizeof(cpus->words), "the same CPUs");
	memcpy(keep.cpus, cpus->words, sizeof(keep.cpus));
	return call_feature(driver, CELLVISOR_FEATURE_KEEP, CELLVISOR_KEEP_CPUS, &keep);
}

int driver_events(struct driver *driver, uint64_t *ret)
{
	uint64_t events;

	return query(driver, CELLVISOR_FEATURE_EVENTS, CELLVISOR_EVENTS, &events, ret,
		     sizeof(*ret));
}
