// SPDX-License-Identifier: GPL-2.0-only
/* Giving Linux its end of a link, and taking it away. */
#include <errno.h>
#include <string.h>

#include "driver/link_device.h"
#include "driver/step.h"
#include "util/log.h"
#include "util/message_ids.h"

struct meaning {
	int value;
	enum error_code code;
	const char *why;
};

static const struct meaning add_errors[] = {
	{EEXIST, ERROR_DRIVER, "there is another device at its place on the PCI bus"},
	{EBUSY, ERROR_NO_RESOURCES, "its memory is in use"},
	{ENOSPC, ERROR_NO_RESOURCES, "there is no room for its registers on the PCI bus"},
	{ENOMEM, ERROR_NO_RESOURCES,
	 "not enough memory in the hypervisor; raise \"hypervisor-memory\" in " CONFIG_FILE},
	{EOPNOTSUPP, ERROR_DRIVER, "the driver in use can give Linux no end of a link"},
	{EINTR, ERROR_TIMEOUT, "no answer in time"},
	{ETIMEDOUT, ERROR_TIMEOUT, "no answer in time"},
	{0},
};

static const struct meaning remove_errors[] = {
	{EBUSY, ERROR_BUSY,
	 "a cell still has an end of it, or a driver its device; the kernel log says which"},
	{EINTR, ERROR_TIMEOUT, "no answer in time"},
	{ETIMEDOUT, ERROR_TIMEOUT, "no answer in time"},
	{0},
};

static const char *what_is_done(const struct step *step)
{
	return step->verb == VERB_ADD_LINK ? "give Linux its end of" : "take from Linux its end of";
}

static void link_error(struct step *step, int r, const struct meaning *meanings)
{
	for (; meanings->value; meanings++) {
		if (meanings->value != -r)
			continue;
		error_set(&step->error, meanings->code, "cannot %s link %s: %s", what_is_done(step),
			  step->link, meanings->why);
		return;
	}
	error_set(&step->error, ERROR_DRIVER, "cannot %s link %s: %s; the kernel log says more",
		  what_is_done(step), step->link, strerror(-r));
}

/* What Linux has is what counts, whatever the driver said. */
static void verify(struct step *step, bool wanted)
{
	char place[LINK_DEVICE_PLACE_MAX];
	int present = link_device_present(step->machine_root, step->bdf);

	link_device_place(step->bdf, place);
	if (present < 0)
		error_set(&step->error, ERROR_DRIVER,
			  "cannot see whether Linux has a device at %s: %s", place,
			  strerror(-present));
	if (present < 0 || present == wanted)
		return;
	log_event(LOG_ERR, MESSAGE_DRIVER_LIED, NULL, NULL, 0,
		  "The driver said that %s of %s was done, but Linux has %s device at %s",
		  verb_name(step->verb), step->link, present ? "still its" : "no", place);
	error_set(&step->error, ERROR_DRIVER,
		  "the driver said that %s of %s was done, but Linux has %s device at %s",
		  verb_name(step->verb), step->link, present ? "still its" : "no", place);
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
	do
		r = driver_link_add(driver, step->blob, step->blob_size);
	while (step_interrupted(step, r));
	if (r < 0)
		link_error(step, r, add_errors);
	else
		verify(step, true);
}

void step_remove_link(struct step *step, struct driver *driver)
{
	int r;

	do
		r = driver_link_remove(driver, step->bdf);
	while (step_interrupted(step, r));
	/* One that is gone already is what was wanted. */
	if (r < 0 && r != -ENOENT)
		link_error(step, r, remove_errors);
	else
		verify(step, false);
}
