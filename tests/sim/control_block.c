// SPDX-License-Identifier: GPL-2.0-only
/*
 * control_block IMAGE TRAPS: what exits from a guest, by the numbers of the manual (APM vol. 2,
 * appendix B), and where a CPU is that stands still.
 */
#include <string.h>

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "arch/x86/svm.h"
#include "blob.h"
#include "cell_abi.h"
#include "page.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum owner { ROOT, CELL, OWNERS }; /* by CPU */

#define BIT(n) (1u << (n))

static const struct {
	unsigned int word, bit;
	const char *name;
} intercepts[] = {
	{3, 1, "NMI"},	    {3, 3, "INIT"},	  {3, 18, "CPUID"},    {3, 22, "INVD"},
	{3, 26, "INVLPGA"}, {3, 27, "IOIO_PROT"}, {3, 28, "MSR_PROT"}, {3, 31, "shutdown"},
	{4, 0, "VMRUN"},    {4, 1, "VMMCALL"},	  {4, 2, "VMLOAD"},    {4, 3, "VMSAVE"},
	{4, 4, "STGI"},	    {4, 5, "CLGI"},	  {4, 6, "SKINIT"},    {4, 9, "WBINVD"},
};

static void test_intercepts(struct tap *tap)
{
	for (size_t n = 0; n < sizeof(intercepts) / sizeof(*intercepts); n++) {
		unsigned int owners = 0;

		for (enum owner owner = ROOT; owner < OWNERS; owner++)
			owners += ((const uint32_t *)sim_vmcb(owner))[intercepts[n].word] >>
					  intercepts[n].bit &
				  1;
		tap_is_u64(tap, owners, OWNERS, "%s exits from root and from a cell",
			   intercepts[n].name);
	}
	/* #DB and #AC: a guest could make their delivery raise them for ever (8.2.2, 8.2.18). */
	tap_ok(tap,
	       !sim_vmcb(ROOT)->intercept_exceptions &&
		       (sim_vmcb(CELL)->intercept_exceptions & BIT(VECTOR_DB)) &&
		       (sim_vmcb(CELL)->intercept_exceptions & BIT(VECTOR_AC)) &&
		       (sim_vmcb(CELL)->intercept_exceptions & BIT(VECTOR_MC)),
	       "exceptions that could keep a CPU, and machine checks, exit from a cell");
	tap_ok(tap,
	       sim_vmcb(ROOT)->nested_enable == 1 && sim_vmcb(CELL)->nested_enable == 1 &&
		       sim_vmcb(ROOT)->asid && sim_vmcb(CELL)->asid,
	       "both are translated, under a number that is not the hypervisor's");
}

/* APM vol. 2, table 14-1; EFER has the extension's bit, which the guest does not see. */
static void test_reset_state(struct tap *tap)
{
	const struct vmcb *vmcb = sim_vmcb(CELL);
	const struct vmcb_segment data[] = {vmcb->es, vmcb->ss, vmcb->ds, vmcb->fs, vmcb->gs};
	unsigned int wrong = 0;

	for (size_t n = 0; n < sizeof(data) / sizeof(*data); n++)
		wrong += data[n].selector || data[n].attributes != 0x93 ||
			 data[n].limit != 0xffff || data[n].base;
	tap_is_u64(tap, wrong, 0, "a cell begins with segments of 64 KiB");
	tap_ok(tap,
	       vmcb->cs.attributes == 0x9b && vmcb->cs.limit == 0xffff &&
		       vmcb->ldtr.attributes == 0x82 && vmcb->ldtr.limit == 0xffff &&
		       vmcb->tr.attributes == 0x83 && vmcb->tr.limit == 0xffff,
	       "so are its code and its systems' segments");
	tap_ok(tap,
	       vmcb->gdtr.limit == 0xffff && vmcb->gdtr.base == 0 && vmcb->idtr.limit == 0xffff &&
		       vmcb->idtr.base == 0,
	       "its descriptors and its interrupt vectors are at 0");
	tap_ok(tap,
	       vmcb->cr0 == 0x60000010 && !vmcb->cr2 && !vmcb->cr3 && !vmcb->cr4 &&
		       vmcb->efer == EFER_SVME && !vmcb->cpl,
	       "it is in real mode, without caches");
	tap_ok(tap, vmcb->dr6 == 0xffff0ff0 && vmcb->dr7 == 0x400 && vmcb->rflags == 2,
	       "without breakpoints, and with interrupts off");
	tap_ok(tap, !vmcb->rax && !vmcb->rsp, "and its registers are 0");
}

/* APM vol. 2, 15.11: HWCR is the 21st of the third range, two bits for each. */
#define HWCR_BYTE (0x1000 + 0x15 / 4)
#define HWCR_BITS (3u << 0x15 % 4 * 2)

static const uint8_t *map_of(uint64_t base)
{
	return sim_memory(base, 3 * PAGE_BYTES);
}

/* The only entries there are, and the page behind the last one; NULL: there are others. */
static const uint8_t *only_page(uint64_t table, uint64_t *ret_entry)
{
	for (unsigned int level = 4; level > 0; level--) {
		const uint64_t *entries = sim_memory(table & PTE_ADDRESS, PAGE_BYTES);

		for (unsigned int n = 1; n < PAGE_BYTES / sizeof(*entries); n++) {
			if (entries[n])
				return NULL;
		}
		*ret_entry = table = entries[0];
		if (!(table & PTE_PRESENT))
			return NULL;
	}
	return sim_memory(table & PTE_ADDRESS, PAGE_BYTES);
}

/* What a guest-physical address is to a CPU's guest; 0: nothing. */
static uint64_t entry_of(enum owner owner, uint64_t guest)
{
	uint64_t entry = sim_vmcb(owner)->nested_cr3, rights = PTE_WRITE;

	for (unsigned int level = 4; level > 0; level--) {
		const uint64_t *entries = sim_memory(entry & PTE_ADDRESS, PAGE_BYTES);

		entry = entries[guest >> (12 + 9 * (level - 1)) & 511];
		rights &= entry;
		if (!(entry & PTE_PRESENT))
			return 0;
		if (entry & PTE_LARGE)
			break;
	}
	return (entry & ~PTE_WRITE) | rights;
}

/* By the tables and maps that the processor has. */
static void test_maps(struct tap *tap)
{
	const uint64_t rights = PTE_PRESENT | PTE_WRITE | PTE_NX;
	unsigned int apic = 0, own = 0;

	for (enum owner owner = ROOT; owner < OWNERS; owner++) {
		uint64_t entry = entry_of(owner, SIM_APIC);

		apic += (entry & PTE_ADDRESS) == SIM_APIC &&
			(entry & rights) == (PTE_PRESENT | PTE_NX);
		for (uint64_t at = SIM_HV_START; at < SIM_HV_START + SIM_HV_SIZE; at += PAGE_BYTES)
			own += (entry_of(owner, at) & rights & ~PTE_NX) ==
			       (PTE_PRESENT | PTE_WRITE);
	}
	tap_is_u64(tap, apic, OWNERS, "root and a cell read the APIC's page, and write it nowhere");
	tap_is_u64(tap, own, 0, "nor any page of the hypervisor's");
	tap_ok(tap,
	       !(map_of(sim_vmcb(ROOT)->msrpm_base)[HWCR_BYTE] & HWCR_BITS) &&
		       (map_of(sim_vmcb(CELL)->msrpm_base)[HWCR_BYTE] & HWCR_BITS) == HWCR_BITS,
	       "root has the core's settings, a cell has not");
	tap_ok(tap,
	       !(map_of(sim_vmcb(ROOT)->iopm_base)[0x3f8 / 8]) &&
		       map_of(sim_vmcb(CELL)->iopm_base)[0x3f8 / 8] == 0xff,
	       "root has the port of its configuration, a cell without has none");
}

static void clocks(struct image_header *header, struct system_desc *system)
{
	system->platform.x86.apic_khz = 0x1234;
	system->platform.x86.pm_timer_address = 0x608;
	system->pci_mmconfig_base = 0xb0000000;
}

/* Its page is before the one that root reads. */
static void test_told(struct tap *tap)
{
	const struct comm_region *comm = (const void *)((const uint8_t *)sim_record() - PAGE_BYTES);

	tap_ok(tap,
	       comm->apic_khz == 0x1234 && comm->tsc_khz == 10 && comm->pm_timer_address == 0x608 &&
		       comm->pci_mmconfig_base == 0xb0000000 && comm->num_cpus == 1,
	       "a cell is told its clocks, and what there is of the platform");
}

static void test_parked(struct tap *tap)
{
	static const uint8_t halt[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; 1: hlt; jmp 1b */
	const struct vmcb *vmcb = sim_vmcb(CELL);
	uint64_t entry = 0, of_cell = vmcb->nested_cr3;
	const uint8_t *page;

	sim_hypercall(ROOT, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	page = only_page(vmcb->nested_cr3, &entry);
	tap_ok(tap, vmcb->nested_cr3 != of_cell && page && !memcmp(page, halt, sizeof(halt)),
	       "a CPU that stands still has nothing but what it halts in");
	tap_ok(tap, !(entry & (PTE_WRITE | PTE_NX)) && vmcb->rip == 0 && vmcb->cs.base == 0,
	       "which it executes, and cannot change");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	sim_prepare = clocks;
	sim_open(argv[1], argv[2], OWNERS);
	sim_long_mode(ROOT, 0);
	tap_ok(&tap, sim_start_cell(CELL) == SIM_CELL_ID, "a cell is created and started");
	test_intercepts(&tap);
	test_reset_state(&tap);
	test_maps(&tap);
	test_told(&tap);
	test_parked(&tap);
	return tap_done(&tap);
}
