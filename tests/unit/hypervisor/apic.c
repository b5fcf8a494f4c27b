// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guests may do with their local APICs, by its page and by MSR, on a machine in xAPIC and on
 * one in x2APIC mode; and whom their interrupts reach.
 */
#include "arch/x86/asm.h"

#include "arch/x86/exit/exit.h"
#include "arch/x86/irq/apic.h"
#include "io/io.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

#define LEFT	 2 /* the cell's CPUs */
#define RIGHT	 3
#define HIGH(id) ((uint64_t)(id) << 32)
#define FIRST	 MSR_X2APIC_FIRST

static struct cpu *root_cpu, *cell_cpu;
/* Commands that went to the hardware. */
static struct {
	uint32_t id, command;
} sent[8];
static unsigned int num_sent;

static void on_wrmsr(uint32_t msr, uint64_t value)
{
	if (msr != MSR_X2APIC(APIC_ICR_LOW) || num_sent == 8)
		return;
	sent[num_sent].id = value >> 32;
	sent[num_sent++].command = value;
}

static void open_pair(bool x2)
{
	struct cell_plan pair = plant;

	pair.cpus = 1 << LEFT | 1 << RIGHT;
	apic_x2 = x2;
	machine_open(NULL);
	if (machine_create(&pair) < 0)
		machine_give_up("the cell cannot be made");
	root_cpu = cpu_by_id(0);
	cell_cpu = cpu_by_id(LEFT);
	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		cpu_by_id(n)->arch.apic_dfr = ~0u;
	machine.on_wrmsr = on_wrmsr;
}

static void forget(void)
{
	num_sent = 0;
	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		cpu_by_id(n)->pending = 0;
		machine.cpus[n].kicks = 0;
	}
}

static enum verdict write_msr(struct cpu *cpu, uint32_t msr, uint64_t value)
{
	cpu->failure.reason = FAILURE_NONE;
	cpu_gprs(cpu)->rcx = msr;
	cpu_gprs(cpu)->rax = (uint32_t)value;
	cpu_gprs(cpu)->rdx = value >> 32;
	return exit_msr(cpu, true);
}

static enum verdict read_msr(struct cpu *cpu, uint32_t msr, uint64_t *value)
{
	enum verdict verdict;

	cpu_gprs(cpu)->rcx = msr;
	verdict = exit_msr(cpu, false);
	*value = (uint32_t)cpu_gprs(cpu)->rax | cpu_gprs(cpu)->rdx << 32;
	return verdict;
}

static enum verdict write_page(struct cpu *cpu, unsigned int offset, uint32_t value)
{
	cpu->failure.reason = FAILURE_NONE;
	return apic_page_write(cpu, offset, value);
}

static bool reads(struct cpu *cpu, uint32_t msr, uint64_t expected)
{
	uint64_t value;

	return read_msr(cpu, msr, &value) == VERDICT_NEXT && value == expected;
}

static bool reached(uint32_t cpus, uint32_t command)
{
	uint32_t found = 0;

	for (unsigned int n = 0; n < num_sent; n++) {
		if (sent[n].command != command)
			return false;
		for (unsigned int cpu = 0; cpu < MACHINE_CPUS; cpu++)
			found |= (sent[n].id == machine_apic_ids[cpu]) << cpu;
	}
	return found == cpus && num_sent == (unsigned int)__builtin_popcount(cpus);
}

#define BOTH (1 << LEFT | 1 << RIGHT)
#define V    0x40u

static const struct {
	uint64_t icr;
	uint32_t cpus;
	const char *name;
} wide_destinations[] = {
	{HIGH(0x113) | V, 1 << RIGHT, "an id of more than 8 bits reaches its CPU"},
	{HIGH(0x12) | V, 1 << LEFT, "a CPU's own id reaches itself"},
	{HIGH(0x13) | V, 0, "the lower byte of an id is not the id"},
	{HIGH(0) | V, 0, "a CPU of root is not reached by its id"},
	{HIGH(0xff) | V, 0, "255 is an id like others"},
	{HIGH(~0u) | V, BOTH, "all ones reach the cell's CPUs only"},
	{HIGH(1) | ICR_TO_SELF | V, 1 << LEFT, "to itself"},
	{ICR_TO_ALL | V, BOTH, "to all: of the cell"},
	{ICR_TO_OTHERS | V, 1 << RIGHT, "to the others: of the cell"},
	{HIGH(1 << 16 | 1 << 2) | ICR_LOGICAL | V, 1 << LEFT, "a logical id follows from the id"},
	{HIGH(0x11 << 16 | 1 << 3) | ICR_LOGICAL | V, 1 << RIGHT, "in whatever cluster"},
	{HIGH(1 << 16 | 1 << 3) | ICR_LOGICAL | V, 0, "the same bit of another cluster is nobody"},
	{HIGH(3) | ICR_LOGICAL | V, 0, "logical ids of root's CPUs reach nobody"},
	{HIGH(~0u) | ICR_LOGICAL | V, BOTH, "all ones are everybody here as well"},
	{HIGH(0x113) | 15, 0, "a vector below 16 goes nowhere"},
	{HIGH(0x113) | 16, 1 << RIGHT, "16 does"},
	{HIGH(0x113) | ICR_PENDING | V, 1 << RIGHT, "that it is on its way is not written"},
};

static void test_wide_destinations(struct tap *tap)
{
	open_pair(true);
	for (size_t n = 0; n < sizeof(wide_destinations) / sizeof(*wide_destinations); n++) {
		uint64_t icr = wide_destinations[n].icr;

		forget();
		tap_ok(tap,
		       write_msr(cell_cpu, MSR_X2APIC(APIC_ICR_LOW), icr) == VERDICT_NEXT &&
			       reached(wide_destinations[n].cpus, (icr & 0xff) | ICR_ASSERT) &&
			       reads(cell_cpu, MSR_X2APIC(APIC_ICR_LOW), icr & ~ICR_PENDING),
		       "%s, and the command reads back", wide_destinations[n].name);
	}
	forget();
	write_msr(cell_cpu, MSR_X2APIC(APIC_ICR_LOW), ICR_TO_ALL | ICR_LOWEST | V);
	tap_ok(tap,
	       num_sent == 1 &&
		       (reached(1 << LEFT, V | ICR_ASSERT) || reached(1 << RIGHT, V | ICR_ASSERT)),
	       "lowest priority is one CPU of the cell");
}

static const struct {
	uint32_t ldr, dfr;
	uint8_t destination;
	bool reached;
	const char *name;
} page_logical[] = {
	{0x02000000, ~0u, 0x02, true, "its bit of the flat model"},
	{0x02000000, ~0u, 0x05, false, "other bits of the flat model"},
	{0x02000000, ~0u, 0x0f, true, "its bit among others"},
	{0x32000000, 0x0fffffff, 0x32, true, "its cluster and bit"},
	{0x32000000, 0x0fffffff, 0x22, false, "its bit in another cluster"},
	{0x32000000, 0x0fffffff, 0x31, false, "another bit of its cluster"},
	{0x32000000, 0x0fffffff, 0xf2, true, "its bit in all clusters"},
};

static void test_page_destinations(struct tap *tap)
{
	struct cpu *right = cpu_by_id(RIGHT);

	open_pair(true);
	for (size_t n = 0; n < sizeof(page_logical) / sizeof(*page_logical); n++) {
		forget();
		write_page(right, APIC_LDR, page_logical[n].ldr);
		write_page(right, APIC_DFR, page_logical[n].dfr);
		write_page(cell_cpu, APIC_ICR_HIGH, (uint32_t)page_logical[n].destination << 24);
		tap_ok(tap,
		       write_page(cell_cpu, APIC_ICR_LOW, ICR_LOGICAL | V) == VERDICT_HANDLED &&
			       reached(page_logical[n].reached << RIGHT, V | ICR_ASSERT),
		       "by the page, %s", page_logical[n].name);
	}
	forget();
	write_page(cell_cpu, APIC_ICR_HIGH, 0x12u << 24);
	write_page(cell_cpu, APIC_ICR_LOW, V);
	tap_ok(tap, reached(1 << LEFT, V | ICR_ASSERT), "by the page, an id is one of 8 bits");
	forget();
	write_page(cell_cpu, APIC_ICR_HIGH, 0xffu << 24);
	write_page(cell_cpu, APIC_ICR_LOW, V);
	tap_ok(tap, reached(BOTH, V | ICR_ASSERT), "by the page, 255 is everybody");
}

static bool pends(unsigned int cpu, uint32_t bits, unsigned int kicks)
{
	return cpu_by_id(cpu)->pending == bits && machine.cpus[cpu].kicks == kicks;
}

/* Each mode, by page and by MSR, from cell and root. */
static void test_modes(struct tap *tap, bool by_page)
{
	static const uint32_t refused[] = {ICR_SMI, ICR_RESERVED, ICR_EXTINT};
	const char *how = by_page ? "by the page" : "by MSR";

	open_pair(true);
#define SEND(cpu, icr)                                \
	(by_page ? write_page(cpu, APIC_ICR_LOW, icr) \
		 : write_msr(cpu, MSR_X2APIC(APIC_ICR_LOW), icr))
	for (size_t n = 0; n < sizeof(refused) / sizeof(*refused); n++) {
		forget();
		tap_ok(tap,
		       SEND(cell_cpu, ICR_TO_OTHERS | refused[n] | V) == VERDICT_FAULT &&
			       cell_cpu->failure.reason == FAILURE_APIC &&
			       cell_cpu->failure.address == APIC_ICR_LOW &&
			       SEND(root_cpu, ICR_TO_OTHERS | refused[n] | V) == VERDICT_FAULT &&
			       num_sent == 0 && pends(RIGHT, 0, 0) && pends(1, 0, 0),
		       "%s, mode %u is nobody's to send", how, refused[n] >> 8);
	}
	forget();
	SEND(cell_cpu, ICR_TO_ALL | ICR_NMI);
	tap_ok(tap,
	       num_sent == 0 && pends(RIGHT, PENDING_NMI, 1) && pends(LEFT, PENDING_NMI, 1) &&
		       pends(0, 0, 0) && pends(1, 0, 0),
	       "%s, an NMI waits for each CPU and is none of the hardware", how);
	forget();
	cpu_by_id(RIGHT)->pending = PENDING_SIPI;
	SEND(cell_cpu, ICR_TO_ALL | ICR_INIT | ICR_ASSERT);
	tap_ok(tap, num_sent == 0 && pends(RIGHT, PENDING_INIT, 1) && pends(LEFT, 0, 0),
	       "%s, an INIT is for others, and undoes a start-up IPI", how);
	SEND(cell_cpu, ICR_TO_ALL | ICR_STARTUP | 0x9a);
	tap_ok(tap,
	       num_sent == 0 && pends(RIGHT, PENDING_INIT | PENDING_SIPI, 2) &&
		       cpu_by_id(RIGHT)->arch.sipi_vector == 0x9a && pends(LEFT, 0, 0),
	       "%s, a start-up IPI after it stays with it", how);
	forget();
	SEND(cell_cpu, ICR_TO_OTHERS | ICR_INIT | ICR_LEVEL);
	tap_ok(tap, num_sent == 0 && pends(RIGHT, 0, 0), "%s, the end of an INIT is nothing", how);
	forget();
	SEND(root_cpu, ICR_TO_OTHERS | ICR_NMI);
	tap_ok(tap, pends(1, PENDING_NMI, 1) && pends(LEFT, 0, 0) && pends(RIGHT, 0, 0),
	       "%s, root's NMIs leave the cell alone", how);
}

static const uint16_t vectors[] = {APIC_LVT_CMCI,  APIC_LVT_TIMER, APIC_LVT_THERMAL, APIC_LVT_PERF,
				   APIC_LVT_LINT0, APIC_LVT_LINT1, APIC_LVT_ERROR,   0x500,
				   0x510,	   0x520};

static uint32_t hardware(unsigned int offset)
{
	return *(volatile uint32_t *)(APIC_VIRT + offset);
}

/* Fixed and NMI; masked anything; root also what firmware sets up. */
static bool may(bool root, uint32_t value)
{
	uint32_t mode = ICR_MODE(value);

	return (value & LVT_MASKED) || mode == ICR_FIXED || mode == ICR_NMI ||
	       (root && (mode == ICR_SMI || mode == ICR_EXTINT));
}

static bool vector_is_right(struct cpu *cpu, unsigned int offset, uint32_t value)
{
	bool root = cpu == root_cpu, allowed = may(root, value);
	enum verdict verdict;

	*(volatile uint32_t *)(APIC_VIRT + offset) = 0x12345;
	verdict = write_page(cpu, offset, value);
	if (allowed ? verdict != VERDICT_HANDLED || hardware(offset) != value
		    : verdict != VERDICT_FAULT || cpu->failure.reason != FAILURE_APIC ||
			      cpu->failure.address != offset || hardware(offset) != 0x12345)
		return false;
	*(volatile uint32_t *)(APIC_VIRT + offset) = 0x12345;
	verdict = write_msr(cpu, MSR_X2APIC(offset), value);
	if (root || offset >= APIC_EXTENDED_LVT || (offset == APIC_LVT_TIMER && ICR_MODE(value)))
		return verdict == VERDICT_GP && hardware(offset) == 0x12345;
	return allowed ? verdict == VERDICT_NEXT && hardware(offset) == value
		       : verdict == VERDICT_FAULT && hardware(offset) == 0x12345;
}

static void test_vectors(struct tap *tap)
{
	unsigned int used = 0;

	open_pair(false);
	*(volatile uint32_t *)(APIC_VIRT + APIC_VERSION) = 0x60010 | VERSION_EXTENDED;
	*(volatile uint32_t *)(APIC_VIRT + APIC_EXTENDED_FEATURE) = 3 << 16;
	for (size_t n = 0; n < sizeof(vectors) / sizeof(*vectors); n++) {
		unsigned int wrong = 0;

		for (uint32_t mode = 0; mode < 8; mode++) {
			for (uint32_t mask = 0; mask <= LVT_MASKED; mask += LVT_MASKED) {
				uint32_t value = V | mode << 8 | mask;

				wrong += !vector_is_right(cell_cpu, vectors[n], value);
				wrong += !vector_is_right(root_cpu, vectors[n], value);
			}
		}
		tap_is_u64(tap, wrong, 0, "local vector 0x%x in each mode, by page and MSR",
			   vectors[n]);
	}
	*(volatile uint32_t *)(APIC_VIRT + APIC_VERSION) = 0x40010 | VERSION_EXTENDED;
	write_page(cell_cpu, APIC_LVT_THERMAL, V);
	write_page(cell_cpu, 0x530, V);
	tap_ok(tap, hardware(APIC_LVT_THERMAL) != V && hardware(0x530) != V,
	       "a vector that is not there is not written");
	for (unsigned int offset = 4; offset < 0x540; offset += offset % 16 == 12 ? 8 : 4) {
		write_page(cell_cpu, offset, V);
		used += hardware(offset) == V;
	}
	tap_is_u64(tap, used, 0, "nor anything between the registers");
	open_pair(true);
	wrmsr(MSR_X2APIC(APIC_VERSION), VERSION_EXTENDED);
	wrmsr(MSR_X2APIC(APIC_EXTENDED_FEATURE), 4 << 16);
	tap_ok(tap,
	       write_msr(root_cpu, 0x853, V | ICR_INIT) == VERDICT_FAULT && !rdmsr(0x853) &&
		       write_msr(root_cpu, 0x853, V) == VERDICT_NEXT && rdmsr(0x853) == V,
	       "root's extended vectors by MSR are filtered as well");
}

/* By MSR, from 0x800: r, w and b for both; the bits that may be set. */
static const struct {
	unsigned int msr;
	char rights;
	uint32_t bits;
} documented[] = {
	{0x802, 'r', 0},	   {0x803, 'r', 0},	  {0x808, 'b', 0xff},
	{0x80a, 'r', 0},	   {0x80b, 'w', 0},	  {0x80d, 'r', 0},
	{0x80f, 'b', 0x3ff},	   {0x828, 'b', 0},	  {0x82f, 'b', 0x117ff},
	{0x830, 'b', ~0xfff32000}, {0x832, 'b', 0x710ff}, {0x833, 'b', 0x117ff},
	{0x834, 'b', 0x117ff},	   {0x835, 'b', 0x1f7ff}, {0x836, 'b', 0x1f7ff},
	{0x837, 'b', 0x117ff},	   {0x838, 'b', ~0u},	  {0x839, 'r', 0},
	{0x83e, 'b', 0xb},	   {0x83f, 'w', 0xff},
};

static void find(unsigned int msr, char *rights, uint32_t *bits)
{
	/* ISR, TMR, IRR */
	*rights = msr >= 0x810 && msr < 0x828 ? 'r' : '-';
	*bits = 0;
	for (size_t n = 0; n < sizeof(documented) / sizeof(*documented); n++) {
		if (documented[n].msr == msr) {
			*rights = documented[n].rights;
			*bits = documented[n].bits;
		}
	}
}

static bool register_is_right(unsigned int msr)
{
	bool may_read, may_write;
	uint64_t value;
	uint32_t bits;
	char rights;

	find(msr, &rights, &bits);
	may_read = rights == 'r' || rights == 'b';
	may_write = rights == 'w' || rights == 'b';
	if ((read_msr(cell_cpu, msr, &value) == VERDICT_NEXT) != may_read)
		return false;
	if (!may_read && read_msr(cell_cpu, msr, &value) != VERDICT_GP)
		return false;
	if (write_msr(cell_cpu, msr, 0) != (may_write ? VERDICT_NEXT : VERDICT_GP))
		return false;
	for (unsigned int bit = 0; bit < 64; bit++) {
		bool allowed = may_write && (bit < 32 ? bits >> bit & 1 : msr == 0x830);

		/* The delivery modes are another test's. */
		if (allowed && (bit == 8 || bit == 9 || bit == 10))
			continue;
		if (write_msr(cell_cpu, msr, 1ull << bit) != (allowed ? VERDICT_NEXT : VERDICT_GP))
			return false;
	}
	return true;
}

static void test_registers(struct tap *tap)
{
	unsigned int wrong = 0, roots = 0;
	uint64_t value;

	open_pair(false);
	for (unsigned int msr = FIRST; msr <= MSR_X2APIC_LAST; msr++) {
		if (!register_is_right(msr)) {
			tap_note(tap, "0x%x", msr);
			wrong++;
		}
		roots += read_msr(root_cpu, msr, &value) != VERDICT_GP ||
			 write_msr(root_cpu, msr, 0) != VERDICT_GP;
	}
	tap_is_u64(tap, wrong, 0, "a cell on an xAPIC machine has each x2APIC register, no other");
	tap_is_u64(tap, roots, 0, "root there has none, as on hardware");
	*(volatile uint32_t *)(APIC_VIRT + APIC_TIMER_COUNT) = 0x12345;
	tap_ok(tap,
	       write_msr(cell_cpu, 0x808, 0x31) == VERDICT_NEXT && hardware(APIC_TPR) == 0x31 &&
		       write_msr(cell_cpu, 0x838, 77) == VERDICT_NEXT &&
		       hardware(APIC_TIMER_INITIAL) == 77 && reads(cell_cpu, 0x839, 0x12345),
	       "they are the registers of the page");
	tap_ok(tap,
	       reads(cell_cpu, 0x802, 0x12) && reads(cell_cpu, 0x80d, 1 << 16 | 1 << 2) &&
		       reads(cpu_by_id(RIGHT), 0x802, 0x113),
	       "ids are plain numbers, the logical one follows from them");
	write_msr(cell_cpu, 0x83f, V);
	tap_ok(tap, (hardware(APIC_ICR_LOW) & 0xfff) == V, "a CPU interrupts itself");
}

static void test_logical_id(struct tap *tap)
{
	open_pair(false);
	write_page(root_cpu, APIC_LDR, 0x04000000);
	write_page(root_cpu, APIC_DFR, 0x0fffffff);
	tap_ok(tap, hardware(APIC_LDR) == 0x04000000 && hardware(APIC_DFR) == 0x0fffffff,
	       "root's logical id is the hardware's");
	write_page(cell_cpu, APIC_LDR, 0x01000000);
	write_page(cell_cpu, APIC_DFR, ~0u);
	tap_ok(tap, hardware(APIC_LDR) == 0x04000000 && hardware(APIC_DFR) == 0x0fffffff,
	       "a cell's is not: root's devices cannot mean it");
}

static void test_passing(struct tap *tap)
{
	unsigned int exits = 0;

	open_pair(false);
	for (unsigned int msr = FIRST; msr <= MSR_X2APIC_LAST; msr++)
		exits += !apic_msr_passes(false, msr, false) + !apic_msr_passes(false, msr, true) +
			 !apic_msr_passes(true, msr, false) + !apic_msr_passes(true, msr, true);
	tap_is_u64(tap, exits, 4 * 256, "none passes on an xAPIC machine");
	apic_x2 = true;
	tap_ok(tap,
	       apic_msr_passes(false, 0x80b, true) && apic_msr_passes(false, 0x808, true) &&
		       apic_msr_passes(false, 0x808, false) &&
		       apic_msr_passes(false, 0x838, true) &&
		       apic_msr_passes(false, 0x839, false) &&
		       apic_msr_passes(false, 0x83e, true) && apic_msr_passes(false, 0x83f, true) &&
		       apic_msr_passes(true, 0x80b, true),
	       "EOI, priority, timer and self-IPI pass on an x2APIC machine");
	exits = 0;
	for (unsigned int msr = FIRST; msr <= MSR_X2APIC_LAST; msr++) {
		bool filtered = msr == 0x82f || msr == 0x830 || (msr >= 0x832 && msr <= 0x837) ||
				(msr >= 0x840);

		exits += filtered &&
			 (apic_msr_passes(false, msr, true) || apic_msr_passes(true, msr, true));
	}
	tap_is_u64(tap, exits, 0, "commands and local vectors do not");
	tap_ok(tap, !apic_msr_passes(false, 0x830, false) && !apic_msr_passes(true, 0x830, false),
	       "the last command is not read where the last kick is");
	tap_ok(tap, !apic_msr_passes(false, 0x7ff, true) && !apic_msr_passes(false, 0x900, true),
	       "others are not the APIC's");
}

static void test_page_of_x2(struct tap *tap)
{
	unsigned int writes;

	open_pair(true);
	tap_ok(tap,
	       io_find(cell_cpu->cell->io[IO_MEMORY], APIC_PHYS) &&
		       !io_find(root_cell.io[IO_MEMORY], APIC_PHYS),
	       "on an x2APIC machine cells have a page, root has none");
	write_page(cell_cpu, APIC_LDR, 0x40000000);
	write_page(cell_cpu, APIC_ICR_HIGH, 0x99000000);
	tap_ok(tap,
	       apic_page_read(cell_cpu, APIC_ID) == 0x12000000 &&
		       apic_page_read(cell_cpu, APIC_LDR) == 0x40000000 &&
		       apic_page_read(cell_cpu, APIC_DFR) == ~0u &&
		       apic_page_read(cell_cpu, APIC_ICR_HIGH) == 0x99000000 &&
		       apic_page_read(cell_cpu, 0x84) == 0,
	       "what is no MSR there reads as in a page");
	write_page(cell_cpu, APIC_TIMER_DIVIDE, 0xfffffff3);
	tap_ok(tap, rdmsr(0x83e) == 3,
	       "a write reaches the MSR, less the bits that would fault there");
	writes = machine.msr_writes;
	write_page(cell_cpu, APIC_ID, 0);
	tap_ok(tap, machine.msr_writes == writes, "a write of a read-only register nothing");
	write_page(cell_cpu, APIC_EOI, 0);
	tap_is_u64(tap, machine.msr_writes, writes + 1, "an interrupt's end is one");
	open_pair(false);
	tap_ok(tap,
	       io_find(cell_cpu->cell->io[IO_MEMORY], APIC_PHYS) &&
		       io_find(root_cell.io[IO_MEMORY], APIC_PHYS),
	       "on an xAPIC machine both have one");
}

int main(void)
{
	struct tap tap = {0};

	open_pair(true);
	test_wide_destinations(&tap);
	test_page_destinations(&tap);
	test_modes(&tap, true);
	test_modes(&tap, false);
	test_vectors(&tap);
	test_registers(&tap);
	test_logical_id(&tap);
	test_passing(&tap);
	test_page_of_x2(&tap);
	return tap_done(&tap);
}
