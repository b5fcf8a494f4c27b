// SPDX-License-Identifier: BSD-2-Clause
/* The way of a CPU from the entry code to the program, and the ways out. */
#include "arch/x86/cpu.h"

struct cpu cpus[INMATE_MAX_CPUS];

/* Until the MTRRs are on, a cell's memory is uncached, as on a processor after its reset. */
static void enable_caching(void)
{
	uint32_t eax, ebx, ecx, edx;

	cpuid(1, &eax, &ebx, &ecx, &edx);
	if (edx & CPUID_1_EDX_MTRR)
		wrmsr(MSR_MTRR_DEF_TYPE, MTRR_DEF_TYPE_ENABLE | MTRR_TYPE_WB);
	/* Both at once: CD clear with NW set is #GP (APM vol. 2, 3.1.1). */
	write_cr0(read_cr0() & ~(CR0_CD | CR0_NW));
}

/* Descriptor of an available 64-bit TSS (APM vol. 2, 4.8.3). */
static void fill_tss_descriptor(uint64_t *descriptor, const struct task_state_segment *tss)
{
	uint64_t base = (uintptr_t)tss;

	descriptor[0] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
			(base >> 24 & 0xff) << 56;
	descriptor[1] = base >> 32;
}

static void load_segments(struct cpu *cpu)
{
	const struct table_pointer pointer = {sizeof(cpu->gdt) - 1, (uintptr_t)cpu->gdt};

	cpu->tss.ist[IST_INTERRUPT - 1] = stack_top(cpu->index, STACK_INTERRUPT, 0);
	cpu->tss.ist[IST_EXCEPTION - 1] = stack_top(cpu->index, STACK_FAULT, 0);
	cpu->tss.ist[IST_DOUBLE_FAULT - 1] = stack_top(cpu->index, STACK_FAULT, 1);
	cpu->tss.ist[IST_NMI - 1] = stack_top(cpu->index, STACK_FAULT, 2);
	cpu->tss.io_map_base = sizeof(cpu->tss);
	/* The same as in entry.S, so that the segment registers stay valid. */
	cpu->gdt[SEGMENT_CODE32 / 8] = DESCRIPTOR_CODE32;
	cpu->gdt[SEGMENT_DATA / 8] = DESCRIPTOR_DATA;
	cpu->gdt[SEGMENT_CODE64 / 8] = DESCRIPTOR_CODE64;
	fill_tss_descriptor(&cpu->gdt[SEGMENT_TSS / 8], &cpu->tss);
	asm volatile("lgdt %0" : : "m"(pointer) : "memory");
	asm volatile("ltr %w0" : : "r"(SEGMENT_TSS));
}

void inmate_shut_down(void)
{
	interrupts_disable();
	console_flush();
	/* The state first: who sees the answer finds the cell already down. */
	comm_set_state(CELL_SHUT_DOWN);
	if (comm_poll() == COMM_MSG_SHUTDOWN_REQUEST)
		comm_reply(COMM_REPLY_APPROVED);
	halt_forever();
}

void inmate_fail(const char *format, ...)
{
	struct comm_last_words words = {.reason = LAST_WORDS_MESSAGE};
	char text[256];
	va_list arguments;
	size_t length;

	interrupts_disable();
	va_start(arguments, format);
	length = format_string_v(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	memcpy(words.text, text, length < sizeof(words.text) ? length : sizeof(words.text));
	/* Without effect after an exception, which says more. */
	comm_last_words(&words);
	text[length++] = '\n';
	console_panic();
	console_write(text, length);
	comm_set_state(CELL_FAILED);
	halt_forever();
}

static void first_cpu_start(void)
{
	int err;

	stacks_setup();
	interrupts_setup();
	interrupts_load();
	hypercall_setup();
	err = comm_setup();
	console_setup();
	if (err)
		inmate_fail("no communication region found behind the memory at 0: give its "
			    "address as comm=0x...");
	avx_setup();
	time_setup();
	apic_setup();
	smp_gather();
	inmate_main();
	inmate_shut_down();
}

void cpu_start(unsigned int index)
{
	struct cpu *cpu = &cpus[index];

	cpu->self = cpu;
	cpu->index = index;
	cpu->stack_guard = tsc_read() * 0x9e3779b97f4a7c15;
	wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
	wrmsr(MSR_FS_BASE, (uintptr_t)cpu);
	enable_caching();
	load_segments(cpu);
	if (index == 0)
		first_cpu_start();
	interrupts_load();
	avx_setup();
	apic_setup();
	smp_wait_for_work();
}
