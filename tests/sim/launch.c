// SPDX-License-Identifier: GPL-2.0-only
/*
 * launch IMAGE TRAPS: what the hypervisor itself finds wrong when it is to open, whoever loaded it:
 * all CPUs go back to Linux with the reason, and with what Linux had in their registers.
 */
#include <errno.h>
#include <string.h>

#include "arch/x86/apic.h"
#include "arch/x86/msr.h"
#include "blob.h"
#include "image_abi.h"
#include "cell_abi.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

#define CPUS 2
#define EFER 0x1d01
#define CR4  0x406e0

static void none(struct image_header *header, struct system_desc *system)
{
}

static void large(struct image_header *header, struct system_desc *system)
{
	header->size = IMAGE_MAX_SIZE + 0x1000;
	system->hypervisor_memory.size = header->size;
}

static void many_cpus(struct image_header *header, struct system_desc *system)
{
	uint64_t offset = header->core_size + (IMAGE_MAX_CPUS + 1) * header->percpu_size;

	header->max_cpus = IMAGE_MAX_CPUS + 1;
	memcpy((void *)(IMAGE_BASE + offset), system, header->system_blob_size);
	header->system_blob_offset = offset;
	header->page_pool_offset = offset + 0x10000;
}

static void blocks_over_blob(struct image_header *header, struct system_desc *system)
{
	header->max_cpus = CPUS + 1;
}

static void blob_over_pool(struct image_header *header, struct system_desc *system)
{
	header->page_pool_offset = header->system_blob_offset;
}

static void blob_behind_end(struct image_header *header, struct system_desc *system)
{
	header->system_blob_size = header->size + 1;
}

static void no_pool(struct image_header *header, struct system_desc *system)
{
	header->page_pool_offset = header->size - 15 * 0x1000;
}

static void bad_blob(struct image_header *header, struct system_desc *system)
{
	system->signature[0] ^= 1;
}

static void other_place(struct image_header *header, struct system_desc *system)
{
	system->hypervisor_memory.phys_start -= 0x200000;
}

static void other_size(struct image_header *header, struct system_desc *system)
{
	system->hypervisor_memory.size -= 0x1000;
}

/* A CPU that root's configuration does not have. */
static void foreign_cpu(struct image_header *header, struct system_desc *system)
{
	*(uint64_t *)(system + 1) = 1;
}

static void moved_region(struct image_header *header, struct system_desc *system)
{
	struct blob_memory *region = (void *)((uint8_t *)(system + 1) + sizeof(uint64_t));

	region[1].virt_start += 0x1000;
}

static void moved_apic(struct image_header *header, struct system_desc *system)
{
	for (unsigned int n = 0; n < CPUS; n++)
		*sim_msr(&sim.cpu[n], MSR_APIC_BASE) = 0xfed00800;
}

static void no_apic(struct image_header *header, struct system_desc *system)
{
	for (unsigned int n = 0; n < CPUS; n++)
		*sim_msr(&sim.cpu[n], MSR_APIC_BASE) = APIC_PHYS;
}

static void second_in_x2apic(struct image_header *header, struct system_desc *system)
{
	*sim_msr(&sim.cpu[1], MSR_APIC_BASE) |= APIC_BASE_X2APIC;
}

static void other_id(struct image_header *header, struct system_desc *system)
{
	header->hardware_ids[1] = 5;
}

#define HIGH_ID 192 /* behind three words of bits, and three tables of temporary pages */

/* The second CPU has a number that only large machines have. */
static void high_id(struct image_header *header, struct system_desc *system)
{
	const uint64_t set[IMAGE_MAX_CPUS / 64] = {1, [HIGH_ID / 64] = 1ull << HIGH_ID % 64};
	uint64_t offset = header->core_size + (HIGH_ID + 1) * header->percpu_size;
	uint8_t *moved = (void *)(IMAGE_BASE + offset), *arrays = moved + sizeof(*system);

	memcpy(moved, system, sizeof(*system));
	((struct system_desc *)moved)->root_cell.cpu_set_size = sizeof(set);
	memcpy(arrays, set, sizeof(set));
	memcpy(arrays + sizeof(set), (uint8_t *)(system + 1) + sizeof(uint64_t),
	       header->system_blob_size - sizeof(*system) - sizeof(uint64_t));
	header->system_blob_offset = offset;
	header->system_blob_size += sizeof(set) - sizeof(uint64_t);
	header->page_pool_offset = offset + 0x10000;
	header->max_cpus = HIGH_ID + 1;
	header->cpu_entering[1] = 0;
	header->cpu_entering[HIGH_ID] = 1;
	header->hardware_ids[HIGH_ID] = 1;
	sim.cpu[1].reg[SIM_RCX] = HIGH_ID;
}

static const struct {
	void (*prepare)(struct image_header *header, struct system_desc *system);
	int result;
	const char *name;
} launches[] = {
	{large, -EINVAL, "more memory than the hypervisor maps"},
	{many_cpus, -EINVAL, "more CPUs than it can have"},
	{blocks_over_blob, -EINVAL, "CPUs' blocks that overlap the configuration"},
	{blob_over_pool, -EINVAL, "a configuration that overlaps the pool"},
	{blob_behind_end, -EINVAL, "a configuration larger than all"},
	{no_pool, -EINVAL, "a pool without pages"},
	{bad_blob, -EINVAL, "a configuration that is none"},
	{other_place, -EINVAL, "a configuration that reserves other memory"},
	{other_size, -EINVAL, "a configuration that reserves less"},
	{foreign_cpu, -EINVAL, "a CPU that is not root's"},
	{moved_region, -EINVAL, "root's memory at another address"},
	{moved_apic, -EOPNOTSUPP, "an APIC elsewhere"},
	{no_apic, -EOPNOTSUPP, "an APIC that is off"},
	{second_in_x2apic, -EOPNOTSUPP, "APICs in two modes"},
	{other_id, -EINVAL, "another APIC id than the configuration's"},
};

static void console_at_port(struct image_header *header, struct system_desc *system)
{
	system->debug_console = (struct cell_console){.address = 0x3f8, .type = CONSOLE_8250};
}

static void console_in_memory(struct image_header *header, struct system_desc *system)
{
	console_at_port(header, system);
	system->debug_console.flags = CONSOLE_FLAG_MMIO;
}

static void stuck_console(struct image_header *header, struct system_desc *system)
{
	console_at_port(header, system);
	sim.cpu[0].port_busy = 150000;
}

static unsigned int port_writes(void)
{
	return sim.cpu[0].port_writes + sim.cpu[1].port_writes;
}

/* The serial port has what is said until all is open, and no later: it would hold up cells. */
static void test_console(struct tap *tap, char **argv)
{
	unsigned int opening;

	memset(&sim, 0, sizeof(sim));
	sim_prepare = console_at_port;
	sim_enter(argv[1], argv[2], CPUS, 0);
	opening = port_writes();
	tap_ok(tap, opening > 20, "what is said at the launch goes to the serial port");
	sim_long_mode(0, 0);
	tap_ok(tap,
	       sim_start_cell(1) == SIM_CELL_ID &&
		       sim_hypercall(0, HC_CV_CELL_KILL, SIM_CELL_ID, 0) == 0 &&
		       port_writes() == opening,
	       "what is said afterwards does not");
	memset(&sim, 0, sizeof(sim));
	sim_prepare = console_in_memory;
	sim_enter(argv[1], argv[2], CPUS, 0);
	tap_ok(tap, sim.cpu[0].state == SIM_GUEST && port_writes() == 0,
	       "nothing goes to the port where the console is one in memory");
	memset(&sim, 0, sizeof(sim));
	sim_prepare = stuck_console;
	sim_enter(argv[1], argv[2], CPUS, 0);
	tap_ok(tap, sim.cpu[0].state == SIM_GUEST && sim.cpu[0].port_late > 0,
	       "a port that is stuck is not waited for");
}

/* What is left in memory of a launch that stood still: tests do not stand still, but see how it
 * grows. */
static void test_steps(struct tap *tap, char **argv)
{
	const struct image_header *header = (const struct image_header *)IMAGE_BASE;

	memset(&sim, 0, sizeof(sim));
	sim_prepare = none;
	sim_enter(argv[1], argv[2], CPUS, 0);
	tap_ok(tap,
	       header->cpu_step[0] == IMAGE_STEP_OPEN && header->cpu_step[1] == IMAGE_STEP_OPEN,
	       "all that have opened say so");
	memset(&sim, 0, sizeof(sim));
	sim_prepare = bad_blob;
	sim_enter(argv[1], argv[2], CPUS, 0);
	tap_ok(tap, header->cpu_step[0] == IMAGE_STEP_CHECKING,
	       "the first says that it came no further than the configuration");
	memset(&sim, 0, sizeof(sim));
	sim_prepare = foreign_cpu;
	sim_enter(argv[1], argv[2], CPUS, 0);
	tap_ok(tap, header->cpu_step[0] == IMAGE_STEP_ROOT_CELL, "or than the root cell");
}

#define PARKED_ID 9

/* Two CPUs that stay with nobody, one of them by mistake, and one that nobody speaks of. */
static void left_out(struct image_header *header, struct system_desc *system)
{
	header->hardware_ids[2] = PARKED_ID;
	header->cpu_left_out[2] = 1;
	header->cpu_left_out[1] = 1;
	header->hardware_ids[3] = PARKED_ID + 1;
}

/* Linux' code goes on in them at an NMI: until they are reset it is not the hypervisor's. */
static void test_left_out(struct tap *tap, char **argv)
{
	memset(&sim, 0, sizeof(sim));
	sim_prepare = none;
	sim_enter(argv[1], argv[2], CPUS, 0);
	tap_is_u64(tap, sim.last_command, 0, "where none is left out nobody is reset");
	memset(&sim, 0, sizeof(sim));
	sim_prepare = left_out;
	tap_ok(tap, sim_enter(argv[1], argv[2], CPUS, 0) && sim.cpu[0].state == SIM_GUEST,
	       "it opens without a CPU that Linux has parked");
	tap_ok(tap, sim.last_command == ((uint64_t)PARKED_ID << 32 | ICR_INIT | ICR_ASSERT),
	       "which has an INIT, and no other has one after it");
	tap_ok(tap, !sim.cpu[0].redirected && !sim.cpu[1].redirected, "nor has one that is inside");
}

/* Each CPU has pages of its own by which it looks at memory, here at the code of its guest. */
static void test_high_id(struct tap *tap, char **argv)
{
	static const uint8_t cpuid[] = {0x0f, 0xa2};

	memset(&sim, 0, sizeof(sim));
	sim_prepare = high_id;
	sim_assists = false;
	tap_ok(tap,
	       sim_enter(argv[1], argv[2], CPUS, 0) && sim.cpu[0].state == SIM_GUEST &&
		       sim.cpu[1].state == SIM_GUEST,
	       "it opens with a CPU of a large machine");
	for (unsigned int n = 0; n < CPUS; n++) {
		sim_long_mode(n, 0);
		sim_write_code(n, 0, cpuid, sizeof(cpuid));
		tap_ok(tap,
		       sim_exit(n, VMEXIT_CPUID, 0, 0) && sim.cpu[n].state == SIM_GUEST &&
			       sim_vmcb(n)->rip == SIM_CODE_AT + sizeof(cpuid),
		       "CPU %u looks at its guest's memory", n ? HIGH_ID : 0);
	}
	sim_assists = true;
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	for (size_t n = 0; n < sizeof(launches) / sizeof(*launches); n++) {
		unsigned int wrong = 0;
		bool ended;

		memset(&sim, 0, sizeof(sim));
		sim_prepare = launches[n].prepare;
		ended = sim_enter(argv[1], argv[2], CPUS, 0);
		for (unsigned int cpu = 0; cpu < CPUS; cpu++)
			wrong +=
				sim.cpu[cpu].state != SIM_LEFT ||
				(int)sim.cpu[cpu].reg[SIM_RAX] != launches[n].result ||
				(*sim_msr(&sim.cpu[cpu], MSR_EFER) & ~0x1000) != (EFER & ~0x1000) ||
				sim.cpu[cpu].cr[4] != CR4;
		tap_ok(&tap, ended && !wrong, "refused on all CPUs: %s", launches[n].name);
	}
	memset(&sim, 0, sizeof(sim));
	sim_prepare = none;
	tap_ok(&tap, sim_enter(argv[1], argv[2], CPUS, 0) && sim.cpu[0].state == SIM_GUEST,
	       "with all as it should be it opens");
	test_console(&tap, argv);
	test_steps(&tap, argv);
	test_high_id(&tap, argv);
	test_left_out(&tap, argv);
	return tap_done(&tap);
}
