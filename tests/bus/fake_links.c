// SPDX-License-Identifier: GPL-2.0-only
/* The fake's links: root's ends, which appear as PCI devices of the machine that the daemon sees.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob.h"
#include "fake_driver.h"
#include "ivshmem.h"

#define PCI_DEVICES FAKE_MACHINE "/sys/bus/pci/devices"
#define UDEV_FILES  "/run/cellmgr/links"
#define DEVICES	    "/dev/cellmgr" /* for programs: directories of files, see linux_link.h */
#define BLOB_MAX    65536

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

static void format_place(uint16_t bdf, char place[16])
{
	snprintf(place, 16, "0000:%02x:%02x.%x", bdf >> 8, bdf >> 3 & 0x1f, bdf & 7u);
}

static void path_of(uint16_t bdf, char path[128])
{
	char place[16];

	format_place(bdf, place);
	snprintf(path, 128, PCI_DEVICES "/%s", place);
}

static void remove_device(uint16_t bdf)
{
	char path[128], file[160];

	path_of(bdf, path);
	snprintf(file, sizeof(file), "%s/vendor", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/device", path);
	unlink(file);
	if (rmdir(path) < 0)
		abort();
}

static void add_device(uint16_t bdf)
{
	char path[128], text[16];

	path_of(bdf, path);
	if (mkdir(path, 0755) < 0)
		abort();
	snprintf(text, sizeof(text), "0x%04x\n", IVSHMEM_VENDOR_ID);
	write_file(path, "vendor", text);
	snprintf(text, sizeof(text), "0x%04x\n", IVSHMEM_DEVICE_ID);
	write_file(path, "device", text);
}

static void make_section(const char *name, const char *section, uint64_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", name, section);
	file = fopen(path, "we");
	if (!file || ftruncate(fileno(file), (off_t)size) < 0 || fclose(file) != 0)
		abort();
}

static void put_register(const char *name, long offset, uint32_t value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/registers", name);
	file = fopen(path, "r+e");
	if (!file || fseek(file, offset, SEEK_SET) < 0 ||
	    fwrite(&value, sizeof(value), 1, file) != 1 || fclose(file) != 0)
		abort();
}

/* What udev and uio_ivshmem make of it. Linux' own section is a file of its own: a part of another
 * file cannot be one. */
static void add_files(const char *name, const struct cell_desc *desc,
		      const struct blob_pci_device *device)
{
	const struct blob_memory *sections = cell_desc_memory(desc);
	char path[128];

	snprintf(path, sizeof(path), DEVICES "/%s", name);
	mkdir(DEVICES, 0755);
	if (mkdir(path, 0755) < 0)
		abort();
	make_section(name, "registers", 4096);
	put_register(name, IVSHMEM_ID, 0);
	put_register(name, IVSHMEM_MAX_PEERS, device->shmem_peers);
	make_section(name, "state-table", sections[0].size);
	make_section(name, "common", sections[1].size);
	make_section(name, "output", sections[2].size);
	make_section(name, "outputs", sections[2].size * device->shmem_peers);
}

static void remove_files(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), DEVICES "/%s", name);
	fake_remove_tree(path);
}

static struct fake_link *find(uint16_t bdf)
{
	for (size_t i = 0; i < FAKE_MAX_LINKS; i++) {
		if (fake.links[i].used && fake.links[i].bdf == bdf)
			return &fake.links[i];
	}
	return NULL;
}

static bool has_end(const struct fake_cell *cell, uint16_t bdf)
{
	for (size_t i = 0; i < cell->ends.count; i++) {
		if (cell->ends.bdfs[i] == bdf)
			return true;
	}
	return false;
}

/* What udev would be told of the device, and where its memory is: for tests to look at. */
static void keep(const struct cell_desc *desc, const struct blob_pci_device *device,
		 struct fake_link *link)
{
	char place[16], path[128], name[128] = "", text[512];
	FILE *file;

	format_place(device->bdf, place);
	snprintf(path, sizeof(path), UDEV_FILES "/%s", place);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(name, sizeof(name), file))
			name[0] = '\0';
		fclose(file);
	}
	snprintf(path, sizeof(path), "link-%s", place);
	snprintf(text, sizeof(text), "%s 0x%llx %u %u %s", desc->name,
		 (unsigned long long)cell_desc_memory(desc)->phys_start, device->shmem_peers,
		 device->num_msix_vectors, *name ? name : "unnamed\n");
	write_file(FAKE_DIRECTORY, path, text);
	if (sscanf(name, "CELLMGR_LINK=%63[a-z0-9-]", link->name) == 1)
		add_files(link->name, desc, device);
}

static int add(const struct cell_desc *desc, uint32_t size, bool lie)
{
	const struct blob_pci_device *device;
	char path[128];

	if (memcmp(desc->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN) != 0 ||
	    cell_desc_size(desc) != size || desc->cpu_set_size || desc->num_pci_devices != 1)
		return -EINVAL;
	device = cell_desc_pci_devices(desc);
	if (device->type != BLOB_PCI_IVSHMEM || device->shmem_dev_id != 0 ||
	    desc->num_memory_regions != 2u + device->shmem_peers)
		return -EINVAL;
	path_of(device->bdf, path);
	if (access(path, F_OK) == 0)
		return -EEXIST;
	if (lie)
		return 0;
	for (size_t i = 0; i < FAKE_MAX_LINKS; i++) {
		if (fake.links[i].used)
			continue;
		fake.links[i] = (struct fake_link){.used = true, .bdf = device->bdf};
		keep(desc, device, &fake.links[i]);
		add_device(device->bdf);
		return 0;
	}
	return -ENOSPC;
}

int fake_link_add(pid_t pid, uint64_t argument, bool lie)
{
	struct cellvisor_link_add request;
	struct cell_desc *desc;
	int r = -EFAULT;

	if (!(fake.features & CELLVISOR_FEATURE_LINKS))
		return -ENOTTY;
	if (fake_read_memory(pid, argument, &request, sizeof(request)) < 0)
		return -EFAULT;
	if (!fake.enabled || request.blob_size < sizeof(*desc) || request.blob_size > BLOB_MAX)
		return -EINVAL;
	desc = malloc(request.blob_size);
	if (desc && fake_read_memory(pid, request.blob_address, desc, request.blob_size) == 0)
		r = add(desc, request.blob_size, lie);
	free(desc);
	return r;
}

static void link_gone(struct fake_link *link)
{
	remove_device(link->bdf);
	remove_files(link->name);
	link->used = false;
}

int fake_link_remove(pid_t pid, uint64_t argument, bool lie)
{
	struct cellvisor_link_remove request;
	struct fake_link *link;

	if (!(fake.features & CELLVISOR_FEATURE_LINKS))
		return -ENOTTY;
	if (fake_read_memory(pid, argument, &request, sizeof(request)) < 0)
		return -EFAULT;
	link = request.domain == 0 ? find(request.bdf) : NULL;
	if (!link)
		return -ENOENT;
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used && has_end(&fake.cells[i], request.bdf))
			return -EBUSY;
	}
	if (!lie)
		link_gone(link);
	return 0;
}

void fake_links_gone(void)
{
	for (size_t i = 0; i < FAKE_MAX_LINKS; i++) {
		if (fake.links[i].used)
			link_gone(&fake.links[i]);
	}
}

/* Those of a fake before this one. */
void fake_links_clear(void)
{
	if (system("grep -lsx 0x4106 " PCI_DEVICES
		   "/*/device | xargs -r dirname | xargs -r rm -r") != 0)
		abort();
	fake_remove_tree(DEVICES);
}

int fake_link_ends(const struct cell_desc *desc, struct fake_ends *ret)
{
	ret->count = 0;
	for (uint32_t i = 0; i < desc->num_pci_devices; i++) {
		const struct blob_pci_device *device = &cell_desc_pci_devices(desc)[i];
		const struct blob_memory *table =
			&cell_desc_memory(desc)[device->shmem_regions_start];

		if (device->type != BLOB_PCI_IVSHMEM)
			continue;
		if (ret->count == FAKE_MAX_ENDS)
			return -EINVAL;
		/* What Linux shares it has to have. */
		if ((table->flags & BLOB_MEM_ROOTSHARED) && !find(device->bdf))
			return -EINVAL;
		ret->bdfs[ret->count++] = device->bdf;
	}
	return 0;
}
