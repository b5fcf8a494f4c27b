// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/setup/setup.h"

#include <errno.h>
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/irq/apic.h"
#include "cell/cell.h"
#include "core/console.h"
#include "core/page_pool.h"

_Static_assert(CPU_BLOCK_BYTES == CPU_BLOCK_SIZE, "assembly offsets");
_Static_assert(GPRS_BYTES == sizeof(struct guest_gprs), "assembly offsets");
_Static_assert(GPRS_RAX == offsetof(struct guest_gprs, rax), "assembly offsets");
_Static_assert(CPU_CONTROL == offsetof(struct cpu, arch.control), "assembly offsets");
_Static_assert(CPU_PENDING == offsetof(struct cpu, pending), "assembly offsets");
_Static_assert(NMI_TAKEN_BIT == PENDING_NMI_TAKEN, "assembly offsets");
_Static_assert((int)PENDING_INIT >= (int)PENDING_ARCH, "bits of two kinds");
_Static_assert(sizeof(struct cpu) <= CPU_GUARD, "the rest of the block is the stack");

extern const char exception_stubs[], nmi_stub[], init_stub[], interrupt_stub[];
void setup_load_segments(const struct table_pointer *gdtr, const struct table_pointer *idtr);

const struct vendor *vendor;

static const uint64_t gdt[] = {
	0,
	0,
	[SELECTOR_CODE / 8] = 0x00af9b000000ffff,
	[SELECTOR_DATA / 8] = 0x00cf93000000ffff,
};

struct gate {
	uint16_t offset_low, selector, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
} __attribute__((packed));

#define GATE_INTERRUPT	    0x8e00
#define EXCEPTION_STUB_SIZE 16

#define APIC_FIRST_VECTOR 16 /* APM vol. 2, 16.6: lower ones are illegal */
#define VECTORS		  256

static struct gate idt[VECTORS];

static uint64_t stub_of(unsigned int vector)
{
	if (vector == VECTOR_NMI)
		return (uint64_t)nmi_stub;
	if (vector == VECTOR_SX)
		return (uint64_t)init_stub;
	/* A guest may have left any of the others pending. Of exceptions there only #MC is used. */
	if (vector < APIC_FIRST_VECTOR || vector == VECTOR_MC)
		return (uint64_t)exception_stubs + vector * EXCEPTION_STUB_SIZE;
	return (uint64_t)interrupt_stub;
}

static void fill_idt(void)
{
	for (unsigned int n = 0; n < VECTORS; n++) {
		uint64_t stub = stub_of(n);

		idt[n].offset_low = stub;
		idt[n].selector = SELECTOR_CODE;
		idt[n].type = GATE_INTERRUPT;
		idt[n].offset_middle = stub >> 16;
		idt[n].offset_high = stub >> 32;
	}
}

static void save_linux(struct cpu *cpu, uint64_t cr3, uint64_t rsp, uint64_t resume)
{
	struct linux_state *state = &cpu->arch.linux_state;

	*state = (struct linux_state){.cr0 = read_cr0(),
				      .cr3 = cr3,
				      .cr4 = read_cr4(),
				      .efer = rdmsr(MSR_EFER),
				      .rsp = rsp,
				      .rip = resume};
	cpu->arch.guest_pat = rdmsr(MSR_PAT);
	asm volatile("mov %%dr6, %0" : "=r"(state->dr6));
	asm volatile("mov %%dr7, %0" : "=r"(state->dr7));
	/* A breakpoint of Linux could lie at an address that is ours. */
	asm volatile("mov %0, %%dr7" : : "r"((uint64_t)DR7_RESET));
	asm volatile("sgdt %0" : "=m"(state->gdtr));
	asm volatile("sidt %0" : "=m"(state->idtr));
}

static void load_own_segments(void)
{
	const struct table_pointer gdtr = {sizeof(gdt) - 1, (uint64_t)gdt};
	const struct table_pointer idtr = {sizeof(idt) - 1, (uint64_t)idt};

	/* By every CPU, with the same values: faults are reported from the start. */
	fill_idt();
	setup_load_segments(&gdtr, &idtr);
}

void setup_leave(const struct cpu *cpu, int result)
{
	const struct linux_state *state = &cpu->arch.linux_state;

	asm volatile("mov %0, %%dr6" : : "r"(state->dr6));
	asm volatile("mov %0, %%dr7" : : "r"(state->dr7));
	asm volatile("lgdt %0" : : "m"(state->gdtr));
	asm volatile("lidt %0" : : "m"(state->idtr));
	write_cr0(state->cr0);
	/* PCIDE can only be set while CR3's low bits are clear: ours are (APM vol. 2, 5.5.1). */
	write_cr4(state->cr4);
	asm volatile("jmp *%0"
		     :
		     : "r"(image_header.trampoline_leave), "D"(state->cr3), "S"(state->rsp),
		       "d"(state->rip), "a"((int64_t)result));
	__builtin_unreachable();
}

void setup_enter(struct cpu *cpu, uint64_t cr3, uint64_t rsp, uint64_t resume, uint32_t id);
void setup_enter(struct cpu *cpu, uint64_t cr3, uint64_t rsp, uint64_t resume, uint32_t id)
{
	int err;

	save_linux(cpu, cr3, rsp, resume);
	/* Stays clear of features that only Linux uses; drops its global translations as well. */
	write_cr4(cpu->arch.linux_state.cr4 & (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXSAVE));
	load_own_segments();
	err = cpu_enter(cpu, id);
	if (err && cpu->arch.control)
		vendor->leave(cpu, err); /* others failed: what has been turned on here goes off */
	if (err)
		setup_leave(cpu, err);
	vendor->run(cpu);
}

/* From the linker script. */
extern const char text_start[], text_end[], rodata_end[];

static struct page_table host_table;

/* The page tables behind TEMPORARY_BASE, so that a temporary mapping is one store. */
#define TABLE_PAGES 512u
static uint64_t *temporary_tables[IMAGE_MAX_CPUS * ARCH_TEMPORARY_PAGES / TABLE_PAGES];
_Static_assert(IMAGE_MAX_CPUS *ARCH_TEMPORARY_PAGES % TABLE_PAGES == 0, "whole tables");
_Static_assert(APIC_VIRT >= IMAGE_BASE + IMAGE_MAX_SIZE && APIC_VIRT < TEMPORARY_BASE,
	       "one mapping in another's place");

static uint64_t *find_page_table(uint64_t virt)
{
	uint64_t *entries = host_table.root;

	for (unsigned int shift = 39; shift > 12; shift -= 9)
		entries = hv_to_virt(entries[(virt >> shift) & 511] & PTE_ADDRESS);
	return entries;
}

/* Everything that the hypervisor sees, but for what it maps for a moment. */
static int map_own(void)
{
	uint64_t text = (uint64_t)text_start, rodata = (uint64_t)text_end;
	uint64_t data = (uint64_t)rodata_end, end = IMAGE_BASE + image_header.size;
	const struct {
		uint64_t virt, phys, size;
		unsigned int attributes;
	} pieces[] = {
		/* Nobody writes the header any more, but its page also belongs to the data. */
		{IMAGE_BASE, image_header.phys_start, text - IMAGE_BASE, PT_READ | PT_WRITE},
		{text, hv_to_phys(text_start), rodata - text, PT_READ | PT_EXECUTE},
		{rodata, hv_to_phys(text_end), data - rodata, PT_READ},
		{data, hv_to_phys(rodata_end), end - data, PT_READ | PT_WRITE},
		/* The trampoline: executed only on the way back, when all is Linux'. */
		{image_header.trampoline_virt & 0xffffffffffffull, image_header.trampoline_phys,
		 PAGE_SIZE, PT_READ | PT_EXECUTE},
		{APIC_VIRT, rdmsr(MSR_APIC_BASE) & PTE_ADDRESS, PAGE_SIZE,
		 PT_READ | PT_WRITE | PT_DEVICE},
	};
	int err = 0;

	for (unsigned int n = 0; n < sizeof(pieces) / sizeof(pieces[0]) && !err; n++)
		err = page_table_map(&host_table, pieces[n].virt, pieces[n].phys, pieces[n].size,
				     pieces[n].attributes, false);
	return err;
}

/* Each of them comes with a page in it, which is taken out again. */
static int make_temporary_tables(void)
{
	const unsigned int pages = image_header.max_cpus * ARCH_TEMPORARY_PAGES;

	for (unsigned int n = 0; n * TABLE_PAGES < pages; n++) {
		uint64_t virt = TEMPORARY_BASE + (uint64_t)n * TABLE_PAGES * PAGE_SIZE;
		int err = page_table_map(&host_table, virt, 0, PAGE_SIZE, PT_READ, false);

		if (err)
			return err;
		temporary_tables[n] = find_page_table(virt);
		temporary_tables[n][0] = 0;
	}
	return 0;
}

static int mapping_init(void)
{
	int err = page_table_init(&host_table, &paging_host_format, 2, hv_to_phys(0));

	if (!err)
		err = map_own();
	/* A stack that runs over ends there, before it has changed anything. */
	for (unsigned int n = 0; n < image_header.max_cpus && !err; n++)
		err = page_table_unmap(&host_table,
				       IMAGE_BASE + image_header.core_size +
					       n * (uint64_t)CPU_BLOCK_SIZE + CPU_GUARD,
				       PAGE_SIZE);
	if (!err)
		err = make_temporary_tables();
	if (err)
		return err;
	/* Who opens the partition looks at pages of root's: memory that it shares is cleared. */
	write_cr3(hv_to_phys(host_table.root));
	page_pool_release_deferred();
	return 0;
}

void *arch_map_page(unsigned int slot, uint64_t phys, bool device)
{
	void *virt = mapping_of_page(this_cpu(), slot);
	unsigned int page = ((uint64_t)virt - TEMPORARY_BASE) / PAGE_SIZE;
	uint64_t *there = &temporary_tables[page / TABLE_PAGES][page % TABLE_PAGES];
	uint64_t entry = page_table_leaf_entry(&paging_host_format, phys & PAGE_MASK,
					       PT_READ | PT_WRITE | (device ? PT_DEVICE : 0), 1);

	if (*there != entry) {
		*there = entry;
		asm volatile("invlpg (%0)" : : "r"(virt) : "memory");
	}
	return virt;
}

int arch_init(void)
{
	int err = mapping_init();

	if (err)
		return err;
	for (const struct vendor *const *v = vendors_start; v < vendors_end; v++) {
		err = (*v)->init();
		if (err == -ENODEV)
			continue;
		vendor = *v;
		console_printf("virtualization: %s\n", vendor->name);
		return err;
	}
	console_printf("no usable virtualization extension\n");
	return -ENODEV;
}

void arch_cpu_init(struct cpu *cpu)
{
	write_cr3(hv_to_phys(host_table.root));
	cpu->arch.apic_id = image_header.hardware_ids[cpu->id];
	cpu->arch.last_exception = FAILURE_VECTOR_NONE;
	vendor->cpu_init(cpu);
}

/* Exceptions in the hypervisor itself: a bug, or a machine check. */
struct exception_frame {
	uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11; /* what a function may change */
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

static void tell(struct cpu *cpu, const struct exception_frame *frame)
{
	struct failure_record *record = &cpu->failure;
	struct cpu_set others = cpus_all;

	memset(record, 0, sizeof(*record));
	record->reason = FAILURE_HYPERVISOR_EXCEPTION;
	record->cpu = cpu->id;
	record->clock = __builtin_ia32_rdtsc();
	record->vector = frame->vector;
	record->address = read_cr2();
	record->value = frame->error;
	record->rip = frame->rip;
	record->rflags = frame->rflags;
	console_direct(true);
	console_printf("%s %lu on CPU %u: error 0x%lx rip 0x%lx rsp 0x%lx cr2 0x%lx\n",
		       frame->vector == VECTOR_MC ? "machine check," : "hypervisor exception",
		       frame->vector, cpu->id, frame->error, frame->rip, frame->rsp,
		       record->address);
	console_direct(false);
	if (cpu->cell)
		cell_fail(cpu);
	/* Whom its operation has suspended nobody else would resume. */
	cpu_set_remove(&others, cpu->id);
	if (spin_held(&management_lock))
		cpus_resume(&others);
}

void setup_stand_still(struct cpu *cpu)
{
	bool first = !cpu->arch.standing;

	/* It may be what raises the next exception. */
	cpu->arch.standing = true;
	if (first && vendor) {
		vendor->take_init();
		cpu->arch.takes_init = true;
	}
	__atomic_store_n(&cpu->state, CPU_LOST, __ATOMIC_SEQ_CST);
	for (;;)
		asm volatile("cli; hlt");
}

void setup_reset_machine(void)
{
	static const struct table_pointer none;

	vendor->take_init();
	/* The console, for the next Linux: a reset forgets what is only in caches. */
	asm volatile("wbinvd" : : : "memory");
	for (;;)
		asm volatile("lidt %0; int3" : : "m"(none));
}

/*
 * This CPU stops where it is, for ever, with everything that helps to find the fault on the console
 * and in its cell's record. The other CPUs and their cells go on: nobody waits for it, and its
 * locks are taken over.
 */
void setup_host_exception(const struct exception_frame *frame);
void setup_host_exception(const struct exception_frame *frame)
{
	struct cpu *cpu = this_cpu();

	/* Leftover interrupts of the CPU's last owner are taken only to get rid of them. */
	if (cpu->arch.drops_interrupts) {
		if (frame->vector == VECTOR_MC && apic_end_interrupt(VECTOR_MC))
			return;
		if (frame->vector == EXCEPTIONS) {
			apic_set(APIC_EOI, 0);
			return;
		}
	}
	/* One that the telling itself raises is not told. */
	if (!cpu->arch.broken) {
		cpu->arch.broken = true;
		tell(cpu, frame);
	}
	setup_stand_still(cpu);
}

/* Faster than any processor's: where the configuration does not say, waiting takes longer. */
#define FASTEST_TSC_KHZ 8000000u

void arch_cpu_relax(void)
{
	__builtin_ia32_pause();
}

uint64_t arch_clock(void)
{
	return __builtin_ia32_rdtsc();
}

uint64_t arch_clock_khz(void)
{
	uint32_t khz = system_desc ? system_desc->platform.x86.tsc_khz : 0;

	return khz ? khz : FASTEST_TSC_KHZ;
}

#define CACHE_LINE 64u

void arch_write_back(const void *start, uint64_t size)
{
	uint64_t end = (uint64_t)start + size;

	for (uint64_t at = (uint64_t)start & -CACHE_LINE; at < end; at += CACHE_LINE)
		asm volatile("clflush (%0)" : : "r"(at) : "memory");
}

int arch_stage2_create(struct cell *cell)
{
	bool has_1g = cpuid(0x80000001, 0).edx & CPUID_8000_0001_EDX_PAGE1GB;

	return page_table_init(&cell->stage2, vendor->stage2_format, has_1g ? 3 : 2, hv_to_phys(0));
}

#define UART_LSR       5
#define UART_LSR_EMPTY 0x20
#define UART_TRIES     100000

/* The hypervisor's console doubled on a serial port, where the system configuration names one. */
void arch_debug_putc(char c)
{
	const struct cell_console *console = system_desc ? &system_desc->debug_console : NULL;
	uint8_t status;

	if (!console || console->type != CONSOLE_8250 || (console->flags & CONSOLE_FLAG_MMIO))
		return;
	/* Bounded: a port without a UART reads as all ones, one that is stuck must not stop us. */
	for (unsigned int tries = 0; tries < UART_TRIES; tries++) {
		asm volatile("inb %w1, %0" : "=a"(status) : "d"(console->address + UART_LSR));
		if (status & UART_LSR_EMPTY)
			break;
	}
	asm volatile("outb %0, %w1" : : "a"(c), "d"(console->address));
}
