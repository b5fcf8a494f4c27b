// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses to ports that somebody answers: a device of a cell and one of root, served by a
 * subsystem. What the guest gets, what the device sees, and what it is not even asked.
 */
#include "arch/x86/exit/exit.h"
#include "core/subsystem.h"
#include "io/io.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

#define CELL_PORTS 0x500
#define ROOT_PORTS 0x10 /* not in its blob */
#define PORTS	   8
#define RECORD	   0x123 /* of the device */
#define RAX	   0x1122334455667788ull
#define ANSWER	   0xa1b2c3d4e5f60718ull

/* What the devices say to an access, and what they have seen. */
static enum io_answer answer;
static struct io_access last;
static const struct io_region *last_region;
static unsigned int calls;

static enum io_answer serve(struct cpu *cpu, const struct io_region *region,
			    struct io_access *access)
{
	calls++;
	last = *access;
	last_region = region;
	if (answer == IO_FAULT)
		exit_fault(cpu, FAILURE_APIC, RECORD, 0, 0);
	else if (!access->write)
		access->value = ANSWER;
	return answer;
}

static void add_devices(struct io_builder *builder, const struct cell *owner,
			const struct cell *cause)
{
	if (builder->space == IO_PORTS && owner == cause)
		io_add(builder, (struct io_region){owner == &root_cell ? ROOT_PORTS : CELL_PORTS,
						   PORTS, serve, owner, EXITS_X86_PIO});
}

SUBSYSTEM(50, test_device) = {
	.name = "test device",
	.io_regions = add_devices,
};

static enum verdict access(struct cpu *cpu, unsigned int port, unsigned int size, bool in,
			   bool string)
{
	calls = 0;
	cpu->failure.reason = FAILURE_NONE;
	cpu_gprs(cpu)->rax = RAX;
	machine.cpus[cpu->id].regs[VCPU_RIP] = 0x1000;
	public_area.root_violations = 0;
	return exit_port(cpu, port, size, in, string, 2);
}

static bool done(const struct cpu *cpu, enum verdict verdict)
{
	return verdict == VERDICT_HANDLED && machine.cpus[cpu->id].regs[VCPU_RIP] == 0x1002 &&
	       cpu->failure.reason == FAILURE_NONE && !public_area.root_violations;
}

static bool asked(unsigned int port, unsigned int size, bool write, uint64_t value)
{
	return calls == 1 && last.address == port && last.width == size && last.write == write &&
	       last.value == value;
}

static void test_served(struct tap *tap, struct cpu *cpu, unsigned int first, const char *whose)
{
	static const struct {
		unsigned int size;
		uint64_t written, read;
	} widths[] = {
		{1, 0x88, 0x1122334455667718},
		{2, 0x7788, 0x1122334455660718},
		{4, 0x55667788, 0xe5f60718},
	};

	answer = IO_DONE;
	for (size_t n = 0; n < sizeof(widths) / sizeof(*widths); n++) {
		unsigned int size = widths[n].size;

		/* The first and the last that are in the region as a whole. */
		for (unsigned int port = first; port <= first + PORTS - size;
		     port += PORTS - size) {
			tap_ok(tap,
			       done(cpu, access(cpu, port, size, false, false)) &&
				       asked(port, size, true, widths[n].written) &&
				       cpu_gprs(cpu)->rax == RAX,
			       "an OUT of %u bytes to %s port 0x%x is the device's", size, whose,
			       port);
			tap_ok(tap,
			       done(cpu, access(cpu, port, size, true, false)) &&
				       asked(port, size, false, 0) &&
				       cpu_gprs(cpu)->rax == widths[n].read,
			       "an IN of %u bytes from 0x%x reads what it says", size, port);
		}
	}
	tap_ok(tap,
	       last_region->start == first && last_region->size == PORTS &&
		       last_region->argument == cpu->cell,
	       "it knows which of its regions that was");
}

/* An access that no device answers: lost for root, the end of a cell. */
static bool lost(struct cpu *cpu, unsigned int port, unsigned int size, bool in)
{
	enum verdict verdict = access(cpu, port, size, in, false);
	bool told = cpu->failure.reason == (in ? FAILURE_PORT_READ : FAILURE_PORT_WRITE) &&
		    cpu->failure.address == port && cpu->failure.size == size;
	uint64_t rax = !in ? RAX : size == 4 ? 0xffffffff : RAX | ((1ull << 8 * size) - 1);

	if (cpu->cell != &root_cell)
		return told && verdict == VERDICT_FAULT && cpu_gprs(cpu)->rax == RAX;
	return told && verdict == VERDICT_HANDLED && public_area.root_violations == 1 &&
	       cpu_gprs(cpu)->rax == rax && machine.cpus[cpu->id].regs[VCPU_RIP] == 0x1002;
}

static void test_not_served(struct tap *tap, struct cpu *cpu, unsigned int first, const char *whose)
{
	const unsigned int edges[][2] = {
		{first - 1, 1},		{first - 1, 2},		{first - 3, 4},
		{first + PORTS, 1},	{first + PORTS - 1, 2}, {first + PORTS - 1, 4},
		{first + PORTS - 3, 4},
	};
	unsigned int wrong = 0;

	answer = IO_DONE;
	for (size_t n = 0; n < sizeof(edges) / sizeof(*edges); n++) {
		for (unsigned int in = 0; in < 2; in++)
			wrong += !lost(cpu, edges[n][0], edges[n][1], in) || calls;
	}
	tap_is_u64(tap, wrong, 0, "beside %s device, and across its edges, nobody is asked", whose);
	answer = IO_REFUSED;
	for (unsigned int in = 0; in < 2; in++)
		wrong += !lost(cpu, first, 4, in) || calls != 1;
	tap_is_u64(tap, wrong, 0, "what %s device refuses is as if nothing were there", whose);
	answer = IO_FAULT;
	for (unsigned int in = 0; in < 2; in++)
		wrong += access(cpu, first, 4, in, false) != VERDICT_FAULT || calls != 1 ||
			 cpu->failure.reason != FAILURE_APIC || cpu->failure.address != RECORD ||
			 cpu_gprs(cpu)->rax != RAX;
	tap_is_u64(tap, wrong, 0, "what %s device does not allow is told as it says", whose);
}

static void test_string(struct tap *tap, struct cpu *cpu, unsigned int first, const char *whose)
{
	enum verdict refused = cpu->cell == &root_cell ? VERDICT_GP : VERDICT_FAULT;
	unsigned int wrong = 0;

	answer = IO_DONE;
	for (unsigned int in = 0; in < 2; in++)
		wrong += access(cpu, first, 1, in, true) != refused || calls ||
			 cpu_gprs(cpu)->rax != RAX ||
			 machine.cpus[cpu->id].regs[VCPU_RIP] != 0x1000;
	tap_is_u64(tap, wrong, 0, "%s string instruction does not reach the device", whose);
}

int main(void)
{
	struct tap tap = {0};

	machine_open(NULL);
	tap_is_u64(&tap, machine_create(&plant), 0, "a cell with a device is created");
	for (unsigned int n = 0; n < 2; n++) {
		struct cpu *cpu = cpu_by_id(n ? PLANT_CPU : 0);
		unsigned int first = n ? CELL_PORTS : ROOT_PORTS;
		const char *whose = n ? "the cell's" : "root's";

		test_served(&tap, cpu, first, whose);
		test_not_served(&tap, cpu, first, whose);
		test_string(&tap, cpu, first, whose);
	}
	tap_ok(&tap,
	       lost(cpu_by_id(0), CELL_PORTS, 1, true) && !calls &&
		       lost(cpu_by_id(PLANT_CPU), ROOT_PORTS, 1, true) && !calls,
	       "neither reaches the other's");
	return tap_done(&tap);
}
