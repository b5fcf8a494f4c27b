// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries, from a cell, each register of the documented policy that does not end the cell, and with
 * "write=NUMBER" one that does. What raises #GP goes on: the gate of that exception leads here.
 */
#include "arch/x86/x86.h"
#include "report.h"

#include "../../lib/msr_documented.h"

struct gate {
	uint16_t offset_low, selector, type, offset_middle;
	uint32_t offset_high, reserved;
};

struct gate_table {
	uint16_t limit;
	struct gate *base;
} __attribute__((packed));

bool msr_access(uint32_t msr, uint64_t *value, bool write);
extern const char gp_entry[];

/* The only #GP that this program expects is that of its own access; RAX says what came of it. */
asm(".globl msr_access, gp_entry\n"
    "msr_access:\n"
    "	mov %edi, %ecx\n"
    "	mov %edx, %r8d\n"
    "	mov (%rsi), %eax\n"
    "	mov 4(%rsi), %edx\n"
    "	test %r8d, %r8d\n"
    "	jz 1f\n"
    "	wrmsr\n"
    "	jmp 2f\n"
    "1:	rdmsr\n"
    "	mov %eax, (%rsi)\n"
    "	mov %edx, 4(%rsi)\n"
    "2:	mov $1, %eax\n"
    "	ret\n"
    "gp_entry:\n"
    "	movq $3f, 8(%rsp)\n"
    "	add $8, %rsp\n"
    "	iretq\n"
    "3:	xor %eax, %eax\n"
    "	ret\n");

static void catch_gp(void)
{
	struct gate_table idtr;
	struct gate *gate;

	asm volatile("sidt %0" : "=m"(idtr));
	gate = &idtr.base[VECTOR_GP];
	gate->offset_low = (uintptr_t)gp_entry;
	gate->offset_middle = (uintptr_t)gp_entry >> 16;
	gate->offset_high = (uintptr_t)gp_entry >> 32;
}

/* An access is answered as documented. Where a write passes, it is of what is there. */
static bool right(uint32_t msr, const char *rights)
{
	uint64_t before = 0, value, after = 0;
	bool there = rights[0] != 'a';

	if (msr_access(msr, &before, false) != there)
		return false;
	value = rights[1] == 'i' ? ~before : before;
	if (rights[1] == 'r')
		return true;
	if (msr_access(msr, &value, true) != (rights[1] != 'a'))
		return false;
	return !there || (msr_access(msr, &after, false) && after == before);
}

/* Those that no row names, of each kind that other processors or hypervisors have. */
static const uint32_t unnamed[] = {0x13,       0x3a,	   0x17a,      0x1d9,	   0x400,
				   0x6a0,      0x40000000, 0x4b564d00, 0xc0000408, 0xc0010000,
				   0xc0010200, 0xc0011029, 0xc0011030};

void inmate_main(void)
{
	int64_t number;

	catch_gp();
	if (param_int("write", &number) == 0) {
		uint64_t value = 0x1234;

		msr_access(number, &value, true);
		inmate_fail("MSR 0x%lx could be written", number);
	}
	for (unsigned int n = 0; n < MSR_DOCUMENTED; n++) {
		const struct msr_documented *row = &msr_documented[n];

		check(right(row->first, row->rights) && right(row->last, row->rights), row->name);
	}
	for (unsigned int n = 0; n < sizeof(unnamed) / sizeof(unnamed[0]); n++)
		check(right(unnamed[n], "aa"), "what no row names is absent");
	report_end();
}
