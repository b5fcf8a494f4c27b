/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime library for bare-metal programs ("inmates") in a cell, x86-64.
 *
 * A program is one function, inmate_main(). The library brings the first CPU of the cell from real
 * mode to 64-bit C with SSE and x87 switched on, finds the communication region, opens the console
 * and calls it. Interrupts are off at that point.
 *
 * Memory of an inmate (guest-physical = virtual):
 *
 *   0x0000  16-bit entry; also where further CPUs start
 *   0x1000  the parameters (CELL_PARAMETERS_ADDRESS in cell_abi.h)
 *   0x1100  code, read-only data, data, zeroed data with the stacks
 *   behind the RAM that starts at 0: one page, the communication region (0x100000 with 1 MiB)
 *
 * The first 4 GiB are mapped, writable and executable; what the cell does not own ends the cell on
 * access. memory_map() maps more. Load the image before each start: a program changes its own data.
 *
 * Stacks: 16 KiB for the program, 8 KiB for interrupt handlers, both for each CPU. Interrupt
 * handlers have a stack of their own because the mathematical library is compiled with a red zone.
 * The page below each stack is not mapped: an overflow ends the program as "stack overflow". A
 * function with more than a page of local variables could step over it: compile with
 * -fstack-clash-protection, as this library is, and it touches each page on its way down.
 *
 * Link options, anywhere in the linker's command line:
 *
 *   --defsym=inmate_ram_size=BYTES    memory of the cell at 0, if it is not 1 MiB
 *   --defsym=inmate_stack_size=BYTES  of the program's stack on each CPU
 *   --defsym=inmate_avx=1             AVX is on, for programs compiled with it, and interrupts keep
 *                                     its registers; ends at the start where the processor has none
 */
#ifndef INMATE_H
#define INMATE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INMATE_MAX_CPUS 8

/* The program. When it returns, the cell is shut down as by inmate_shut_down(). */
void inmate_main(void);

/*
 * Ends the program well: state "shut down", approves a shutdown request that is waiting, stops this
 * CPU for good. The manager may take the cell apart as soon as this is called.
 */
void __attribute__((noreturn)) inmate_shut_down(void);

/*
 * Ends the program badly: the message goes to the console, its first 128 bytes to who looks after
 * the cell ("gave up: ..." in its LastError), the state becomes "failed".
 */
void __attribute__((noreturn, format(printf, 1, 2))) inmate_fail(const char *format, ...);

/* ---- Console -------------------------------------------------------------------------------- */

/*
 * Where output goes is decided at start: the hypervisor's console if the cell's flags make it the
 * console, else the 8250 of the cell's description, else the hypervisor's console if it is at least
 * permitted, else nowhere. Every character costs an exit in the first case, so do not print where
 * time counts: from an interrupt handler it works, but can land inside a line of the program.
 */

enum console_buffering {
	CONSOLE_UNBUFFERED, /* each call is written out before it returns; the state at start */
	CONSOLE_LINES,	    /* text stays back until a newline comes */
};

void console_set_buffering(enum console_buffering buffering);
void console_flush(void);
void console_write(const char *text, size_t length);

/*
 * The next byte of what an operator types (cellctl console -i), or -1: there is none now. Costs no
 * exit. From its first call on the program is one that takes input; up to 128 bytes wait for it.
 * For one CPU at a time.
 */
int console_getc(void);

/*
 * Knows %d %i %u %x %X %o %c %s %p %f %% with flags "-" and "0", width, precision and the lengths
 * hh, h, l, ll, z, j, t. %f rounds to at most 9 digits (6 without precision) and changes to an
 * exponent from 10^18 on. A line longer than 255 bytes is cut.
 */
void __attribute__((format(printf, 1, 2))) console_printf(const char *format, ...);

/* The same into a buffer: always terminated if size > 0. Returns the length that is in it. */
size_t __attribute__((format(printf, 3, 4)))
format_string(char *buffer, size_t size, const char *format, ...);
size_t format_string_v(char *buffer, size_t size, const char *format, va_list arguments);

/* ---- Command line --------------------------------------------------------------------------- */

/*
 * Words separated by blanks, "name=value" or "name". The first word of a name counts.
 * All return 0 and set the output, or leave it alone and return -ENOENT (the name is not there) or
 * -EINVAL (its value cannot be read so).
 */

/* Decimal or 0x… number with optional sign; has to fit int64_t. */
int param_int(const char *name, int64_t *ret_value);
/* A bare name is true; 1/yes/true/on and 0/no/false/off. */
int param_bool(const char *name, bool *ret_value);
/* Copies the value. -EINVAL also where it does not fit into size bytes with its terminator. */
int param_string(const char *name, char *ret_value, size_t size);

/*
 * For controllers that would rather not run than run with a mistyped parameter: these end the
 * program (inmate_fail) with a message that names the word and what is expected.
 */

/* Every word must have one of these names; the list ends with NULL. */
void params_require_known(const char *const *names);
/* An absent parameter is its default; the value must be within minimum … maximum. */
int64_t param_int_or_fail(const char *name, int64_t preset, int64_t minimum, int64_t maximum);
bool param_bool_or_fail(const char *name, bool preset);

/* ---- Communication region ------------------------------------------------------------------- */

/* The region, or NULL before it was found. Fields that the hypervisor changes want comm_…(). */
volatile struct comm_region *comm_region(void);

/*
 * The message that waits for an answer: COMM_MSG_SHUTDOWN_REQUEST until comm_reply() or
 * inmate_shut_down(), else COMM_MSG_NONE. All other messages are answered in here. Costs no exit.
 */
enum comm_msg_to_cell comm_poll(void);
/* Takes the message away and answers it. After COMM_REPLY_APPROVED the cell may end at any time. */
void comm_reply(enum comm_reply_from_cell reply);
/* CELL_RUNNING_LOCKED keeps the whole partition as it is until CELL_RUNNING follows. */
void comm_set_state(enum cell_state state);

/* Offers a heartbeat; from now on a watcher expects heartbeat_beat() at some rate. */
void heartbeat_start(void);
void heartbeat_beat(void);

/*
 * A hypercall with up to two arguments (cell_abi.h). -ENOSYS where no hypervisor of the right kind
 * is below. It is an exit.
 */
int hypercall(enum cell_hypercall code, uint64_t argument1, uint64_t argument2);

/* ---- Time ----------------------------------------------------------------------------------- */

uint64_t tsc_read(void);
/* Durations; exact to 1 ns + 10^-12 over the whole 64-bit range. */
uint64_t tsc_to_ns(uint64_t ticks);
uint64_t ns_to_tsc(uint64_t ns);
/* Nanoseconds since the start of the program, the same clock on all CPUs. */
uint64_t time_ns(void);
/* Busy waiting. */
void udelay(uint64_t us);

/* ---- Interrupts ----------------------------------------------------------------------------- */

/*
 * Handlers run with interrupts off, on the interrupt stack; floating-point state of the interrupted
 * code is saved and the handler gets a fresh one, so it may calculate as it likes. The library
 * acknowledges the interrupt afterwards. They must return: a panic is inmate_fail().
 */
typedef void (*interrupt_handler)(void *argument);

#define INTERRUPT_NMI	   2
#define INTERRUPT_FIRST	   32
#define INTERRUPT_TIMER	   0xf0 /* taken by the library from here … */
#define INTERRUPT_CALL	   0xf1
#define INTERRUPT_SPURIOUS 0xff /* … to here */

/*
 * For all CPUs of the cell; NULL takes the handler away. Vectors INTERRUPT_FIRST to
 * INTERRUPT_TIMER - 1, and INTERRUPT_NMI (without a handler an NMI is reported like an exception).
 * -EINVAL for other vectors.
 */
int interrupt_register(unsigned int vector, interrupt_handler handler, void *argument);
/* Interrupts that nobody had registered for, since the start. */
uint64_t interrupts_unexpected(void);

void interrupts_enable(void);
void interrupts_disable(void);
/* To be undone by interrupts_restore() with what it returned. */
bool interrupts_save(void);
void interrupts_restore(bool enabled);
/*
 * Waits for an interrupt and returns with interrupts on. Call it with interrupts off after having
 * looked whether there is work: an interrupt in between is not lost.
 */
void cpu_idle(void);
/* For loops that wait for another CPU or a device. */
void cpu_relax(void);
/* This CPU, from 0 in order of their start. */
unsigned int cpu_index(void);

/* ---- Timer ---------------------------------------------------------------------------------- */

/*
 * Each CPU has one timer; starting it again replaces what it did. Called on the CPU concerned.
 * Interrupts must be on for the handler to run. -EINVAL: zero, or longer than the hardware can
 * (some minutes). A tick that comes while the handler for the last one still runs is delivered
 * after it; a second one is lost.
 */
int timer_start_periodic(unsigned int hz, interrupt_handler handler, void *argument);
int timer_start_oneshot(uint64_t ns, interrupt_handler handler, void *argument);
void timer_stop(void);

/* ---- Further CPUs of the cell --------------------------------------------------------------- */

/*
 * Starts all other CPUs of the cell; they wait with interrupts on. Returns how many run (this one
 * included) when all are there or timeout_ns is over. Call it once.
 */
unsigned int smp_start(uint64_t timeout_ns);
/* Runs function on another CPU. -EINVAL: no such CPU, or this one; -EBUSY: it has something to do.
 */
int smp_run(unsigned int cpu, void (*function)(void *argument), void *argument);
/* The function given to smp_run() has not returned yet. */
bool smp_busy(unsigned int cpu);

/* APIC id of this CPU. */
uint32_t apic_id(void);
/*
 * Writes the interrupt command register as it is: destination APIC id, lower half (vector, delivery
 * mode, shorthand). The hypervisor lets it reach CPUs of this cell only.
 */
void apic_send(uint32_t destination, uint32_t command);

/* ---- Memory --------------------------------------------------------------------------------- */

enum memory_type { MEMORY_CACHED, MEMORY_UNCACHED };

/*
 * Maps start … start + size - 1 one to one in units of 2 MiB (the range is extended to them), for
 * devices and shared memory. Not while other CPUs use the range. -ENOMEM: out of page tables (eight
 * pieces of 1 GiB above 4 GiB); -EINVAL: beyond 2^47.
 */
int memory_map(uint64_t start, uint64_t size, enum memory_type type);

/* ---- Strings -------------------------------------------------------------------------------- */

void *memcpy(void *__restrict to, const void *__restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *string);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *string, int c);

#ifdef __cplusplus
}
#endif

#endif /* INMATE_H */
