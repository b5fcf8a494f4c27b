// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end of shared memory with root, peer 0 of an ivshmem device: answers each ring
 * with a ring of the same vector. The text in root's output section goes, in capitals, into its own
 * one, and behind it the number of rings. As long as that text is "storm" it rings vector 1 of root
 * as fast as it can. It fails if its word in the common section does not stay.
 * Console: "peer: ready", and each state of root's.
 */
#include "pci.h"

#define ROOT	      0
#define REGISTERS     0xf0000000u
#define VECTOR_TABLE  (REGISTERS + IVSHMEM_BAR_SIZE)
#define FIRST_VECTOR  0x40
#define COMMON_WORD   0x600d600du
#define TEXT_MAX      128
#define COUNTS_OFFSET 1024 /* uint32_t for each vector, in its output section */

/* PCI Local Bus 3.0, 6.1, 6.8.2. */
#define COMMAND	     0x04
#define COMMAND_ON   0x0006u /* memory, bus master */
#define BAR0	     0x10
#define MSIX_ON	     0x80000000u
#define MESSAGE_BASE 0xfee00000u

static uint32_t device; /* as PCI_ADDRESS_PORT has it */
static volatile uint32_t *const registers = (volatile uint32_t *)REGISTERS;
static volatile uint32_t *counts;
static volatile uint32_t *common;
static const volatile char *root_text;
static volatile char *own_text;
static unsigned int vectors;
static volatile unsigned int rung; /* bits */

static uint32_t config_read(unsigned int at)
{
	port_out32(PCI_ADDRESS_PORT, device | at);
	return port_in32(PCI_DATA_PORT);
}

static void config_write(unsigned int at, uint32_t value)
{
	port_out32(PCI_ADDRESS_PORT, device | at);
	port_out32(PCI_DATA_PORT, value);
}

static uint64_t capability(unsigned int at)
{
	return config_read(IVSHMEM_CAP + at) | (uint64_t)config_read(IVSHMEM_CAP + at + 4) << 32;
}

static void find_device(void)
{
	int bdf = pci_find_shared_memory(0);

	if (bdf < 0)
		inmate_fail("no shared memory on any bus");
	device = PCI_ENABLE | (uint32_t)bdf << 8;
}

static void on_ring(void *argument)
{
	unsigned int n = (unsigned int)(uintptr_t)argument;

	counts[n]++;
	rung |= 1u << n;
}

/* Messages to this CPU, each a vector of its own. */
static void set_vectors(void)
{
	volatile uint32_t *entry = (volatile uint32_t *)VECTOR_TABLE;
	uint32_t id, eax = 1, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(id), "+c"(ecx), "=d"(edx));
	vectors = (config_read(IVSHMEM_MSIX_CAP) >> 16 & 0x7ff) + 1;
	for (unsigned int n = 0; n < vectors; n++, entry += 4) {
		interrupt_register(FIRST_VECTOR + n, on_ring, (void *)(uintptr_t)n);
		entry[0] = MESSAGE_BASE | (id >> 24) << 12;
		entry[1] = 0;
		entry[2] = FIRST_VECTOR + n;
		entry[3] = 0;
	}
	config_write(IVSHMEM_MSIX_CAP, MSIX_ON);
}

static const volatile uint32_t *map_sections(void)
{
	uint64_t state_size = config_read(IVSHMEM_CAP + IVSHMEM_CAP_STATE);
	uint64_t common_size = capability(IVSHMEM_CAP_COMMON);
	uint64_t output_size = capability(IVSHMEM_CAP_OUTPUT);
	uint64_t base = capability(IVSHMEM_CAP_BASE);
	uint64_t outputs = base + state_size + common_size;
	uint64_t own = outputs + registers[IVSHMEM_ID / 4] * output_size;

	if (memory_map(base,
		       state_size + common_size + registers[IVSHMEM_MAX_PEERS / 4] * output_size,
		       MEMORY_CACHED) < 0)
		inmate_fail("the shared memory cannot be mapped");
	common = (volatile uint32_t *)(base + state_size);
	root_text = (const volatile char *)outputs + ROOT * output_size;
	own_text = (volatile char *)own;
	counts = (volatile uint32_t *)(own + COUNTS_OFFSET);
	return (const volatile uint32_t *)base;
}

static void answer_text(void)
{
	unsigned int n;
	char letter;

	for (n = 0; n < TEXT_MAX - 1 && (letter = root_text[n]); n++)
		own_text[n] = letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter;
	own_text[n] = '\0';
}

static void answer(void)
{
	unsigned int now;

	interrupts_disable();
	now = rung;
	rung = 0;
	if (!now) {
		cpu_idle();
		return;
	}
	interrupts_enable();
	answer_text();
	for (unsigned int n = 0; n < vectors; n++) {
		if (now & (1u << n))
			registers[IVSHMEM_DOORBELL / 4] = IVSHMEM_RING(ROOT, n);
	}
}

static void tick(void *argument)
{
}

static bool is_storm(void)
{
	static const char storm[] = "storm";
	unsigned int n = 0;

	while (n < sizeof(storm) && root_text[n] == storm[n])
		n++;
	return n == sizeof(storm);
}

void inmate_main(void)
{
	const volatile uint32_t *states;
	uint32_t seen = 0;

	console_set_buffering(CONSOLE_LINES);
	find_device();
	config_write(BAR0, REGISTERS);
	config_write(BAR0 + 4, VECTOR_TABLE);
	config_write(COMMAND, COMMAND_ON);
	states = map_sections();
	set_vectors();
	registers[IVSHMEM_INT_CONTROL / 4] = IVSHMEM_INT_ENABLE;
	registers[IVSHMEM_STATE / 4] = 1;
	timer_start_periodic(20, tick, NULL);
	*common = COMMON_WORD;
	console_printf("peer: ready\n");
	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST) {
		if (states[ROOT] != seen) {
			seen = states[ROOT];
			console_printf("peer: root's state is %u\n", seen);
		}
		if (*common != COMMON_WORD)
			inmate_fail("somebody has written to the common section: 0x%x", *common);
		if (is_storm())
			registers[IVSHMEM_DOORBELL / 4] = IVSHMEM_RING(ROOT, 1);
		else
			answer();
	}
	inmate_shut_down();
}
