// SPDX-License-Identifier: BSD-2-Clause
/* The last words of a program that caused an exception. */
#include "arch/x86/cpu.h"

static const char *const exception_names[] = {
	[VECTOR_DE] = "divide error",
	[VECTOR_DB] = "debug",
	[VECTOR_NMI] = "NMI",
	[VECTOR_BP] = "breakpoint",
	[VECTOR_OF] = "overflow",
	[VECTOR_BR] = "bound range",
	[VECTOR_UD] = "invalid opcode",
	[VECTOR_NM] = "device not available",
	[VECTOR_DF] = "double fault",
	[9] = "coprocessor segment overrun",
	[VECTOR_TS] = "invalid TSS",
	[VECTOR_NP] = "segment not present",
	[VECTOR_SS] = "stack fault",
	[VECTOR_GP] = "general protection",
	[VECTOR_PF] = "page fault",
	[VECTOR_MF] = "x87 floating point",
	[VECTOR_AC] = "alignment check",
	[VECTOR_MC] = "machine check",
	[VECTOR_XF] = "SIMD floating point",
	[VECTOR_CP] = "control protection",
	[VECTOR_HV] = "hypervisor injection",
	[VECTOR_VC] = "VMM communication",
	[VECTOR_SX] = "security",
};

static const char *exception_name(uint64_t vector)
{
	if (vector < sizeof(exception_names) / sizeof(exception_names[0]) &&
	    exception_names[vector])
		return exception_names[vector];
	return "reserved";
}

/* Called by library code that finds its stack frame overwritten. */
void __attribute__((noreturn)) __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	inmate_fail("a function's stack was overwritten, caller at %p",
		    __builtin_return_address(0));
}

/* The first byte of VEX and EVEX prefixes (APM vol. 3, 1.5; in 64-bit mode nothing else is). */
#define PREFIX_VEX_3 0xc4
#define PREFIX_VEX_2 0xc5
#define PREFIX_EVEX  0x62

static void __attribute__((noreturn)) fail_on_opcode(uint64_t rip)
{
	switch (*(const uint8_t *)rip) {
	case PREFIX_EVEX:
		inmate_fail("the program ends here: an instruction of AVX-512, which this library "
			    "does not offer");
	case PREFIX_VEX_2:
	case PREFIX_VEX_3:
		inmate_fail("the program ends here: an instruction of AVX, which is off; compile "
			    "without it, or link with --defsym=inmate_avx=1");
	default:
		inmate_fail("the program ends here");
	}
}

static void __attribute__((noreturn)) fail_on_overflow(unsigned int cpu, enum stack stack)
{
	if (stack == STACK_PROGRAM)
		inmate_fail("stack overflow in the program on CPU %u: its stack has %zu bytes; for "
			    "more link with --defsym=inmate_stack_size=...",
			    cpu, stack_size(stack));
	inmate_fail("stack overflow in an %s on CPU %u: its stack has %zu bytes",
		    stack == STACK_INTERRUPT ? "interrupt handler" : "exception handler", cpu,
		    stack_size(stack));
}

static void say_last_words(const struct exception_frame *frame, uint64_t cr2, bool overflow,
			   enum stack stack)
{
	const struct comm_last_words words = {
		.reason = overflow ? LAST_WORDS_STACK_OVERFLOW : LAST_WORDS_EXCEPTION,
		.vector = frame->vector,
		.address = frame->vector == VECTOR_PF ? cr2 : 0,
		.value = overflow ? stack_size(stack) : 0,
		.instruction = frame->rip,
	};

	comm_last_words(&words);
}

void exception_report(const struct exception_frame *frame)
{
	struct cpu *cpu = this_cpu();
	uint64_t cr2 = read_cr2();
	unsigned int owner = 0;
	enum stack stack = STACK_PROGRAM;
	bool overflow = frame->vector == VECTOR_PF && stack_overflown(cr2, &owner, &stack);

	/* An exception in here: no more words, but the state still says it. */
	if (cpu->reporting) {
		comm_set_state(CELL_FAILED);
		halt_forever();
	}
	cpu->reporting = true;
	say_last_words(frame, cr2, overflow, stack);
	console_panic();
	console_printf("exception %lu (%s) error-code=0x%lx cpu=%u\n", frame->vector,
		       exception_name(frame->vector), frame->error_code, cpu->index);
	console_printf("  rip=0x%016lx rsp=0x%016lx rflags=0x%lx cs=0x%lx\n", frame->rip,
		       frame->rsp, frame->rflags, frame->cs);
	console_printf("  cr2=0x%016lx cr3=0x%016lx\n", cr2, read_cr3());
	console_printf("  rax=0x%016lx rbx=0x%016lx rcx=0x%016lx rdx=0x%016lx\n", frame->rax,
		       frame->rbx, frame->rcx, frame->rdx);
	console_printf("  rsi=0x%016lx rdi=0x%016lx rbp=0x%016lx r8 =0x%016lx\n", frame->rsi,
		       frame->rdi, frame->rbp, frame->r8);
	console_printf("  r9 =0x%016lx r10=0x%016lx r11=0x%016lx r12=0x%016lx\n", frame->r9,
		       frame->r10, frame->r11, frame->r12);
	console_printf("  r13=0x%016lx r14=0x%016lx r15=0x%016lx\n", frame->r13, frame->r14,
		       frame->r15);
	if (overflow)
		fail_on_overflow(owner, stack);
	if (frame->vector == VECTOR_UD && !cpu->avx)
		fail_on_opcode(frame->rip);
	inmate_fail("the program ends here");
}
