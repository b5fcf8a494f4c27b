// SPDX-License-Identifier: GPL-2.0-only
#include "core/console.h"

#include <stdarg.h>

#include "arch/arch.h"
#include "core/state.h"

static struct spinlock console_lock;
static bool direct = true;

static void ring_put(struct public_ring *ring, char c)
{
	uint64_t head = ring->head;

	ring->buffer[head % PUBLIC_CONSOLE_SIZE] = c;
	/* A reader that sees the new head must see the byte. */
	__atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
}

void console_put(struct cell *cell, char c)
{
	struct spinlock *lock = cell == &root_cell ? &console_lock : &cell->console_lock;

	spin_lock(lock);
	ring_put(cell == &root_cell ? &public_area.console : &cell->public->console, c);
	spin_unlock(lock);
}

void console_direct(bool on)
{
	direct = on;
}

static void put(char c)
{
	ring_put(&public_area.console, c);
	if (direct)
		arch_debug_putc(c);
}

static void put_number(uint64_t value, unsigned int base)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put(digits[--n]);
}

static const char *put_conversion(const char *p, va_list *args)
{
	bool is_long = *p == 'l';
	int64_t number;

	p += is_long;
	switch (*p) {
	case 's':
		for (const char *text = va_arg(*args, const char *); *text; text++)
			put(*text);
		break;
	case 'd':
		number = is_long ? va_arg(*args, long) : va_arg(*args, int);
		if (number < 0)
			put('-');
		put_number(number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
		break;
	case 'u':
	case 'x':
		put_number(is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int),
			   *p == 'x' ? 16 : 10);
		break;
	default:
		put(*p);
	}
	return p + 1;
}

/* What is said since then is found after a reset. */
static void keep(uint64_t since)
{
	const struct public_ring *ring = &public_area.console;
	uint64_t at = since % PUBLIC_CONSOLE_SIZE, size = ring->head - since;

	if (size > PUBLIC_CONSOLE_SIZE - at)
		at = 0, size = PUBLIC_CONSOLE_SIZE;
	arch_write_back(ring->buffer + at, size);
	arch_write_back(&ring->head, sizeof(ring->head));
}

void console_printf(const char *format, ...)
{
	uint64_t since;
	va_list args;

	va_start(args, format);
	/*
	 * Only an exception gets in the middle of a line of its own CPU, and it never goes back
	 * there: it must be told, and the lock is let go for the others.
	 */
	if (!spin_held(&console_lock))
		spin_lock(&console_lock);
	since = public_area.console.head;
	while (*format) {
		if (*format == '%' && format[1])
			format = put_conversion(format + 1, &args);
		else
			put(*format++);
	}
	va_end(args);
	if (direct)
		keep(since);
	spin_unlock(&console_lock);
}
