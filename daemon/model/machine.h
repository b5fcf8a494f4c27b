/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts of the running machine, gathered from /proc and /sys. All files are found below a root
 * directory, so that tests can bring machines of their own; "" is this machine.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blob.h"
#include "common/cleanup.h"
#include "model/address_range.h"
#include "model/topology.h"
#include "util/cpu_mask.h"
#include "util/problem.h"

#define MACHINE_MAX_IOAPICS  16
#define MACHINE_MAX_RESERVED 16

/* Moderated by the hypervisor in every cell (APM vol. 2, 16.3.2), so nothing else can be there. */
#define LOCAL_APIC_PAGE 0xfee00000ull

/* A line of /proc/iomem or /proc/ioports. */
struct machine_resource {
	uint64_t start;
	uint64_t end;	    /* inclusive */
	unsigned int depth; /* 0: top level */
	char *name;
};

struct machine_resources {
	struct machine_resource *items; /* in the order of the file */
	size_t count;
};

#define MACHINE_IOAPIC_PINS 128 /* more a blob cannot name */

struct machine_ioapic {
	uint32_t id;
	uint32_t gsi_base;
	uint64_t address;
	uint16_t bdf; /* by which an IOMMU of AMD's knows it; 0: not told */
};

/* A unit that remaps interrupts and DMA. */
struct machine_unit {
	uint64_t base;
	/* Of AMD's, which is a PCI function with this capability. */
	bool amd;
	uint16_t bdf;
	uint16_t capability;
};

#define PCI_BDF(bus, device, function) ((bus) << 8 | (device) << 3 | (function))
#define PCI_SLOT_OF(bdf)	       ((bdf) >> 3 & 0x1f)

#define MACHINE_PCI_DRIVER  48	   /* longest name and a zero; longer ones are cut */
#define MACHINE_PCI_UNKNOWN 0xffff /* no vendor's and no device's number */

struct machine_pci {
	uint16_t domain;
	uint16_t bdf; /* PCI_BDF() */
	uint16_t vendor;
	uint16_t device;
	char driver[MACHINE_PCI_DRIVER]; /* of Linux that has it; "": none */
};

#define MACHINE_PCI_DEVICES "/sys/bus/pci/devices"

/* "0000:00:1f.2", as sysfs has it. */
#define PCI_NAME_MAX	13
#define PCI_NAME_FORMAT "%04x:%02x:%02x.%x"
#define PCI_NAME_OF(function) \
	(function)->domain, (function)->bdf >> 8, PCI_SLOT_OF((function)->bdf), (function)->bdf & 7

struct machine {
	char *root; /* where it was read, "" for this one */
	struct machine_resources iomem;
	struct machine_resources ioports;

	struct cpu_mask possible;
	struct cpu_mask present;
	struct cpu_mask online;
	bool smt_off; /* Linux was told to keep second threads of cores off */
	struct topology topology;

	struct address_range reserved[MACHINE_MAX_RESERVED]; /* memmap=SIZE$ADDRESS at boot */
	size_t num_reserved;

	uint32_t apic_khz; /* APIC timer, undivided; 0: not known or TSC deadline mode */

	bool has_mmconfig;
	uint64_t mmconfig_base;
	uint16_t mmconfig_domain;
	uint8_t mmconfig_end_bus;

	/* In the table's order: of Intel's, the last has all the rest. */
	struct machine_unit remapping_units[BLOB_IOMMU_UNITS];
	size_t num_remapping_units;

	uint16_t pm_timer_port; /* 0: none */

	struct machine_ioapic ioapics[MACHINE_MAX_IOAPICS];
	size_t num_ioapics;
	/* Who of Linux has interrupts at a pin, as each controller counts its own; NULL: nobody. */
	char *pin_users[MACHINE_IOAPIC_PINS];

	struct machine_pci *pci; /* functions, in no order */
	size_t num_pci;
};

/*
 * Reads all of it. What a machine may lack (ACPI tables, timer list) is left at 0; what it must
 * have (iomem with real addresses, CPUs) is an error in problems.
 * Returns 0, -EINVAL with an error in problems (a file says nonsense), -EPERM with an error in
 * problems where the kernel hides addresses from the caller (not root), -ENOMEM or the errno of a
 * failed read.
 */
int machine_read(const char *root, struct problems *problems, struct machine **ret);

/*
 * The same for who is not root: what the kernel does not show is left out, and told as warnings
 * where it matters.
 */
int machine_read_partly(const char *root, struct problems *problems, struct machine **ret);

/* Takes over what an earlier reading knew of CPUs that are offline now. before: NULL: nothing. */
void machine_inherit(struct machine *machine, const struct machine *before);

/* Which CPUs are there and online changes: reads that anew. Returns 0, or negative: nothing
 * changed. */
int machine_read_online(const char *root, struct machine *machine);

/*
 * Which PCI functions there are changes, too: reads that anew. None where the machine has no PCI.
 * Returns 0, or negative: nothing changed.
 */
int machine_read_pci(const char *root, struct machine *machine);

/* So does who has interrupts at a pin. */
int machine_read_pins(const char *root, struct machine *machine);

/* "0000:00:1f.2". Domains beyond 16 bits are of no interest: blobs cannot name them. */
bool pci_name_parse(const char *name, uint16_t *ret_domain, uint16_t *ret_bdf);

/* NULL where there is none. */
const struct machine_pci *machine_find_pci(const struct machine *machine, uint16_t domain,
					   uint16_t bdf);

/* Takes NULL. */
void machine_free(struct machine *machine);
DEFINE_FREEP(struct machine *, machine_free)

/* Whether any top-level "System RAM" of iomem meets the range. */
bool machine_is_ram(const struct machine *machine, struct address_range range);

/*
 * The parsers behind it, on text of length bytes that need not end in a zero.
 *
 * machine_parse_resources(): /proc/iomem or ioports. 0, -EINVAL, -ENOMEM.
 */
int machine_parse_resources(const char *text, size_t length, struct machine_resources *ret);
void machine_resources_done(struct machine_resources *resources);

/*
 * Of one file each, into the machine. 0, -EINVAL for one that is broken.
 *
 * machine_parse_timer_list(): finds the lapic clock event device of /proc/timer_list: apic_khz gets
 *   the undivided APIC timer frequency (Linux programs the timer with divider 16), or 0 for TSC
 * deadline mode. -ENOENT where there is none. machine_parse_cmdline(): collects
 * memmap=SIZE$ADDRESS of /proc/cmdline. Others are ignored. The last ones: ACPI tables, as in
 * /sys/firmware/acpi/tables.
 */
typedef int machine_parse(const void *data, size_t length, struct machine *machine);

machine_parse machine_parse_timer_list, machine_parse_cmdline;
machine_parse machine_parse_mcfg, machine_parse_facp, machine_parse_madt, machine_parse_dmar;
machine_parse machine_parse_interrupts;
machine_parse machine_parse_ivrs; /* after the MADT */

#endif /* MACHINE_H */
