// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells with a PCI device of the machine, by blobs as other tools write them: "one" on CPU 2 and
 * "two" on CPU 3. What the device is sysfs says. The daemon must not run.
 *
 * usage: devices enable | disable
 *        devices create one|two 0000:BB:DD.F
 *        devices start one|two PROGRAM PARAMETERS
 *        devices console one|two                  what it has written so far
 *        devices destroy one|two
 * Prints what came of it: the error's name or "done".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"

#define DEVICES	     "/sys/bus/pci/devices"
#define CONFIG_SIZE  4096u
#define HEADER_SIZE  64u
#define BARS	     6u
#define PAGE	     4096ull
#define BAR0	     0x10u
#define CAPS	     0x34u
#define CAP_MSI	     0x05u
#define CAP_MSIX     0x11u
#define CAP_PM	     0x01u
#define RESOURCE_IO  0x100ull /* flags of the kernel's resources */
#define RESOURCE_MEM 0x200ull
#define RESOURCE_64  0x100000ull
#define MAX_CAPS     16u

/* What a blob says of the device, and of its registers. */
struct device {
	struct blob_pci_device pci;
	struct blob_pci_capability caps[MAX_CAPS];
	struct blob_memory memory[2 * BARS];
	unsigned int num_memory;
	struct blob_pio ports;
	uint8_t config[CONFIG_SIZE];
	uint64_t bars[BARS];
};

static FILE *open_attribute(const char *place, const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", place, name);
	file = fopen(path, "re");
	if (!file)
		broken("%s: %s", path, strerror(errno));
	return file;
}

static uint32_t config_word(const struct device *device, unsigned int at)
{
	uint32_t word;

	memcpy(&word, device->config + at, sizeof(word));
	return word;
}

static void add_memory(struct device *device, uint64_t start, uint64_t size)
{
	if (size)
		device->memory[device->num_memory++] =
			(struct blob_memory){start, start, size, READ | WRITE | BLOB_MEM_IO};
}

static unsigned int capability_length(uint8_t id, uint32_t word)
{
	if (id == CAP_MSIX)
		return 12;
	if (id == CAP_PM)
		return 8;
	if (id != CAP_MSI)
		return 4;
	return ((word >> 23 & 1) ? 14 : 10) + ((word >> 24 & 1) ? 10 : 0);
}

static void add_msix(struct device *device, unsigned int at)
{
	uint32_t place = config_word(device, at + 4), vectors = config_word(device, at) >> 16;

	device->pci.num_msix_vectors = (uint16_t)((vectors & 0x7ff) + 1);
	device->pci.msix_address = (device->bars[place & 7] + (place & ~7u)) & ~(PAGE - 1);
	device->pci.msix_region_size = PAGE;
}

static void read_capabilities(struct device *device)
{
	unsigned int at = device->config[CAPS];

	while (at && device->pci.num_caps < MAX_CAPS) {
		uint32_t word = config_word(device, at);
		uint8_t id = (uint8_t)word;

		device->caps[device->pci.num_caps++] = (struct blob_pci_capability){
			id, (uint16_t)at, (uint16_t)capability_length(id, word),
			id == CAP_MSI || id == CAP_MSIX || id == CAP_PM ? BLOB_PCI_CAP_WRITABLE
									: 0};
		if (id == CAP_MSI)
			device->pci.num_msi_vectors = (uint8_t)(1u << (word >> 17 & 7));
		if (id == CAP_MSIX)
			add_msix(device, at);
		at = word >> 8 & 0xfc;
	}
}

static void read_bars(struct device *device, const char *place)
{
	FILE *file = open_attribute(place, "resource");
	unsigned long long start, end, flags;

	for (unsigned int n = 0; n < BARS; n++) {
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
			broken("%s: no resources", place);
		if (!(flags & (RESOURCE_IO | RESOURCE_MEM)))
			continue;
		device->bars[n] = start;
		device->pci.bar_mask[n] = (uint32_t) ~(end - start);
		if (flags & RESOURCE_IO)
			device->ports =
				(struct blob_pio){(uint16_t)start, (uint16_t)(end - start + 1)};
		else if (flags & RESOURCE_64)
			device->pci.bar_mask[n + 1] = (uint32_t)(~(end - start) >> 32);
	}
	fclose(file);
}

/* All that there is, but for the page with the table of MSI-X. */
static void add_registers(struct device *device, const char *place)
{
	FILE *file = open_attribute(place, "resource");
	uint64_t table = device->pci.msix_address;
	unsigned long long start, end, flags;

	for (unsigned int n = 0; n < BARS; n++) {
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
			broken("%s: no resources", place);
		if (!(flags & RESOURCE_MEM))
			continue;
		if (start <= table && table <= end) {
			add_memory(device, start, table - start);
			start = table + PAGE;
		}
		add_memory(device, start, end + 1 - start);
	}
	fclose(file);
}

/* What was read of it last: while a cell has it there is nothing to read. */
static void remember(struct device *device, const char *place)
{
	const bool there = config_word(device, 0) != ~0u;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/run/device-%s", place);
	file = fopen(path, there ? "we" : "re");
	if (!file)
		broken("%s: %s", path, strerror(errno));
	if (there)
		fwrite(device->config, 1, sizeof(device->config), file);
	else if (fread(device->config, 1, sizeof(device->config), file) == 0)
		broken("%s: nothing is known of it", place);
	fclose(file);
}

static void read_device(struct device *device, const char *place)
{
	unsigned int domain, bus, slot, function;
	FILE *file = open_attribute(place, "config");

	if (sscanf(place, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		broken("%s: not a place of a device", place);
	if (fread(device->config, 1, sizeof(device->config), file) < HEADER_SIZE)
		broken("%s: no configuration space", place);
	fclose(file);
	remember(device, place);
	device->pci.type = BLOB_PCI_DEVICE;
	device->pci.domain = (uint16_t)domain;
	device->pci.bdf = (uint16_t)(bus << 8 | slot << 3 | function);
	read_bars(device, place);
	read_capabilities(device);
	add_registers(device, place);
}

static int create(const struct abi *abi, const char *name, const char *place)
{
	static struct device device;
	const unsigned int number = strcmp(name, "two") == 0;
	struct wish wish = {
		.name = name,
		.cpus = 1u << (2 + number),
		.slot = number,
		.memory = device.memory,
		.device = &device.pci,
		.caps = device.caps,
	};

	read_device(&device, place);
	/* With the right to write all memory, which the cell's does not protect. */
	for (unsigned int n = 0; n < device.num_memory; n++)
		device.memory[n].flags |= BLOB_MEM_DMA;
	wish.num_memory = device.num_memory;
	wish.num_caps = device.pci.num_caps;
	wish.ports = device.ports.length ? &device.ports : NULL;
	return abi_create(abi, &wish);
}

int main(int argc, char **argv)
{
	struct abi abi;

	if (argc < 2)
		return 2;
	abi_open(&abi);
	if (strcmp(argv[1], "enable") == 0)
		return abi_say(abi_enable(&abi, ROOT_OURS));
	if (strcmp(argv[1], "disable") == 0)
		return abi_say(abi_disable(&abi) ?: abi_release(&abi));
	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "create") == 0 && argc == 4)
		return abi_say(create(&abi, argv[2], argv[3]));
	if (strcmp(argv[1], "console") == 0)
		return abi_print_console(&abi, argv[2]);
	if (strcmp(argv[1], "destroy") == 0)
		return abi_say(abi_destroy(&abi, argv[2]));
	if (strcmp(argv[1], "start") == 0 && argc == 5)
		return abi_say(abi_start_program(&abi, argv[2], argv[3], argv[4]));
	return 2;
}
