// SPDX-License-Identifier: GPL-2.0-only
/* Enabling and disabling the hypervisor: the memory pool, the root cell's configuration. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/log.h"
#include "common/quantity.h"
#include "model/root_config.h"
#include "driver/step.h"

/*
 * What the configuration names of the memory that was reserved at boot; size 0 where it names none,
 * or something else. What is reserved and not named is somebody's.
 */
static struct address_range named_region(const struct step *step)
{
	const struct address_range named = step->config.reserved_memory;
	const struct machine *machine = step->machine;

	for (size_t i = 0; named.size && i < machine->num_reserved; i++) {
		if (range_holds(machine->reserved[i], named))
			return named;
	}
	if (named.size)
		log_warning("\"reserved-memory\" in " CONFIG_FILE ": the kernel's command line "
			    "reserves no such memory (memmap=0x%" PRIx64 "$0x%" PRIx64 ")",
			    named.size, named.start);
	return (struct address_range){0};
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
				 "\"pool-size\" in %s or reserve memory at boot with "
				 "memmap=SIZE$ADDRESS and name it there as \"reserved-memory\"",
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
				 "with memmap=SIZE$ADDRESS on the kernel command line and name it "
				 "as \"reserved-memory\" in %s",
				 CONFIG_FILE);
	step->pool = region;
	return 0;
}

static bool node_suits(const struct step *step, const struct cellvisor_pool *pool)
{
	return step->memory_node == TOPOLOGY_NO_NODE || (int)pool->node == step->memory_node + 1;
}

/* Drops a pool that another configuration left behind. Returns 1 where one can be used as it is. */
static int reuse_pool(struct step *step, struct driver *driver, struct address_range region,
		      struct cellvisor_pool *ret)
{
	int r = driver_pool_info(driver, ret);
	bool suits;

	if (r == 0 && ret->source == CELLVISOR_POOL_NONE)
		return 0;
	suits = region.size ? ret->phys_start == region.start && ret->size == region.size
			    : ret->source == CELLVISOR_POOL_LINUX &&
				      ret->size == step->config.pool_size && node_suits(step, ret);
	if (r == 0 && suits)
		return 1;
	if (r == 0)
		r = driver_pool_release(driver);
	return r < 0 ? pool_error(step, r) : 0;
}

/* The region, or "pool-size" of Linux, of a node where it can be. */
static int request_pool(struct step *step, struct driver *driver, struct address_range region,
			struct cellvisor_pool *ret)
{
	struct cellvisor_pool request = {
		.source = CELLVISOR_POOL_LINUX,
		.size = step->config.pool_size,
		.node = step->memory_node == TOPOLOGY_NO_NODE ? 0 : step->memory_node + 1,
	};
	int r;

	if (region.size)
		request = (struct cellvisor_pool){.source = CELLVISOR_POOL_BOOT,
						  .size = region.size,
						  .phys_start = region.start};
	for (;;) {
		r = driver_pool_reserve(driver, &request, ret);
		if (step_interrupted(step, r))
			continue;
		if (r >= 0 || r == -EINTR || !request.node)
			return r;
		log_warning("Node %u has no such memory to give up: %s. Linux is asked for that of "
			    "any node",
			    request.node - 1, strerror(-r));
		request.node = 0;
	}
}

static void tell_pool(const struct cellvisor_pool *pool)
{
	char size[QUANTITY_TEXT_MAX];

	quantity_format_bytes(pool->size, size);
	if (pool->source == CELLVISOR_POOL_BOOT)
		log_notice("The memory pool is %s reserved at boot, at 0x%" PRIx64
			   ", as \"reserved-memory\" in " CONFIG_FILE " says",
			   size, pool->phys_start);
	else
		log_notice("The memory pool is %s of Linux' memory, at 0x%" PRIx64 ", node %d",
			   size, pool->phys_start, (int)pool->node - 1);
}

static int reserve_pool(struct step *step, struct driver *driver)
{
	struct address_range region = named_region(step);
	struct cellvisor_pool pool;
	int r;

	step->pool_node = TOPOLOGY_NO_NODE;
	if (!driver_has(driver, CELLVISOR_FEATURE_POOL))
		return take_boot_region(step, region);
	r = reuse_pool(step, driver, region, &pool);
	if (r < 0)
		return r;
	if (r == 0) {
		r = request_pool(step, driver, region, &pool);
		/* What was named wrongly does not keep a machine from working. */
		if (r < 0 && r != -EINTR && region.size) {
			log_warning("\"reserved-memory\" in " CONFIG_FILE
				    " cannot be used: %s; the kernel log says more. Linux is asked "
				    "for memory instead",
				    strerror(-r));
			region = (struct address_range){0};
			r = request_pool(step, driver, region, &pool);
		}
		if (r < 0)
			return pool_error(step, r);
	}
	tell_pool(&pool);
	step->pool = (struct address_range){pool.phys_start, pool.size};
	step->pool_from_linux = pool.source == CELLVISOR_POOL_LINUX;
	step->pool_node = pool.node ? (int)pool.node - 1 : TOPOLOGY_NO_NODE;
	return 0;
}

static int divide_pool(struct step *step)
{
	uint64_t part = step->config.hypervisor_memory;

	if (step->pool.size <= part)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "the memory pool has %" PRIu64
				 " bytes, \"hypervisor-memory\" alone takes %" PRIu64
				 "; lower that in %s",
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

/* Cells can do without: the CPUs take their way through Linux then, and the log says so. */
void step_keep_cpus(struct step *step, struct driver *driver)
{
	const struct config *config = &step->config;
	const bool any = config->keep_cells || cpu_mask_count(&config->keep_cpus);
	int r;

	do
		r = driver_keep_cpus(driver, &config->keep_cpus, config->keep_cells);
	while (step_interrupted(step, r));
	if (r == -EOPNOTSUPP && any)
		log_warning("\"keep-cpus\" in " CONFIG_FILE ": the driver in use cannot keep CPUs");
	else if (r < 0 && r != -EOPNOTSUPP)
		log_warning("\"keep-cpus\" in " CONFIG_FILE ": the CPUs that it names are not kept "
			    "out of Linux: %s; the kernel log says which cannot be",
			    strerror(-r));
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
	if (r >= 0) {
		step_keep_cpus(step, driver);
		return;
	}
	if (driver_has(driver, CELLVISOR_FEATURE_POOL) && step->pool.size &&
	    driver_pool_release(driver) < 0)
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
