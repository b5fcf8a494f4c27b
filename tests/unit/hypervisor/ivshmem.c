// SPDX-License-Identifier: GPL-2.0-only
/* The device of shared memory as a driver sees it: both doors, registers, vectors, one-shot mode.
 */
#include "arch/arch.h"
#include "linked_cells.h"

#include "tests/lib/tap.h"

#define ABSENT (MMCONFIG + 0xf1000ull)

/* Two cells that both run. */
static void open_pair(void)
{
	open_linked();
	if (create_linked(ONE, BLOB_MEM_ROOTSHARED) < 0 ||
	    create_linked(TWO, BLOB_MEM_ROOTSHARED) < 0 ||
	    machine_hypercall(HC_CELL_START, 1, 0) < 0 ||
	    machine_hypercall(HC_CELL_START, 2, 0) < 0)
		machine_give_up("the cells cannot be made");
	machine.on_wrmsr = on_wrmsr;
	num_sent = 0;
}

static void test_header(struct tap *tap)
{
	static const struct {
		unsigned int at;
		uint32_t value;
		const char *what;
	} words[] = {
		{0x00, 0x4106110a, "vendor and device"},
		{0x04, 0x00100000, "status: capabilities, nothing on"},
		{0x08, 0xff412300, "class and protocol, revision 0"},
		{0x0c, 0, "header of type 0, one function"},
		{0x10, 0, "BAR 0 is nowhere"},
		{0x14, 0, "BAR 1 is nowhere"},
		{0x18, 0, "no BAR 2"},
		{0x30, 0, "no ROM"},
		{0x34, 0x40, "where capabilities begin"},
		{0x3c, 0, "no pin"},
		{0x40, 0x00206009, "the vendor's own, the next behind it, its size"},
		{0x44, 0x1000, "bytes of the state table"},
		{0x48, 0x1000, "bytes of the common section"},
		{0x4c, 0, "its upper half"},
		{0x50, 0x2000, "bytes of an output section"},
		{0x54, 0, "its upper half"},
		{0x58, GUEST_SHARED, "where they are for the guest"},
		{0x5c, 0, "the upper half"},
		{0x60, 0x00020011, "MSI-X, the last, three vectors"},
		{0x64, 1, "their table begins BAR 1"},
		{0x68, 0x801, "pending bits in its second half"},
		{0x6c, 0, "nothing behind"},
		{0xffc, 0, "nothing at the end"},
	};

	for (unsigned int n = 0; n < sizeof(words) / sizeof(words[0]); n++)
		tap_is_u64(tap, load(cpu_of(ONE), FUNCTION + words[n].at, 4), words[n].value,
			   "0x%x: %s", words[n].at, words[n].what);
}

static void test_policy(struct tap *tap)
{
	static const struct {
		unsigned int at;
		uint32_t writable;
	} rows[] = {{0x04, 0x406},
		    {0x10, 0xfffff000},
		    {0x14, 0xfffff000},
		    {0x40, 0x01000000},
		    {0x60, 0xc0000000}};
	unsigned int differ = 0;

	for (unsigned int at = 0; at < 0x1000; at += at < 0x80 ? 4 : 0x3c) {
		uint32_t before = load(cpu_of(ONE), FUNCTION + at, 4), writable = 0, now;

		for (unsigned int n = 0; n < sizeof(rows) / sizeof(rows[0]); n++)
			writable = rows[n].at == at ? rows[n].writable : writable;
		store(cpu_of(ONE), FUNCTION + at, 4, ~0u);
		now = load(cpu_of(ONE), FUNCTION + at, 4);
		store(cpu_of(ONE), FUNCTION + at, 4, 0);
		if (now != (before | writable) ||
		    load(cpu_of(ONE), FUNCTION + at, 4) != (before & ~writable)) {
			tap_note(tap, "0x%x: 0x%x becomes 0x%x", at, before, now);
			differ++;
		}
	}
	tap_is_u64(tap, differ, 0, "a driver changes what it may and nothing else");
}

static void test_widths(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	tap_is_u64(tap, load(cpu, FUNCTION + 2, 2), 0x4106, "half a word");
	tap_is_u64(tap, load(cpu, FUNCTION + 1, 2), 0x0611, "half a word in its middle");
	tap_is_u64(tap, load(cpu, FUNCTION + 3, 1), 0x41, "a byte");
	tap_is_u64(tap, load(cpu, FUNCTION + 2, 4), 0x00004106, "across two words");
	tap_is_u64(tap, load(cpu, FUNCTION, 8), 0x001000004106110a, "both");
	tap_is_u64(tap, load(cpu, FUNCTION + 0xffe, 4), 0xffffffff,
		   "across two functions there is nothing");
	store(cpu, FUNCTION + 0x43, 1, 0xff);
	tap_is_u64(tap, load(cpu, FUNCTION + 0x40, 4), 0x01206009, "a byte is written alone");
	store(cpu, FUNCTION + 0x12, 4, 0x56781234);
	tap_ok(tap,
	       load(cpu, FUNCTION + 0x10, 4) == 0x12340000 &&
		       load(cpu, FUNCTION + 0x14, 4) == 0x5000,
	       "and across two words, each by its own rules");
	tap_ok(tap,
	       load(cpu, ABSENT, 4) == 0xffffffff && load(cpu, ABSENT, 1) == 0xff &&
		       store(cpu, ABSENT, 4, 0) && load(cpu, ABSENT, 4) == 0xffffffff,
	       "of a function that there is not all ones are read, and writes are lost");
	tap_ok(tap, !store(cpu, MMCONFIG - 4, 4, 0) && !store(cpu, MMCONFIG + 0x100000, 4, 0),
	       "around the space there is nothing at all");
}

static uint64_t by_port(unsigned int cpu, uint32_t address, uint16_t port, unsigned int width)
{
	port_write(cpu, 0xcf8, 4, address);
	return port_read(cpu, port, width);
}

static void test_ports(struct tap *tap)
{
	const uint32_t enable = 0x80000000u | BDF << 8;
	const unsigned int cpu = cpu_of(ONE), other = cpu_of(TWO);

	tap_is_u64(tap, by_port(cpu, enable, 0xcfc, 4), 0x4106110a, "a word by ports");
	tap_is_u64(tap, by_port(cpu, enable | 0x10000000, 0xcfc, 4), 0x4106110a,
		   "whatever reserved bits are");
	tap_is_u64(tap, port_read(cpu, 0xcf8, 4), enable, "the address reads as it was written");
	tap_is_u64(tap, port_read(cpu, 0xcfe, 2), 0x4106, "half a word");
	tap_is_u64(tap, port_read(cpu, 0xcfd, 2), 0x0611, "half a word in its middle");
	tap_is_u64(tap, port_read(cpu, 0xcff, 1), 0x41, "a byte");
	tap_is_u64(tap, by_port(cpu, enable | 0x03000000, 0xcfc, 4), 0, "the upper registers");
	tap_is_u64(tap, by_port(cpu, enable | 0x40 | 3, 0xcfc, 4), 0x00206009,
		   "two bits of the address say nothing");
	port_write(cpu, 0xcff, 1, 1);
	tap_is_u64(tap, load(cpu, FUNCTION + 0x43, 1), 1, "a byte is written alone");
	tap_is_u64(tap, by_port(cpu, enable & 0x7fffffff, 0xcfc, 4), 0xffffffff,
		   "without the address enabled there is nothing");
	tap_is_u64(tap, by_port(cpu, enable + 0x100, 0xcfc, 2), 0xffff, "no such function");
	by_port(cpu, enable, 0xcfc, 4);
	by_port(other, enable | 8, 0xcfc, 4);
	tap_is_u64(tap, port_read(cpu, 0xcfc, 4), 0x4106110a,
		   "each cell has an address of its own");
	tap_ok(tap,
	       !port_write(cpu, 0xcf9, 1, 6) && !port_write(cpu, 0xcf8, 2, 6) &&
		       !port_write(cpu, 0xcfd, 4, 0) && !port_write(cpu, 0xcfa, 4, 0),
	       "what is no access of these ports is not the cell's");
	tap_is_u64(tap, machine.pci_accesses + (machine.pci_address != 0), 0,
		   "the machine's are untouched by all that");
}

static void test_registers(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	unsigned int others = 0;

	set_up(cpu);
	tap_is_u64(tap, load(cpu, REGISTERS, 4), 1, "the number of the peer");
	tap_is_u64(tap, load(cpu, REGISTERS + 4, 4), PEERS, "how many there can be");
	tap_is_u64(tap, load(cpu, REGISTERS + 8, 4), 1, "interrupts are on");
	tap_is_u64(tap, load(cpu, REGISTERS + 0xc, 4), 0, "the doorbell is only written");
	store(cpu, REGISTERS + 0x10, 4, 0x1234567);
	tap_is_u64(tap, load(cpu, REGISTERS + 0x10, 4), 0x1234567, "the state is what was written");
	tap_is_u64(tap, *(uint32_t *)(machine.ram + SHARED + 4), 0x1234567,
		   "and stands in the table");
	store(cpu, REGISTERS + 8, 4, 0xfffffffe);
	tap_is_u64(tap, load(cpu, REGISTERS + 8, 4), 0, "of the control there is one bit");
	for (unsigned int at = 0; at < 0x1000; at += at < 0x40 ? 4 : 0x3c) {
		if (at == 8 || at == 0x10)
			continue;
		store(cpu, REGISTERS + at, 4, ~0u);
		others += load(cpu, REGISTERS + at, 4) != (at == 0 ? 1 : at == 4 ? PEERS : 0);
	}
	tap_is_u64(tap, others, 0, "all others are read-only, or nothing");
	store(cpu, REGISTERS + 0x10, 1, 1);
	store(cpu, REGISTERS + 0x10, 8, 1);
	store(cpu, REGISTERS + 0x0e, 4, 1);
	store(cpu, REGISTERS + 8, 2, 1);
	tap_ok(tap,
	       load(cpu, REGISTERS + 0x10, 4) == 0x1234567 && load(cpu, REGISTERS + 8, 4) == 0 &&
		       load(cpu, REGISTERS, 1) == 0 && load(cpu, REGISTERS, 8) == 0 &&
		       load(cpu, REGISTERS + 2, 4) == 0,
	       "of what is no aligned access of 32 bits there is nothing");
}

static void test_bars(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	store(cpu, FUNCTION + 0x10, 4, 0xd0000000);
	tap_is_u64(tap, load(cpu, 0xd0000000, 4), 1, "registers move with their BAR");
	tap_ok(tap, !store(cpu, REGISTERS, 4, 0), "and are no more where they were");
	tap_ok(tap, !store(cpu, 0xd0001000, 4, 0) && !store(cpu, 0xcffffffc, 4, 0),
	       "nothing is beside them");
	store(cpu, FUNCTION + 0x10, 4, TABLE);
	tap_is_u64(tap, load(cpu, TABLE, 4), 1, "of two at one place the first one answers");
	store(cpu, FUNCTION + 0x10, 4, FUNCTION);
	tap_is_u64(tap, load(cpu, FUNCTION, 4), 0x4106110a,
		   "where something else answers they are not");
	store(cpu, FUNCTION + 0x10, 4, REGISTERS);
	store(cpu, FUNCTION + 4, 2, 4);
	tap_ok(tap, !store(cpu, REGISTERS, 4, 0) && !store(cpu, TABLE, 4, 0),
	       "without memory decoding they are nowhere");
	store(cpu, FUNCTION + 4, 2, 6);
	tap_is_u64(tap, load(cpu, REGISTERS, 4), 1, "with it they are there again");
	tap_ok(tap, !store(cpu_of(TWO), REGISTERS, 4, 0), "another cell's are not");
}

static void test_rings(struct tap *tap)
{
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);
	const uint64_t bell = REGISTERS + IVSHMEM_DOORBELL;

	set_up(one);
	set_up(two);
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	tap_ok(tap, has_sent(1, two, 0x41), "a ring interrupts the peer by that vector");
	store(two, bell, 4, IVSHMEM_RING(1, 2));
	tap_ok(tap, has_sent(1, one, 0x42), "and the other way round");
	store(one, bell, 4, IVSHMEM_RING(1, 0));
	tap_ok(tap, has_sent(1, one, 0x40), "a peer may ring itself");
	store(one, bell, 4, IVSHMEM_RING(2, VECTORS));
	store(one, bell, 4, IVSHMEM_RING(0, 0));
	store(one, bell, 4, IVSHMEM_RING(PEERS, 0));
	store(one, bell, 4, ~0u);
	tap_ok(tap, has_sent(0, 0, 0), "no vector, nobody there, no such peer: no interrupt");
	store(two, REGISTERS + 8, 4, 0);
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	tap_ok(tap, has_sent(0, 0, 0), "nor where they are off");
	store(two, REGISTERS + 8, 4, 1);
	tap_ok(tap, has_sent(0, 0, 0), "nor when they are on again");
	store(two, FUNCTION + 4, 2, 2);
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	tap_ok(tap, has_sent(0, 0, 0), "nor where the device may send none");
	store(two, FUNCTION + 4, 2, 6);
	store(two, FUNCTION + 0x62, 2, 0);
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	store(two, FUNCTION + 0x62, 2, 0x8000);
	tap_ok(tap, has_sent(0, 0, 0), "nor without MSI-X");
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	tap_ok(tap, has_sent(1, two, 0x41), "control: it still can be rung");
	tap_is_u64(tap, cpu_by_id(one)->visits & 1, 0, "whoever rang has gone");
}

static void test_one_shot(struct tap *tap)
{
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);
	const uint64_t bell = REGISTERS + IVSHMEM_DOORBELL;

	store(two, FUNCTION + 0x43, 1, 1);
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	store(one, bell, 4, IVSHMEM_RING(2, 2));
	tap_ok(tap, has_sent(1, two, 0x41), "in one-shot mode there is one");
	tap_is_u64(tap, load(two, REGISTERS + 8, 4), 0, "which switches them off");
	store(two, REGISTERS + 8, 4, 1);
	store(one, bell, 4, IVSHMEM_RING(2, 7));
	tap_is_u64(tap, load(two, REGISTERS + 8, 4), 1, "what is no interrupt does not");
	store(two, FUNCTION + 0x43, 1, 0);
	store(one, bell, 4, IVSHMEM_RING(2, 2));
	tap_ok(tap, has_sent(1, two, 0x42) && load(two, REGISTERS + 8, 4) == 1,
	       "without it they stay on");
}

static void test_state(struct tap *tap)
{
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);

	store(one, REGISTERS + 0x10, 4, 5);
	tap_ok(tap, has_sent(1, two, 0x40), "a change of state rings vector 0 at the others");
	store(one, REGISTERS + 0x10, 4, 5);
	tap_ok(tap, has_sent(0, 0, 0), "what is no change does not");
	store(two, REGISTERS + 8, 4, 0);
	store(one, REGISTERS + 0x10, 4, 6);
	tap_ok(tap, has_sent(0, 0, 0), "nor where interrupts are off");
	store(two, REGISTERS + 8, 4, 1);
	store(two, REGISTERS + 0x10, 4, 9);
	has_sent(1, one, 0x40);
	machine_hypercall(HC_CELL_START, 2, 0);
	tap_ok(tap, *(uint32_t *)(machine.ram + SHARED + 8) == 0 && has_sent(1, one, 0x40),
	       "a peer that starts anew has state 0, and the others are rung");
	tap_ok(tap,
	       load(two, FUNCTION + 0x10, 4) == 0 && load(two, FUNCTION + 4, 4) == 0x100000 &&
		       !store(two, REGISTERS, 4, 0),
	       "its device is as after a reset");
	set_up(two);
	store(two, REGISTERS + 0x10, 4, 3);
	has_sent(1, one, 0x40);
	machine_hypercall(HC_CV_CELL_KILL, 2, 0);
	tap_ok(tap, *(uint32_t *)(machine.ram + SHARED + 8) == 0 && has_sent(1, one, 0x40),
	       "so with one that is killed");
	machine_hypercall(HC_CELL_START, 2, 0);
	set_up(two);
	store(two, REGISTERS + 0x10, 4, 3);
	has_sent(1, one, 0x40);
	machine_hypercall(HC_CELL_SET_LOADABLE, 2, 0);
	tap_ok(tap, *(uint32_t *)(machine.ram + SHARED + 8) == 0 && has_sent(1, one, 0x40),
	       "and with one that is shut down");
	set_up(two);
	store(two, REGISTERS + 0x10, 4, 3);
	tap_ok(tap, *(uint32_t *)(machine.ram + SHARED + 8) == 0 && has_sent(0, 0, 0),
	       "which has no state until it runs");
	machine_hypercall(HC_CELL_START, 2, 0);
	set_up(two);
	store(two, REGISTERS + 0x10, 4, 3);
	has_sent(1, one, 0x40);
	tap_is_u64(tap, destroy_linked(TWO), 0, "one is destroyed");
	tap_ok(tap, *(uint32_t *)(machine.ram + SHARED + 8) == 0 && has_sent(1, one, 0x40),
	       "the others see that as well");
	store(one, REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(2, 0));
	tap_ok(tap, has_sent(0, 0, 0), "nobody is there to be rung");
}

static void test_table(struct tap *tap)
{
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);
	const uint64_t bell = REGISTERS + IVSHMEM_DOORBELL, entry = TABLE + 16;
	unsigned int others = 0;

	open_pair();
	store(two, FUNCTION + 0x14, 4, TABLE);
	store(two, FUNCTION + 4, 2, 6);
	tap_ok(tap,
	       load(two, entry, 8) == 0 && load(two, entry + 8, 8) == 0x100000000ull &&
		       load(two, entry + 12, 4) == 1,
	       "after a reset a vector is masked");
	set_up(one);
	set_up(two);
	tap_is_u64(tap, load(two, entry, 8), MESSAGE_TO(two), "the table reads as written");
	store(two, entry, 8, ~0ull);
	store(two, entry + 8, 8, ~0ull);
	tap_ok(tap, load(two, entry, 8) == ~3ull && load(two, entry + 8, 8) == 0x1ffffffffull,
	       "but for reserved bits");
	store(two, entry, 1, 0);
	store(two, entry + 2, 2, 0);
	store(two, entry + 2, 4, 0);
	store(two, entry + 4, 8, 0);
	tap_is_u64(tap, load(two, entry, 8), ~3ull, "no access that is narrow or not aligned");
	for (unsigned int at = VECTORS * 16; at < 0x1000; at += 4) {
		store(two, TABLE + at, 4, ~0u);
		others += load(two, TABLE + at, 4) != 0;
	}
	tap_is_u64(tap, others, 0, "behind it there is nothing, and nobody writes pending bits");
	set_up(two);
	store(two, entry + 12, 4, 1);
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	store(one, bell, 4, IVSHMEM_RING(2, 1));
	tap_ok(tap, has_sent(0, 0, 0) && load(two, TABLE + 0x800, 4) == 2,
	       "a masked vector is pending");
	store(two, entry + 12, 4, 0);
	tap_ok(tap, has_sent(1, two, 0x41) && load(two, TABLE + 0x800, 8) == 0,
	       "and comes, once, when it is no longer");
	store(two, FUNCTION + 0x62, 2, 0xc000);
	store(one, bell, 4, IVSHMEM_RING(2, 2));
	tap_ok(tap, has_sent(0, 0, 0) && load(two, TABLE + 0x800, 4) == 4,
	       "all can be masked at once");
	store(two, FUNCTION + 0x62, 2, 0x8000);
	tap_ok(tap, has_sent(1, two, 0x42), "and come when they are not");
}

/* As by one who saw the vector masked, when it is no longer. */
static int ring_as_masked(uint64_t argument)
{
	ivshmem_remember(links->ends[2], 1);
	return 0;
}

/* Who rings waits for nobody: the lock is in the hands of whom it rings. */
static void test_held_lock(struct tap *tap)
{
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);
	struct ivshmem *end = links->ends[2];
	uint64_t clock;

	store(two, TABLE + 16 + 12, 4, 1);
	end->lock.holder = two + 1;
	clock = machine.clock;
	store(one, REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(2, 1));
	tap_ok(tap, machine.clock - clock < 100 * CLOCK_STEP && end->lock.holder == two + 1,
	       "a ring of a masked vector waits for no lock");
	end->lock.holder = 0;
	tap_ok(tap, has_sent(0, 0, 0) && load(two, TABLE + 0x800, 4) == 2, "and is pending");
	store(two, TABLE + 16 + 12, 4, 0);
	tap_ok(tap, has_sent(1, two, 0x41), "until it is no longer masked");
	machine_call(one, ring_as_masked, 0);
	tap_ok(tap, has_sent(1, two, 0x41) && load(two, TABLE + 0x800, 4) == 0,
	       "who rang just before that sends it himself");
}

static unsigned int sent_on_visit;

static void on_wrmsr_of_visitor(uint32_t msr, uint64_t value)
{
	sent_on_visit += this_cpu()->visits & 1;
	on_wrmsr(msr, value);
}

/* As where a visit ends in an exception, so that the CPU's cell fails: others are rung. */
static int ring_in_visit(uint64_t argument)
{
	struct cpu *self = this_cpu();

	cpu_visit_begin(self);
	ivshmem_ring_others(links->ends[1]);
	cpu_visit_end(self);
	return self->visits & 1;
}

static void test_nested(struct tap *tap)
{
	machine.on_wrmsr = on_wrmsr_of_visitor;
	tap_is_u64(tap, machine_call(cpu_of(ONE), ring_in_visit, 0), 0,
		   "others are rung on a visit");
	tap_ok(tap, has_sent(1, cpu_of(TWO), 0x40) && sent_on_visit == 1,
	       "which is not over before they are");
	machine.on_wrmsr = on_wrmsr;
}

/* As hardware is to send it. */
static void check_confined(struct tap *tap, uint64_t address, uint32_t data, bool confined,
			   const char *what)
{
	const uint64_t was_address = address;
	const uint32_t was_data = data;
	bool done = arch_message_confine(cell_by_id(2), &address, &data);

	tap_ok(tap,
	       done == confined && address == (confined ? MESSAGE_TO(cpu_of(TWO)) : was_address) &&
		       data == (confined ? was_data & 0xff : was_data),
	       "hardware may send %s: %s", confined ? "it to that CPU alone" : "none", what);
}

static void test_destinations(struct tap *tap)
{
	static const struct {
		uint32_t address, upper, data;
		unsigned int sent;
		const char *what;
	} cases[] = {
		{0xfee12000, 0, 0x41, 1, "its own CPU"},
		{0xfee12000, 0, 0x141, 1, "its own, with the lowest priority"},
		{0xfeeff000, 0, 0x41, 1, "all: its own"},
		{0xfee01000, 0, 0x41, 0, "another cell's CPU"},
		{0xfee00000, 0, 0x41, 0, "a CPU of Linux"},
		{0xfee12004, 0, 0x41, 0, "a logical id that it has not"},
		{0xfee40004, 0, 0x41, 1, "one that it has"},
		{0xfee12000, 1, 0x41, 0, "an address beyond"},
		{0xfed12000, 0, 0x41, 0, "another address"},
		{0xfee12010, 0, 0x41, 0, "a message to be remapped"},
		{0xfee12000, 0, 0x0f, 0, "a vector of exceptions"},
		{0xfee12000, 0, 0x10, 1, "the lowest vector"},
		{0xfee12000, 0, 0x241, 0, "SMI"},
		{0xfee12000, 0, 0x441, 0, "NMI"},
		{0xfee12000, 0, 0x541, 0, "INIT"},
		{0xfee12000, 0, 0x741, 0, "ExtINT"},
		{0xfee12000, 0, 0x8041, 0, "a level"},
	};
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);

	cpu_by_id(two)->arch.apic_ldr = 0x40u << 24;
	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		store(two, TABLE, 4, cases[n].address);
		store(two, TABLE + 4, 4, cases[n].upper);
		store(two, TABLE + 8, 4, cases[n].data);
		has_sent(0, 0, 0);
		store(one, REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(2, 0));
		tap_ok(tap, has_sent(cases[n].sent, two, cases[n].data & 0xff), "a message %s: %s",
		       cases[n].sent ? "reaches" : "does not reach", cases[n].what);
		check_confined(tap, cases[n].address | (uint64_t)cases[n].upper << 32,
			       cases[n].data, cases[n].sent, cases[n].what);
	}
	tap_ok(tap, machine_said("cell two: PCI device 0xf0: vector "),
	       "what can never be one is told");
}

int main(void)
{
	struct tap tap = {0};

	open_pair();
	test_header(&tap);
	test_policy(&tap);
	open_pair();
	test_widths(&tap);
	open_pair();
	test_ports(&tap);
	open_pair();
	test_registers(&tap);
	test_bars(&tap);
	open_pair();
	test_rings(&tap);
	test_one_shot(&tap);
	test_state(&tap);
	test_table(&tap);
	test_held_lock(&tap);
	test_nested(&tap);
	test_destinations(&tap);
	return tap_done(&tap);
}
