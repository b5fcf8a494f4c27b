// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/setup/setup.h"
#include "fake_machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "core/hypercall.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "pci/function.h"
#include "pci/link.h"

/* Layout of hypervisor memory: the public area, at its start as the linker was told, CPU blocks,
 * the system blob, the pool. */
#define CORE_SIZE	   0x10000ull
#define SYSTEM_BLOB_OFFSET (CORE_SIZE + MACHINE_CPUS * (uint64_t)CPU_BLOCK_SIZE)
#define POOL_OFFSET	   (SYSTEM_BLOB_OFFSET + PAGE_SIZE)

#define RAM_PAGES (RAM_SIZE / PAGE_SIZE)
#define HV_PAGES  (HV_SIZE / PAGE_SIZE)

struct fake_machine machine;
struct image_header image_header;
const struct system_desc *system_desc;

/* A CPU's TLB for its guest: translations of RAM, and the pages of tables that were walked. */
struct tlb {
	bool full;
	uint64_t entries[RAM_PAGES]; /* 0: none */
	bool walked[HV_PAGES];
};

struct coroutine {
	ucontext_t context;
	int (*call)(uint64_t arg);
	uint64_t arg;
	int result;
};

static struct tlb tlbs[MACHINE_CPUS];
static struct coroutine coroutines[MACHINE_CPUS];
static ucontext_t scheduler;

void machine_give_up(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

static struct cpu *cpu_block(unsigned int n)
{
	return (struct cpu *)(IMAGE_BASE + CORE_SIZE + n * (uint64_t)CPU_BLOCK_SIZE);
}

/* Second-level tables as the processor walks them: not with the product's walker. */

#define VIEW_RIGHTS (PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_PCD)

static uint64_t walk(const struct page_table *table, uint64_t guest, bool *walked)
{
	const uint64_t *entries = table->root;
	uint64_t entry, rights = PTE_WRITE, page;

	for (unsigned int level = 4; level > 0; level--) {
		if (walked)
			walked[((uint64_t)entries - IMAGE_BASE) / PAGE_SIZE] = true;
		entry = entries[(guest >> (12 + 9 * (level - 1))) & 511];
		if (!(entry & PTE_PRESENT))
			return 0;
		rights = (rights & entry & PTE_WRITE) | ((rights | entry) & (PTE_NX | PTE_PCD));
		if (level == 1 || (entry & PTE_LARGE)) {
			page = 1ull << (12 + 9 * (level - 1));
			return (entry & PTE_ADDRESS & ~(page - 1)) +
			       (guest & (page - 1) & PAGE_MASK) + (rights | PTE_PRESENT);
		}
		entries = hv_to_virt(entry & PTE_ADDRESS);
	}
	return 0;
}

static void fill_tlb(unsigned int n)
{
	const struct cpu *cpu = cpu_block(n);
	struct tlb *tlb = &tlbs[n];

	if (tlb->full || cpu->state != CPU_RUNNING)
		return;
	for (uint64_t page = 0; page < RAM_PAGES; page++) {
		if (!tlb->entries[page])
			tlb->entries[page] =
				walk(&cpu->cell->stage2, page * PAGE_SIZE, tlb->walked);
	}
	tlb->full = true;
}

void machine_empty_tlb(unsigned int n)
{
	memset(&tlbs[n], 0, sizeof(tlbs[n]));
}

/* What a guest may still reach although its cell's tables do not say so. */
static unsigned int stale(unsigned int n)
{
	static bool walked[HV_PAGES];
	const struct cpu *cpu = cpu_block(n);
	const struct tlb *tlb = &tlbs[n];
	unsigned int count = 0;
	uint64_t now, then;

	memset(walked, 0, sizeof(walked));
	for (uint64_t page = 0; page < RAM_PAGES; page++) {
		now = walk(&cpu->cell->stage2, page * PAGE_SIZE, walked);
		then = tlb->entries[page];
		count += then && ((now ^ then) & (PTE_ADDRESS | PTE_PRESENT | PTE_PCD));
		count += then && ((then & ~now & PTE_WRITE) || (now & ~then & PTE_NX));
	}
	for (unsigned int page = 0; page < HV_PAGES; page++)
		count += tlb->walked[page] && !walked[page];
	return count;
}

/* CPUs take turns. */

void arch_cpu_relax(void)
{
	int self = machine.running;

	if (self < 0)
		machine_give_up("something waits that is no CPU");
	if (swapcontext(&coroutines[self].context, &scheduler) < 0)
		machine_give_up("no context to switch to");
}

static bool is_deaf(struct fake_cpu *cpu)
{
	if (cpu->deaf && cpu->deaf != DEAF_FOR_EVER)
		cpu->deaf--;
	return cpu->deaf;
}

static void run_guest(unsigned int n)
{
	struct fake_cpu *cpu = &machine.cpus[n];

	machine.stale_entries += stale(n);
	cpu->in_guest = true;
	do {
		fill_tlb(n);
		arch_cpu_relax();
	} while ((!cpu->kicked && !coroutines[n].call) || is_deaf(cpu));
	cpu->in_guest = false;
	cpu->kicked = false;
}

static void run_cpu(int n)
{
	struct coroutine *self = &coroutines[n];

	for (;;) {
		run_guest(n);
		if (self->call) {
			self->result = self->call(self->arg);
			self->call = NULL;
		}
		cpu_before_entry(cpu_block(n));
	}
}

static void let_run(unsigned int n)
{
	machine.running = n;
	if (swapcontext(&scheduler, &coroutines[n].context) < 0)
		machine_give_up("no context to switch to");
	machine.running = -1;
	machine.cpuid_bits = ~0u;
}

static bool quiet(void)
{
	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		if (machine.cpus[n].deaf == DEAF_FOR_EVER)
			continue;
		if (!machine.cpus[n].in_guest || machine.cpus[n].kicked || coroutines[n].call)
			return false;
	}
	return true;
}

/* The same of all of these CPUs whose guests are in their run. */
static unsigned int all_stale(uint64_t cpus)
{
	unsigned int count = 0;

	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		if ((cpus & (1ull << n)) && machine.cpus[n].in_guest)
			count += stale(n);
	}
	return count;
}

static void settle(void)
{
	unsigned int rounds = 0;

	do {
		for (unsigned int n = 0; n < MACHINE_CPUS; n++)
			let_run(n);
		if (rounds++ > 200000)
			machine_give_up("CPUs wait for each other for ever");
	} while (!quiet());
	machine.stale_entries += all_stale(~0ull);
}

void machine_begin(unsigned int cpu, int (*call)(uint64_t arg), uint64_t arg)
{
	coroutines[cpu].arg = arg;
	coroutines[cpu].call = call;
}

int machine_end(unsigned int cpu)
{
	settle();
	return coroutines[cpu].result;
}

int machine_call(unsigned int cpu, int (*call)(uint64_t arg), uint64_t arg)
{
	machine_begin(cpu, call, arg);
	return machine_end(cpu);
}

struct hypercall_call {
	uint32_t code;
	uint64_t arg1, arg2;
};

static int call_hypercall(uint64_t arg)
{
	const struct hypercall_call *call = (const void *)arg;
	int32_t result = NO_RESULT;

	hypercall(this_cpu(), call->code, call->arg1, call->arg2, &result);
	return result;
}

int machine_hypercall_of(unsigned int cpu, uint32_t code, uint64_t arg1, uint64_t arg2)
{
	struct hypercall_call call = {code, arg1, arg2};

	return machine_call(cpu, call_hypercall, (uint64_t)&call);
}

int machine_hypercall(uint32_t code, uint64_t arg1, uint64_t arg2)
{
	return machine_hypercall_of(0, code, arg1, arg2);
}

int machine_create(const struct cell_plan *plan)
{
	plan_write(plan, machine.ram + BLOB_PHYS);
	return machine_hypercall(HC_CELL_CREATE, BLOB_PHYS, 0);
}

/* The machine is built. */

static const struct blob_memory root_memory[] = {
	{0, 0, RAM_SIZE, RWX | BLOB_MEM_DMA},
	{DEVICE, DEVICE, DEVICE_SIZE, RW | BLOB_MEM_IO},
};
static const struct blob_pio root_pio[] = {{0x20, 0x20}, {0x60, 0xffa0}};
static const struct cell_plan default_root = {
	.name = "RootCell",
	.flags = BLOB_CELL_CONSOLE_PERMITTED,
	.cpus = (1u << MACHINE_CPUS) - 1,
	.memory = root_memory,
	.num_memory = 2,
	.pio = root_pio,
	.num_pio = 2,
};

static void *map_fresh(void *where, size_t size)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (where ? MAP_FIXED : 0);
	void *memory = mmap(where, size, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (memory == MAP_FAILED)
		machine_give_up("no memory for the machine");
	return memory;
}

struct fake_ioapic machine_ioapics_at_launch[IO_APICS];
const uint32_t machine_apic_ids[MACHINE_CPUS] = {0, 1, 0x12, 0x113};

static void build_cpu(unsigned int n)
{
	struct cpu *cpu = cpu_block(n);

	cpu->id = n;
	cpu->cell = &root_cell;
	cpu->arch.control = machine.cpus[n].regs;
	cpu->entered = true;
	cpu->arch.apic_id = machine_apic_ids[n];
	machine.cpus[n].told = INSTRUCTION_MAX;
	machine.cpus[n].regs[VCPU_EFER] = EFER_LMA | EFER_LME;
}

/* Makes a context that runs this on the CPU's stack. */
static void begin_on(unsigned int n, ucontext_t *context, void (*run)(int n))
{
	size_t head = (sizeof(struct cpu) + 63) & ~63ull;

	getcontext(context);
	context->uc_stack.ss_sp = (uint8_t *)cpu_block(n) + head;
	context->uc_stack.ss_size = CPU_BLOCK_SIZE - head - sizeof(struct guest_gprs);
	context->uc_link = &scheduler;
	makecontext(context, (void (*)(void))run, 1, n);
}

static void open_root(int n)
{
	if (subsystems_init() < 0 || root_cell_init() < 0)
		machine_give_up("the root cell cannot be made");
}

void machine_open(const struct cell_plan *root)
{
	struct system_desc *system = (void *)(IMAGE_BASE + SYSTEM_BLOB_OFFSET);
	ucontext_t opening;

	if (machine.ram)
		munmap(machine.ram, RAM_SIZE);
	memset(&machine, 0, sizeof(machine));
	memcpy(machine.ioapics, machine_ioapics_at_launch, sizeof(machine.ioapics));
	memset(tlbs, 0, sizeof(tlbs));
	memset(coroutines, 0, sizeof(coroutines));
	memset(&root_cell, 0, sizeof(root_cell));
	memset(cells, 0, sizeof(cells));
	memset(&image_header, 0, sizeof(image_header));
	machine_forget_drained();
	links = NULL;
	pci_functions = NULL;
	machine.ram = map_fresh(NULL, RAM_SIZE);
	machine.pages_until_failure = PAGES_ALL;
	machine.running = -1;
	machine.clock_step = CLOCK_STEP;
	map_fresh((void *)IMAGE_BASE, HV_SIZE);
	map_fresh((void *)APIC_VIRT, PAGE_SIZE);
	image_header.core_size = CORE_SIZE;
	image_header.phys_start = HV_START;
	image_header.size = HV_SIZE;
	image_header.num_cpus = MACHINE_CPUS;
	image_header.max_cpus = MACHINE_CPUS;
	memset(image_header.cpu_entering, 1, MACHINE_CPUS);
	plan_write(root ? root : &default_root, &system->root_cell);
	system->pci_mmconfig_base = root ? root->mmconfig : 0;
	system->platform.x86.pm_timer_address = root ? root->pm_timer : 0;
	system->debug_console = root ? root->debug_console : (struct cell_console){0};
	memset(&public_area, 0, sizeof(public_area));
	system_desc = system;
	page_pool_init((void *)(IMAGE_BASE + POOL_OFFSET), (HV_SIZE - POOL_OFFSET) / PAGE_SIZE);
	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		build_cpu(n);
	/* Like the launch, on a CPU's stack: what is told then is told by somebody. */
	begin_on(0, &opening, open_root);
	if (swapcontext(&scheduler, &opening) < 0)
		machine_give_up("no context to switch to");
	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		begin_on(n, &coroutines[n].context, run_cpu);
	settle();
}

uint64_t machine_lookup(const struct cell *cell, uint64_t guest)
{
	return walk(&cell->stage2, guest, NULL);
}

static uint64_t count_pages(const uint64_t *entries, unsigned int level)
{
	uint64_t count = 0;

	for (unsigned int n = 0; n < PAGE_TABLE_ENTRIES; n++) {
		if (!(entries[n] & PTE_PRESENT))
			continue;
		if (level == 1 || (entries[n] & PTE_LARGE))
			count += 1ull << (9 * (level - 1));
		else
			count += count_pages(hv_to_virt(entries[n] & PTE_ADDRESS), level - 1);
	}
	return count;
}

uint64_t machine_mapped_pages(const struct cell *cell)
{
	return count_pages(cell->stage2.root, 4);
}

void machine_view(const struct cell *cell, uint64_t view[VIEW_PAGES])
{
	for (uint64_t n = 0; n < VIEW_PAGES; n++)
		view[n] = walk(&cell->stage2,
			       n < RAM_PAGES ? n * PAGE_SIZE : DEVICE + (n - RAM_PAGES) * PAGE_SIZE,
			       NULL);
}

bool machine_said(const char *text)
{
	static char said[PUBLIC_CONSOLE_SIZE + 1];

	memcpy(said, public_area.console.buffer, PUBLIC_CONSOLE_SIZE);
	return strstr(said, text) != NULL;
}

/* The linker puts these before the product's own: they look, and hand on. */

/* Allocation can run out, and knows who still uses the page. */

void *__real_page_pool_alloc(uint32_t pages);
void *__wrap_page_pool_alloc(uint32_t pages);
void *__wrap_page_pool_alloc(uint32_t pages)
{
	uint8_t *result;
	uint64_t first;

	machine.allocations++;
	if (machine.pages_until_failure == 0) {
		machine.pages_until_failure = PAGES_ALL;
		return NULL;
	}
	if (machine.pages_until_failure != PAGES_ALL)
		machine.pages_until_failure--;
	result = __real_page_pool_alloc(pages);
	first = ((uint64_t)result - IMAGE_BASE) / PAGE_SIZE;
	for (unsigned int n = 0; result && n < MACHINE_CPUS; n++) {
		for (uint64_t page = first; page < first + pages && page < HV_PAGES; page++)
			machine.reused_early += machine.cpus[n].in_guest && tlbs[n].walked[page];
	}
	return result;
}

/* What was unmapped is out of all TLBs when the flush returns, not some time later. */
int __real_cpus_flush(const struct cpu_set *set);
int __wrap_cpus_flush(const struct cpu_set *set);
int __wrap_cpus_flush(const struct cpu_set *set)
{
	uint64_t bitmap = set->word[0];
	int err;

	machine.flush_calls++;
	machine.flushed |= bitmap;
	machine.last_flushed = bitmap;
	err = __real_cpus_flush(set);
	if (!err)
		machine.unacknowledged += all_stale(bitmap);
	return err;
}

/* And only then may pages that were tables be used for something else. */
void __real_page_pool_release_deferred(void);
void __wrap_page_pool_release_deferred(void);
void __wrap_page_pool_release_deferred(void)
{
	machine.released_early += all_stale(~0ull);
	/* Whoever looks at what is another cell's may have it from root's tables. */
	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		machine.released_early += cpu_block(n)->visits & 1;
	__real_page_pool_release_deferred();
}
