// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI device of the machine that a cell has, one of QEMU's: configuration space by both doors and
 * every row of its policy, registers, and messages, also to CPUs of others.
 *
 * Parameters:
 *   edu=N      where an "edu" is: it has MSI
 *   nic=N      where an e1000e is: it has MSI-X
 *   others=N   APIC id of a CPU that is not the cell's
 *   stay       when all is done it stays, with the device on
 */
#include "inmate_pci.h"
#include "pci.h"
#include "report.h"

#define VECTOR	 0x60
#define OTHER	 0x61 /* nobody has a handler for it */
#define MESSAGES 0xfee00000u
#define WAIT_US	 20000

/* edu */
#define EDU_ID	    0x11e81234u
#define EDU_LIVE    0x04 /* what was written, inverted */
#define EDU_FACTOR  0x08
#define EDU_STATUS  0x20
#define EDU_RAISE   0x60
#define EDU_ACK	    0x64
#define EDU_BUSY    1u
#define EDU_MSI	    0x40
#define MSI_CONTROL (EDU_MSI + 2)
#define MSI_ADDRESS (EDU_MSI + 4)
#define MSI_UPPER   (EDU_MSI + 8)
#define MSI_DATA    (EDU_MSI + 12)

/* e1000e */
#define NIC_ID	   0x10d38086u
#define REG_ICR	   0x00c0
#define REG_ICS	   0x00c8
#define REG_IMS	   0x00d0
#define REG_IVAR   0x00e4
#define CAUSE_RXQ0 0x00100000u
#define IVAR_RXQ0  0x8u /* valid, entry 0 */

static volatile unsigned int interrupts;
static uint16_t function;
static uint64_t others;

static void count(void *argument)
{
	interrupts++;
}

/* How many came of this, after a while. */
static unsigned int came_of(void (*raise)(volatile uint32_t *registers),
			    volatile uint32_t *registers)
{
	interrupts = 0;
	interrupts_enable();
	raise(registers);
	udelay(WAIT_US);
	interrupts_disable();
	return interrupts;
}

/* Configuration space of an edu. */

static uint32_t writable(unsigned int at)
{
	switch (at) {
	case 0x04:
		return 0x407;
	case 0x0c:
		return 0xff; /* of what may be written it has only that */
	case 0x10:
		return 0xfff00000;
	case 0x3c:
		return 0xff;
	case EDU_MSI:
		return 0x00710000;
	case MSI_ADDRESS:
		return 0xfffffffc;
	case MSI_UPPER:
		return 0xffffffff;
	case MSI_DATA:
		return 0xffff;
	default:
		return 0;
	}
}

static uint32_t by_port(unsigned int at)
{
	port_out32(PCI_ADDRESS_PORT, PCI_ENABLE | (uint32_t)function << 8 | (at & 0xfc));
	return port_in32(PCI_DATA_PORT);
}

static void check_doors(uint64_t config)
{
	unsigned int differ = 0, wrong = 0;

	for (unsigned int at = 0; at < 0x100; at += 4)
		differ += by_port(at) != mem_read32(config + at);
	is(differ, 0, "words that are otherwise by the other door");
	for (unsigned int at = 0; at < 0x100; at++) {
		uint32_t word = mem_read32(config + (at & ~3u)) >> at % 4 * 8;

		wrong += mem_read8(config + at) != (uint8_t)word;
		wrong += at % 4 < 3 && mem_read16(config + at) != (uint16_t)word;
		by_port(at);
		wrong += port_in8(PCI_DATA_PORT + at % 4) != (uint8_t)word;
		wrong += at % 4 < 3 && port_in16(PCI_DATA_PORT + at % 4) != (uint16_t)word;
	}
	is(wrong, 0, "narrow reads that are otherwise than the word");
	is(mem_read32(config + 2) & 0xffff, EDU_ID >> 16,
	   "a read across two words begins with the first");
}

/* While no message is right: what is switched on meanwhile interrupts nobody. */
static void check_policy(uint64_t config)
{
	unsigned int wrong = 0;

	for (unsigned int at = 0; at < 0x1000; at += 4) {
		uint32_t before = mem_read32(config + at), ones;

		mem_write32(config + at, 0xffffffff);
		ones = mem_read32(config + at);
		mem_write32(config + at, 0);
		if (ones != (before | writable(at)) ||
		    mem_read32(config + at) != (before & ~writable(at))) {
			console_printf("0x%x: 0x%x becomes 0x%x and 0x%x\n", at, before, ones,
				       mem_read32(config + at));
			wrong++;
		}
		mem_write32(config + at, before);
		if (at >= 0x100)
			continue;
		by_port(at);
		port_out16(PCI_DATA_PORT + 2, 0xffff);
		wrong += mem_read32(config + at) != (before | (writable(at) & 0xffff0000));
		port_out32(PCI_DATA_PORT, before);
		wrong += mem_read32(config + at) != before;
	}
	is(wrong, 0, "writes that changed something else than the policy says");
}

static void check_absent(void)
{
	unsigned int found = 0;

	for (unsigned int bdf = 0; bdf < 0x100; bdf++) {
		if (bdf == function)
			continue;
		found += mem_read32(pci_config(bdf)) != 0xffffffff;
		mem_write32(pci_config(bdf) + 4, 0);
		port_out32(PCI_ADDRESS_PORT, PCI_ENABLE | bdf << 8);
		found += port_in32(PCI_DATA_PORT) != 0xffffffff;
	}
	is(found, 0, "functions of others on its bus");
}

static void raise_edu(volatile uint32_t *registers)
{
	registers[EDU_RAISE / 4] = 1;
	registers[EDU_ACK / 4] = 1;
}

static void set_msi(uint64_t address, uint32_t data)
{
	pci_write(function, MSI_CONTROL, 2, 0);
	pci_write(function, MSI_ADDRESS, 4, address);
	pci_write(function, MSI_UPPER, 4, address >> 32);
	pci_write(function, MSI_DATA, 2, data);
	pci_write(function, MSI_CONTROL, 2, 1);
}

static void check_msi(volatile uint32_t *registers)
{
	const uint32_t own = MESSAGES | apic_id() << 12, theirs = MESSAGES | others << 12;

	is(came_of(raise_edu, registers), 0, "without MSI there is no interrupt");
	set_msi(own, VECTOR);
	is(came_of(raise_edu, registers), 1, "a message interrupts this CPU");
	set_msi(own, 0x100 | VECTOR);
	is(came_of(raise_edu, registers), 1, "one with the lowest priority as well");
	set_msi(theirs, OTHER);
	is(came_of(raise_edu, registers), 0, "one to another's CPU interrupts nobody here");
	set_msi(own, 0x400 | OTHER);
	is(came_of(raise_edu, registers), 0, "an NMI is none");
	set_msi(own, 0x0f);
	is(came_of(raise_edu, registers), 0, "nor a vector of exceptions");
	set_msi(theirs, 0x400);
	is(came_of(raise_edu, registers), 0, "nor an NMI to another's CPU");
	set_msi(theirs, 0x500);
	is(came_of(raise_edu, registers), 0, "nor an INIT");
	set_msi(0x1000, VECTOR);
	is(came_of(raise_edu, registers), 0, "nor a write to memory");
	set_msi(own, VECTOR);
	is(came_of(raise_edu, registers), 1, "control: it still can");
	pci_write(function, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	is(came_of(raise_edu, registers), 0, "without being bus master it cannot");
	pci_write(function, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void check_edu(void)
{
	uint64_t config = pci_config(function);
	volatile uint32_t *registers;
	void *bar;

	is(pci_read(function, PCI_VENDOR, 4), EDU_ID, "the edu is there");
	is(pci_read(function, PCI_COMMAND, 2), 0, "nothing of it is on");
	is(memory_map(config & ~0xfffffull, 0x100000, MEMORY_UNCACHED), 0, "its bus is mapped");
	check_doors(config);
	check_policy(config);
	check_absent();
	is(pci_map_bar(function, 0, &bar), 0, "its registers are where its BAR says");
	registers = bar;
	registers[EDU_LIVE / 4] = 0x12345678;
	is(registers[EDU_LIVE / 4], ~0x12345678u, "they answer");
	registers[EDU_FACTOR / 4] = 5;
	for (unsigned int n = 0; n < 1000 && (registers[EDU_STATUS / 4] & EDU_BUSY); n++)
		udelay(100);
	is(registers[EDU_FACTOR / 4], 120, "and calculate");
	pci_write(function, PCI_BAR(0), 4, 0xd0000000);
	registers[EDU_LIVE / 4] = 1;
	is(registers[EDU_LIVE / 4], ~1u, "they stay where they are, whatever its BAR says");
	pci_write(function, PCI_BAR(0), 4, (uintptr_t)bar);
	check_msi(registers);
}

/* MSI-X of an e1000e. */

static void raise_nic(volatile uint32_t *registers)
{
	registers[REG_ICR / 4] = 0xffffffff;
	registers[REG_IMS / 4] = CAUSE_RXQ0;
	registers[REG_ICS / 4] = CAUSE_RXQ0;
}

static volatile uint32_t *table_of(void)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_MSIX);
	uint32_t place = pci_read(function, cap + 4, 4);
	void *bar;

	is(pci_map_bar(function, place & 7, &bar), 0, "the table has a place");
	return (volatile uint32_t *)((uintptr_t)bar + (place & ~7u));
}

static void check_nic(void)
{
	volatile uint32_t *registers, *table;
	void *bar;

	is(pci_read(function, PCI_VENDOR, 4), NIC_ID, "the e1000e is there");
	is(pci_map_bar(function, 0, &bar), 0, "its registers are where its BAR says");
	registers = bar;
	table = table_of();
	is(pci_msix_count(function), 5, "its vectors are counted");
	is(pci_msix_enable(function), 0, "MSI-X can be switched on");
	registers[REG_IVAR / 4] = IVAR_RXQ0;
	is(came_of(raise_nic, registers), 0, "a masked vector interrupts nobody");
	is(pci_msix_set(function, 0, VECTOR), 0, "a vector can be set");
	check(came_of(raise_nic, registers) > 0, "it interrupts this CPU");
	table[0] = MESSAGES | others << 12;
	is(table[0], MESSAGES | others << 12, "the table reads as it was written");
	is(came_of(raise_nic, registers), 0, "one to another's CPU interrupts nobody here");
	table[2] = 0x400 | OTHER;
	table[0] = MESSAGES | apic_id() << 12;
	is(came_of(raise_nic, registers), 0, "an NMI is none");
	table[2] = VECTOR;
	check(came_of(raise_nic, registers) > 0, "control: it still can");
	table[3] = 1;
	is(came_of(raise_nic, registers), 0, "masked again it does not");
}

void inmate_main(void)
{
	static const char *const names[] = {"edu", "nic", "others", "stay", NULL};
	int64_t where = -1;

	params_require_known(names);
	others = param_int_or_fail("others", 0, 0, 0xfe);
	interrupt_register(VECTOR, count, NULL);
	if (param_int("edu", &where) == 0) {
		function = where;
		check_edu();
	} else {
		function = param_int_or_fail("nic", 0, 0, 0xffff);
		check_nic();
	}
	is(interrupts_unexpected(), 0, "interrupts that nobody had asked for");
	if (!param_bool_or_fail("stay", false))
		report_end();
	console_printf("it stays, %u failed\n", failures);
	for (;;)
		cpu_relax();
}
