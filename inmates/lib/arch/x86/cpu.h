/* SPDX-License-Identifier: BSD-2-Clause */
/* A CPU, and what the files of this directory know of each other. */
#ifndef CPU_H
#define CPU_H

#include "internal.h"
#include "arch/x86/x86.h"

struct task_state_segment {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7]; /* ist[0] is IST 1 */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map_base;
} __attribute__((packed));

_Static_assert(sizeof(struct task_state_segment) == 104, "64-bit TSS");

struct cpu {
	struct cpu *self; /* read through GS: must be first */
	unsigned int index;
	uint32_t apic_id;
	bool online;
	bool reporting;	       /* an exception report has begun */
	bool avx;	       /* XCR0 has it; at CPU_AVX */
	uint64_t timer_period; /* TSC ticks; deadline mode only, 0 for one-shot */
	uint64_t timer_deadline;
	/* Compiled library code with stack protection looks for it at FS:0x28 (System V ABI). */
	uint64_t stack_guard;

	interrupt_handler timer_handler;
	void *timer_argument;

	void (*function)(void *argument); /* from smp_run() */
	void *function_argument;

	struct task_state_segment tss;
	uint64_t gdt[6];
};

_Static_assert(offsetof(struct cpu, stack_guard) == 0x28, "place of the stack guard");

_Static_assert(offsetof(struct cpu, avx) == CPU_AVX, "place of the word about AVX");

_Static_assert(INMATE_MAX_CPUS == MAX_CPUS, "stacks of the entry code");

extern struct cpu cpus[INMATE_MAX_CPUS];

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	asm volatile("mov %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* State at an exception, as the entry code stores it. */
struct exception_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* cpu.c */
void __attribute__((noreturn)) halt_forever(void);

/* avx.c; switches it on for this CPU if the program was linked so. */
void avx_setup(void);

/* memory.c; a page of the first 4 GiB is mapped no more. */
void memory_guard(uintptr_t page);

/* stacks.c */
enum stack { STACK_PROGRAM, STACK_INTERRUPT, STACK_FAULT };

/* For all CPUs, by the first one. */
void stacks_setup(void);
/* Of fault stacks there are three: part 0, 1, 2; of the others one. */
uintptr_t stack_top(unsigned int cpu, enum stack stack, unsigned int part);
/* Whose guard page the address is in; false if it is in none. */
bool stack_overflown(uintptr_t address, unsigned int *ret_cpu, enum stack *ret_stack);
size_t stack_size(enum stack stack);

/* What a program was linked with: the symbol's value. */
static inline uint64_t link_option(const uint8_t *symbol)
{
	/* The compiler knows that no address is 0. */
	asm("" : "+r"(symbol));
	return (uintptr_t)symbol;
}

/* setup.c; first C code of every CPU, index from 0 in order of arrival. */
void __attribute__((noreturn)) cpu_start(unsigned int index);

/* interrupt.c */
void interrupts_setup(void);
void interrupts_load(void);
void interrupt_dispatch(struct exception_frame *frame);

/* exception.c */
void __attribute__((noreturn)) exception_report(const struct exception_frame *frame);

/* apic.c */
void apic_setup(void);
void apic_end_of_interrupt(void);
void apic_timer_start(uint32_t count, unsigned int divide_shift, bool periodic);
void apic_timer_start_deadline(void);
void apic_timer_stop(void);

/* timer.c */
void timer_interrupt(void);

/* hypercall.c */
void hypercall_setup(void);

/* smp.c */
void __attribute__((noreturn)) smp_wait_for_work(void);
/* Waits until all CPUs of the cell have come by the reset, and this one alone goes on. */
void smp_gather(void);
/* Non-zero while further CPUs are let in; how many have come by the reset (entry.S). */
extern uint32_t smp_starting, cpus_arrived;

#endif /* CPU_H */
