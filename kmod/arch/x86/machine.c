// SPDX-License-Identifier: GPL-2.0-only
/* The machine: whether it will do, what only it knows, and the step of one CPU in and out. */
#include <linux/acpi.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/cacheflush.h>
#include <asm/e820/api.h>
#include <asm/hypervisor.h>
#include <asm/tsc.h>

#include "cellvisor.h"
#include "arch/x86/vendor.h"

#define PTE_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED)
#define PTE_LEAF  (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)

/* Samples that take longer than one of so many parts of a millisecond are none. */
#define SAMPLES_EACH_MS 50
#define MAX_TIMER_TRIES 100

static const struct vendor *vendor;

static const struct vendor *find_vendor(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return &amd_vendor;
	default:
		return NULL;
	}
}

int machine_survey(void)
{
	int err;

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR) && cpuid_ebx(CELL_CPUID_BASE) == CELL_CPUID_EBX) {
		machine_fault(FAULT_IN_CELL);
		return -EBUSY;
	}
	/* Its clock, interrupts between CPUs and TLB flushes would be asked of us from then on. */
	if (x86_hyper_type != X86_HYPER_NATIVE) {
		machine_fault(FAULT_PARAVIRTUAL);
		return -EOPNOTSUPP;
	}
	vendor = find_vendor();
	if (!vendor) {
		machine_fault(FAULT_PROCESSOR);
		return -ENODEV;
	}
	err = vendor->check();
	if (err)
		return err;
	if (pgtable_l5_enabled()) {
		machine_fault(FAULT_FIVE_LEVELS);
		return -EOPNOTSUPP;
	}
	return 0;
}

bool machine_is_reserved(u64 page)
{
	/* What else there may be, beside memory that Linux works with. */
	static const enum e820_type others[] = {
		E820_TYPE_RAM,	E820_TYPE_ACPI, E820_TYPE_NVS,		 E820_TYPE_UNUSABLE,
		E820_TYPE_PMEM, E820_TYPE_PRAM, E820_TYPE_SOFT_RESERVED,
	};

	for (unsigned int n = 0; n < ARRAY_SIZE(others); n++) {
		if (e820__mapped_any(page, page + PAGE_SIZE, others[n]))
			return false;
	}
	/* What the firmware reserved may be anything, its own code and registers as well. */
	if (lockdown_is_on() && !firmware_has_ram(page))
		return false;
	return e820__mapped_any(page, page + PAGE_SIZE, E820_TYPE_RESERVED);
}

/* Linux' own way to them is not exported by every kernel. */
static u32 read_apic(unsigned int reg)
{
	u64 base;

	rdmsrl(MSR_IA32_APICBASE, base);
	if (!(base & X2APIC_ENABLE))
		return native_apic_mem_read(reg);
	rdmsrl(APIC_BASE_MSR + (reg >> 4), base);
	return base;
}

struct timer_sample {
	u32 count, initial;
	u64 tsc;
};

/* Both clocks at one moment; false: what no flag keeps away came in between. */
static bool sample_timer(struct timer_sample *sample)
{
	unsigned long flags;
	u64 begin;

	local_irq_save(flags);
	begin = rdtsc_ordered();
	sample->count = read_apic(APIC_TMCCT);
	sample->tsc = rdtsc_ordered();
	sample->initial = read_apic(APIC_TMICT);
	local_irq_restore(flags);
	return sample->tsc - begin < tsc_khz / SAMPLES_EACH_MS;
}

/* In kHz; 0: Linux has set the timer anew meanwhile, or it did not run, or something came. */
static u32 watch_timer(void)
{
	struct timer_sample first, last;
	u32 divide;

	/* Linux runs its timer with a divisor of 16 (or 1 where bits 0, 1, 3 are set). */
	divide = (read_apic(APIC_TDCR) & 0xb) == APIC_TDR_DIV_16 ? 16 : 1;
	if (!sample_timer(&first))
		return 0;
	while (rdtsc() - first.tsc < tsc_khz)
		cpu_relax();
	if (!sample_timer(&last) || first.initial != last.initial || !last.count ||
	    first.count <= last.count)
		return 0;
	return div64_u64((u64)(first.count - last.count) * divide * tsc_khz, last.tsc - first.tsc);
}

/*
 * The APIC timer's frequency is Linux' secret. Its timer runs all the time, so watch it count for a
 * millisecond. Interrupts and others are let through meanwhile: what they spoil is done again. Only
 * used where the configuration does not say.
 */
static u32 measure_apic_khz(void)
{
	u32 khz = 0;

	if (boot_cpu_has(X86_FEATURE_TSC_DEADLINE_TIMER))
		return 0;
	migrate_disable();
	for (unsigned int tries = 0; tries < MAX_TIMER_TRIES && !khz; tries++) {
		khz = watch_timer();
		if (!khz)
			usleep_range(500, 1000);
	}
	migrate_enable();
	return khz;
}

int machine_complete(struct system_desc *system)
{
	if (check_tsc_unstable())
		pr_cell(notice,
			"Linux does not count time by the TSC of this machine, which is not the "
			"same on all CPUs, or has stood still: cells that do are on their own\n");
	if (!system->platform.x86.tsc_khz)
		system->platform.x86.tsc_khz = tsc_khz;
	if (!system->platform.x86.apic_khz)
		system->platform.x86.apic_khz = measure_apic_khz();
	/* 0 tells cells that there is a deadline timer. */
	if (!system->platform.x86.apic_khz && !boot_cpu_has(X86_FEATURE_TSC_DEADLINE_TIMER)) {
		machine_fault(FAULT_APIC_TIMER);
		return -EIO;
	}
	return 0;
}

u32 machine_apic_id(unsigned int cpu)
{
	return per_cpu(x86_cpu_to_apicid, cpu);
}

static u64 table_phys(const struct partition *p, const u64 *table)
{
	return p->phys + ((const void *)table - p->memory);
}

/*
 * Layout of the pages offered: PML4, PDPT and PD of the image, PDPT, PD and page table of the
 * trampoline, page tables of the image.
 */
void machine_build_boot_tables(struct partition *p)
{
	u64 *tables = p->memory + p->header->boot_tables_offset;
	u64 *pml4 = tables, *pdpt = tables + 512, *pd = tables + 2 * 512;
	u64 *t_pdpt = tables + 3 * 512, *t_pd = tables + 4 * 512, *t_pt = tables + 5 * 512;
	u64 *pt = tables + 6 * 512, va = p->header->trampoline_virt;

	pml4[(IMAGE_BASE >> 39) & 511] = table_phys(p, pdpt) | PTE_TABLE;
	pdpt[(IMAGE_BASE >> 30) & 511] = table_phys(p, pd) | PTE_TABLE;
	for (u64 n = 0; n < p->size >> PAGE_SHIFT; n++) {
		if (n % 512 == 0)
			pd[n / 512] = table_phys(p, pt + n) | PTE_TABLE;
		pt[n] = (p->phys + (n << PAGE_SHIFT)) | PTE_LEAF;
	}
	pml4[(va >> 39) & 511] = table_phys(p, t_pdpt) | PTE_TABLE;
	t_pdpt[(va >> 30) & 511] = table_phys(p, t_pd) | PTE_TABLE;
	t_pd[(va >> 21) & 511] = table_phys(p, t_pt) | PTE_TABLE;
	t_pt[(va >> 12) & 511] = p->header->trampoline_phys | PTE_LEAF;
}

/* Memory that was cached may be used uncached after that (APM vol. 2, 7.8.7). */
void machine_write_back(void *memory, size_t size)
{
	clflush_cache_range(memory, size);
}

bool machine_cpu_in_use(void)
{
	return vendor->in_use();
}

int machine_enter_cpu(const struct partition *p)
{
	int err;

	vendor->enable();
	err = trampoline_enter(p->phys + p->header->boot_tables_offset, p->header->entry,
			       smp_processor_id());
	if (err)
		vendor->disable();
	return err;
}

int machine_leave_cpu(void)
{
	int err = trampoline_disable();

	if (!err)
		vendor->disable();
	return err;
}

int cellvisor_hypercall(u32 code, u64 arg1, u64 arg2)
{
	/* Nobody has looked yet whether there could be one. */
	return vendor ? vendor->hypercall(code, arg1, arg2) : -ENODEV;
}

/* ACPI 6.5, 16.1.6: after _PTS, by the registers of the sleep state. */
void machine_off(void)
{
	if (acpi_disabled || ACPI_FAILURE(acpi_enter_sleep_state_prep(ACPI_STATE_S5)))
		return;
	local_irq_disable();
	acpi_enter_sleep_state(ACPI_STATE_S5);
	local_irq_enable();
}
