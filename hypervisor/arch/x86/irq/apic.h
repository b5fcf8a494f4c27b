/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC as guests see it (APM vol. 2, chapter 16), by its page and by model-specific
 * registers. In xAPIC mode the page is read by guests themselves and the MSRs are translated; in
 * x2APIC mode it is the other way round.
 */
#ifndef APIC_H
#define APIC_H

#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "arch/x86/logic/apic_rights.h"
#include "arch/x86/setup/setup.h"

/*
 * Registers of the calling CPU's APIC, which are in memory or model-specific registers, whichever
 * mode the firmware or Linux chose for all of them (APM vol. 2, 16.3 and 16.11).
 */

/* Finds that out; negative errno where no APIC can be reached. */
int apic_regs_init(void);

/* APM vol. 2, 16.7. */
#define EXTENDED_LVT_END 0x540

static inline bool apic_is_lvt(unsigned int offset)
{
	return (offset >= APIC_LVT_TIMER && offset <= APIC_LVT_ERROR) || offset == APIC_LVT_CMCI ||
	       (offset >= APIC_EXTENDED_LVT && offset < EXTENDED_LVT_END);
}

/* Whether the local vector is there, of those that not all APICs have. */
bool apic_has(unsigned int offset);

/* The same by MSR: 0 and no effect without such a register; only bits that it has are written. */
uint32_t apic_get_msr(unsigned int offset);
void apic_set_msr(unsigned int offset, uint32_t value);

static inline uint32_t apic_get(unsigned int offset)
{
	if (__builtin_expect(apic_x2, 0))
		return apic_get_msr(offset);
	return *(volatile uint32_t *)(APIC_VIRT + offset);
}

static inline void apic_set(unsigned int offset, uint32_t value)
{
	if (__builtin_expect(apic_x2, 0))
		apic_set_msr(offset, value);
	else
		*(volatile uint32_t *)(APIC_VIRT + offset) = value;
}

/* Numbers of CPUs by the lowest byte of their ids: the last one that came with it. */
extern uint8_t apic_cpus[256];

/* An interrupt to the CPU with this id. */
void apic_command(uint32_t id, uint32_t command);

/* The same in x2APIC mode. */
static inline void apic_command_x2(uint32_t id, uint32_t command)
{
	/*
	 * What was written before is to be seen by whom it interrupts (16.11.2). On AMD's
	 * processors: Intel's need an LFENCE as well, as WRMSR may begin before MFENCE is done (SDM
	 * vol. 3, 11.12.3).
	 */
	asm volatile("mfence" : : : "memory");
	wrmsr(MSR_X2APIC(APIC_ICR_LOW), (uint64_t)id << 32 | command);
}

/*
 * A command of the guest, or a message to it. The destination is worked out here and only CPUs of
 * the own cell are ever addressed, each by its physical id: what a logical destination would reach
 * elsewhere does not matter.
 */
struct ipi {
	uint32_t command;
	uint32_t destination;
	bool wide; /* ids of 32 bits: it was written by MSR */
};

/* Whether the destination, which is no shorthand, means this CPU. */
bool apic_matches(const struct cpu *cpu, const struct ipi *ipi);

/* A 32-bit access of the guest to the register at this offset of the page. */
uint32_t apic_page_read(const struct cpu *cpu, unsigned int offset);
enum verdict apic_page_write(struct cpu *cpu, unsigned int offset, uint32_t value);

/* RDMSR or WRMSR of a register from MSR_X2APIC_FIRST to MSR_X2APIC_LAST. */
enum verdict apic_msr_exit(struct cpu *cpu, uint32_t msr, bool write);

/* Where the guest reads the ICR's upper half from the hardware, it reads its own again. */
void apic_show_icr(const struct cpu *self);

/* Ends the service of an interrupt by hand; false: this vector is not in service. */
bool apic_end_interrupt(unsigned int vector);

/* Whether an NMI was taken in the hypervisor (PENDING_NMI_TAKEN) that is the guest's: no kick. */
bool apic_took_nmi(struct cpu *cpu);

/* Ends its run of its guest; one's own next one as soon as what is injected is delivered. */
void apic_kick(struct cpu *cpu);

#endif /* APIC_H */
