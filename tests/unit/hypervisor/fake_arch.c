// SPDX-License-Identifier: GPL-2.0-only
/* What the files under test find below them in the fake machine. */
#include <string.h>

#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/setup/setup.h"
#include "arch/x86/svm.h"
#include "arch/x86/svm/svm.h"
#include "core/page_pool.h"
#include "fake_machine.h"

struct fake_cpu *fake_cpu_of(const struct cpu *cpu)
{
	return &machine.cpus[cpu->id];
}

/* What the architecture does. */

void arch_write_back(const void *start, uint64_t size)
{
}

void arch_debug_putc(char c)
{
	if (machine.debug_size < sizeof(machine.debug) - 1)
		machine.debug[machine.debug_size++] = c;
}

/* Each look at the clock finds it further. */
uint64_t arch_clock(void)
{
	machine.clock += machine.clock_step;
	return machine.clock;
}

uint64_t arch_clock_khz(void)
{
	return CLOCK_KHZ;
}

void arch_cpu_kick(struct cpu *cpu)
{
	if (machine.running == (int)cpu->id)
		return;
	fake_cpu_of(cpu)->kicked = true;
	fake_cpu_of(cpu)->kicks++;
}

bool arch_cpu_reset(struct cpu *cpu)
{
	if (cpu->state != CPU_LOST)
		machine_give_up("a CPU is reset that does not stand still");
	fake_cpu_of(cpu)->resets++;
	return !fake_cpu_of(cpu)->keeps_init;
}

void arch_cpu_flush(struct cpu *cpu)
{
	if (machine.running != (int)cpu->id)
		machine_give_up("a CPU flushes another one's TLB");
	fake_cpu_of(cpu)->flushes++;
	fake_cpu_of(cpu)->owed = cpu->pending & PENDING_FLUSH;
	machine_empty_tlb(cpu->id);
}

void arch_cpu_act(struct cpu *cpu, enum cpu_pending order)
{
	if (order == PENDING_LEAVE) {
		machine.leaving = machine.leaving || !cpu->entered;
		if (cpu->entered) {
			cpu->state = CPU_LOST;
			fake_cpu_of(cpu)->deaf = DEAF_FOR_EVER;
		}
		return;
	}
	fake_cpu_of(cpu)->acts++;
	fake_cpu_of(cpu)->last_act = order;
	fake_cpu_of(cpu)->act_cell = cpu->cell;
	cpu->state = order == PENDING_START  ? CPU_RUNNING
		     : order == PENDING_WAIT ? CPU_WAITING
					     : CPU_PARKED;
	machine_empty_tlb(cpu->id);
}

uint32_t arch_cpu_signals(struct cpu *cpu)
{
	uint32_t now = ARCH_PENDING_SIGNALS & ~machine.later;

	fake_cpu_of(cpu)->signals |= cpu->pending & now;
	cpu_post(cpu, now, 0);
	if (machine.on_signals)
		machine.on_signals(cpu);
	return machine.later;
}

bool arch_cpu_record(struct cpu *cpu, struct failure_record *record)
{
	if (cpu->state != CPU_RUNNING)
		return false;
	record->cpu = cpu->id;
	record->rip = fake_cpu_of(cpu)->regs[VCPU_RIP];
	return true;
}

void arch_comm_init(struct cell *cell, struct comm_region *comm)
{
	comm->num_cpus = __builtin_popcountll(cell->cpus.word[0]);
}

int arch_cell_map_interrupt_controller(struct cell *cell)
{
	return page_table_map(&cell->stage2, APIC_PAGE, APIC_PAGE, PAGE_SIZE, PT_READ | PT_DEVICE,
			      true);
}

bool arch_overlaps_interrupt_controller(uint64_t phys, uint64_t size)
{
	return ranges_overlap(phys, size, APIC_PAGE, PAGE_SIZE);
}

void *arch_map_page(unsigned int slot, uint64_t phys, bool device)
{
	if (ranges_overlap(phys, 1, HV_START, HV_SIZE))
		return hv_to_virt(phys & PAGE_MASK);
	machine.device_accesses += device;
	if (device && phys - DEVICE < DEVICE_SIZE)
		return machine.device + ((phys - DEVICE) & PAGE_MASK);
	if (phys >= RAM_SIZE)
		machine_give_up("something is mapped that is no RAM");
	return machine.ram + (phys & PAGE_MASK);
}

/* Registers of devices: of the device as a whole they are memory, of a function what it has. */
static uint8_t *device_bytes(uint64_t phys, const uint8_t **ret_writable)
{
	static const uint8_t all[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	*ret_writable = all;
	if (phys - DEVICE < DEVICE_SIZE)
		return machine.device + (phys - DEVICE);
	for (unsigned int n = 0; n < MACHINE_FUNCTIONS; n++) {
		struct fake_function *fn = &machine.functions[n];

		if (!fn->page || phys - fn->page >= PAGE_SIZE)
			continue;
		*ret_writable = (uint8_t *)fn->writable + (phys - fn->page);
		return (uint8_t *)fn->words + (phys - fn->page);
	}
	return NULL;
}

static void check_device_access(uint64_t phys, unsigned int width)
{
	if ((width != 1 && width != 2 && width != 4) || (phys & (width - 1)))
		machine_give_up("a device is accessed by what it may not understand");
}

uint32_t arch_device_read(uint64_t phys, unsigned int width)
{
	const uint8_t *writable, *bytes = device_bytes(phys, &writable);
	uint32_t value = ~0u;

	check_device_access(phys, width);
	if (bytes)
		value = 0;
	for (unsigned int n = 0; bytes && n < width; n++)
		value |= (uint32_t)bytes[n] << 8 * n;
	return value;
}

void arch_device_write(uint64_t phys, unsigned int width, uint32_t value)
{
	const uint8_t *writable;
	uint8_t *bytes = device_bytes(phys, &writable);

	check_device_access(phys, width);
	for (unsigned int n = 0; bytes && n < width; n++)
		bytes[n] = (bytes[n] & ~writable[n]) | (value >> 8 * n & writable[n]);
	if (machine.on_device_write)
		machine.on_device_write(phys, width);
}

int arch_stage2_create(struct cell *cell)
{
	return page_table_init(&cell->stage2, &paging_nested_format, 3, hv_to_phys(0));
}

/* What the processor and the vendor do. */

static uint64_t *fake_msr(uint32_t msr)
{
	for (unsigned int n = 0; n < machine.num_msrs; n++) {
		if (machine.msrs[n].number == msr)
			return &machine.msrs[n].value;
	}
	if (machine.num_msrs == MACHINE_MSRS)
		machine_give_up("more MSRs than the machine can have");
	machine.msrs[machine.num_msrs].number = msr;
	return &machine.msrs[machine.num_msrs++].value;
}

uint64_t rdmsr(uint32_t msr)
{
	if (msr == MSR_APIC_BASE)
		return APIC_PAGE | APIC_BASE_ENABLE | APIC_BASE_BSP;
	return *fake_msr(msr);
}

void wrmsr(uint32_t msr, uint64_t value)
{
	*fake_msr(msr) = value;
	machine.msr_writes++;
	if (machine.on_wrmsr)
		machine.on_wrmsr(msr, value);
}

bool msr_try_read(uint32_t msr, uint64_t *ret_value)
{
	if (machine.msr_faults && machine.msr_faults(msr))
		return false;
	*ret_value = rdmsr(msr);
	return true;
}

bool msr_try_write(uint32_t msr, uint64_t value)
{
	if (machine.msr_faults && machine.msr_faults(msr))
		return false;
	wrmsr(msr, value);
	return true;
}

/* The machine's ports of PCI configuration space. */

uint32_t port_in(uint16_t port, unsigned int width)
{
	uint32_t value = port < 0xcfc ? machine.pci_address : machine.pci_data;

	machine.pci_accesses += port >= 0xcfc;
	return width == 4 ? value : (value >> (port & 3) * 8) & ((1u << 8 * width) - 1);
}

void port_out(uint16_t port, unsigned int width, uint32_t value)
{
	machine.pci_accesses++;
	machine.pci_written = value;
	machine.pci_port = port;
}

/* Interrupt controllers: an entry by the edge has nothing in service. */

static struct fake_ioapic *fake_ioapic(uint64_t phys)
{
	uint64_t n = (phys - IO_APIC) / PAGE_SIZE;

	return n < IO_APICS ? &machine.ioapics[n] : NULL;
}

uint32_t ioapic_get(uint64_t phys, unsigned int index)
{
	const struct fake_ioapic *ioapic = fake_ioapic(phys);

	if (!ioapic)
		return IOAPIC_NOT_THERE;
	if (index == IOAPIC_VERSION)
		return 0x20 | (IO_APIC_PINS - 1) << 16;
	return index < IOAPIC_ENTRY
		       ? ioapic->id
		       : ioapic->entries[(index - IOAPIC_ENTRY) / 2] >> 32 * (index & 1);
}

void ioapic_set(uint64_t phys, unsigned int index, uint32_t value)
{
	struct fake_ioapic *ioapic = fake_ioapic(phys);
	uint64_t *entry;

	if (index < IOAPIC_ENTRY) {
		ioapic->id = value;
		return;
	}
	entry = &ioapic->entries[(index - IOAPIC_ENTRY) / 2];
	if (index & 1)
		*entry = (uint32_t)*entry | (uint64_t)value << 32;
	else
		*entry = (*entry & ~(0xffffffffull & ~IOAPIC_REMOTE_IRR)) |
			 (value & ~IOAPIC_REMOTE_IRR);
	if (!(*entry & IOAPIC_LEVEL))
		*entry &= ~IOAPIC_REMOTE_IRR;
	if (machine.on_ioapic)
		machine.on_ioapic(ioapic, (index - IOAPIC_ENTRY) / 2);
}

void ioapic_end(uint64_t phys, uint32_t vector)
{
	fake_ioapic(phys)->ended = vector;
}

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	uint32_t bits = machine.cpuid_bits;

	machine.cpuid_asked[0] = leaf;
	machine.cpuid_asked[1] = subleaf;
	if (machine.cpuid_ends && !(leaf & 0xffff))
		return (struct cpuid){.eax = leaf};
	return (struct cpuid){bits, bits, bits, bits};
}

static unsigned int vendor_fetched(const struct cpu *cpu, uint8_t *bytes)
{
	memcpy(bytes, fake_cpu_of(cpu)->code, INSTRUCTION_MAX);
	return INSTRUCTION_MAX;
}

static void vendor_advance(struct cpu *cpu, unsigned int bytes)
{
	fake_cpu_of(cpu)->regs[VCPU_RIP] += bytes;
}

int machine_next(struct cpu *cpu, int verdict)
{
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (!vcpu_get(cpu, VCPU_NEXT_RIP))
		machine_give_up("nobody has said where the guest goes on");
	vcpu_set(cpu, VCPU_RIP, vcpu_get(cpu, VCPU_NEXT_RIP));
	vcpu_set(cpu, VCPU_NEXT_RIP, 0);
	return VERDICT_HANDLED;
}

static void vendor_inject(struct cpu *cpu, unsigned int vector, bool has_error, uint32_t error)
{
	fake_cpu_of(cpu)->injected++;
	fake_cpu_of(cpu)->vector = vector;
}

static const struct vendor fake_vendor = {
	.name = "fake",
	.efer = EFER_SVME,
	.msr_rules = svm_msr_rules,
	.msr_constants = svm_msr_constants,
	.msr_resets = svm_msr_resets,
	.msr_map_pages = SVM_MSR_MAP_PAGES,
	.fill_msr_map = svm_msr_map_fill,
#define AT(reg) [reg] = (reg) * sizeof(uint64_t)
	.at = {AT(VCPU_RIP), AT(VCPU_NEXT_RIP), AT(VCPU_RSP), AT(VCPU_RFLAGS), AT(VCPU_CR0),
	       AT(VCPU_CR2), AT(VCPU_CR3), AT(VCPU_CR4), AT(VCPU_EFER), AT(VCPU_PAT), AT(VCPU_CS),
	       AT(VCPU_SS), AT(VCPU_DS), AT(VCPU_ES), AT(VCPU_CS_ATTRIBUTES), AT(VCPU_CS_BASE),
	       AT(VCPU_SS_BASE), AT(VCPU_DS_BASE)},
	.fetched = vendor_fetched,
	.advance = vendor_advance,
	.told_at = offsetof(struct fake_cpu, told) - offsetof(struct fake_cpu, regs),
	.inject_exception = vendor_inject,
};

const struct vendor *vendor = &fake_vendor;

enum verdict exit_fault(struct cpu *cpu, enum failure_reason reason, uint64_t address,
			uint64_t value, unsigned int size)
{
	memset(&cpu->failure, 0, sizeof(cpu->failure));
	cpu->failure.reason = reason;
	cpu->failure.address = address;
	cpu->failure.value = value;
	cpu->failure.size = size;
	return VERDICT_FAULT;
}

enum verdict exit_triple_fault(struct cpu *cpu)
{
	return exit_fault(cpu, FAILURE_TRIPLE_FAULT, 0, 0, 0);
}

void exit_exception_seen(struct cpu *cpu, unsigned int vector)
{
	cpu->arch.last_exception = vector;
	cpu->arch.last_exception_rip = vcpu_get(cpu, VCPU_RIP);
}

void record_tell(const struct cpu *cpu, const char *what)
{
	machine.told++;
}
