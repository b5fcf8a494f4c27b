// SPDX-License-Identifier: GPL-2.0-only
/*
 * One end of shared memory, as the ABI has it, whatever plays it: registers, sections, interrupts
 * in both directions, one-shot mode, states. Two of these, in two cells, are each other's peer.
 *
 * Parameters:
 *   rounds=N            interrupts in each direction
 *   deed=table|output   writes to the state table, or to the other's output section
 *   stay                runs on when all is done, until it is asked to end
 */
#include "pci.h"
#include "report.h"

#define REGISTERS    0xff000000ull
#define TABLE	     0xff001000ull
#define FIRST_VECTOR 0x50
#define VECTORS	     3
#define PATIENCE_NS  20000000000ull

enum { STATE_READY = 7, STATE_PLAYED };

static uint64_t config, sections;
static uint32_t own, other, common_size, output_size;
static volatile unsigned int interrupts[VECTORS];

static void on_interrupt(void *argument)
{
	interrupts[(uintptr_t)argument]++;
}

static volatile uint32_t *state_of(uint32_t peer)
{
	return (volatile uint32_t *)sections + peer;
}

static volatile uint32_t *common(void)
{
	return (volatile uint32_t *)(sections + mem_read32(config + 0x44));
}

static volatile uint32_t *output_of(uint32_t peer)
{
	return (volatile uint32_t *)((uint64_t)common() + common_size + peer * output_size);
}

static void ring(uint32_t peer, uint32_t vector)
{
	mem_write32(REGISTERS + IVSHMEM_DOORBELL, IVSHMEM_RING(peer, vector));
}

static void set_up(void)
{
	mem_write32(config + 0x10, REGISTERS);
	mem_write32(config + 0x14, TABLE);
	mem_write16(config + 0x04, 0x6);
	for (unsigned int n = 0; n < VECTORS; n++) {
		interrupt_register(FIRST_VECTOR + n, on_interrupt, (void *)(uintptr_t)n);
		mem_write32(TABLE + n * 16, 0xfee00000 | apic_id() << 12);
		mem_write32(TABLE + n * 16 + 4, 0);
		mem_write32(TABLE + n * 16 + 8, FIRST_VECTOR + n);
		mem_write32(TABLE + n * 16 + 12, 0);
	}
	mem_write16(config + 0x62, 0x8000);
	common_size = mem_read32(config + 0x48);
	output_size = mem_read32(config + 0x50);
	sections = mem_read32(config + 0x58) | (uint64_t)mem_read32(config + 0x5c) << 32;
	if (memory_map(sections, 0x200000, MEMORY_CACHED) < 0)
		inmate_fail("no room to map the sections");
	own = mem_read32(REGISTERS + IVSHMEM_ID);
	other = !own;
}

/* Until the value is there, or it has taken too long. */
static bool wait_for(volatile uint32_t *place, uint32_t value)
{
	uint64_t end = time_ns() + PATIENCE_NS;

	while (__atomic_load_n(place, __ATOMIC_ACQUIRE) != value) {
		if (time_ns() > end)
			return false;
		cpu_relax();
	}
	return true;
}

static bool wait_for_interrupts(unsigned int vector, unsigned int count)
{
	uint64_t end = time_ns() + PATIENCE_NS;

	while (interrupts[vector] < count && time_ns() < end)
		cpu_relax();
	return interrupts[vector] == count;
}

static void check_registers(void)
{
	unsigned int wrong = 0;

	is(own < 2, 1, "the number of the peer");
	is(mem_read32(REGISTERS + IVSHMEM_MAX_PEERS), 2, "how many there can be");
	is(mem_read32(REGISTERS + IVSHMEM_INT_CONTROL), 0, "interrupts are off");
	is(mem_read32(REGISTERS + IVSHMEM_STATE), 0, "there is no state");
	for (unsigned int at = 0x14; at < 0x1000; at += 4) {
		mem_write32(REGISTERS + at, 0xffffffff);
		wrong += mem_read32(REGISTERS + at) != 0;
	}
	is(wrong, 0, "registers that are none");
	mem_write32(REGISTERS + IVSHMEM_ID, 5);
	mem_write32(REGISTERS + IVSHMEM_MAX_PEERS, 5);
	is(mem_read32(REGISTERS + IVSHMEM_ID), own, "the number is not written");
	is(mem_read32(REGISTERS + IVSHMEM_MAX_PEERS), 2, "nor is the other one");
	is(mem_read32(REGISTERS + IVSHMEM_DOORBELL), 0, "the doorbell is not read");
	is(mem_read8(REGISTERS + IVSHMEM_MAX_PEERS), 0, "registers have 32 bits");
	for (unsigned int n = 0; n < 0x400; n++)
		wrong += output_of(own)[n] != 0 || (own == 0 && common()[n] != 0);
	is(wrong, 0, "words of its sections that are not zero at first");
}

/* Interrupts to itself: of the vectors that there are, where they are on. */
static void check_own_interrupts(void)
{
	ring(own, 1);
	udelay(1000);
	is(interrupts[1], 0, "no interrupt while they are off");
	mem_write32(REGISTERS + IVSHMEM_INT_CONTROL, IVSHMEM_INT_ENABLE);
	for (unsigned int n = 0; n < VECTORS; n++)
		ring(own, n);
	ring(own, VECTORS);
	ring(9, 0);
	check(wait_for_interrupts(1, 1) && wait_for_interrupts(2, 1),
	      "one interrupt by each vector");
	/* The other one may have changed its state meanwhile. */
	check(interrupts[0] >= 1, "and one by that of states");
	mem_write8(config + 0x43, IVSHMEM_CONTROL_ONE_SHOT);
	ring(own, 2);
	ring(own, 2);
	check(wait_for_interrupts(2, 2), "one in one-shot mode");
	is(mem_read32(REGISTERS + IVSHMEM_INT_CONTROL), 0, "which switches them off");
	udelay(1000);
	is(interrupts[2], 2, "and the next one is none");
	mem_write8(config + 0x43, 0);
	mem_write32(TABLE + 16 + 12, 1);
	mem_write32(REGISTERS + IVSHMEM_INT_CONTROL, IVSHMEM_INT_ENABLE);
	ring(own, 1);
	udelay(1000);
	is(interrupts[1], 1, "a masked vector waits");
	is(mem_read32(TABLE + IVSHMEM_MSIX_PBA_OFFSET), 2, "and is pending");
	mem_write32(TABLE + 16 + 12, 0);
	check(wait_for_interrupts(1, 2), "until it is not masked any more");
	mem_write32(TABLE + 16, 0xfee00000 | (apic_id() ^ 1) << 12);
	mem_write32(TABLE + 32, 0xfee00000);
	ring(own, 1);
	ring(own, 2);
	mem_write32(TABLE + 16, 0xfee00000 | apic_id() << 12);
	mem_write32(TABLE + 32, 0xfee00000 | apic_id() << 12);
	udelay(1000);
	is(interrupts[1] + interrupts[2], 4, "none goes to foreign CPUs, or comes from there");
	interrupts[0] = interrupts[1] = interrupts[2] = 0;
}

/* They wait for each other: the one who is second is seen by an interrupt. */
static void meet(void)
{
	mem_write32(REGISTERS + IVSHMEM_STATE, STATE_READY);
	is(*state_of(own), STATE_READY, "the own state is in the table");
	check(wait_for(state_of(other), STATE_READY), "so is the other's");
}

/* Each round: write to the own section, ring, be answered. */
static void play(unsigned int rounds)
{
	unsigned int wrong = 0;

	for (unsigned int n = 1; n <= rounds && !wrong; n++) {
		if (own == 0) {
			__atomic_store_n(&output_of(own)[0], n, __ATOMIC_RELEASE);
			ring(other, 1);
		}
		wrong += !wait_for_interrupts(1, n);
		wrong += __atomic_load_n(&output_of(other)[0], __ATOMIC_ACQUIRE) != n;
		if (own == 1) {
			__atomic_store_n(&output_of(own)[0], n, __ATOMIC_RELEASE);
			ring(other, 1);
		}
	}
	is(wrong, 0, "rounds that were not answered");
	common()[own] = 0x1234 + own;
	mem_write32(REGISTERS + IVSHMEM_STATE, STATE_PLAYED);
	check(wait_for(state_of(other), STATE_PLAYED), "the other one is through");
	is(common()[other], 0x1234 + other, "both write the common section");
	check(interrupts[0] >= 1, "changes of the other's state interrupted");
	console_printf("%u rounds, %u changes of state\n", interrupts[1], interrupts[0]);
}

/* The common section is its own to write; the others are not. */
static void do_deed(const char *deed)
{
	common()[own] = 1;
	console_printf("control: the common section is written\n");
	if (strcmp(deed, "table") == 0)
		*state_of(own) = 1;
	else
		output_of(other)[0] = 1;
	inmate_fail("nobody has stopped it");
}

static void stay(void)
{
	unsigned int before = interrupts[0];

	console_printf("it stays\n");
	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST) {
		if (interrupts[0] != before && *state_of(other) == 0) {
			before = interrupts[0];
			console_printf("the other one is gone\n");
		}
		cpu_relax();
	}
}

void inmate_main(void)
{
	static const char *const names[] = {"rounds", "deed", "stay", NULL};
	char deed[8];
	int bdf;

	params_require_known(names);
	bdf = pci_find_shared_memory(0);
	if (bdf < 0)
		inmate_fail("no shared memory");
	config = pci_config(bdf);
	set_up();
	interrupts_enable();
	if (param_string("deed", deed, sizeof(deed)) == 0)
		do_deed(deed);
	check_registers();
	check_own_interrupts();
	meet();
	play(param_int_or_fail("rounds", 1000, 1, INT32_MAX));
	if (param_bool_or_fail("stay", false))
		stay();
	report_end();
}
