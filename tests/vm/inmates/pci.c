// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space by both doors, base addresses and MSI-X, with two e1000e of QEMU that no
 * firmware has set up (tests/unit/inmates/boot.c).
 *
 * Parameters:
 *   mmconfig=ADDRESS  where to put the memory window of a Q35; then its accesses are tested as well
 */
#include "arch/x86/x86.h"
#include "inmate_pci.h"
#include "report.h"

#define NIC_VENDOR 0x8086
#define NIC_DEVICE 0x10d3
#define VECTOR	   0x60
#define FOREIGN	   0xc0000000u /* where the second one's registers are beforehand */

/* Q35's host bridge: where configuration space is in memory. */
#define PCIEXBAR	0x60
#define PCIEXBAR_ENABLE 1u

/* Registers of the device. */
#define REG_ICR	   0x00c0
#define REG_ICS	   0x00c8
#define REG_IMS	   0x00d0
#define REG_IVAR   0x00e4
#define CAUSE_RXQ0 0x00100000u
#define IVAR_RXQ0  0x8u /* valid, entry 0 */

static void check_reads(const char *door)
{
	uint32_t id = pci_read(0, PCI_VENDOR, 4);

	console_printf("# by %s\n", door);
	check((id & 0xffff) == NIC_VENDOR, "the host bridge is there");
	check(pci_read(0, 0, 2) == (id & 0xffff) && pci_read(0, 2, 2) == id >> 16 &&
		      pci_read(0, 0, 1) == (id & 0xff) && pci_read(0, 3, 1) == id >> 24,
	      "its parts can be read");
	check(pci_read(0, 1, 2) == UINT32_MAX && pci_read(0, 2, 4) == UINT32_MAX &&
		      pci_read(0, 0, 3) == UINT32_MAX && pci_read(0, 4096, 1) == UINT32_MAX,
	      "what is no access gives ones");
	check(pci_read(PCI_FUNCTION(0, 30, 0), PCI_VENDOR, 2) == 0xffff,
	      "what is not there gives ones");
}

static void check_writes(unsigned int nic)
{
	/* The interrupt line is a byte for notes. */
	pci_write(nic, 0x3c, 1, 0x5a);
	check(pci_read(nic, 0x3c, 1) == 0x5a && pci_read(nic, 0x3d, 1) != 0x5a,
	      "a byte can be written");
	pci_write(nic, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	check(pci_read(nic, PCI_COMMAND, 2) == PCI_COMMAND_MASTER, "a word can be written");
	pci_write(nic, PCI_COMMAND, 2, 0);
}

static void count(void *argument)
{
	(*(volatile unsigned int *)argument)++;
}

static void trigger(volatile uint32_t *registers)
{
	(void)registers[REG_ICR / 4];
	registers[REG_IMS / 4] = CAUSE_RXQ0;
	registers[REG_ICS / 4] = CAUSE_RXQ0;
	interrupts_enable();
	udelay(1000);
	interrupts_disable();
}

static void check_msix(unsigned int nic, volatile uint32_t *registers)
{
	static unsigned int interrupts;

	check(pci_msix_count(nic) == 5, "its vectors are counted");
	check(pci_msix_set(nic, 0, VECTOR) == -ENOENT, "none is set before MSI-X is on");
	check(pci_msix_enable(nic) == 0, "MSI-X can be switched on");
	check(pci_msix_set(nic, 5, VECTOR) == -ENOENT && pci_msix_set(nic, 0, 31) == -EINVAL &&
		      pci_msix_set(nic, 0, INTERRUPT_TIMER) == -EINVAL,
	      "vectors that cannot be are refused");
	interrupt_register(VECTOR, count, &interrupts);
	registers[REG_IVAR / 4] = IVAR_RXQ0;
	trigger(registers);
	is(interrupts, 0, "a vector that is masked does not interrupt");
	check(pci_msix_set(nic, 0, VECTOR) == 0, "a vector can be set");
	interrupts = 0;
	trigger(registers);
	check(interrupts > 0, "it interrupts this CPU");
	pci_msix_set(nic, 0, 0);
	interrupts = 0;
	trigger(registers);
	is(interrupts, 0, "masked again it does not");
}

static void check_bars(unsigned int nic, unsigned int other)
{
	void *bar0, *bar1, *again, *foreign;

	pci_write(other, PCI_BAR(0), 4, FOREIGN);
	check(pci_map_bar(nic, 0, &bar0) == 0 && pci_map_bar(nic, 1, &bar1) == 0,
	      "base addresses are placed");
	check((uintptr_t)bar0 >= FOREIGN + 0x20000, "not over another device's");
	check((uintptr_t)bar1 == (uintptr_t)bar0 + 0x20000, "and one behind the other");
	check(pci_map_bar(nic, 0, &again) == 0 && again == bar0, "what is placed stays");
	check(pci_map_bar(other, 0, &foreign) == 0 && foreign == (void *)(uintptr_t)FOREIGN,
	      "also what others placed");
	check(pci_map_bar(nic, 2, &again) == -ENOENT && pci_map_bar(nic, 6, &again) == -ENOENT,
	      "ports and nothing are no memory");
	check(((volatile uint32_t *)bar0)[2] == ((volatile uint32_t *)foreign)[2] &&
		      ((volatile uint32_t *)bar0)[2] != UINT32_MAX,
	      "the devices answer there");
	check_msix(nic, bar0);
}

void inmate_main(void)
{
	static const char *const names[] = {"mmconfig", NULL};
	unsigned int nic, other;
	int64_t mmconfig = 0;

	params_require_known(names);
	param_int("mmconfig", &mmconfig);
	check_reads("ports");
	check(pci_read(0, 256, 4) == UINT32_MAX, "ports do not reach the extended space");
	if (mmconfig) {
		pci_write(0, PCIEXBAR, 4, mmconfig | PCIEXBAR_ENABLE);
		comm_region()->pci_mmconfig_base = mmconfig;
		check_reads("memory");
	}
	check(pci_find(NIC_VENDOR, NIC_DEVICE, 0, &nic) == 0 &&
		      pci_find(NIC_VENDOR, NIC_DEVICE, 1, &other) == 0 && nic < other,
	      "two devices are found");
	check(pci_find(NIC_VENDOR, NIC_DEVICE, 2, &other) == -ENOENT &&
		      pci_find(NIC_VENDOR, 0xffff, 0, &other) == -ENOENT,
	      "and not more");
	check(pci_find_capability(nic, PCI_CAP_MSIX) >= 0x40 && pci_find_capability(nic, 0x7f) == 0,
	      "capabilities are found if they are there");
	if (mmconfig)
		check((pci_read(nic, 256, 4) & 0xffff) == 1, "memory reaches the extended space");
	check_writes(nic);
	check_bars(nic, other);
	report_end();
}
