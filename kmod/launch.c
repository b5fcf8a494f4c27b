// SPDX-License-Identifier: GPL-2.0-only
/* Into the hypervisor and back: what must hold before, the image, the switch on all CPUs at once.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/firmware.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/apic.h>
#include <asm/hypervisor.h>
#include <asm/svm.h>
#include <asm/tsc.h>

#include "cellvisor.h"
#include "lib/blob/blob_error.h"

#define FIRMWARE_NAME	"cellvisor-x86.bin"
#define SYSTEM_BLOB_MAX (64u << 10) /* checking takes the square of the number of regions */
#define MIN_POOL_PAGES	64
#define MAX_LAND_TRIES	5
#define PTE_TABLE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED)
#define PTE_LEAF	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)

MODULE_FIRMWARE(FIRMWARE_NAME);

struct partition *partition;

struct cpu_survey {
	atomic_t svm_in_use;
	atomic_t svm_locked;
	atomic_t x2apic;
	atomic_t encrypted;
};

#define SYSCFG_MEM_ENCRYPT (1ull << 23) /* APM vol. 2, 7.10.2: page tables have a C-bit */

static void survey_cpu(void *data)
{
	struct cpu_survey *survey = data;
	u64 value;

	rdmsrl(MSR_EFER, value);
	if (value & EFER_SVME)
		atomic_inc(&survey->svm_in_use);
	rdmsrl(MSR_VM_CR, value);
	if (value & (1 << SVM_VM_CR_SVM_DISABLE))
		atomic_inc(&survey->svm_locked);
	rdmsrl(MSR_IA32_APICBASE, value);
	if (value & X2APIC_ENABLE)
		atomic_inc(&survey->x2apic);
	if (!rdmsrl_safe(MSR_AMD64_SYSCFG, &value) && (value & SYSCFG_MEM_ENCRYPT))
		atomic_inc(&survey->encrypted);
}

/* Whatever would end badly later is refused here, with what to do about it. */
static int check_machine(void)
{
	struct cpu_survey survey = {};

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR) && cpuid_ebx(CELL_CPUID_BASE) == CELL_CPUID_EBX) {
		pr_cell(err, "this Linux already runs in a cell\n");
		return -EBUSY;
	}
	/* Its clock, interrupts between CPUs and TLB flushes would be asked of us from then on. */
	if (x86_hyper_type != X86_HYPER_NATIVE) {
		pr_cell(err,
			"Linux relies on services of the hypervisor that it runs under: boot with "
			"nopv, or hide that hypervisor (QEMU: -cpu host,kvm=off)\n");
		return -EOPNOTSUPP;
	}
	if (boot_cpu_data.x86_vendor != X86_VENDOR_AMD &&
	    boot_cpu_data.x86_vendor != X86_VENDOR_HYGON) {
		pr_cell(err, "only AMD processors are supported by this version\n");
		return -ENODEV;
	}
	if (!boot_cpu_has(X86_FEATURE_SVM)) {
		pr_cell(err,
			"this processor offers no SVM: enable it in the firmware setup, or for "
			"this virtual machine\n");
		return -ENODEV;
	}
	if (pgtable_l5_enabled()) {
		pr_cell(err, "five-level page tables are in use: boot with no5lvl\n");
		return -EOPNOTSUPP;
	}
	on_each_cpu(survey_cpu, &survey, 1);
	if (atomic_read(&survey.svm_in_use)) {
		pr_cell(err, "KVM or another hypervisor is using SVM: stop its virtual machines\n");
		return -EBUSY;
	}
	if (atomic_read(&survey.svm_locked)) {
		pr_cell(err,
			"SVM is locked off by the firmware: enable it in the firmware setup\n");
		return -ENODEV;
	}
	if (atomic_read(&survey.encrypted)) {
		pr_cell(err, "memory is encrypted by page (SME): boot with mem_encrypt=off\n");
		return -EOPNOTSUPP;
	}
	if (atomic_read(&survey.x2apic)) {
		pr_cell(err, "the local APICs are in x2APIC mode: boot with nox2apic\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * The APIC timer's frequency is Linux' secret. Its timer runs all the time, so watch it count for a
 * while. Only used where the configuration does not say.
 */
static u32 measure_apic_khz(void)
{
	u32 first, last, divide, khz = 0;
	unsigned long flags;
	u64 begin, end;

	if (boot_cpu_has(X86_FEATURE_TSC_DEADLINE_TIMER))
		return 0;
	for (unsigned int tries = 0; tries < 50 && !khz; tries++) {
		local_irq_save(flags);
		/* Linux runs its timer with a divisor of 16 (or 1 where bits 0, 1, 3 are set). */
		divide = (apic_read(APIC_TDCR) & 0xb) == APIC_TDR_DIV_16 ? 16 : 1;
		first = apic_read(APIC_TMCCT);
		begin = rdtsc_ordered();
		do {
			last = apic_read(APIC_TMCCT);
			end = rdtsc_ordered();
		} while (last && end - begin < tsc_khz);
		local_irq_restore(flags);
		if (first > last && last)
			khz = div64_u64((u64)(first - last) * divide * tsc_khz, end - begin);
		else
			usleep_range(500, 1000);
	}
	return khz;
}

static int read_system(const void __user *blob, struct partition *p)
{
	struct system_desc head;
	char line[BLOB_ERROR_LINE];
	struct blob_error error;
	u64 size;

	if (copy_from_user(&head, blob, sizeof(head)))
		return -EFAULT;
	if (memcmp(head.signature, BLOB_SYSTEM_SIGNATURE, BLOB_SIGNATURE_LEN)) {
		pr_cell(err, "not a system configuration blob\n");
		return -EINVAL;
	}
	if (head.revision != BLOB_REVISION) {
		pr_cell(err, "system configuration of revision %u, this driver takes revision %u\n",
			head.revision, BLOB_REVISION);
		return -EINVAL;
	}
	size = sizeof(head) - sizeof(head.root_cell) + cell_desc_size(&head.root_cell);
	if (size > SYSTEM_BLOB_MAX)
		return -E2BIG;
	p->system = vmemdup_user(blob, size);
	if (IS_ERR(p->system)) {
		int err = PTR_ERR(p->system);

		p->system = NULL;
		return err;
	}
	p->system_size = size;
	if (blob_check_system(p->system, size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		pr_cell(err, "system configuration refused: %s\n", line);
		return -EINVAL;
	}
	if (!p->system->platform.x86.tsc_khz)
		p->system->platform.x86.tsc_khz = tsc_khz;
	if (!p->system->platform.x86.apic_khz)
		p->system->platform.x86.apic_khz = measure_apic_khz();
	/* 0 tells cells that there is a deadline timer. */
	if (!p->system->platform.x86.apic_khz && !boot_cpu_has(X86_FEATURE_TSC_DEADLINE_TIMER)) {
		pr_cell(err, "the APIC timer's frequency cannot be measured: boot without "
			     "nolapic_timer\n");
		return -EIO;
	}
	return 0;
}

/* Every CPU of the configuration must be there to enter, and nobody else may be left outside. */
static int check_cpus(const struct partition *p)
{
	const struct cell_desc *root = &p->system->root_cell;
	const u8 *set = cell_desc_cpu_set(root);
	unsigned int count = root->cpu_set_size * 8;
	bool listed;

	for (unsigned int cpu = 0; cpu < max_t(unsigned int, count, nr_cpu_ids); cpu++) {
		listed = cpu < count && (set[cpu / 8] & (1 << (cpu % 8)));
		if (listed && (cpu >= nr_cpu_ids || !cpu_online(cpu))) {
			pr_cell(err, "CPU %u of the configuration is missing or offline\n", cpu);
			return -ENODEV;
		}
		if (!listed && cpu < nr_cpu_ids && cpu_online(cpu)) {
			pr_cell(err, "CPU %u is online but not in the configuration\n", cpu);
			return -EINVAL;
		}
		if (listed && cpu >= IMAGE_MAX_CPUS) {
			pr_cell(err, "CPU %u: only %u CPUs are supported\n", cpu, IMAGE_MAX_CPUS);
			return -E2BIG;
		}
	}
	return 0;
}

static int check_memory(const struct partition *p)
{
	const struct blob_memory *memory = &p->system->hypervisor_memory;
	struct cellvisor_pool pool;

	pool_info(&pool);
	if (pool.source != CELLVISOR_POOL_NONE && memory->phys_start >= pool.phys_start &&
	    memory->size <= pool.size &&
	    memory->phys_start - pool.phys_start <= pool.size - memory->size)
		return 0;
	if (region_intersects(memory->phys_start, memory->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) == REGION_DISJOINT)
		return 0;
	pr_cell(err,
		"hypervisor memory 0x%llx, size 0x%llx is in use by Linux: neither reserved at "
		"boot nor from the pool\n",
		memory->phys_start, memory->size);
	return -EBUSY;
}

static int copy_image(struct partition *p)
{
	const struct firmware *image;
	const struct image_header *header;
	u64 blob_offset, pool_offset;
	unsigned int cpu, max_cpus;
	int err;

	err = request_firmware(&image, FIRMWARE_NAME, cellvisor_sysfs_device);
	if (err) {
		pr_cell(err, "hypervisor image %s not found in /lib/firmware\n", FIRMWARE_NAME);
		return err;
	}
	header = (const struct image_header *)image->data;
	if (image->size < sizeof(*header) || memcmp(header->magic, IMAGE_MAGIC, IMAGE_MAGIC_LEN)) {
		pr_cell(err, "%s is not a cellvisor image\n", FIRMWARE_NAME);
		err = -ENOEXEC;
		goto out;
	}
	if (strncmp(header->release, CELLMGR_RELEASE, IMAGE_RELEASE_LEN)) {
		pr_cell(err,
			"%s is of release %.*s, this module of %s: install both from one build\n",
			FIRMWARE_NAME, IMAGE_RELEASE_LEN, header->release, CELLMGR_RELEASE);
		err = -ENOEXEC;
		goto out;
	}
	max_cpus = cpumask_last(&p->cpus) + 1;
	blob_offset = header->core_size + header->percpu_size * max_cpus;
	pool_offset = PAGE_ALIGN(blob_offset + p->system_size);
	if (image->size > header->core_size || p->size > IMAGE_MAX_SIZE ||
	    pool_offset + MIN_POOL_PAGES * PAGE_SIZE > p->size) {
		pr_cell(err,
			"hypervisor memory of %llu KiB: at least %llu KiB are needed for %u CPUs, "
			"at most %llu\n",
			p->size >> 10, (pool_offset >> 10) + MIN_POOL_PAGES * 4, max_cpus,
			IMAGE_MAX_SIZE >> 10);
		err = -E2BIG;
		goto out;
	}
	memset(p->memory, 0, p->size);
	memcpy(p->memory, image->data, image->size);
	p->header = p->memory;
	p->header->phys_start = p->phys;
	p->header->size = p->size;
	p->header->system_blob_offset = blob_offset;
	p->header->system_blob_size = p->system_size;
	p->header->page_pool_offset = pool_offset;
	p->header->trampoline_virt = (u64)trampoline_start & PAGE_MASK;
	p->header->trampoline_phys = PFN_PHYS(vmalloc_to_pfn(trampoline_start));
	p->header->trampoline_leave = (u64)trampoline_leave;
	p->header->num_cpus = cpumask_weight(&p->cpus);
	p->header->max_cpus = max_cpus;
	for_each_cpu (cpu, &p->cpus) {
		p->header->apic_ids[cpu] = per_cpu(x86_cpu_to_apicid, cpu);
		p->header->cpu_entering[cpu] = 1;
	}
	memcpy(p->memory + blob_offset, p->system, p->system_size);
	p->public = p->memory + p->header->public_offset;
out:
	release_firmware(image);
	return err;
}

static u64 table_phys(const struct partition *p, const u64 *table)
{
	return p->phys + ((const void *)table - p->memory);
}

/*
 * The tables that the image starts with; it makes its own soon after. Layout of the pages offered:
 * PML4, PDPT and PD of the image, PDPT, PD and page table of the trampoline, page tables of the
 * image.
 */
static void build_boot_tables(struct partition *p)
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

static void clear_svme(void)
{
	u64 efer;

	wrmsrl(MSR_VM_HSAVE_PA, 0);
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer & ~EFER_SVME);
}

struct crossing {
	const struct cpumask *cpus;
	u64 cr3;
	u64 entry;
	int error;
};

/*
 * On every CPU at once, from the stopper threads: nobody holds a lock that another CPU could be
 * waiting for with its interrupts off.
 */
static int enter_cpu(void *data)
{
	struct crossing *crossing = data;
	u64 efer;
	int err;

	/* Hotplug since the image was prepared? The mask stands still in here, so all CPUs find the
	 * same. */
	if (!cpumask_equal(crossing->cpus, cpu_online_mask)) {
		crossing->error = -EAGAIN;
		return 0;
	}
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer | EFER_SVME);
	err = trampoline_enter(crossing->cr3, crossing->entry, smp_processor_id());
	if (err) {
		clear_svme();
		crossing->error = err;
	}
	return 0;
}

static int leave_cpu(void *data)
{
	struct crossing *crossing = data;
	int err;

	/* One that went offline since would stay inside, with nothing there any more. */
	if (!cpumask_equal(crossing->cpus, cpu_online_mask)) {
		crossing->error = -EAGAIN;
		return 0;
	}
	err = trampoline_disable();
	if (err)
		crossing->error = err;
	else
		clear_svme();
	return 0;
}

static void free_partition(struct partition *p)
{
	if (!p)
		return;
	if (p->memory) {
		/* What the hypervisor knew of its cells stays with it. */
		memset(p->memory, 0, p->size);
		memunmap(p->memory);
	}
	kvfree(p->system);
	kfree(p);
}

static void print_console(const struct partition *p)
{
	u64 head = p->public->console.head, at = head > 2000 ? head - 2000 : 0;
	char line[128];
	unsigned int n = 0;

	for (; at < head; at++) {
		line[n] = p->public->console.buffer[at % PUBLIC_CONSOLE_SIZE];
		if (line[n] == '\n' || n == sizeof(line) - 2) {
			line[n] = 0;
			pr_cell(err, "| %s\n", line);
			n = 0;
		} else {
			n++;
		}
	}
}

static int prepare(const void __user *blob, struct partition *p)
{
	int err;

	err = check_machine();
	if (!err)
		err = read_system(blob, p);
	if (!err)
		err = check_memory(p);
	if (!err)
		err = claims_check_root(p->system);
	if (err)
		return err;
	p->phys = p->system->hypervisor_memory.phys_start;
	p->size = p->system->hypervisor_memory.size;
	p->memory = memremap(p->phys, p->size, MEMREMAP_WB);
	return p->memory ? 0 : -ENOMEM;
}

int launch(const void __user *blob)
{
	struct crossing crossing = {};
	struct partition *p;
	int err;

	if (partition)
		return -EBUSY;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	err = prepare(blob, p);
	if (err)
		goto err_free;
	err = check_cpus(p);
	if (err)
		goto err_free;
	cpumask_copy(&p->cpus, cpu_online_mask);
	err = copy_image(p);
	if (err)
		goto err_free;
	build_boot_tables(p);
	crossing.cr3 = p->phys + p->header->boot_tables_offset;
	crossing.entry = p->header->entry;
	crossing.cpus = &p->cpus;
	err = stop_machine(enter_cpu, &crossing, &p->cpus);
	if (!err)
		err = crossing.error;
	if (err) {
		pr_cell(err, "the hypervisor did not start: error %d\n", err);
		print_console(p);
		goto err_free;
	}
	partition = p;
	__module_get(THIS_MODULE);
	pr_cell(info, "hypervisor on, %u CPUs\n", cpumask_weight(&p->cpus));
	return 0;

err_free:
	free_partition(p);
	return err;
}

/* CPUs that somebody took offline run inside the hypervisor all the same: they have to leave, too.
 */
static int bring_cpus(const struct partition *p, struct cpumask *brought)
{
	unsigned int cpu;
	int err;

	for_each_cpu (cpu, &p->cpus) {
		if (cpu_online(cpu))
			continue;
		err = add_cpu(cpu);
		if (err) {
			pr_cell(err, "CPU %u cannot be brought back online: error %d\n", cpu, err);
			return err;
		}
		cpumask_set_cpu(cpu, brought);
	}
	return 0;
}

int land(void)
{
	struct crossing crossing = {};
	struct cpumask brought;
	unsigned int tries = 0;
	unsigned int cpu;
	int err;

	if (!partition)
		return -EINVAL;
	crossing.cpus = &partition->cpus;
	cpumask_clear(&brought);
	do {
		crossing.error = 0;
		err = bring_cpus(partition, &brought);
		if (!err)
			err = stop_machine(leave_cpu, &crossing, cpu_online_mask);
		if (!err)
			err = crossing.error;
	} while (err == -EAGAIN && ++tries < MAX_LAND_TRIES);
	if (err) {
		pr_cell(err, "the hypervisor did not close: error %d\n", err);
		return err;
	}
	for_each_cpu (cpu, &brought)
		remove_cpu(cpu);
	free_partition(partition);
	partition = NULL;
	module_put(THIS_MODULE);
	pr_cell(info, "hypervisor off\n");
	return 0;
}
