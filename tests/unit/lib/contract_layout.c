// SPDX-License-Identifier: GPL-2.0-only
/*
 * What contracts have put together from a generic part and the architecture's: where each member
 * is, and which number each word has, for those who have the numbers from somewhere else.
 */
#include "image_abi.h"
#include "tests/lib/tap.h"

struct number {
	const char *what;
	uint64_t value, expected;
};

#define AT(type, member, at)                                                     \
	{                                                                        \
		"place of " #type "." #member, offsetof(struct type, member), at \
	}
#define IS(value, expected)              \
	{                                \
#value, value, expected, \
	}

static const struct number numbers[] = {
	/* Communication region, revision 2. */
	AT(comm_region, console, 0x18),
	AT(comm_region, pci_mmconfig_base, 0x38),
	AT(comm_region, pm_timer_address, 0x40),
	AT(comm_region, num_cpus, 0x42),
	AT(comm_region, tsc_khz, 0x44),
	AT(comm_region, apic_khz, 0x48),
	IS(sizeof(struct comm_region), 0x4c),

	/* Last words: who has them is a program of whatever age. */
	IS(COMM_LAST_WORDS_OFFSET, 0x840),
	IS(LAST_WORDS_EXCEPTION, 1),
	IS(LAST_WORDS_STACK_OVERFLOW, 2),
	IS(LAST_WORDS_MESSAGE, 3),
	AT(comm_last_words, reason, 4),
	AT(comm_last_words, vector, 8),
	AT(comm_last_words, address, 16),
	AT(comm_last_words, instruction, 32),
	AT(comm_last_words, text, 40),
	IS(sizeof(struct comm_last_words), 168),

	/* Jailhouse's counters. */
	IS(EXITS_X86_PIO, 4),
	IS(EXITS_X86_XAPIC, 5),
	IS(EXITS_X86_CR, 6),
	IS(EXITS_X86_CPUID, 7),
	IS(EXITS_X86_XSETBV, 8),
	IS(EXITS_X86_EXCEPTION, 9),
	IS(EXITS_X86_MSR_OTHER, 10),
	IS(EXITS_X86_MSR_X2APIC_ICR, 11),
	IS(EXITS_COUNT, 12),

	/* The record of driver ABI 2. */
	IS(FAILURE_PORT_READ, 4),
	IS(FAILURE_PORT_WRITE, 5),
	IS(FAILURE_MSR_READ, 6),
	IS(FAILURE_MSR_WRITE, 7),
	IS(FAILURE_TRIPLE_FAULT, 8),
	IS(FAILURE_APIC, 9),
	IS(FAILURE_INSTRUCTION, 10),
	IS(FAILURE_UNHANDLED_EXIT, 11),
	IS(FAILURE_KILLED, 12),
	IS(FAILURE_CPU_LOST, 13),
	IS(FAILURE_HYPERVISOR_EXCEPTION, 14),
	IS(FAILURE_MACHINE_CHECK, 15),
	IS(FAILURE_EXCEPTION, 16),
	IS(FAILURE_STACK_OVERFLOW, 17),
	IS(FAILURE_MESSAGE, 18),
	IS(FAILURE_REASON_COUNT, 19),
	AT(failure_record, clock, 8),
	AT(failure_record, vector, 36),
	AT(failure_record, exit_info2, 56),
	AT(failure_record, gpr, 64),
	AT(failure_record, rip, 192),
	AT(failure_record, rflags, 200),
	AT(failure_record, cr0, 208),
	AT(failure_record, cr2, 216),
	AT(failure_record, cr3, 224),
	AT(failure_record, cr4, 232),
	AT(failure_record, efer, 240),
	AT(failure_record, cs_base, 248),
	AT(failure_record, cs, 256),
	AT(failure_record, ss, 258),
	AT(failure_record, ds, 260),
	AT(failure_record, es, 262),
	AT(failure_record, instruction_len, 264),
	AT(failure_record, flags, 268),
	AT(failure_record, instruction, 272),
	AT(failure_record, message, 288),
	IS(sizeof(struct failure_record), 416),
	IS(FAILURE_RSP, 4),
	IS(FAILURE_R15, 15),

	AT(image_header, file_size, 8),
	AT(image_header, checksum, 16),
	AT(image_header, build_id, 24),
	AT(image_header, num_cpus, 168),
	AT(image_header, hardware_ids, 176),
	AT(image_header, cpu_entering, 1200),
	AT(image_header, cpu_step, 1720),
};

int main(void)
{
	struct tap tap = {0};

	for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++)
		tap_is_u64(&tap, numbers[n].value, numbers[n].expected, "%s", numbers[n].what);
	return tap_done(&tap);
}
