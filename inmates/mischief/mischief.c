// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that misbehaves on command, to see that the partition holds. Without a command it is a
 * good neighbour: it moves its heartbeat and shuts down when asked.
 *
 * Commands, the first word of the command line:
 *   wild-write        writes value= to memory at addr= (0x200000)
 *   wild-read         reads from there
 *   wild-exec         jumps there
 *   wild-port         writes value= to the port port= (0x3f8, Linux' serial console)
 *   wild-msr          writes value= to the register msr= (0xc0010117, a hypervisor's own)
 *   triple-fault      loses its interrupt table, then faults
 *   endless-loop      interrupts off, heartbeat stopped
 *   refuse-shutdown   denies every request to shut down
 *   lock              forbids changes of the partition, for lock-ms= (0: for ever)
 *   ipi               sends INIT, start-up, fixed interrupts and NMIs to all other CPUs
 *   exception         divides by zero, which the runtime library reports
 *   probe-allowed     does only what a cell may: the control of all these experiments
 *
 * Further parameters: delay-ms= (1000) of good behaviour before the deed.
 *
 * A good neighbour takes commands from its console as well, a line each.
 */
#include "internal.h"
#include "arch/x86/x86.h"
#include "mischief.h"

#define HEARTBEAT_HZ	100
#define DEFAULT_ADDRESS 0x200000
#define DEFAULT_PORT	0x3f8
#define DEFAULT_MSR	0xc0010117
#define DEFAULT_VALUE	0x58 /* X */
#define LINE_SIZE	64

static volatile bool refuse_shutdown;
static int64_t unlock_ms;

static uint64_t address_parameter(void)
{
	return param_int_or_fail("addr", DEFAULT_ADDRESS, INT64_MIN, INT64_MAX);
}

static uint64_t value_parameter(void)
{
	return param_int_or_fail("value", DEFAULT_VALUE, INT64_MIN, INT64_MAX);
}

/* Addresses above 4 GiB need page tables first, or the program's own page fault would stop it. */
static uint64_t mapped_address(void)
{
	uint64_t address = address_parameter();

	if (memory_map(address, sizeof(uint64_t), MEMORY_CACHED))
		inmate_fail("mischief: addr=0x%lx cannot be mapped", address);
	return address;
}

static void wild_write(void)
{
	uint64_t address = mapped_address(), value = value_parameter();

	console_printf("mischief: writing 0x%lx to memory at 0x%lx\n", value, address);
	*(volatile uint64_t *)address = value;
	console_printf("mischief: wild-write went through\n");
}

static void wild_read(void)
{
	uint64_t address = mapped_address(), value;

	console_printf("mischief: reading memory at 0x%lx\n", address);
	value = *(volatile uint64_t *)address;
	console_printf("mischief: wild-read went through, value 0x%lx\n", value);
}

static void wild_exec(void)
{
	uint64_t address = mapped_address();

	console_printf("mischief: jumping to 0x%lx\n", address);
	((void (*)(void))address)();
	console_printf("mischief: wild-exec went through\n");
}

static void wild_port(void)
{
	uint16_t port = param_int_or_fail("port", DEFAULT_PORT, 0, UINT16_MAX);
	uint8_t value = value_parameter();

	console_printf("mischief: writing 0x%x to port 0x%x\n", value, port);
	port_write(port, value);
	console_printf("mischief: wild-port went through\n");
}

static void wild_msr(void)
{
	uint32_t msr = param_int_or_fail("msr", DEFAULT_MSR, 0, UINT32_MAX);
	uint64_t value = value_parameter();

	console_printf("mischief: writing 0x%lx to MSR 0x%x\n", value, msr);
	wrmsr(msr, value);
	console_printf("mischief: wild-msr went through\n");
}

static void triple_fault(void)
{
	static const struct table_pointer nothing;

	console_printf("mischief: throwing the interrupt table away, then faulting\n");
	asm volatile("lidt %0; ud2" : : "m"(nothing));
	__builtin_unreachable();
}

static void endless_loop(void)
{
	console_printf("mischief: looping with interrupts off, the heartbeat stops\n");
	interrupts_disable();
	for (;;)
		asm volatile("" : : : "memory");
}

static void refuse(void)
{
	console_printf("mischief: denying shutdown requests from now on\n");
	refuse_shutdown = true;
}

static void lock(void)
{
	unlock_ms = param_int_or_fail("lock-ms", 0, 0, 3600000);
	console_printf("mischief: locking the partition\n");
	comm_set_state(CELL_RUNNING_LOCKED);
	if (!unlock_ms)
		return;
	udelay(unlock_ms * 1000);
	comm_set_state(CELL_RUNNING);
	console_printf("mischief: unlocked the partition after %ld ms\n", (long)unlock_ms);
}

static void exception_command(void)
{
	console_printf("mischief: dividing by zero\n");
	/* In C the compiler may calculate something else, as nothing is promised. */
	asm volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
	console_printf("mischief: exception went through\n");
}

#define COMMANDS(X)                       \
	X("wild-write", wild_write)       \
	X("wild-read", wild_read)         \
	X("wild-exec", wild_exec)         \
	X("wild-port", wild_port)         \
	X("wild-msr", wild_msr)           \
	X("triple-fault", triple_fault)   \
	X("endless-loop", endless_loop)   \
	X("refuse-shutdown", refuse)      \
	X("lock", lock)                   \
	X("ipi", mischief_ipi)            \
	X("exception", exception_command) \
	X("probe-allowed", mischief_probe_allowed)

#define COMMAND_NAME(name, run)	 name,
#define COMMAND_ENTRY(name, run) {name, run},

static const struct command {
	const char *name;
	void (*run)(void);
} commands[] = {COMMANDS(COMMAND_ENTRY)};

/* NULL if there is none; two are one too many. */
static const struct command *read_command(void)
{
	static const char *const names[] = {
		COMMANDS(COMMAND_NAME) "addr", "port", "msr", "value", "delay-ms", "lock-ms", NULL};
	const struct command *command = NULL;

	params_require_known(names);
	for (unsigned int n = 0; n < sizeof(commands) / sizeof(commands[0]); n++) {
		if (!param_bool_or_fail(commands[n].name, false))
			continue;
		if (command)
			inmate_fail("mischief: two commands, \"%s\" and \"%s\": give one",
				    command->name, commands[n].name);
		command = &commands[n];
	}
	return command;
}

static void obey(const char *line)
{
	for (unsigned int n = 0; n < sizeof(commands) / sizeof(commands[0]); n++) {
		if (strcmp(line, commands[n].name) != 0)
			continue;
		console_printf("mischief: %s, as you say\n", line);
		commands[n].run();
		return;
	}
	console_printf("mischief: no such command: %s\n", line);
}

/* What has been typed so far; a line that is too long is nonsense and stays so. */
static void listen(void)
{
	static char line[LINE_SIZE];
	static size_t length;
	int typed;

	while ((typed = console_getc()) >= 0) {
		if (typed != '\n' && typed != '\r') {
			if (length < sizeof(line) - 1)
				line[length++] = typed;
			continue;
		}
		line[length] = '\0';
		if (length)
			obey(line);
		length = 0;
	}
}

static void beat(void *argument)
{
	heartbeat_beat();
}

/* Good behaviour, until deadline (time_ns()). */
static void behave(uint64_t deadline)
{
	while (time_ns() < deadline) {
		interrupts_disable();
		cpu_idle();
		listen();
		if (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST)
			continue;
		if (refuse_shutdown) {
			console_printf("mischief: shutdown request denied\n");
			comm_reply(COMM_REPLY_DENIED);
			continue;
		}
		console_printf("mischief: shutting down\n");
		timer_stop();
		inmate_shut_down();
	}
}

void inmate_main(void)
{
	const struct command *command = read_command();
	uint64_t delay_ms = param_int_or_fail("delay-ms", 1000, 0, 3600000);

	heartbeat_start();
	if (timer_start_periodic(HEARTBEAT_HZ, beat, NULL))
		inmate_fail("mischief: the timer cannot do %d Hz", HEARTBEAT_HZ);
	interrupts_enable();
	console_printf("mischief: up, %s%s\n", command ? "about to " : "behaving",
		       command ? command->name : "");
	if (command) {
		behave(delay_ms * 1000000);
		command->run();
	}
	behave(UINT64_MAX);
}
