// SPDX-License-Identifier: GPL-2.0-only
/* The hypervisor's console on the host: what a line looks like, and that one is told in any case.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/state.h"
#include "tests/lib/tap.h"

/* Longer than any test takes: a printer that waits for ever would otherwise not be found out. */
#define TIMEOUT_S 20

struct public_area public_area;
struct cell root_cell;

static struct cpu cpus[2];
static _Thread_local struct cpu *running = &cpus[0];
static uint64_t line_start;
static char raise_at; /* the CPU takes an exception where it puts this character */
static jmp_buf stopped;

struct cpu *this_cpu(void)
{
	return running;
}

struct cpu *cpu_by_id(unsigned int id)
{
	return &cpus[id];
}

uint64_t arch_clock(void)
{
	static uint64_t ticks;

	return ticks++;
}

uint64_t arch_clock_khz(void)
{
	return UINT32_MAX;
}

/* What setup_host_exception() does: tells, and never goes back. */
static void exception(void)
{
	raise_at = '\0';
	console_printf("exception on CPU %u\n", running->id);
	longjmp(stopped, 1);
}

static unsigned int debug_characters;

void arch_cpu_relax(void)
{
}

void arch_write_back(const void *start, uint64_t size)
{
}

void arch_debug_putc(char c)
{
	debug_characters++;
	if (raise_at && c == raise_at)
		exception();
}

/* What has been printed since the last call. */
static const char *printed(void)
{
	static char text[256];
	size_t length = 0;

	for (; line_start < public_area.console.head; line_start++) {
		if (length + 1 < sizeof(text))
			text[length++] =
				public_area.console.buffer[line_start % PUBLIC_CONSOLE_SIZE];
	}
	text[length] = '\0';
	return text;
}

static void test_conversions(struct tap *tap)
{
	console_printf("cell %s, CPU %u\n", "turbine", 3);
	tap_is_str(tap, printed(), "cell turbine, CPU 3\n", "text and number");
	console_printf("%d %d %ld %lu", -1, 0, INT64_MIN, UINT64_MAX);
	tap_is_str(tap, printed(), "-1 0 -9223372036854775808 18446744073709551615", "extremes");
	console_printf("0x%x 0x%lx", 0xabcu, 0xfee00000ul << 8);
	tap_is_str(tap, printed(), "0xabc 0xfee0000000", "hexadecimal");
	console_printf("x%%");
	tap_is_str(tap, printed(), "x%", "percent sign");
}

static void test_ring(struct tap *tap)
{
	for (unsigned int n = 0; n < PUBLIC_CONSOLE_SIZE; n++)
		console_printf("%s", (const char[]){'a' + n % 26, '\0'});
	tap_is_u64(tap, public_area.console.head - line_start, PUBLIC_CONSOLE_SIZE,
		   "the ring counts what was ever written");
	tap_is_u64(tap, public_area.console.buffer[line_start % PUBLIC_CONSOLE_SIZE], 'a',
		   "and begins anew where it is full");
	printed();
}

static void test_exception(struct tap *tap)
{
	cpus[1].id = 1;
	running = &cpus[1];
	raise_at = 'd';
	if (!setjmp(stopped))
		console_printf("a line that ends\n");
	tap_is_str(tap, printed(), "a line that endexception on CPU 1\n",
		   "an exception in the middle of a line is told");
	running = &cpus[0];
	console_printf("goes on\n");
	tap_is_str(tap, printed(), "goes on\n", "the other CPUs can print after it");
}

#define WRITES 200000

static struct public_cell public;
static struct cell cell = {.public = &public};

static void *write_many(void *arg)
{
	running = &cpus[1];
	for (unsigned int n = 0; n < WRITES; n++) {
		console_put(&cell, 'b');
		console_put(&root_cell, 'b');
	}
	return NULL;
}

static void test_several_writers(struct tap *tap)
{
	pthread_t thread;
	uint64_t head = public_area.console.head;

	if (pthread_create(&thread, NULL, write_many, NULL) != 0)
		exit(1);
	for (unsigned int n = 0; n < WRITES; n++) {
		console_put(&cell, 'a');
		console_printf("a");
	}
	pthread_join(thread, NULL);
	tap_is_u64(tap, public.console.head, 2 * WRITES,
		   "what two CPUs of a cell write is all there");
	tap_is_u64(tap, public_area.console.head - head, 2 * WRITES,
		   "so is what root writes while the hypervisor does");
	line_start = public_area.console.head;
}

static void test_direct(struct tap *tap)
{
	unsigned int before = debug_characters;

	console_direct(false);
	console_printf("for the ring\n");
	tap_ok(tap, debug_characters == before, "an open hypervisor does not wait for its UART");
	console_direct(true);
	console_printf("x\n");
	tap_is_u64(tap, debug_characters, before + 2, "one that opens, or dies, does");
}

int main(void)
{
	struct tap tap = {0};

	alarm(TIMEOUT_S);
	test_conversions(&tap);
	test_ring(&tap);
	test_exception(&tap);
	test_several_writers(&tap);
	test_direct(&tap);
	return tap_done(&tap);
}
