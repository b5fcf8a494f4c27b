// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI configuration space of a cell that has one device, which is shared memory: what it reads and
 * writes by ports and by memory, at every offset, by every width.
 *
 * Parameters:
 *   bdf=N      where the device is
 *   vectors=N  how many it has
 */
#include "pci.h"
#include "report.h"

static uint64_t config;
static uint32_t address;

static uint32_t by_port(unsigned int at)
{
	port_out32(PCI_ADDRESS_PORT, address | (at & 0xfc));
	return port_in32(PCI_DATA_PORT);
}

/* What stands in the ABI for each word; the rest is 0. */
static uint32_t expected(unsigned int at, unsigned int vectors)
{
	switch (at) {
	case 0x00:
		return 0x4106110a;
	case 0x04:
		return 0x00100000;
	case 0x08:
		return 0xff000000;
	case 0x2c:
		return 0x4106110a;
	case 0x34:
		return 0x40;
	case 0x40:
		return 0x00206009;
	case 0x44:
		return 0x1000;
	case 0x48:
		return 0x1000;
	case 0x50:
		return 0x1000;
	case 0x60:
		return 0x11 | (vectors - 1) << 16;
	case 0x64:
		return 1;
	case 0x68:
		return 0x801;
	default:
		return 0;
	}
}

static uint32_t writable(unsigned int at)
{
	switch (at) {
	case 0x04:
		return 0x406;
	case 0x10:
	case 0x14:
		return 0xfffff000;
	case 0x40:
		return 0x01000000;
	case 0x60:
		return 0xc0000000;
	default:
		return 0;
	}
}

static void check_contents(unsigned int vectors)
{
	unsigned int wrong = 0, differ = 0;

	for (unsigned int at = 0; at < 0x1000; at += 4) {
		uint32_t value = mem_read32(config + at);

		if (at != 0x58 && at != 0x5c)
			wrong += value != expected(at, vectors);
		if (at < 0x100)
			differ += by_port(at) != value;
	}
	is(wrong, 0, "words that are otherwise than the ABI says");
	is(differ, 0, "words that are otherwise by the other door");
}

static void check_widths(void)
{
	unsigned int wrong = 0;

	for (unsigned int at = 0; at < 0x100; at++) {
		uint32_t word = mem_read32(config + (at & ~3u)) >> at % 4 * 8;

		wrong += mem_read8(config + at) != (uint8_t)word;
		if (at % 4 < 3)
			wrong += mem_read16(config + at) != (uint16_t)word;
		port_out32(PCI_ADDRESS_PORT, address | (at & 0xfc));
		wrong += port_in8(PCI_DATA_PORT + at % 4) != (uint8_t)word;
		if (at % 4 < 3)
			wrong += port_in16(PCI_DATA_PORT + at % 4) != (uint16_t)word;
	}
	is(wrong, 0, "narrow reads that are otherwise than the word");
}

/* Not the command: memory decoding over the program's own memory would say nothing. */
static void check_writes(void)
{
	unsigned int wrong = 0;

	for (unsigned int at = 0; at < 0x1000; at += 4) {
		uint32_t before = mem_read32(config + at);

		mem_write32(config + at, 0xffffffff);
		wrong += mem_read32(config + at) != (before | writable(at));
		mem_write32(config + at, 0);
		wrong += mem_read32(config + at) != (before & ~writable(at));
		for (unsigned int byte = 0; byte < 4; byte++) {
			mem_write8(config + at + byte, 0xff);
			wrong += mem_read32(config + at) !=
				 ((before & ~writable(at)) | (writable(at) & 0xffu << 8 * byte));
			mem_write8(config + at + byte, 0);
		}
		mem_write32(config + at, before);
		if (at >= 0x100)
			continue;
		port_out32(PCI_ADDRESS_PORT, address | at);
		port_out16(PCI_DATA_PORT + 2, 0xffff);
		wrong += mem_read32(config + at) != (before | (writable(at) & 0xffff0000));
		port_out16(PCI_DATA_PORT + 2, 0);
		port_out32(PCI_DATA_PORT, before);
		wrong += mem_read32(config + at) != before;
	}
	is(wrong, 0, "writes that changed something else than the ABI says");
}

static void check_absent(uint16_t bdf)
{
	unsigned int found = 0;

	for (unsigned int other = 0; other < 0x100; other++) {
		uint64_t there = pci_config(other);

		if (other == bdf)
			continue;
		found += mem_read32(there) != 0xffffffff;
		mem_write32(there + 0x10, 0);
		found += mem_read16(there + 0x10) != 0xffff;
		port_out32(PCI_ADDRESS_PORT, PCI_ENABLE | other << 8);
		found += port_in32(PCI_DATA_PORT) != 0xffffffff;
	}
	is(found, 0, "other functions on its bus");
	is(pci_find_shared_memory(bdf + 1), -ENOENT, "another device on any bus");
	port_out32(PCI_ADDRESS_PORT, address & ~PCI_ENABLE);
	is(port_in32(PCI_DATA_PORT), 0xffffffff, "nothing behind an address that is not enabled");
	port_out32(PCI_ADDRESS_PORT, address | 3);
	is(port_in32(PCI_ADDRESS_PORT), address, "the address register reads as written");
}

void inmate_main(void)
{
	static const char *const names[] = {"bdf", "vectors", NULL};
	uint16_t bdf;

	params_require_known(names);
	bdf = param_int_or_fail("bdf", 0, 0, 0xffff);
	config = pci_config(bdf);
	address = PCI_ENABLE | (uint32_t)bdf << 8;
	is(pci_find_shared_memory(0), bdf, "the device is where it shall be");
	check_contents(param_int_or_fail("vectors", 1, 1, IVSHMEM_MAX_VECTORS));
	check_widths();
	check_writes();
	check_absent(bdf);
	report_end();
}
