// SPDX-License-Identifier: BSD-2-Clause
/* The two doors to configuration space, and what an MSI is here. */
#include "arch/x86/cpu.h"
#include "pci_parts.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u
#define BUS_SIZE       0x100000u /* in MMCONFIG */
#define PORT_SPACE     256u
#define BUSES	       256u
/* Directed to one APIC by its physical id (SDM vol. 3, 11.11). */
#define MSI_ADDRESS    0xfee00000u
#define MSI_ID_SHIFT   12
#define MSI_ID_LIMIT   0x100u

uint64_t pci_config_base(void)
{
	return comm_region()->pci_mmconfig_base;
}

uint64_t pci_config_size(void)
{
	return pci_config_base() ? (uint64_t)BUSES * BUS_SIZE : 0;
}

/* NULL if it cannot be reached. A bus is mapped when it is first asked for. */
static volatile void *config_address(unsigned int function, unsigned int offset)
{
	static bool mapped[BUSES];
	unsigned int bus = function >> 8 & (BUSES - 1);
	uint64_t start = pci_config_base() + (uint64_t)bus * BUS_SIZE;

	if (!mapped[bus] && memory_map(start, BUS_SIZE, MEMORY_UNCACHED) < 0)
		return NULL;
	mapped[bus] = true;
	return (volatile void *)(start + (function & 0xff) * PAGE_BYTES + offset);
}

static void select_register(unsigned int function, unsigned int offset)
{
	asm volatile("outl %0, %w1"
		     :
		     : "a"(CONFIG_ENABLE | (function & 0xffff) << 8 | (offset & ~3u)),
		       "d"(CONFIG_ADDRESS));
}

uint32_t pci_config_read(unsigned int function, unsigned int offset)
{
	volatile uint32_t *address;
	uint32_t value = UINT32_MAX;
	bool enabled;

	if (pci_config_base()) {
		address = config_address(function, offset);
		return address ? *address : UINT32_MAX;
	}
	if (offset >= PORT_SPACE)
		return UINT32_MAX;
	enabled = interrupts_save();
	select_register(function, offset);
	asm volatile("inl %w1, %0" : "=a"(value) : "d"(CONFIG_DATA));
	interrupts_restore(enabled);
	return value;
}

static void write_port(unsigned int port, unsigned int size, uint32_t value)
{
	if (size == 1)
		asm volatile("outb %b0, %w1" : : "a"(value), "d"(port));
	else if (size == 2)
		asm volatile("outw %w0, %w1" : : "a"(value), "d"(port));
	else
		asm volatile("outl %0, %w1" : : "a"(value), "d"(port));
}

void pci_config_write(unsigned int function, unsigned int offset, unsigned int size, uint32_t value)
{
	volatile void *address;
	bool enabled;

	if (pci_config_base()) {
		address = config_address(function, offset);
		if (address && size == 1)
			*(volatile uint8_t *)address = value;
		else if (address && size == 2)
			*(volatile uint16_t *)address = value;
		else if (address)
			*(volatile uint32_t *)address = value;
		return;
	}
	if (offset >= PORT_SPACE)
		return;
	enabled = interrupts_save();
	select_register(function, offset);
	write_port(CONFIG_DATA + (offset & 3), size, value);
	interrupts_restore(enabled);
}

int pci_msi_message(unsigned int vector, uint64_t *ret_address, uint32_t *ret_data)
{
	if (apic_id() >= MSI_ID_LIMIT)
		return -EINVAL;
	*ret_address = MSI_ADDRESS | (uint64_t)apic_id() << MSI_ID_SHIFT;
	*ret_data = vector; /* fixed, by edge */
	return 0;
}
