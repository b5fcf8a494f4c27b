// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cell's interrupt pin: a serial port's, which interrupts as often as it is told to; whom the
 * cell may interrupt by it, and what it reaches of the pins that are not its own.
 *
 * Parameters:
 *   pin=N       the cell's one pin, of the first IO-APIC
 *   uart=N      where the serial port is; the cell's as well
 *   foreign=N   the APIC id of a CPU of somebody else
 */
#include "arch/x86/apic.h"
#include "arch/x86/ioapic.h"
#include "inmate_pins.h"
#include "pci.h"
#include "report.h"

#define VECTOR	0x60
#define ROUNDS	100
#define WAIT_US 2000

/* The serial port: which interrupts are on, which one there is, the lines to the modem. */
#define UART_ENABLE	 1
#define UART_TRANSMITTER 2
#define UART_WHICH	 2
#define UART_MODEM	 4
#define UART_OUT2	 8 /* lets interrupts through on a real one */

static volatile unsigned int count, nmis;
static uint16_t uart;
static unsigned int pin;

static void on_interrupt(void *argument)
{
	count++;
	/* It is looked at, and over. */
	port_in8(uart + UART_WHICH);
}

static void on_nmi(void *argument)
{
	nmis++;
}

/* How many come of one: its transmitter is empty, and says so when it is asked to. */
static unsigned int raise_once(void)
{
	unsigned int before = count;

	port_out8(uart + UART_ENABLE, 0);
	port_in8(uart + UART_WHICH);
	port_out8(uart + UART_ENABLE, UART_TRANSMITTER);
	for (unsigned int n = 0; n < WAIT_US && count == before; n++)
		udelay(1);
	port_in8(uart + UART_WHICH);
	port_out8(uart + UART_ENABLE, 0);
	return count - before;
}

static uint32_t get(unsigned int index)
{
	mem_write32(IOAPIC_FIRST + IOAPIC_INDEX, index);
	return mem_read32(IOAPIC_FIRST + IOAPIC_WINDOW);
}

static void set(unsigned int index, uint32_t value)
{
	mem_write32(IOAPIC_FIRST + IOAPIC_INDEX, index);
	mem_write32(IOAPIC_FIRST + IOAPIC_WINDOW, value);
}

static void program(unsigned int n, uint64_t entry)
{
	set(IOAPIC_ENTRY + 2 * n, IOAPIC_MASKED);
	set(IOAPIC_ENTRY + 2 * n + 1, entry >> 32);
	set(IOAPIC_ENTRY + 2 * n, entry);
}

static void check_own(void)
{
	unsigned int arrived = 0;

	is(pin_connect(IOAPIC_FIRST, pin, VECTOR, PIN_EDGE), 0, "the pin is connected");
	for (unsigned int n = 0; n < ROUNDS; n++)
		arrived += raise_once();
	is(arrived, ROUNDS, "each interrupt arrives, once");
	pin_disconnect(IOAPIC_FIRST, pin);
	is(raise_once(), 0, "none when it is masked");
	is(pin_connect(IOAPIC_FIRST, pin, VECTOR, PIN_LEVEL_HIGH), 0, "by the level");
	arrived = 0;
	for (unsigned int n = 0; n < ROUNDS; n++)
		arrived += raise_once();
	is(arrived, ROUNDS, "each arrives, and is ended for the next one to come");
	program(pin, IOAPIC_TO(apic_id()) | ICR_LOWEST | VECTOR);
	is(raise_once(), 1, "with the lowest priority");
	program(pin, IOAPIC_TO(0xff) | VECTOR);
	is(raise_once(), 1, "to all, which is the cell's CPU");
}

static void check_refused(unsigned int foreign)
{
	static const struct {
		uint32_t mode;
		const char *what;
	} modes[] = {
		{ICR_SMI, "SMI is held back"},
		{ICR_NMI, "NMI is held back"},
		{ICR_INIT, "INIT is held back"},
		{ICR_EXTINT, "ExtINT is held back"},
		{ICR_FIXED | 8, "a vector of exceptions is held back"},
		{ICR_RESERVED | VECTOR, "the reserved mode is held back"},
	};

	for (unsigned int n = 0; n < sizeof(modes) / sizeof(modes[0]); n++) {
		program(pin, IOAPIC_TO(apic_id()) | modes[n].mode);
		is(raise_once() + nmis, 0, modes[n].what);
	}
	program(pin, IOAPIC_TO(foreign) | VECTOR);
	is(raise_once(), 0, "no interrupt that is for another CPU");
	is(get(IOAPIC_ENTRY + 2 * pin), VECTOR, "the entry is as it was written, for all that");
	is(pin_connect(IOAPIC_FIRST, pin, VECTOR, PIN_EDGE), 0, "control: it is connected again");
	is(raise_once(), 1, "control: one arrives");
}

static void check_foreign(void)
{
	unsigned int pins = pins_count(IOAPIC_FIRST), seen = 0, taken = 0;

	check(pins >= 24, "the controller tells how many pins it has");
	for (unsigned int n = 0; n < pins; n++) {
		if (n == pin)
			continue;
		seen += get(IOAPIC_ENTRY + 2 * n) != IOAPIC_MASKED || get(IOAPIC_ENTRY + 2 * n + 1);
		taken += pin_connect(IOAPIC_FIRST, n, VECTOR, PIN_EDGE) != -EACCES;
		seen += get(IOAPIC_ENTRY + 2 * n) != IOAPIC_MASKED || get(IOAPIC_ENTRY + 2 * n + 1);
	}
	is(seen, 0, "nothing is seen of others' pins");
	is(taken, 0, "none of them can be connected");
	is(pin_connect(IOAPIC_FIRST, pins, VECTOR, PIN_EDGE), -EINVAL, "there is none behind");
}

void inmate_main(void)
{
	unsigned int foreign = param_int_or_fail("foreign", 0, 0, 254);

	pin = param_int_or_fail("pin", 3, 0, 239);
	uart = param_int_or_fail("uart", 0x2f8, 0, 0xfff8);
	interrupt_register(VECTOR, on_interrupt, NULL);
	interrupt_register(INTERRUPT_NMI, on_nmi, NULL);
	interrupts_enable();
	port_out8(uart + UART_MODEM, UART_OUT2);
	is(get(IOAPIC_ENTRY + 2 * pin), IOAPIC_MASKED, "a cell's pin is masked at its start");
	check_foreign();
	check_own();
	check_refused(foreign);
	is(interrupts_unexpected(), 0, "nothing else has arrived");
	report_end();
}
