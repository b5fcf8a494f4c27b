// SPDX-License-Identifier: GPL-2.0-only
/* Enabling and disabling the hypervisor: the memory pool, the root cell's configuration. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/log.h"
#include "common/quantity.h"
#include "model/root_config.h"
#include "driver/step.h"

#define POOL_GRANULE (2ull << 20)

/* The whole granules of the largest region reserved at boot; size 0 where there is none. */
static struct address_range largest_boot_region(const struct machine *machine)
{
	struct address_range largest = {0};

	for (size_t i = 0; i < machine->num_reserved; i++) {
		struct address_range region = machine->reserved[i];
		uint64_t skip = -region.start % POOL_GRANULE;

		if (region.size <= skip)
			continue;
		region.start += skip;
		region.size -= skip;
		region.size -= region.size % POOL_GRANULE;
		if (region.size > largest.size)
			largest = region;
	}
	return largest;
}

static int read_machine(struct step *step)
{
	_cleanup_(problems_done) struct problems problems = {0};
	int r;

	machine_free(step->machine);
	step->machine = NULL;
	r = machine_read(step->machine_root, &problems, &step->machine);
	if (r < 0 && problems.count)
		error_set_problems(&step->error, ERROR_DRIVER, &problems);
	else if (r < 0)
		error_set(&step->error, ERROR_DRIVER, "cannot read the machine's facts: %s",
			  strerror(-r));
	return r;
}

static int pool_error(struct step *step, int r)
{
	char size[QUANTITY_TEXT_MAX];

	quantity_format_bytes(step->config.pool_size, size);
	if (r == -ENOMEM || r == -ENOSPC || r == -EBUSY)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "Linux could not give up %s of contiguous memory; lower "
				 "\"pool-size\" in %s or reserve memory at boot with memmap=",
				 size, CONFIG_FILE);
	return error_set(&step->error, ERROR_DRIVER,
			 "cannot reserve %s of memory: %s; the kernel log says more", size,
			 strerror(-r));
}

/* The original driver takes no memory from Linux; there it must have been reserved at boot. */
static int take_boot_region(struct step *step, struct address_range region)
{
	if (region.size == 0)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "this driver cannot take memory from Linux; reserve some at boot "
				 "with memmap=SIZE$ADDRESS on the kernel command line");
	step->pool = region;
	return 0;
}

/* Drops a pool that another configuration left behind. Returns 1 where one can be used as it is. */
static int reuse_pool(struct step *step, struct driver *driver, struct cellvisor_pool *ret)
{
	int r = driver_pool_info(driver, ret);

	if (r == 0 && ret->source == CELLVISOR_POOL_NONE)
		return 0;
	if (r == 0 && ret->source == CELLVISOR_POOL_LINUX && ret->size != step->config.pool_size)
		r = driver_pool_release(driver);
	else if (r == 0)
		return 1;
	return r < 0 ? pool_error(step, r) : 0;
}

static int reserve_pool(struct step *step, struct driver *driver)
{
	const struct address_range region = largest_boot_region(step->machine);
	const uint64_t size = region.size ?: step->config.pool_size;
	struct cellvisor_pool pool;
	int r;

	if (!driver_has(driver, CELLVISOR_FEATURE_POOL))
		return take_boot_region(step, region);
	r = reuse_pool(step, driver, &pool);
	if (r < 0)
		return r;
	if (r == 0) {
		do
			r = driver_pool_reserve(
				driver, region.size ? CELLVISOR_POOL_BOOT : CELLVISOR_POOL_LINUX,
				region.start, size, &pool);
		while (step_interrupted(step, r));
		if (r < 0)
			return pool_error(step, r);
	}
	step->pool = (struct address_range){pool.phys_start, pool.size};
	step->pool_from_linux = pool.source == CELLVISOR_POOL_LINUX;
	return 0;
}

static int divide_pool(struct step *step)
{
	uint64_t part = step->config.hypervisor_memory;

	if (step->pool.size <= part)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "the memory pool has %" PRIu64
				 " bytes, \"hypervisor-memory\" alone takes %" PRIu64
				 "; enlarge \"pool-size\" in %s",
				 step->pool.size, part, CONFIG_FILE);
	step->hypervisor = (struct address_range){step->pool.start, part};
	return 0;
}

/* Why the hypervisor cannot be enabled or disabled. */
static void switch_error(struct step *step, int r)
{
	bool timed_out = r == -EINTR || r == -ETIMEDOUT;

	error_set(&step->error, timed_out ? ERROR_TIMEOUT : ERROR_DRIVER,
		  "cannot %s the hypervisor: %s%s", verb_name(step->verb),
		  timed_out ? "the driver did not come back in time" : strerror(-r),
		  timed_out ? "" : "; the kernel log says why");
}

static int launch(struct step *step, struct driver *driver)
{
	const struct root_config_options options = {
		.hypervisor = step->hypervisor,
		.debug_console = step->config.debug_console,
	};
	_cleanup_(freep) void *blob = NULL;
	_cleanup_(problems_done) struct problems problems = {0};
	size_t size;
	int r;

	r = root_config_build(step->machine, &options, &problems, &blob, &size);
	if (r < 0) {
		error_set_problems(&step->error, ERROR_DRIVER, &problems);
		return r;
	}
	do
		r = driver_enable(driver, blob);
	while (step_interrupted(step, r));
	if (r == -ENOMEM)
		error_set(&step->error, ERROR_NO_RESOURCES,
			  "cannot enable the hypervisor: not enough memory; raise "
			  "\"hypervisor-memory\" in %s",
			  CONFIG_FILE);
	else if (r < 0)
		switch_error(step, r);
	if (r < 0)
		return r;
	if (snapshot_hypervisor_state() != HYPERVISOR_ENABLED) {
		step_driver_lied(step, "the hypervisor is not enabled");
		return -EPROTO;
	}
	return 0;
}

void step_enable(struct step *step, struct driver *driver)
{
	int r;

	if (read_machine(step) < 0 || reserve_pool(step, driver) < 0)
		return;
	r = divide_pool(step);
	/* Again: the pool may have changed the map. */
	if (r >= 0)
		r = read_machine(step);
	if (r >= 0)
		r = launch(step, driver);
	if (r >= 0)
		return;
	if (step->pool_from_linux && driver_pool_release(driver) < 0)
		log_warning("The driver did not give the memory pool back to Linux");
	step->pool = step->hypervisor = (struct address_range){0};
}

void step_disable(struct step *step, struct driver *driver)
{
	int r;

	do
		r = driver_disable(driver);
	while (step_interrupted(step, r));
	if (r == -EPERM)
		error_set(&step->error, ERROR_REFUSED,
			  "cannot disable the hypervisor: a cell refused");
	else if (r < 0)
		switch_error(step, r);
	else if (snapshot_hypervisor_state() == HYPERVISOR_ENABLED)
		step_driver_lied(step, "the hypervisor is still enabled");
	if (error_is_set(&step->error) || !step->release_pool)
		return;
	r = driver_pool_release(driver);
	if (r < 0 && r != -EOPNOTSUPP && r != -ENOENT)
		log_warning("The driver did not give the memory pool back to Linux: %s",
			    strerror(-r));
}
