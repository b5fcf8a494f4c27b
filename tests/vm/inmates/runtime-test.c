// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the runtime library from within: a program for an emulated machine
 * (tests/unit/inmates/boot.c) or a cell.
 *
 * Parameters:
 *   cpus=N       how many CPUs to expect (1)
 *   crash=KIND   instead of testing, cause an exception: page-fault, undefined, divide, stack, nmi,
 *                avx; or an overflow of a stack: overflow, overflow-mapped (after the memory around
 * it was mapped anew), overflow-frame (at once, by a frame that is larger than the stack),
 * overflow-interrupt, overflow-cpu (of the second CPU; cpus=2)
 */
#include <math.h>

#include "arch/x86/apic.h"
#include "arch/x86/x86.h"
#include "report.h"

#define TEST_VECTOR 0x50
#define UNMAPPED    (5ull << 30)
#define HIGH_MEMORY (9ull << 30)
#define SECOND	    1000000000ull

static void check_control_registers(void)
{
	uint64_t cr0 = read_cr0(), cr4 = read_cr4();
	uint32_t mxcsr;

	asm volatile("stmxcsr %0" : "=m"(mxcsr));
	check((cr0 & CR0_MP) && (cr0 & CR0_NE) && !(cr0 & (CR0_EM | CR0_TS)),
	      "x87 is on and reports errors as exceptions");
	check(!(cr0 & (CR0_CD | CR0_NW)), "caches are on");
	check((cr4 & CR4_OSFXSR) && (cr4 & CR4_OSXMMEXCPT), "SSE is on");
	check(mxcsr == MXCSR_RESET, "SSE exceptions are masked at the start");
}

static void check_libm(void)
{
	volatile double half = 0.5, two = 2.0, large = 1e22;

	check(fabs(sin(half) - 0.479425538604203) < 1e-15, "sin");
	check(fabs(sin(large) + 0.852200849767189) < 1e-14, "sin reduces large arguments");
	check(fabs(cos(half) - 0.877582561890373) < 1e-15, "cos");
	check(fabs(sqrt(two) - 1.414213562373095) < 1e-15, "sqrt");
	check(fabs(pow(two, half) - 1.414213562373095) < 1e-15, "pow");
	check(floor(-half) == -1.0 && fmod(7.5, two) == 1.5, "floor and fmod");
}

struct disturbance {
	unsigned int ticks;
	double value;
};

/* Uses every register that a calculation could have something in, x87 too. */
static void disturb(void *argument)
{
	struct disturbance *disturbance = argument;

	disturbance->ticks++;
	asm volatile(
		"fninit; fldpi; fldpi; fldl2e; fldl2e; fldpi; fldpi; fldz; fld1\n\t"
		"pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm1, %%xmm1; pcmpeqd %%xmm2, %%xmm2\n\t"
		"pcmpeqd %%xmm3, %%xmm3; pcmpeqd %%xmm4, %%xmm4; pcmpeqd %%xmm5, %%xmm5\n\t"
		"pcmpeqd %%xmm6, %%xmm6; pcmpeqd %%xmm7, %%xmm7; pcmpeqd %%xmm8, %%xmm8\n\t"
		"pcmpeqd %%xmm9, %%xmm9; pcmpeqd %%xmm10, %%xmm10; pcmpeqd %%xmm11, %%xmm11\n\t"
		"pcmpeqd %%xmm12, %%xmm12; pcmpeqd %%xmm13, %%xmm13; pcmpeqd %%xmm14, %%xmm14\n\t"
		"pcmpeqd %%xmm15, %%xmm15"
		:
		:
		: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
		  "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	asm volatile("fninit");
	disturbance->value = sin(disturbance->ticks);
}

static double calculate(unsigned int rounds)
{
	double value = 0.1;
	long double wide = 0.1L;

	for (unsigned int n = 0; n < rounds; n++) {
		value = sin(value) + pow(1.0 + value, 0.25) - 1.0;
		wide = wide * 1.0000001L + 1e-6L;
	}
	return value + (double)wide;
}

static void check_calculation_under_interrupts(void)
{
	static struct disturbance disturbance;
	double undisturbed = calculate(3000), disturbed;
	unsigned int ticks;
	bool same = true;

	timer_start_periodic(5000, disturb, &disturbance);
	interrupts_enable();
	/* Long enough that interrupts hit the library's functions all over, however fast this
	 * machine is. */
	for (unsigned int rounds = 0; rounds < 200 && same; rounds++) {
		disturbed = calculate(3000);
		same = disturbed == undisturbed;
		ticks = __atomic_load_n(&disturbance.ticks, __ATOMIC_RELAXED);
		if (ticks > 200)
			break;
	}
	interrupts_disable();
	timer_stop();
	check(disturbance.ticks > 100, "interrupts came during the calculation");
	check(same, "interrupt handlers that calculate do not disturb the program");
	check(disturbance.value == sin(disturbance.ticks), "handlers can calculate");
}

/* Waits for interrupts with data below the stack pointer, as compiled library code has it. */
static void check_red_zone(void)
{
	static struct disturbance disturbance;
	uint64_t kept;

	timer_start_periodic(1000, disturb, &disturbance);
	interrupts_enable();
	asm volatile("mov %1, -8(%%rsp)\n\t"
		     "mov %1, -128(%%rsp)\n"
		     "1: pause; cmpl $5, %2; jb 1b\n\t"
		     "mov -8(%%rsp), %0\n\t"
		     "and -128(%%rsp), %0"
		     : "=&r"(kept)
		     : "r"(0x5a5a5a5a5a5a5a5aull), "m"(disturbance.ticks)
		     : "memory", "cc");
	interrupts_disable();
	timer_stop();
	check(kept == 0x5a5a5a5a5a5a5a5a, "interrupts leave the red zone alone");
}

static void note_time(void *argument)
{
	*(volatile uint64_t *)argument = time_ns();
}

static void check_oneshot(void)
{
	static volatile uint64_t fired;
	uint64_t begin;
	int first;

	interrupts_disable();
	begin = time_ns();
	first = timer_start_oneshot(20000000, note_time, (void *)&fired);
	while (!fired && time_ns() - begin < 2 * SECOND) {
		interrupts_disable();
		cpu_idle();
	}
	check(first == 0 && fired - begin >= 20000000, "a one-shot timer is not early");
	check(fired - begin < 40000000, "a one-shot timer is not late by its own length");
	fired = 0;
	udelay(50000);
	check(fired == 0, "a one-shot timer fires once");
	interrupts_disable();
	check(timer_start_oneshot(0, note_time, NULL) == -EINVAL &&
		      timer_start_periodic(0, note_time, NULL) == -EINVAL,
	      "timers refuse zero");
}

static void count(void *argument)
{
	__atomic_fetch_add((unsigned int *)argument, 1, __ATOMIC_RELAXED);
}

static void check_periodic(void)
{
	static unsigned int ticks;
	unsigned int after;
	uint64_t elapsed, begin;

	timer_start_periodic(1000, count, &ticks);
	begin = time_ns();
	while (__atomic_load_n(&ticks, __ATOMIC_RELAXED) < 200 && time_ns() - begin < 5 * SECOND) {
		interrupts_disable();
		cpu_idle();
	}
	elapsed = time_ns() - begin;
	interrupts_disable();
	timer_stop();
	after = ticks;
	interrupts_enable();
	udelay(5000);
	interrupts_disable();
	console_printf("# 200 ticks of 1 ms in %lu ns\n", elapsed);
	check(elapsed > 190000000 && elapsed < 260000000, "a periodic timer keeps its rate");
	check(ticks == after, "a stopped timer is silent");
}

static void check_time(void)
{
	uint64_t begin = time_ns(), year = 365ull * 86400 * SECOND, back;

	udelay(3000);
	check(time_ns() - begin >= 3000000, "udelay waits long enough");
	back = tsc_to_ns(ns_to_tsc(year));
	check(back <= year && year - back < 100000, "a year survives conversion");
	check(tsc_to_ns(ns_to_tsc(1000000)) >= 999998 && tsc_to_ns(ns_to_tsc(1000000)) <= 1000000,
	      "a millisecond survives conversion");
}

static void check_messages(void)
{
	volatile struct comm_region *comm = comm_region();

	check(comm_poll() == COMM_MSG_NONE, "no message at the start");
	comm->msg_to_cell = 77;
	check(comm_poll() == COMM_MSG_NONE && comm->reply_from_cell == COMM_REPLY_UNKNOWN &&
		      comm->msg_to_cell == COMM_MSG_NONE,
	      "an unknown message is answered so");
	comm->msg_to_cell = COMM_MSG_RECONFIG_COMPLETED;
	check(comm_poll() == COMM_MSG_NONE && comm->reply_from_cell == COMM_REPLY_RECEIVED,
	      "a notification is confirmed");
	comm->reply_from_cell = COMM_REPLY_NONE;
	comm->msg_to_cell = COMM_MSG_SHUTDOWN_REQUEST;
	check(comm_poll() == COMM_MSG_SHUTDOWN_REQUEST &&
		      comm_poll() == COMM_MSG_SHUTDOWN_REQUEST &&
		      comm->reply_from_cell == COMM_REPLY_NONE,
	      "a shutdown request waits for the program");
	comm_reply(COMM_REPLY_DENIED);
	check(comm_poll() == COMM_MSG_NONE && comm->reply_from_cell == COMM_REPLY_DENIED,
	      "the program's answer is passed on");
	comm->reply_from_cell = COMM_REPLY_NONE;
}

static void check_heartbeat(void)
{
	volatile struct comm_heartbeat *heartbeat =
		(volatile struct comm_heartbeat *)((uintptr_t)comm_region() +
						   COMM_HEARTBEAT_OFFSET);

	check(heartbeat->magic != COMM_HEARTBEAT_MAGIC, "no heartbeat is offered by itself");
	heartbeat_start();
	heartbeat_beat();
	heartbeat_beat();
	check(heartbeat->magic == COMM_HEARTBEAT_MAGIC && heartbeat->counter == 2,
	      "the heartbeat moves");
}

static void check_interrupts(void)
{
	static unsigned int received, nmis;
	uint64_t unexpected = interrupts_unexpected();

	check(interrupt_register(14, count, NULL) == -EINVAL &&
		      interrupt_register(INTERRUPT_TIMER, count, NULL) == -EINVAL,
	      "vectors of the processor and the library are not given away");
	interrupt_register(TEST_VECTOR, count, &received);
	interrupt_register(INTERRUPT_NMI, count, &nmis);
	interrupts_enable();
	apic_send(apic_id(), ICR_FIXED | ICR_ASSERT | TEST_VECTOR);
	apic_send(apic_id(), ICR_FIXED | ICR_ASSERT | (TEST_VECTOR + 1));
	apic_send(apic_id(), ICR_NMI | ICR_ASSERT);
	udelay(2000);
	interrupts_disable();
	check(received == 1, "an interrupt reaches its handler");
	check(interrupts_unexpected() == unexpected + 1, "an interrupt of nobody is counted");
	check(nmis == 1, "an NMI reaches its handler");
	interrupt_register(INTERRUPT_NMI, NULL, NULL);
}

static void check_memory(void)
{
	static uint8_t bytes[64];
	volatile uint64_t *high = (volatile uint64_t *)HIGH_MEMORY;

	for (unsigned int n = 0; n < sizeof(bytes); n++)
		bytes[n] = n;
	memmove(bytes + 8, bytes, 32);
	check(bytes[8] == 0 && bytes[39] == 31 && bytes[40] == 40, "memmove upwards");
	memmove(bytes, bytes + 8, 32);
	check(bytes[0] == 0 && bytes[31] == 31, "memmove downwards");
	check(memory_map(HIGH_MEMORY, PAGE_BYTES, MEMORY_UNCACHED) == 0, "memory_map");
	(void)*high;
	check(true, "addresses above 4 GiB can be reached once mapped");
	check(memory_map(1ull << 47, PAGE_BYTES, MEMORY_CACHED) == -EINVAL,
	      "memory_map refuses what no processor can address");
}

struct errand {
	unsigned int cpu;
	unsigned int ticks;
	double value;
};

static void do_errand(void *argument)
{
	struct errand *errand = argument;

	errand->cpu = cpu_index();
	timer_start_periodic(1000, count, &errand->ticks);
	while (__atomic_load_n(&errand->ticks, __ATOMIC_RELAXED) < 10)
		errand->value = calculate(100);
	timer_stop();
}

static void check_cpus(unsigned int expected)
{
	static struct errand errands[INMATE_MAX_CPUS];
	uint64_t begin;
	double value = calculate(100);

	check(smp_start(SECOND) == expected, "all CPUs of the cell start");
	interrupts_enable();
	for (unsigned int n = 1; n < expected; n++)
		check(smp_run(n, do_errand, &errands[n]) == 0, "work is accepted");
	if (expected > 1)
		check(smp_run(1, do_errand, &errands[1]) == -EBUSY, "a busy CPU says so");
	check(smp_run(0, do_errand, NULL) == -EINVAL &&
		      smp_run(expected, do_errand, NULL) == -EINVAL,
	      "work for a CPU that is not there is refused");
	begin = time_ns();
	for (unsigned int n = 1; n < expected; n++) {
		while (smp_busy(n) && time_ns() - begin < 5 * SECOND)
			cpu_relax();
		check(errands[n].cpu == n && errands[n].ticks >= 10 && errands[n].value == value,
		      "another CPU calculates, with a timer of its own");
	}
	interrupts_disable();
}

/* More than the stack has, if nobody was told to make it larger. */
static unsigned int __attribute__((noinline)) use_stack(unsigned int frames)
{
	volatile uint8_t frame[4000];

	frame[0] = frames;
	return frames ? use_stack(frames - 1) + frame[0] : frame[0];
}

static void overflow(void *argument)
{
	use_stack(*(const unsigned int *)argument);
}

/* Its first access lies below the page under the stack. */
static unsigned int __attribute__((noinline)) use_large_frame(void)
{
	volatile uint8_t frame[24 << 10];

	frame[0] = 1;
	return frame[0];
}

/* "overflow" or what follows it. */
static void crash_stack(const char *kind)
{
	/* The customary size is 4 of them. */
	static unsigned int frames = 30;

	if (strcmp(kind, "overflow-mapped") == 0)
		memory_map(0, comm_region() ? (uintptr_t)comm_region() : 0, MEMORY_CACHED);
	if (strcmp(kind, "overflow-frame") == 0) {
		use_large_frame();
	} else if (strcmp(kind, "overflow-cpu") == 0) {
		smp_start(SECOND);
		smp_run(1, overflow, &frames);
		udelay(100000);
	} else if (strcmp(kind, "overflow-interrupt") == 0) {
		interrupt_register(TEST_VECTOR, overflow, &frames);
		interrupts_enable();
		apic_send(apic_id(), ICR_FIXED | ICR_ASSERT | TEST_VECTOR);
	} else {
		overflow(&frames);
	}
}

static void crash(const char *kind)
{
	heartbeat_start();
	console_printf("crashing: %s\n", kind);
	if (strcmp(kind, "page-fault") == 0)
		*(volatile uint64_t *)UNMAPPED = 1;
	else if (strcmp(kind, "undefined") == 0)
		asm volatile("ud2");
	else if (strcmp(kind, "divide") == 0)
		asm volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
	else if (strcmp(kind, "stack") == 0)
		asm volatile("mov %0, %%rsp; push %%rax" : : "r"(UNMAPPED));
	else if (strcmp(kind, "nmi") == 0)
		apic_send(apic_id(), ICR_NMI | ICR_ASSERT);
	else if (strcmp(kind, "avx") == 0)
		asm volatile("vzeroupper");
	else if (strncmp(kind, "overflow", strlen("overflow")) == 0)
		crash_stack(kind);
	udelay(10000);
	inmate_fail("still alive after: %s", kind);
}

void inmate_main(void)
{
	static const char *const names[] = {"cpus", "crash", NULL};
	unsigned int cpus;
	char kind[32];

	params_require_known(names);
	if (param_string("crash", kind, sizeof(kind)) == 0)
		crash(kind);
	cpus = param_int_or_fail("cpus", 1, 1, INMATE_MAX_CPUS);
	check_control_registers();
	check_libm();
	check_heartbeat();
	check_messages();
	check_time();
	check_interrupts();
	check_memory();
	check_oneshot();
	check_periodic();
	check_red_zone();
	check_calculation_under_interrupts();
	check_cpus(cpus);
	report_end();
}
