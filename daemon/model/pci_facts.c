// SPDX-License-Identifier: GPL-2.0-only
/* PCI functions in depth. Offsets and bits: PCI Local Bus 3.0, chapter 6; PCI Express 5.0, 7.5-7.8.
 */
#include "model/pci_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "page.h"
#include "util/read_text.h"

#define CONFIG_HEADER	  0x40u
#define CONFIG_SIZE	  0x100u
#define CONFIG_EXTENDED	  0x1000u
#define CAPS_MAX	  (PCI_FACTS_MAX_CAPS / 2)
#define STATUS		  0x06
#define STATUS_CAPS	  0x10
#define CLASS_BASE	  0x0b
#define CLASS_SUB	  0x0a
#define CLASS_BRIDGE	  0x06
#define CLASS_SYSTEM	  0x08
#define SYSTEM_PIC	  0x00
#define SYSTEM_IOMMU	  0x06
#define SYSTEM_COLLECTOR  0x07 /* of root complex events */
#define HEADER_TYPE	  0x0e
#define HEADER_MASK	  0x7f
#define CAPS_POINTER	  0x34
#define CAP_POWER	  0x01
#define CAP_MSI		  0x05
#define CAP_VENDOR	  0x09
#define CAP_EXPRESS	  0x10
#define CAP_MSIX	  0x11
#define MSI_CONTROL	  2
#define MSI_LOG_VECTORS	  0x000e
#define MSI_LOG_MAX	  5
#define MSI_64BIT	  0x0080
#define MSI_MASKABLE	  0x0100
#define MSIX_CONTROL	  2
#define MSIX_LAST	  0x07ff
#define MSIX_TABLE	  4
#define MSIX_BAR	  0x7u
#define MSIX_ENTRY	  16u
#define EXPRESS_V1_LENGTH 0x14u
#define EXPRESS_V2_LENGTH 0x3cu

/* Bits of a line in "resource", as Linux has them (include/linux/ioport.h). */
#define RESOURCE_PORTS	0x100u
#define RESOURCE_MEMORY 0x200u
#define RESOURCE_64BIT	0x100000u

static uint16_t get16(const uint8_t *config, size_t at)
{
	return (uint16_t)(config[at] | config[at + 1] << 8);
}

static uint32_t get32(const uint8_t *config, size_t at)
{
	return get16(config, at) | (uint32_t)get16(config, at + 2) << 16;
}

static int refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EXDEV;
}

static bool is_power_of_2(uint64_t size)
{
	return size && !(size & (size - 1));
}

/* One line: first and last address, and flags. */
static int take_bar(struct pci_facts *facts, unsigned int n, const uint64_t numbers[3],
		    const char **ret_why)
{
	const uint64_t size = numbers[1] - numbers[0] + 1;
	struct pci_bar *bar = &facts->bars[n];

	if (!(numbers[2] & (RESOURCE_PORTS | RESOURCE_MEMORY)))
		return 0;
	if (numbers[0] == 0 || numbers[1] < numbers[0] || !is_power_of_2(size) || size < 4 ||
	    numbers[0] % size != 0 || numbers[1] >= 1ull << 52)
		return refuse(ret_why, "has registers to which Linux has given no address");
	bar->is_ports = numbers[2] & RESOURCE_PORTS;
	if (bar->is_ports && numbers[1] > UINT16_MAX)
		return refuse(ret_why, "has ports beyond 0xffff");
	bar->range = (struct address_range){numbers[0], size};
	facts->bar_mask[n] = (uint32_t) ~(size - 1);
	if (!(numbers[2] & RESOURCE_64BIT))
		return size >> 32 ? refuse(ret_why, "has registers of 4G and more") : 0;
	if (n + 1 == PCI_FACTS_BARS)
		return refuse(ret_why, "has half a base address");
	facts->bar_mask[n + 1] = (uint32_t)(~(size - 1) >> 32);
	return 0;
}

int pci_facts_parse_resources(const char *text, struct pci_facts *facts, const char **ret_why)
{
	int r = 0;

	for (unsigned int n = 0; r == 0 && n < PCI_FACTS_BARS; n++) {
		uint64_t numbers[3];
		int length = 0;

		if (sscanf(text, "%" SCNx64 " %" SCNx64 " %" SCNx64 " %n", &numbers[0], &numbers[1],
			   &numbers[2], &length) != 3)
			return refuse(ret_why, "has no list of registers in sysfs");
		text += length;
		r = take_bar(facts, n, numbers, ret_why);
	}
	return r;
}

static uint16_t power_of_2(unsigned int exponent)
{
	return (uint16_t)(1u << exponent);
}

static uint16_t take_msi(struct pci_facts *facts, const uint8_t *cap)
{
	const uint16_t control = get16(cap, MSI_CONTROL);
	const unsigned int exponent = (control & MSI_LOG_VECTORS) >> 1;

	facts->msi_vectors = power_of_2(exponent < MSI_LOG_MAX ? exponent : MSI_LOG_MAX);
	facts->msi_flags = (control & MSI_64BIT ? BLOB_PCI_MSI_64BIT : 0) |
			   (control & MSI_MASKABLE ? BLOB_PCI_MSI_MASKABLE : 0);
	return 10 + (control & MSI_64BIT ? 4 : 0) + (control & MSI_MASKABLE ? 10 : 0);
}

/* The table must have its pages for itself: a cell gets none of them. */
static int take_msix(struct pci_facts *facts, const uint8_t *cap, const char **ret_why)
{
	const uint32_t table = get32(cap, MSIX_TABLE), offset = table & ~MSIX_BAR;
	const unsigned int bar = table & MSIX_BAR;
	const uint64_t vectors = (get16(cap, MSIX_CONTROL) & MSIX_LAST) + 1;
	const uint64_t size = (vectors * MSIX_ENTRY + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ull);

	if (bar >= PCI_FACTS_BARS || facts->bars[bar].is_ports ||
	    facts->bars[bar].range.size < PAGE_BYTES ||
	    offset + vectors * MSIX_ENTRY > facts->bars[bar].range.size)
		return refuse(ret_why, "has an MSI-X table that is in no pages of its registers");
	if ((facts->bars[bar].range.start + offset) % PAGE_BYTES != 0)
		return refuse(ret_why, "has an MSI-X table that does not begin on a page");
	facts->msix_vectors = vectors;
	facts->msix = (struct address_range){facts->bars[bar].range.start + offset, size};
	return 0;
}

/* Those that set up messages and power are a driver's to write; what they do is moderated. */
static int take_cap(struct pci_facts *facts, const uint8_t *config, unsigned int at,
		    const char **ret_why)
{
	struct blob_pci_capability cap = {.id = config[at], .start = at, .len = 2};
	int r = 0;

	switch (cap.id) {
	case CAP_POWER:
		cap.len = 8;
		cap.flags = BLOB_PCI_CAP_WRITABLE;
		break;
	case CAP_MSI:
		cap.len = take_msi(facts, config + at);
		cap.flags = BLOB_PCI_CAP_WRITABLE;
		break;
	case CAP_VENDOR:
		cap.len = config[at + 2] < 2 ? 2 : config[at + 2];
		break;
	case CAP_EXPRESS:
		cap.len = (config[at + 2] & 0xf) > 1 ? EXPRESS_V2_LENGTH : EXPRESS_V1_LENGTH;
		break;
	case CAP_MSIX:
		cap.len = 12;
		cap.flags = BLOB_PCI_CAP_WRITABLE;
		r = take_msix(facts, config + at, ret_why);
		break;
	}
	if (cap.start + cap.len > CONFIG_SIZE)
		cap.len = CONFIG_SIZE - cap.start;
	facts->caps[facts->num_caps++] = cap;
	return r;
}

/* The list may be a ring, or lead anywhere: it ends with as many as there is room for. */
static int take_caps(struct pci_facts *facts, const uint8_t *config, const char **ret_why)
{
	unsigned int at = config[CAPS_POINTER] & ~3u;
	int r = 0;

	if (!(get16(config, STATUS) & STATUS_CAPS))
		return 0;
	for (unsigned int n = 0; r == 0 && at >= CONFIG_HEADER && n < CAPS_MAX; n++) {
		r = take_cap(facts, config, at, ret_why);
		at = config[at + 1] & ~3u;
	}
	return r;
}

/* Of these a cell sees what they are, and the head of what they say. */
static void take_extended(struct pci_facts *facts, const uint8_t *config, size_t size)
{
	unsigned int at = CONFIG_SIZE;

	for (unsigned int n = 0; at >= CONFIG_SIZE && at + 4 <= size && n < CAPS_MAX; n++) {
		const uint32_t header = get32(config, at);

		if ((header & 0xffff) == 0 || (header & 0xffff) == 0xffff)
			return;
		facts->caps[facts->num_caps++] = (struct blob_pci_capability){
			.id = (header & 0x7fff) | BLOB_PCI_CAP_EXTENDED, .start = at, .len = 4};
		at = header >> 20 & ~3u;
	}
}

/* What can be said of any function. */
static const char *why_not(const uint8_t *config, size_t size)
{
	if (size < CONFIG_HEADER || get16(config, 0) == 0xffff)
		return "does not show its configuration space";
	if (config[CLASS_BASE] == CLASS_BRIDGE || (config[HEADER_TYPE] & HEADER_MASK))
		return "is a bridge, which others are behind";
	if (config[CLASS_BASE] == CLASS_SYSTEM &&
	    (config[CLASS_SUB] == SYSTEM_PIC || config[CLASS_SUB] == SYSTEM_IOMMU ||
	     config[CLASS_SUB] == SYSTEM_COLLECTOR))
		return "belongs to the machine's own works";
	return NULL;
}

int pci_facts_parse_config(const uint8_t *config, size_t size, struct pci_facts *facts,
			   const char **ret_why)
{
	/* So that a capability at the end can be read like any other. */
	uint8_t copy[CONFIG_SIZE + CONFIG_HEADER] = {0};
	int r;

	if (why_not(config, size))
		return refuse(ret_why, why_not(config, size));
	memcpy(copy, config, size < CONFIG_SIZE ? size : CONFIG_SIZE);
	facts->num_caps = 0;
	r = take_caps(facts, copy, ret_why);
	if (r == 0 && size > CONFIG_SIZE)
		take_extended(facts, config, size);
	return r;
}

/* Up to size bytes, with a zero behind them where there is room. */
static int read_file(const struct machine *machine, const struct machine_pci *function,
		     const char *name, char **ret_data, size_t *ret_length)
{
	_cleanup_(freep) char *path =
		text_format("%s" MACHINE_PCI_DEVICES "/" PCI_NAME_FORMAT "/%s", machine->root,
			    PCI_NAME_OF(function), name);
	_cleanup_(closep) int fd = -1;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : read_text(fd, CONFIG_EXTENDED, ret_data, ret_length);
}

int pci_facts_read(const struct machine *machine, const struct machine_pci *function,
		   struct pci_facts *ret, const char **ret_why)
{
	_cleanup_(freep) char *resources = NULL, *config = NULL;
	struct pci_facts facts = {.domain = function->domain, .bdf = function->bdf};
	size_t length, size;
	int r;

	r = read_file(machine, function, "resource", &resources, &length);
	if (r == 0)
		r = read_file(machine, function, "config", &config, &size);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return refuse(ret_why, "is about to go: sysfs does not show it");
	/* What it is comes before what it has. */
	if (why_not((const uint8_t *)config, size))
		return refuse(ret_why, why_not((const uint8_t *)config, size));
	r = pci_facts_parse_resources(resources, &facts, ret_why);
	if (r == 0)
		r = pci_facts_parse_config((const uint8_t *)config, size, &facts, ret_why);
	if (r == 0)
		*ret = facts;
	return r;
}
