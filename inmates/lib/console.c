// SPDX-License-Identifier: BSD-2-Clause
/* The console: the hypervisor's, or a serial port of the cell's own. */
#include "internal.h"
#include "page.h"

#define LINE_SIZE 256

enum uart_register {
	UART_DATA = 0,
	UART_DIVISOR_LOW = 0,
	UART_DIVISOR_HIGH = 1,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_LSR = 5
};

#define LCR_8N1	      0x03
#define LCR_DIVISOR   0x80
#define FCR_ENABLE    0x07 /* and empty both queues */
#define LSR_CAN_WRITE 0x20
/* A port that never gets ready must not stop a controller. */
#define UART_PATIENCE 100000
#define NO_OWNER      0

static void (*put)(char c);
static struct cell_console uart;

static enum console_buffering buffering;
static char line[LINE_SIZE];
static size_t line_length;
static unsigned int owner = NO_OWNER; /* CPU that writes, from 1 */
static bool panicking;

static uintptr_t uart_address(enum uart_register reg)
{
	return uart.address + reg * (uart.flags & CONSOLE_FLAG_REG_DIST_4 ? 4 : 1);
}

static uint8_t uart_read(enum uart_register reg)
{
	if (!(uart.flags & CONSOLE_FLAG_MMIO))
		return port_read(uart_address(reg));
	if (uart.flags & CONSOLE_FLAG_REG_DIST_4)
		return *(volatile uint32_t *)uart_address(reg);
	return *(volatile uint8_t *)uart_address(reg);
}

static void uart_write(enum uart_register reg, uint8_t value)
{
	if (!(uart.flags & CONSOLE_FLAG_MMIO))
		port_write(uart_address(reg), value);
	else if (uart.flags & CONSOLE_FLAG_REG_DIST_4)
		*(volatile uint32_t *)uart_address(reg) = value;
	else
		*(volatile uint8_t *)uart_address(reg) = value;
}

static void put_uart(char c)
{
	for (unsigned int tries = 0;
	     tries < UART_PATIENCE && !(uart_read(UART_LSR) & LSR_CAN_WRITE); tries++)
		cpu_relax();
	uart_write(UART_DATA, c);
}

static void put_hypervisor(char c)
{
	hypercall(HC_CONSOLE_PUTC, (uint8_t)c, 0);
}

/* A divider of 0 says that somebody has already set the port up. */
static void uart_setup(void)
{
	if (uart.flags & CONSOLE_FLAG_MMIO)
		memory_map(uart.address, uart.size ? uart.size : PAGE_BYTES, MEMORY_UNCACHED);
	if (uart.divider == 0)
		return;
	uart_write(UART_LCR, LCR_DIVISOR);
	uart_write(UART_DIVISOR_LOW, uart.divider);
	uart_write(UART_DIVISOR_HIGH, uart.divider >> 8);
	uart_write(UART_LCR, LCR_8N1);
	uart_write(UART_IER, 0);
	uart_write(UART_FCR, FCR_ENABLE);
}

void console_setup(void)
{
	volatile struct comm_region *comm = comm_region();

	if (!comm)
		return;
	uart = comm->console;
	if (comm->flags & COMM_FLAG_DBG_PUTC_ACTIVE) {
		put = put_hypervisor;
	} else if (uart.type == CONSOLE_8250) {
		uart_setup();
		put = put_uart;
	} else if (comm->flags & COMM_FLAG_DBG_PUTC_PERMITTED) {
		put = put_hypervisor;
	}
}

/*
 * False if this CPU has the console already (an interrupt handler prints while the program does) or
 * nobody may wait any more: then go ahead without.
 */
static bool take_console(void)
{
	unsigned int self = cpu_index() + 1, free;

	for (;;) {
		free = NO_OWNER;
		if (panicking || __atomic_load_n(&owner, __ATOMIC_RELAXED) == self)
			return false;
		if (__atomic_compare_exchange_n(&owner, &free, self, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		cpu_relax();
	}
}

static void leave_console(void)
{
	__atomic_store_n(&owner, NO_OWNER, __ATOMIC_RELEASE);
}

static void put_all(const char *text, size_t length)
{
	if (!put)
		return;
	for (size_t n = 0; n < length; n++) {
		if (text[n] == '\n' && put == put_uart)
			put('\r');
		put(text[n]);
	}
}

static void flush_line(void)
{
	put_all(line, line_length);
	line_length = 0;
}

void console_panic(void)
{
	panicking = true;
	flush_line();
}

static void keep(const char *text, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		line[line_length++] = text[n];
		if (text[n] == '\n' || line_length == sizeof(line))
			flush_line();
	}
}

void console_set_buffering(enum console_buffering wanted)
{
	console_flush();
	buffering = wanted;
}

void console_flush(void)
{
	/* Who interrupted the owner leaves its half-written line alone. */
	if (!take_console())
		return;
	flush_line();
	leave_console();
}

void console_write(const char *text, size_t length)
{
	bool taken = take_console();

	if (taken && buffering == CONSOLE_LINES)
		keep(text, length);
	else
		put_all(text, length);
	if (taken)
		leave_console();
}

void console_printf(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = format_string_v(text, sizeof(text), format, arguments);
	va_end(arguments);
	console_write(text, length);
}
