// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors of root's device where AMD's IOMMU remaps interrupts: Linux says in two tables where they
 * go, and may change both at any time, or say nonsense.
 */
#include "linked_cells.h"

#include "arch/arch.h"
#include "tests/lib/tap.h"

#define UNIT	     (DEVICE + 0x4000)
#define DEVICES	     0x310000ull
#define ENTRIES	     0x320040ull /* on a border of 64 bytes, as it has to be */
#define LENGTH	     8		 /* 256 entries */
#define ABOUT	     (*(uint64_t *)(machine.ram + DEVICES + BDF * 32 + 16))
#define REMAPPED     (2ull << 60)
#define SHORT(n)     (*(uint32_t *)(machine.ram + ENTRIES + (n)*4))
#define LONG(n)	     ((uint64_t *)(machine.ram + ENTRIES + (n)*16))
#define ON	     1ull
#define LONG_ON	     (1ull << 17 | ON)
#define WIDE_ON	     (1ull << 50 | LONG_ON)
#define CELL_RINGS() store(cpu_of(ONE), REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(0, 1))

static void set_register(unsigned int offset, uint64_t value)
{
	memcpy(machine.device + (UNIT - DEVICE) + offset, &value, sizeof(value));
}

static void set_devices(uint64_t table, unsigned int pages)
{
	set_register(0, table | (pages - 1));
}

/* A cell's vector 1 of root is to be rung by entry 5 of its device's table. */
static void open_remapped(uint64_t control)
{
	struct blob_iommu *units;

	open_linked();
	units = (struct blob_iommu *)system_desc->iommu_units;
	units[0] = (struct blob_iommu){.type = BLOB_IOMMU_AMD, .base = UNIT, .size = 0x4000};
	set_register(0x18, control);
	set_devices(DEVICES, 16);
	ABOUT = REMAPPED | ENTRIES | LENGTH << 1 | 1;
	add_root(BAR_ROOT);
	create_linked(ONE, BLOB_MEM_ROOTSHARED);
	machine_hypercall(HC_CELL_START, 1, 0);
	set_up(cpu_of(ONE));
	store(0, FUNCTION + 4, 2, 6);
	store(0, FUNCTION + IVSHMEM_MSIX_CAP + 2, 2, 0x8000);
	store(0, BAR_ROOT + 0x1010, 4, 0xfee00000);
	store(0, BAR_ROOT + 0x1018, 4, 5);
	store(0, BAR_ROOT + 0x101c, 4, 0);
	store(0, BAR_ROOT + IVSHMEM_INT_CONTROL, 4, 1);
	machine.on_wrmsr = on_wrmsr;
	num_sent = 0;
}

static void test_short(struct tap *tap)
{
	static const struct {
		uint32_t entry;
		unsigned int sent;
		const char *what;
	} entries[] = {
		{0x410001, 1, "a CPU of root"},
		{0x410005, 1, "one with the lowest priority"},
		{0x410003, 1, "one where a missing entry would be no fault"},
		{0x410141, 1, "a logical id of root's"},
		{0x410241, 0, "one of a cell's"},
		{0x410101, 0, "a cell's CPU"},
		{0x410000, 0, "an entry that is none"},
		{0x0f0001, 0, "a vector of exceptions"},
		{0x410009, 0, "SMI"},
		{0x410011, 0, "NMI"},
		{0x410015, 0, "INIT"},
		{0x41001d, 0, "ExtINT"},
	};

	open_remapped(ON);
	cpu_by_id(0)->arch.apic_ldr = 1 << 24;
	cpu_by_id(cpu_of(ONE))->arch.apic_ldr = 2 << 24;
	for (unsigned int n = 0; n < sizeof(entries) / sizeof(entries[0]); n++) {
		SHORT(5) = entries[n].entry;
		CELL_RINGS();
		tap_ok(tap, has_sent(entries[n].sent, 0, 0x41), "32 bits, %s: %s",
		       entries[n].sent ? "sent" : "not sent", entries[n].what);
	}
	store(0, BAR_ROOT + 0x1018, 4, 4);
	SHORT(4) = 0x420001;
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x42), "one of an even number");
}

#define TO(id) ((uint64_t)((id)&0xffffff) << 8)

static void test_long(struct tap *tap)
{
	static const struct {
		uint64_t control, low, high;
		unsigned int sent;
		const char *what;
	} entries[] = {
		{LONG_ON, TO(0) | 1, 0x41, 1, "a CPU of root"},
		{LONG_ON, TO(0x5500) | 1, 0x7700000000000041, 1,
		 "one of 8 bits, whatever is beside"},
		{LONG_ON, TO(1) | 1, 0x41, 0, "a cell's CPU"},
		{WIDE_ON, TO(0) | 1, 0x41, 1, "a CPU of root by 32 bits"},
		{WIDE_ON, TO(0x5500) | 1, 0x41, 0, "nobody's"},
		{WIDE_ON, TO(0) | 1, 0x7700000000000041, 0, "nobody's in the upper byte"},
		{WIDE_ON, TO(1) | 0x41, 0x41, 1, "a logical id of 32 bits"},
		{WIDE_ON, TO(2) | 0x41, 0x41, 0, "a cell's"},
		{WIDE_ON, TO(0) | 1, 0x0f, 0, "a vector of exceptions"},
		{WIDE_ON, TO(0) | 0x11, 0x41, 0, "NMI"},
		{WIDE_ON, TO(0) | 0x81, 0x41, 0, "one for a virtual APIC"},
		{WIDE_ON, TO(0), 0x41, 0, "an entry that is none"},
	};

	open_remapped(WIDE_ON);
	for (unsigned int n = 0; n < sizeof(entries) / sizeof(entries[0]); n++) {
		set_register(0x18, entries[n].control);
		LONG(5)[0] = entries[n].low;
		LONG(5)[1] = entries[n].high;
		CELL_RINGS();
		tap_ok(tap, has_sent(entries[n].sent, 0, 0x41), "128 bits, %s: %s",
		       entries[n].sent ? "sent" : "not sent", entries[n].what);
	}
}

static void test_about(struct tap *tap)
{
	const uint64_t good = REMAPPED | ENTRIES | LENGTH << 1 | 1;

	open_remapped(ON);
	SHORT(5) = 0x410001;
	store(0, BAR_ROOT + 0x1018, 4, 0x61);
	SHORT(0x61) = 0x430001;
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x43), "control: it is remapped");
	ABOUT = good & ~1ull;
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x61), "a device whose messages are not is taken by its word");
	ABOUT = (good & ~(3ull << 60)) | 1ull << 60;
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x61), "so is one that they pass for");
	store(0, BAR_ROOT + 0x1010, 4, 0xfee01000);
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "but not to a cell");
	store(0, BAR_ROOT + 0x1010, 4, 0xfee00000);
	for (unsigned int what = 0; what < 4; what += 3) {
		ABOUT = (good & ~(3ull << 60)) | (uint64_t)what << 60;
		CELL_RINGS();
		tap_ok(tap, has_sent(0, 0, 0), "nor by what is neither (%u)", what);
	}
	ABOUT = (good & ~0x1eull) | 6 << 1;
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "behind a table's last entry there is none");
	ABOUT = (good & ~0x1eull) | 7 << 1;
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x43), "control: before it there is");
	ABOUT = (good & ~0x1eull) | 12 << 1;
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "no table is larger than 2048");
	set_register(0x18, 0);
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x61), "a unit that is off says nothing");
}

static void test_tables(struct tap *tap)
{
	const uint64_t places[] = {HV_START + 0x100000, HV_START + 0x100000 - 0x40, 1ull << 40,
				   0x000fffffffffffc0ull};

	open_remapped(WIDE_ON);
	LONG(5)[0] = 1;
	LONG(5)[1] = 0x41;
	tap_ok(tap, !arch_messages_remapped(), "device 0 has no word about it");
	*(uint64_t *)(machine.ram + DEVICES + 16) = 1;
	tap_ok(tap, arch_messages_remapped(), "or says that nothing passes as it is");
	set_devices(DEVICES, BDF * 32 / PAGE_SIZE + 1);
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x41), "control: the last page of the devices' table");
	set_devices(DEVICES, BDF * 32 / PAGE_SIZE);
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "behind it there is no device");
	for (unsigned int n = 0; n < 4; n++) {
		set_devices(places[n] & PAGE_MASK, 16);
		CELL_RINGS();
		tap_ok(tap, has_sent(0, 0, 0), "no devices where root has no memory (%u)", n);
		set_devices(DEVICES, 16);
		ABOUT = REMAPPED | places[n] | LENGTH << 1 | 1;
		CELL_RINGS();
		tap_ok(tap, has_sent(0, 0, 0), "nor entries (%u)", n);
		ABOUT = REMAPPED | ENTRIES | LENGTH << 1 | 1;
	}
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x41), "control: all is as it was");
	store(cpu_of(ONE), TABLE + 16, 4, MESSAGE_TO(cpu_of(ONE)));
	store(cpu_of(ONE), REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(1, 1));
	tap_ok(tap, has_sent(1, cpu_of(ONE), 0x41), "a cell's messages go through no table");
}

int main(void)
{
	struct tap tap = {0};

	test_short(&tap);
	test_long(&tap);
	test_about(&tap);
	test_tables(&tap);
	return tap_done(&tap);
}
