// SPDX-License-Identifier: GPL-2.0-only
#include "mischief.h"

#include "inmate.h"
#include "arch/x86/apic.h"
#include "arch/x86/x86.h"

#define TEST_VECTOR    0x41
#define STARTUP_VECTOR 0x10
#define APIC_IDS       256
#define BROADCAST_ID   0xffffffff /* in xAPIC mode only its lower 8 bits */
#define ARRIVAL_US     2000

static const uint32_t modes[] = {ICR_INIT, ICR_STARTUP | STARTUP_VECTOR, ICR_FIXED | TEST_VECTOR,
				 ICR_NMI};

static void count_interrupt(void *argument)
{
	__atomic_fetch_add((unsigned int *)argument, 1, __ATOMIC_RELAXED);
}

/* Each foreign CPU by its id, physical and logical. Returns the number of commands. */
static unsigned int send_to_ids(void)
{
	unsigned int mode, sent = 0;

	for (unsigned int id = 0; id < APIC_IDS - 1; id++) {
		if (id == apic_id())
			continue;
		for (mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++)
			apic_send(id, modes[mode] | ICR_ASSERT);
		sent += mode;
	}
	for (unsigned int id = 0; id < 8; id++) {
		if (id == apic_id())
			continue;
		apic_send(1u << id, ICR_FIXED | TEST_VECTOR | ICR_ASSERT | ICR_LOGICAL);
		sent++;
	}
	return sent;
}

static unsigned int send_to_all(void)
{
	unsigned int sent = 0;

	for (unsigned int mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++, sent++)
		apic_send(0, modes[mode] | ICR_ASSERT | ICR_TO_OTHERS);
	/* These two mean this CPU as well. */
	apic_send(0, ICR_FIXED | TEST_VECTOR | ICR_ASSERT | ICR_TO_ALL);
	udelay(ARRIVAL_US);
	apic_send(BROADCAST_ID, ICR_FIXED | TEST_VECTOR | ICR_ASSERT);
	return sent + 2;
}

void mischief_ipi(void)
{
	static unsigned int fixed, nmi;
	unsigned int sent;

	interrupt_register(TEST_VECTOR, count_interrupt, &fixed);
	interrupt_register(INTERRUPT_NMI, count_interrupt, &nmi);
	console_printf("mischief: sending INIT, start-up, fixed interrupts and NMIs everywhere, "
		       "own APIC id %u\n",
		       apic_id());
	sent = send_to_ids();
	sent += send_to_all();
	udelay(ARRIVAL_US);
	console_printf("mischief: ipi done, %u commands, received here: fixed=%u nmi=%u\n", sent,
		       __atomic_load_n(&fixed, __ATOMIC_RELAXED),
		       __atomic_load_n(&nmi, __ATOMIC_RELAXED));
}

static void expect(bool passed, const char *what)
{
	if (!passed)
		inmate_fail("mischief: probe-allowed %s FAILED", what);
	console_printf("mischief: probe-allowed %s ok\n", what);
}

static bool probe_memory(void)
{
	static uint64_t words[4096];

	for (unsigned int n = 0; n < 4096; n++)
		((volatile uint64_t *)words)[n] = n * 0x9e3779b97f4a7c15ull;
	for (unsigned int n = 0; n < 4096; n++) {
		if (((volatile uint64_t *)words)[n] != n * 0x9e3779b97f4a7c15ull)
			return false;
	}
	return true;
}

/* The unused end of the region's page. */
static bool probe_comm_region(void)
{
	volatile uint64_t *word = (volatile uint64_t *)((uintptr_t)comm_region() + 0xff8);

	*word = 0x1122334455667788;
	if (*word != 0x1122334455667788)
		return false;
	*word = 0;
	return comm_region()->revision == COMM_REGION_REVISION;
}

static bool probe_msrs(void)
{
	uint64_t pat = rdmsr(MSR_PAT), efer = rdmsr(MSR_EFER), base = rdmsr(MSR_FS_BASE);
	bool passed;

	wrmsr(MSR_PAT, pat);
	wrmsr(MSR_EFER, efer);
	wrmsr(MSR_FS_BASE, 0x12345678);
	passed = rdmsr(MSR_FS_BASE) == 0x12345678 && rdmsr(MSR_PAT) == pat &&
		 rdmsr(MSR_EFER) == efer;
	wrmsr(MSR_FS_BASE, base);
	return passed;
}

static bool probe_own_interrupt(void)
{
	static unsigned int received;

	interrupt_register(TEST_VECTOR, count_interrupt, &received);
	apic_send(apic_id(), ICR_FIXED | TEST_VECTOR | ICR_ASSERT);
	udelay(ARRIVAL_US);
	apic_send(0, ICR_FIXED | TEST_VECTOR | ICR_ASSERT | ICR_TO_SELF);
	udelay(ARRIVAL_US);
	return __atomic_load_n(&received, __ATOMIC_RELAXED) == 2;
}

void mischief_probe_allowed(void)
{
	console_printf("mischief: probing what is allowed\n");
	expect(probe_memory(), "memory");
	expect(probe_comm_region(), "communication region");
	expect(probe_msrs(), "MSRs");
	expect(probe_own_interrupt(), "interrupt to itself");
	console_printf("mischief: probe-allowed done\n");
}
