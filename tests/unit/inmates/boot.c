// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the inmates on an emulated machine without a hypervisor (bare_machine.h).
 *
 * Usage: test-boot QEMU DIRECTORY-OF-IMAGES. TAP on standard output.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/tap.h"
#include "bare_machine.h"

/* Beside the product's images in the built tree. */
#define TEST_IMAGES  "../tests/vm/inmates/"
#define RUNTIME_TEST TEST_IMAGES "runtime-test"

static bool is_terminal(uint32_t state)
{
	return state != CELL_RUNNING && state != CELL_RUNNING_LOCKED;
}

static bool has_ended(const struct machine *machine)
{
	return is_terminal(machine_comm(machine)->cell_state);
}

static bool has_answered(const struct machine *machine)
{
	return machine_comm(machine)->reply_from_cell != COMM_REPLY_NONE;
}

static bool has_beaten(const struct machine *machine)
{
	return machine_heartbeat(machine)->magic == COMM_HEARTBEAT_MAGIC &&
	       machine_heartbeat(machine)->counter > 500;
}

static bool said(struct tap *tap, const struct machine *machine, const char *text)
{
	bool found = strstr(machine->console, text);

	if (!found)
		tap_note(tap, "missing on the console: \"%s\"", text);
	return found;
}

static void print_console(struct tap *tap, const struct machine *machine)
{
	const char *line = machine->console;
	size_t length;

	while (*line) {
		length = strcspn(line, "\r\n");
		if (length)
			tap_note(tap, "| %.*s", (int)length, line);
		line += length + strspn(line + length, "\r\n");
	}
}

/* From start to an end of its own. */
static void run(struct tap *tap, const struct machine_setup *setup, struct machine *machine,
		const char *image, const char *parameters, unsigned int cpus)
{
	machine_start(setup, machine, image, parameters, cpus);
	if (!machine_wait(machine, has_ended))
		tap_note(tap, "no end within %d ms", MACHINE_TIMEOUT_MS);
	machine_stop(setup, machine);
	print_console(tap, machine);
}

/* The program reports "ok NAME" and "not ok NAME" itself. */
static void take_report(struct tap *tap, struct machine *machine, const char *name)
{
	char *rest;

	tap_ok(tap, said(tap, machine, "done, "), "%s comes to its end", name);
	tap_is_u64(tap, machine_comm(machine)->cell_state, CELL_SHUT_DOWN, "and shuts down");
	for (char *line = strtok_r(machine->console, "\r\n", &rest); line;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		if (strncmp(line, "ok ", 3) == 0)
			tap_ok(tap, true, "%s: %s", name, line + 3);
		else if (strncmp(line, "not ok ", 7) == 0)
			tap_ok(tap, false, "%s: %s", name, line + 7);
	}
	machine_release(machine);
}

static void test_runtime(struct tap *tap, const struct machine_setup *setup, unsigned int cpus)
{
	static struct machine machine;
	char parameters[32];

	snprintf(parameters, sizeof(parameters), "cpus=%u", cpus);
	run(tap, setup, &machine, RUNTIME_TEST, parameters, cpus);
	take_report(tap, &machine, cpus == 1 ? "runtime" : "runtime, several CPUs");
}

static void test_plus(struct tap *tap, const struct machine_setup *setup)
{
	static struct machine machine;

	run(tap, setup, &machine, TEST_IMAGES "plus", "", 1);
	take_report(tap, &machine, "C++");
}

static void test_pci(struct tap *tap, const struct machine_setup *setup)
{
	struct machine_setup with_nics = *setup;
	static struct machine machine;

	with_nics.devices[0] = with_nics.devices[1] = "e1000e,romfile=";
	run(tap, &with_nics, &machine, TEST_IMAGES "pci", "", 1);
	take_report(tap, &machine, "PCI by ports");
	with_nics.machine = "q35";
	run(tap, &with_nics, &machine, TEST_IMAGES "pci", "mmconfig=0xb0000000", 1);
	take_report(tap, &machine, "PCI by memory");
}

static void test_avx(struct tap *tap, const struct machine_setup *setup)
{
	struct machine_setup with_avx = *setup;
	static struct machine machine;

	with_avx.cpu = "max";
	run(tap, &with_avx, &machine, TEST_IMAGES "avx", "cpus=2", 2);
	take_report(tap, &machine, "AVX");
	run(tap, setup, &machine, TEST_IMAGES "avx", "", 1);
	tap_ok(tap, said(tap, &machine, "linked with inmate_avx, but CPU 0 has no AVX"),
	       "a processor without AVX is told before the program begins");
	tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_FAILED, "and the cell has failed");
	machine_release(&machine);
}

/* What is kept of it when nobody reads the console. */
static void last_words_are(struct tap *tap, const struct machine *machine, uint32_t reason,
			   uint32_t vector, uint64_t address)
{
	const volatile struct comm_last_words *words = machine_last_words(machine);

	tap_is_u64(tap, words->magic, COMM_LAST_WORDS_MAGIC, "last words are left");
	tap_is_u64(tap, words->reason, reason, "of this reason");
	tap_is_u64(tap, words->vector, vector, "this exception");
	tap_is_u64(tap, words->address, address, "for this address");
	tap_ok(tap, words->instruction > 0x1000, "with the instruction's, 0x%lx",
	       words->instruction);
}

static void test_exceptions(struct tap *tap, const struct machine_setup *setup)
{
	static const struct {
		const char *parameters, *report, *detail;
		uint32_t vector;
		uint64_t address;
	} cases[] = {
		{"crash=page-fault", "exception 14 (page fault) error-code=0x2 cpu=0",
		 "cr2=0x0000000140000000", 14, 0x140000000},
		{"crash=undefined", "exception 6 (invalid opcode) error-code=0x0 cpu=0", "rip=0x",
		 6, 0},
		{"crash=divide", "exception 0 (divide error) error-code=0x0 cpu=0", "rflags=0x", 0,
		 0},
		{"crash=stack", "exception 14 (page fault) error-code=0x2",
		 "rsp=0x0000000140000000", 14, 0x13ffffff8},
		{"crash=nmi", "exception 2 (NMI)", "rip=0x", 2, 0},
		{"crash=avx", "exception 6 (invalid opcode)",
		 "an instruction of AVX, which is off; compile without it, or link with "
		 "--defsym=inmate_avx=1",
		 6, 0},
	};
	static struct machine machine;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		run(tap, setup, &machine, RUNTIME_TEST, cases[n].parameters, 1);
		tap_ok(tap,
		       said(tap, &machine, cases[n].report) && said(tap, &machine, cases[n].detail),
		       "%s is reported with its registers", cases[n].parameters);
		tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_FAILED,
			   "%s leaves the cell failed", cases[n].parameters);
		last_words_are(tap, &machine, LAST_WORDS_EXCEPTION, cases[n].vector,
			       cases[n].address);
		machine_release(&machine);
	}
}

/* stack: its bytes; 0: there was none, and the program has given up with this message. */
static void overflow_is_kept(struct tap *tap, const struct machine *machine, uint64_t stack,
			     const char *message)
{
	const struct comm_last_words words =
		*(const struct comm_last_words *)machine_last_words(machine);

	tap_is_u64(tap, words.reason, stack ? LAST_WORDS_STACK_OVERFLOW : LAST_WORDS_MESSAGE,
		   "what is kept says whether it was a stack overflow");
	tap_is_u64(tap, words.value, stack, "and of how large a stack");
	tap_is_str(tap, words.text, stack ? "" : message, "and what the program said itself");
}

/* An overflow of any stack says so; what the program was linked with decides where it is. */
static void test_stacks(struct tap *tap, const struct machine_setup *setup)
{
	static const struct {
		const char *image, *parameters, *report;
		size_t comm_address;
		unsigned int cpus;
		uint64_t stack; /* 0: it did not overflow */
	} cases[] = {
		{RUNTIME_TEST, "crash=overflow",
		 "stack overflow in the program on CPU 0: its stack has 16384 bytes", 0x100000, 1,
		 16384},
		{RUNTIME_TEST, "crash=overflow-mapped",
		 "stack overflow in the program on CPU 0: its stack has 16384 bytes", 0x100000, 1,
		 16384},
		{RUNTIME_TEST, "crash=overflow-frame",
		 "stack overflow in the program on CPU 0: its stack has 16384 bytes", 0x100000, 1,
		 16384},
		{RUNTIME_TEST, "crash=overflow-interrupt",
		 "stack overflow in an interrupt handler on CPU 0: its stack has 8192 bytes",
		 0x100000, 1, 8192},
		{RUNTIME_TEST, "crash=overflow-cpu",
		 "stack overflow in the program on CPU 1: its stack has 16384 bytes", 0x100000, 2,
		 16384},
		{RUNTIME_TEST "-large", "crash=overflow", "still alive after: overflow", 0xc00000,
		 1, 0},
		{RUNTIME_TEST "-large", "crash=overflow-cpu", "still alive after: overflow-cpu",
		 0xc00000, 2, 0},
	};
	static struct machine machine;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		machine_start_at(setup, &machine, cases[n].image, cases[n].parameters,
				 cases[n].cpus, cases[n].comm_address);
		machine_wait(&machine, has_ended);
		machine_stop(setup, &machine);
		print_console(tap, &machine);
		tap_ok(tap, said(tap, &machine, cases[n].report), "%s, %s: %s", cases[n].image,
		       cases[n].parameters, cases[n].report);
		tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_FAILED,
			   "and the cell has failed");
		overflow_is_kept(tap, &machine, cases[n].stack, cases[n].report);
		machine_release(&machine);
	}
}

static void test_turbine_run(struct tap *tap, const struct machine_setup *setup)
{
	static struct machine machine;

	run(tap, setup, &machine, "turbine", "cycles=3000 report-ms=500", 1);
	tap_ok(tap,
	       said(tap, &machine, "summary cycles=3000 ") &&
		       said(tap, &machine, "skipped=0 doubled=0"),
	       "the turbine has its 3000 cycles in 3 s, none skipped or doubled");
	tap_ok(tap, said(tap, &machine, "cycle=500 ") && said(tap, &machine, "cycle=3000 "),
	       "it reports as often as it was told");
	tap_ok(tap, said(tap, &machine, "valve closed"), "it closes its valve at the end");
	tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_SHUT_DOWN, "and shuts down");
	tap_ok(tap, machine_heartbeat(&machine)->counter >= 3000,
	       "its heart has beaten every cycle");
	machine_release(&machine);
}

static void ask_shutdown(struct machine *machine)
{
	machine_comm(machine)->reply_from_cell = COMM_REPLY_NONE;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	machine_comm(machine)->msg_to_cell = COMM_MSG_SHUTDOWN_REQUEST;
}

static void test_shutdown(struct tap *tap, const struct machine_setup *setup, const char *image)
{
	static struct machine machine;

	machine_start(setup, &machine, image, "", 1);
	tap_ok(tap, machine_wait(&machine, has_beaten), "%s moves its heartbeat", image);
	ask_shutdown(&machine);
	machine_wait(&machine, has_answered);
	tap_is_u64(tap, machine_comm(&machine)->reply_from_cell, COMM_REPLY_APPROVED,
		   "%s approves a shutdown request", image);
	tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_SHUT_DOWN, "%s is then shut down",
		   image);
	machine_stop(setup, &machine);
	machine_release(&machine);
}

static void test_denied_shutdown(struct tap *tap, const struct machine_setup *setup,
				 const char *image, const char *parameters)
{
	static struct machine machine;
	uint64_t beats;

	machine_start(setup, &machine, image, parameters, 1);
	machine_wait(&machine, has_beaten);
	ask_shutdown(&machine);
	machine_wait(&machine, has_answered);
	tap_is_u64(tap, machine_comm(&machine)->reply_from_cell, COMM_REPLY_DENIED,
		   "%s %s denies a shutdown request", image, parameters);
	beats = machine_heartbeat(&machine)->counter;
	machine_heartbeat(&machine)->counter = 0;
	machine_wait(&machine, has_beaten);
	tap_ok(tap, beats > 0 && machine_heartbeat(&machine)->counter > 500 && !has_ended(&machine),
	       "%s %s runs on", image, parameters);
	machine_stop(setup, &machine);
	machine_release(&machine);
}

static void test_parameters(struct tap *tap, const struct machine_setup *setup)
{
	static const struct {
		const char *image, *parameters, *message;
	} cases[] = {
		{"turbine", "cycels=5", "parameter \"cycels\": this program has none of that name"},
		{"turbine", "setpoint=fast",
		 "parameter \"setpoint=fast\": expected setpoint=NUMBER from 2700 to 3300"},
		{"turbine", "setpoint=3301", "expected setpoint=NUMBER from 2700 to 3300"},
		{"turbine", "load=5:1,4:2", "parameter \"load=5:1,4:2\": expected TIME:PERCENT"},
		{"turbine", "deny-shutdown=maybe",
		 "parameter \"deny-shutdown=maybe\": expected yes or no"},
		{"mischief", "ipi lock", "two commands"},
	};
	static struct machine machine;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		run(tap, setup, &machine, cases[n].image, cases[n].parameters, 1);
		tap_ok(tap, said(tap, &machine, cases[n].message),
		       "%s \"%s\" is refused with a reason", cases[n].image, cases[n].parameters);
		tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_FAILED,
			   "and the cell failed");
		machine_release(&machine);
	}
}

static bool looped(const struct machine *machine)
{
	return machine_heartbeat(machine)->counter >= 10;
}

static void test_mischief(struct tap *tap, const struct machine_setup *setup)
{
	static struct machine machine;
	struct timespec while_looping = {.tv_nsec = 300000000};
	uint64_t beats;

	run(tap, setup, &machine, "mischief", "exception delay-ms=10", 1);
	tap_ok(tap, said(tap, &machine, "exception 0 (divide error)"), "mischief: exception");
	machine_release(&machine);

	machine_start(setup, &machine, "mischief", "endless-loop delay-ms=100", 1);
	machine_wait(&machine, looped);
	nanosleep(&while_looping, NULL);
	beats = machine_heartbeat(&machine)->counter;
	nanosleep(&while_looping, NULL);
	tap_ok(tap, beats >= 5 && machine_heartbeat(&machine)->counter == beats,
	       "mischief: endless-loop stops a heartbeat that there was");
	machine_stop(setup, &machine);
	tap_ok(tap, said(tap, &machine, "looping with interrupts off"), "and says so before");
	machine_release(&machine);

	machine_start(setup, &machine, "mischief", "triple-fault delay-ms=10", 1);
	machine_wait(&machine, has_ended);
	tap_ok(tap, machine.pid == 0, "mischief: triple-fault resets the machine");
	machine_stop(setup, &machine);
	machine_release(&machine);
}

static bool locked(const struct machine *machine)
{
	return machine_comm(machine)->cell_state == CELL_RUNNING_LOCKED;
}

static bool done_and_beaten(const struct machine *machine)
{
	return machine_heartbeat(machine)->counter > 300;
}

static void test_mischief_probes(struct tap *tap, const struct machine_setup *setup)
{
	static struct machine machine;

	machine_start(setup, &machine, "mischief", "lock delay-ms=10", 1);
	tap_ok(tap, machine_wait(&machine, locked), "mischief: lock");
	machine_stop(setup, &machine);
	machine_release(&machine);

	machine_start(setup, &machine, "mischief", "probe-allowed delay-ms=10", 1);
	machine_wait(&machine, done_and_beaten);
	machine_stop(setup, &machine);
	tap_ok(tap, said(tap, &machine, "probe-allowed done"), "mischief: probe-allowed");
	print_console(tap, &machine);
	machine_release(&machine);

	/* Without a hypervisor the two that mean all CPUs arrive here. */
	machine_start(setup, &machine, "mischief", "ipi delay-ms=10", 1);
	machine_wait(&machine, done_and_beaten);
	machine_stop(setup, &machine);
	tap_ok(tap, said(tap, &machine, "ipi done, ") && said(tap, &machine, "fixed=2 nmi=0"),
	       "mischief: ipi");
	print_console(tap, &machine);
	machine_release(&machine);
}

static void test_jitter(struct tap *tap, const struct machine_setup *setup)
{
	static struct machine machine;

	run(tap, setup, &machine, "jitter", "cycles=1000 hz=1000 window-ms=250", 1);
	tap_ok(tap,
	       said(tap, &machine, "total intervals=1000 ") &&
		       said(tap, &machine, "histogram from="),
	       "jitter measures and prints its histogram");
	tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_SHUT_DOWN, "and shuts down");
	machine_release(&machine);
}

/* With more memory the communication region is behind it, or wherever a parameter says. */
static void test_places(struct tap *tap, const struct machine_setup *setup)
{
	static const struct {
		const char *parameters;
		size_t comm_address;
	} cases[] = {
		{"cycles=5", 0x234000},
		{"cycles=5 comm=0x345000", 0x345000},
	};
	static struct machine machine;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		machine_start_at(setup, &machine, "jitter", cases[n].parameters, 1,
				 cases[n].comm_address);
		machine_wait(&machine, has_ended);
		tap_is_u64(tap, machine_comm(&machine)->cell_state, CELL_SHUT_DOWN,
			   "the communication region is found at 0x%zx", cases[n].comm_address);
		machine_stop(setup, &machine);
		machine_release(&machine);
	}
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	struct machine_setup setup = {0};

	if (argc != 3)
		return EXIT_FAILURE;
	machine_setup(&setup, argv[1], argv[2]);
	test_runtime(&tap, &setup, 1);
	test_runtime(&tap, &setup, 2);
	test_exceptions(&tap, &setup);
	test_stacks(&tap, &setup);
	test_avx(&tap, &setup);
	test_plus(&tap, &setup);
	test_pci(&tap, &setup);
	test_turbine_run(&tap, &setup);
	test_shutdown(&tap, &setup, "turbine");
	test_shutdown(&tap, &setup, "mischief");
	test_denied_shutdown(&tap, &setup, "turbine", "deny-shutdown");
	test_denied_shutdown(&tap, &setup, "mischief", "refuse-shutdown delay-ms=10");
	test_parameters(&tap, &setup);
	test_mischief(&tap, &setup);
	test_mischief_probes(&tap, &setup);
	test_jitter(&tap, &setup);
	test_places(&tap, &setup);
	machine_cleanup(&setup);
	return tap_done(&tap);
}
