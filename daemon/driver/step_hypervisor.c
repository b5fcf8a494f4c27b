// SPDX-License-Identifier: GPL-2.0-only
/* Enabling and disabling the hypervisor, and the root cell's configuration. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/log.h"
#include "common/quantity.h"
#include "model/root_config.h"
#include "driver/step.h"

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

static int divide_pool(struct step *step)
{
	uint64_t part = step->config.hypervisor_memory;

	const struct address_range first = step->pool.pieces[0].range;

	if (first.size <= part)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "the memory pool has %" PRIu64
				 " bytes, \"hypervisor-memory\" alone takes %" PRIu64
				 "; lower that in %s",
				 first.size, part, CONFIG_FILE);
	step->hypervisor = (struct address_range){first.start, part};
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
	r = step_call(step, driver_enable(driver, blob));
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
	int r = step_call(step, driver_keep_cpus(driver, &config->keep_cpus, config->keep_cells));

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

	if (read_machine(step) < 0 || step_reserve_pool(step, driver) < 0)
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
	if (driver_has(driver, CELLVISOR_FEATURE_POOL) && step->pool.count &&
	    step_release_pool(step, driver) < 0)
		log_warning("The driver did not give the memory pool back to Linux");
	step->pool = pool_of(0, 0);
	step->hypervisor = (struct address_range){0};
}

void step_disable(struct step *step, struct driver *driver)
{
	int r = step_call(step, driver_disable(driver));

	if (r == -EPERM)
		error_set(&step->error, ERROR_REFUSED,
			  "cannot disable the hypervisor: a cell refused");
	else if (r < 0)
		switch_error(step, r);
	else if (snapshot_hypervisor_state() == HYPERVISOR_ENABLED)
		step_driver_lied(step, "the hypervisor is still enabled");
	if (error_is_set(&step->error) || !step->release_pool)
		return;
	r = step_release_pool(step, driver);
	if (r < 0 && r != -EOPNOTSUPP && r != -ENOENT)
		log_warning("The driver did not give the memory pool back to Linux: %s",
			    strerror(-r));
}
