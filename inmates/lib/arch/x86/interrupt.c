// SPDX-License-Identifier: BSD-2-Clause
/* The interrupt table and who is called for which vector. */
#include "arch/x86/cpu.h"

#define VECTORS		  256
#define VECTOR_ENTRY_SIZE 16
#define GATE_PRESENT	  0x80
#define GATE_INTERRUPT	  0x0e

/* APM vol. 2, 4.8.4. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

_Static_assert(sizeof(struct gate) == 16, "gate of 64-bit mode");

struct registration {
	interrupt_handler handler;
	void *argument;
};

extern const uint8_t vector_entries[VECTORS][VECTOR_ENTRY_SIZE];

static struct gate gates[VECTORS] __attribute__((aligned(16)));
static struct registration registrations[VECTORS];
static uint64_t unexpected;

static uint8_t stack_of(unsigned int vector)
{
	if (vector == INTERRUPT_NMI)
		return IST_NMI;
	if (vector == VECTOR_DF)
		return IST_DOUBLE_FAULT;
	return vector < INTERRUPT_FIRST ? IST_EXCEPTION : IST_INTERRUPT;
}

void interrupts_setup(void)
{
	for (unsigned int vector = 0; vector < VECTORS; vector++) {
		uint64_t entry = (uintptr_t)vector_entries[vector];

		gates[vector] = (struct gate){
			.offset_low = entry,
			.selector = SEGMENT_CODE64,
			.ist = stack_of(vector),
			.type = GATE_PRESENT | GATE_INTERRUPT,
			.offset_middle = entry >> 16,
			.offset_high = entry >> 32,
		};
	}
}

void interrupts_load(void)
{
	const struct table_pointer pointer = {sizeof(gates) - 1, (uintptr_t)gates};

	asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

int interrupt_register(unsigned int vector, interrupt_handler handler, void *argument)
{
	bool enabled;

	if (vector != INTERRUPT_NMI && (vector < INTERRUPT_FIRST || vector >= INTERRUPT_TIMER))
		return -EINVAL;
	enabled = interrupts_save();
	/* An NMI may come in between: never a new handler with the old argument. */
	__atomic_store_n(&registrations[vector].handler, NULL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&registrations[vector].argument, argument, __ATOMIC_SEQ_CST);
	__atomic_store_n(&registrations[vector].handler, handler, __ATOMIC_SEQ_CST);
	interrupts_restore(enabled);
	return 0;
}

uint64_t interrupts_unexpected(void)
{
	return __atomic_load_n(&unexpected, __ATOMIC_RELAXED);
}

static bool call_handler(unsigned int vector)
{
	interrupt_handler handler =
		__atomic_load_n(&registrations[vector].handler, __ATOMIC_SEQ_CST);

	if (!handler)
		return false;
	handler(registrations[vector].argument);
	return true;
}

void interrupt_dispatch(struct exception_frame *frame)
{
	unsigned int vector = frame->vector;

	switch (vector) {
	case INTERRUPT_NMI:
		if (!call_handler(vector))
			exception_report(frame);
		return;
	case INTERRUPT_SPURIOUS:
		/* Must not be acknowledged (APM vol. 2, 16.4.7). */
		__atomic_fetch_add(&unexpected, 1, __ATOMIC_RELAXED);
		return;
	case INTERRUPT_TIMER:
		timer_interrupt();
		break;
	case INTERRUPT_CALL:
		/* Its only purpose is to end the halt in smp_wait_for_work(). */
		break;
	default:
		if (!call_handler(vector))
			__atomic_fetch_add(&unexpected, 1, __ATOMIC_RELAXED);
		break;
	}
	apic_end_of_interrupt();
}
