// SPDX-License-Identifier: GPL-2.0-only
/* Text files of /proc. */
#include <errno.h>
#include <string.h>

#include "model/machine.h"
#include "common/array.h"
#include "common/text_span.h"

#define RESOURCES_MAX	8192
#define LAPIC_DIVIDER	16 /* of the APIC timer as Linux programs it */
#define TIMER_SHIFT_MAX 63

void machine_resources_done(struct machine_resources *resources)
{
	for (size_t i = 0; i < resources->count; i++)
		free(resources->items[i].name);
	free(resources->items);
	*resources = (struct machine_resources){0};
}

/* "  00100000-3ffdefff : System RAM": two blanks for each level. */
static int parse_resource(struct text_span line, struct machine_resource *ret)
{
	ret->depth = text_span_blanks(&line) / 2;
	if (text_span_number(&line, 16, &ret->start) < 0 || !text_span_prefix(&line, "-") ||
	    text_span_number(&line, 16, &ret->end) < 0 || !text_span_prefix(&line, " : ") ||
	    ret->end < ret->start)
		return -EINVAL;
	ret->name = strndup(line.at, line.length);
	return ret->name ? 0 : -ENOMEM;
}

int machine_parse_resources(const char *text, size_t length, struct machine_resources *ret)
{
	_cleanup_(machine_resources_done) struct machine_resources resources = {0};
	struct text_span rest = {text, length};
	struct text_span line;

	while (text_span_line(&rest, &line)) {
		struct machine_resource *resource;
		int r;

		if (resources.count == RESOURCES_MAX)
			return -EINVAL;
		resource = array_add(&resources.items, &resources.count, sizeof(*resource));
		r = resource ? parse_resource(line, resource) : -ENOMEM;
		if (r < 0)
			return r;
	}
	*ret = resources;
	resources = (struct machine_resources){0};
	return 0;
}

/* "NAME:   VALUE" of a clock event device. */
static bool parse_field(struct text_span line, const char *name, uint64_t *ret)
{
	text_span_blanks(&line);
	if (!text_span_prefix(&line, name))
		return false;
	text_span_blanks(&line);
	return text_span_number(&line, 10, ret) == 0;
}

static int set_frequency(struct machine *machine, uint64_t mult, uint64_t shift)
{
	uint64_t khz;

	/* Linux keeps the timer's speed as mult / 2^shift ticks per nanosecond. */
	if (mult == 0 || mult > UINT32_MAX || shift > TIMER_SHIFT_MAX)
		return -EINVAL;
	khz = (mult * LAPIC_DIVIDER * 1000000) >> shift;
	if (khz == 0 || khz > UINT32_MAX)
		return -EINVAL;
	machine->apic_khz = khz;
	return 0;
}

int machine_parse_timer_list(const void *data, size_t length, struct machine *machine)
{
	struct text_span rest = {data, length};
	struct text_span line;
	uint64_t mult = 0, shift = 0;
	bool in_lapic = false;

	while (text_span_line(&rest, &line)) {
		if (text_span_prefix(&line, "Clock Event Device: ")) {
			if (text_span_equals(line, "lapic-deadline")) {
				machine->apic_khz = 0;
				return 0;
			}
			in_lapic = text_span_equals(line, "lapic");
		} else if (in_lapic && parse_field(line, "shift:", &shift)) {
			return set_frequency(machine, mult, shift);
		} else if (in_lapic) {
			parse_field(line, "mult:", &mult);
		}
	}
	return in_lapic ? -EINVAL : -ENOENT;
}

/* A number as the kernel's own parser takes them: 0x…, decimal, with K, M, G or T. */
static bool parse_kernel_size(struct text_span *span, uint64_t *ret)
{
	static const char units[] = "kmgt";
	const char *unit;
	uint64_t value;
	int shift;

	if (text_span_prefix(span, "0x") || text_span_prefix(span, "0X")) {
		if (text_span_number(span, 16, &value) < 0)
			return false;
	} else if (text_span_number(span, 10, &value) < 0) {
		return false;
	}
	unit = span->length > 0 && *span->at ? strchr(units, *span->at | 0x20) : NULL;
	if (unit && *unit) {
		shift = 10 * (unit - units + 1);
		if (value > UINT64_MAX >> shift)
			return false;
		value <<= shift;
		span->at++;
		span->length--;
	}
	*ret = value;
	return true;
}

static void parse_memmap(struct text_span part, struct machine *machine)
{
	struct address_range range;

	if (!parse_kernel_size(&part, &range.size) || !text_span_prefix(&part, "$") ||
	    !parse_kernel_size(&part, &range.start) || part.length != 0)
		return;
	if (range.size == 0 || range.size > UINT64_MAX - range.start)
		return;
	if (machine->num_reserved < MACHINE_MAX_RESERVED)
		machine->reserved[machine->num_reserved++] = range;
}

int machine_parse_cmdline(const void *data, size_t length, struct machine *machine)
{
	struct text_span rest = {data, length};
	struct text_span line, word, part;

	if (!text_span_line(&rest, &line))
		return 0;
	while (text_span_split(&line, ' ', &word)) {
		/* What follows is for init, not for the kernel. */
		if (text_span_equals(word, "--"))
			break;
		if (!text_span_prefix(&word, "memmap="))
			continue;
		while (text_span_split(&word, ',', &part))
			parse_memmap(part, machine);
	}
	return 0;
}

/* "  8:   0   1   IO-APIC    8-edge      rtc0": after the counts of all CPUs. */
static int parse_pin_user(struct text_span line, struct machine *machine)
{
	struct text_span part;
	uint64_t pin;

	do {
		text_span_blanks(&line);
		if (!text_span_split(&line, ' ', &part))
			return 0;
	} while (!text_span_equals(part, "IO-APIC") && !text_span_equals(part, "IR-IO-APIC"));
	text_span_blanks(&line);
	if (text_span_number(&line, 10, &pin) < 0 || pin >= MACHINE_IOAPIC_PINS)
		return 0;
	/* "-edge", then who it is; two controllers may both have such a pin. */
	text_span_split(&line, ' ', &part);
	text_span_blanks(&line);
	free(machine->pin_users[pin]);
	machine->pin_users[pin] = strndup(line.at, line.length);
	return machine->pin_users[pin] ? 0 : -ENOMEM;
}

int machine_parse_interrupts(const void *data, size_t length, struct machine *machine)
{
	struct text_span rest = {data, length};
	struct text_span line;
	int r = 0;

	while (r == 0 && text_span_line(&rest, &line))
		r = parse_pin_user(line, machine);
	return r;
}
