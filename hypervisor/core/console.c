// SPDX-License-Identifier: GPL-2.0-only
#include "core/console.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/arch.h"
#include "core/lock.h"
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

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_number(uint64_t value, unsigned int base, unsigned int width, bool negative)
{
	char digits[24];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative)
		put('-');
	while (width > n) {
		put('0');
		width--;
	}
	while (n)
		put(digits[--n]);
}

static uint64_t next_number(va_list *args, bool is_long, bool is_signed, bool *ret_negative)
{
	int64_t value;

	*ret_negative = false;
	if (!is_signed)
		return is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
	value = is_long ? va_arg(*args, long) : va_arg(*args, int);
	*ret_negative = value < 0;
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

static const char *put_conversion(const char *p, va_list *args)
{
	bool is_long = false, negative;
	unsigned int width = 0;
	const char *text;
	uint64_t value;

	while (*p >= '0' && *p <= '9')
		width = width * 10 + (*p++ - '0');
	while (*p == 'l') {
		is_long = true;
		p++;
	}
	switch (*p) {
	case 's':
		text = va_arg(*args, const char *);
		put_text(text ? text : "(null)");
		break;
	case 'c':
		put(va_arg(*args, int));
		break;
	case 'd':
	case 'u':
	case 'x':
		value = next_number(args, is_long, *p == 'd', &negative);
		put_number(value, *p == 'x' ? 16 : 10, width, negative);
		break;
	default:
		put(*p);
	}
	return p + 1;
}

void console_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/*
	 * Only an exception gets in the middle of a line of its own CPU, and it never goes back
	 * there: it must be told, and the lock is let go for the others.
	 */
	if (!spin_held(&console_lock))
		spin_lock(&console_lock);
	while (*format) {
		if (*format == '%' && format[1])
			format = put_conversion(format + 1, &args);
		else
			put(*format++);
	}
	va_end(args);
	spin_unlock(&console_lock);
}
