/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI configuration space for programs that test it, by both doors. */
#ifndef TEST_PCI_H
#define TEST_PCI_H

#include "inmate.h"
#include "ivshmem.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT	 0xcfc
#define PCI_ENABLE	 0x80000000u

#define DEFINE_ACCESS(bits, suffix)                                                         \
	static inline uint##bits##_t mem_read##bits(uint64_t address)                       \
	{                                                                                   \
		return *(volatile uint##bits##_t *)address;                                 \
	}                                                                                   \
	static inline void mem_write##bits(uint64_t address, uint##bits##_t value)          \
	{                                                                                   \
		*(volatile uint##bits##_t *)address = value;                                \
	}                                                                                   \
	static inline uint##bits##_t port_in##bits(uint16_t port)                           \
	{                                                                                   \
		uint##bits##_t value;                                                       \
                                                                                            \
		asm volatile("in" suffix " %1, %0" : "=a"(value) : "Nd"(port));             \
		return value;                                                               \
	}                                                                                   \
	static inline void port_out##bits(uint16_t port, uint##bits##_t value)              \
	{                                                                                   \
		asm volatile("out" suffix " %0, %1" : : "a"(value), "Nd"(port) : "memory"); \
	}

DEFINE_ACCESS(8, "b")
DEFINE_ACCESS(16, "w")
DEFINE_ACCESS(32, "l")

/* Where a function's registers are in memory; 0: there is no such door. */
static inline uint64_t pci_config(uint16_t bdf)
{
	uint64_t base = comm_region()->pci_mmconfig_base;

	return base ? base + (uint64_t)bdf * 0x1000 : 0;
}

/* Every bus, device and function there is; the first one with shared memory, from this one on. */
static inline int pci_find_shared_memory(unsigned int from)
{
	for (unsigned int bdf = from; bdf < 0x10000; bdf++) {
		port_out32(PCI_ADDRESS_PORT, PCI_ENABLE | bdf << 8);
		if (port_in32(PCI_DATA_PORT) == (IVSHMEM_VENDOR_ID | IVSHMEM_DEVICE_ID << 16))
			return bdf;
	}
	return -ENOENT;
}

#endif /* TEST_PCI_H */
