// SPDX-License-Identifier: GPL-2.0-only
/* PCI functions as /sys/bus/pci/devices lists them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "model/machine.h"
#include "util/read_text.h"

#define FUNCTIONS_MAX 65536 /* of a domain; of more than one nobody needs as many */
#define ATTRIBUTE_MAX 64

struct functions {
	struct machine_pci *items;
	size_t count;
};

static void functions_done(struct functions *functions)
{
	free(functions->items);
}

bool pci_name_parse(const char *name, uint16_t *ret_domain, uint16_t *ret_bdf)
{
	unsigned int domain, bus, device, function;
	int length = 0;

	if (strspn(name, "0123456789abcdefABCDEF:.") != strlen(name) ||
	    sscanf(name, "%4x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &length) != 4 ||
	    length != PCI_NAME_MAX - 1 || name[length] || device > 31 || function > 7)
		return false;
	*ret_domain = (uint16_t)domain;
	*ret_bdf = (uint16_t)PCI_BDF(bus, device, function);
	return true;
}

/* "0x8086"; MACHINE_PCI_UNKNOWN where it cannot be read: the function may be about to go. */
static uint16_t read_id(int directory, const char *name, const char *attribute)
{
	_cleanup_(freep) char *text = NULL, *path = NULL;
	_cleanup_(closep) int fd = -1;
	unsigned long id;
	size_t length;

	path = text_format("%s/%s", name, attribute);
	if (!path)
		return MACHINE_PCI_UNKNOWN;
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read_text(fd, ATTRIBUTE_MAX, &text, &length) < 0)
		return MACHINE_PCI_UNKNOWN;
	id = strtoul(text, NULL, 16);
	return id <= UINT16_MAX ? id : MACHINE_PCI_UNKNOWN;
}

/* A link to the driver's directory, where it has one. */
static void read_driver(int directory, const char *name, char driver[MACHINE_PCI_DRIVER])
{
	_cleanup_(freep) char *path = NULL;
	char target[PATH_MAX];
	const char *last;
	ssize_t length;

	driver[0] = '\0';
	path = text_format("%s/driver", name);
	if (!path)
		return;
	length = readlinkat(directory, path, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	last = strrchr(target, '/');
	snprintf(driver, MACHINE_PCI_DRIVER, "%.*s", MACHINE_PCI_DRIVER - 1,
		 last ? last + 1 : target);
}

static int read_functions(DIR *directory, struct functions *functions)
{
	const struct dirent *item;

	while ((errno = 0, item = readdir(directory))) {
		struct machine_pci parsed, *function;

		if (!pci_name_parse(item->d_name, &parsed.domain, &parsed.bdf))
			continue;
		if (functions->count >= FUNCTIONS_MAX)
			return -E2BIG;
		parsed.vendor = read_id(dirfd(directory), item->d_name, "vendor");
		parsed.device = read_id(dirfd(directory), item->d_name, "device");
		read_driver(dirfd(directory), item->d_name, parsed.driver);
		function = array_add(&functions->items, &functions->count, sizeof(*function));
		if (!function)
			return -ENOMEM;
		*function = parsed;
	}
	return -errno;
}

int machine_read_pci(const char *root, struct machine *machine)
{
	_cleanup_(functions_done) struct functions functions = {0};
	_cleanup_(closedirp) DIR *directory = NULL;
	_cleanup_(freep) char *path = text_format("%s" MACHINE_PCI_DEVICES, root ?: "");
	int r = 0;

	if (!path)
		return -ENOMEM;
	directory = opendir(path);
	if (directory)
		r = read_functions(directory, &functions);
	else if (errno != ENOENT)
		r = -errno;
	if (r < 0)
		return r;
	free(machine->pci);
	machine->pci = TAKE_POINTER(functions.items);
	machine->num_pci = functions.count;
	return 0;
}

const struct machine_pci *machine_find_pci(const struct machine *machine, uint16_t domain,
					   uint16_t bdf)
{
	for (size_t i = 0; i < machine->num_pci; i++) {
		if (machine->pci[i].domain == domain && machine->pci[i].bdf == bdf)
			return &machine->pci[i];
	}
	return NULL;
}
