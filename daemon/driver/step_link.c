// SPDX-License-Identifier: GPL-2.0-only
/* Giving Linux its end of a link, and taking it away. */
#include <errno.h>
#include <string.h>

#include "driver/link_device.h"
#include "driver/step.h"

static const struct step_meaning add_errors[] = {
	{EEXIST, ERROR_DRIVER, "there is another device at its place on the PCI bus"},
	{EBUSY, ERROR_NO_RESOURCES, "its memory is in use"},
	{ENOSPC, ERROR_NO_RESOURCES, "there is no room for its registers on the PCI bus"},
	{ENOMEM, ERROR_NO_RESOURCES,
	 "not enough memory in the hypervisor; raise \"hypervisor-memory\" in " CONFIG_FILE},
	{EOPNOTSUPP, ERROR_DRIVER, "the driver in use can give Linux no end of a link"},
	{0},
};

static const struct step_meaning remove_errors[] = {
	{EBUSY, ERROR_BUSY,
	 "a cell still has an end of it, or a driver its device; the kernel log says which"},
	{0},
};

/* What Linux has is what counts, whatever the driver said. */
static void verify(struct step *step, bool wanted)
{
	char place[LINK_DEVICE_PLACE_MAX], truth[64];
	int present = link_device_present(step->machine_root, step->bdf);

	link_device_place(step->bdf, place);
	if (present < 0)
		error_set(&step->error, ERROR_DRIVER,
			  "cannot see whether Linux has a device at %s: %s", place,
			  strerror(-present));
	if (present < 0 || present == wanted)
		return;
	snprintf(truth, sizeof(truth), "Linux has %s device at %s", present ? "still its" : "no",
		 place);
	step_driver_lied(step, truth);
}

void step_add_link(struct step *step, struct driver *driver)
{
	int r;

	/* Before there is a device: udev asks when it sees one. */
	r = link_device_write(step->bdf, step->link);
	if (r < 0) {
		error_set(&step->error, ERROR_NO_RESOURCES, "cannot write into %s: %s",
			  LINK_DEVICE_DIRECTORY, strerror(-r));
		return;
	}
	r = step_call(step, driver_link_add(driver, step->blob, step->blob_size));
	if (r < 0)
		step_set_error(step, "give Linux its end of link", step->link, add_errors, r);
	else
		verify(step, true);
}

void step_remove_link(struct step *step, struct driver *driver)
{
	int r = step_call(step, driver_link_remove(driver, step->bdf));

	/* One that is gone already is what was wanted. */
	if (r < 0 && r != -ENOENT)
		step_set_error(step, "take from Linux its end of link", step->link, remove_errors,
			       r);
	else
		verify(step, false);
}
