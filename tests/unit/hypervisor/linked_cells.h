/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells that share memory, and what their CPUs do to their devices. */
#ifndef LINKED_CELLS_H
#define LINKED_CELLS_H

#include <errno.h>
#include <string.h>

#include "arch/x86/asm.h"

#include "arch/x86/exit/exit.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/setup/setup.h"
#include "fake_machine.h"
#include "pci/link.h"

#define MMCONFIG	0xe0000000ull
#define BDF		0x00f0 /* 0000:00:1e.0 */
#define FUNCTION	(MMCONFIG + BDF * 0x1000ull)
#define SHARED		0xb00000ull /* physical */
#define GUEST_SHARED	0x40000000ull
#define REGISTERS	0xc0000000ull /* where tests place BAR 0, BAR 1 behind */
#define TABLE		(REGISTERS + 0x1000)
#define VECTORS		3
#define PEERS		3
#define LINK_SECTIONS	(SHMEM_OUTPUT + PEERS)
#define MESSAGE_TO(cpu) (0xfee00000 | machine_apic_ids[cpu] << 12)
#define BAR_ROOT	(DEVICE + 0x8000)
#define LINK_PAGES	(2 + 2 * PEERS)

enum link_cell { ONE, TWO, THREE };

/* Cell n has CPU n + 1; CPU 0 is root's. */
static inline unsigned int cpu_of(enum link_cell cell)
{
	return cell + 1;
}

/* A plan and all that it points to; to be changed before it is made. */
struct link_plan {
	struct blob_memory memory[LINK_SECTIONS + 2];
	struct blob_pci_device device;
	struct cell_plan plan;
};

static inline void plan_sections(struct blob_memory *memory, uint64_t virt, unsigned int peer,
				 uint64_t flags)
{
	uint64_t at = 0;

	for (unsigned int n = 0; n < LINK_SECTIONS; n++) {
		uint64_t size = n < SHMEM_OUTPUT ? 0x1000 : 0x2000;
		bool write = n == SHMEM_READ_WRITE || n == SHMEM_OUTPUT + peer;

		memory[n] =
			(struct blob_memory){SHARED + at, virt + at, size,
					     BLOB_MEM_READ | (write ? BLOB_MEM_WRITE : 0) | flags};
		at += size;
	}
}

static inline struct blob_pci_device plan_device(unsigned int peer)
{
	return (struct blob_pci_device){
		.type = BLOB_PCI_IVSHMEM,
		.bdf = BDF,
		.bar_mask = {0xfffff000, 0xfffff000},
		.num_msix_vectors = VECTORS,
		.shmem_dev_id = peer,
		.shmem_peers = PEERS,
		.shmem_protocol = 0x4123,
	};
}

/* Peer number n + 1: root is 0. */
static inline void plan_linked(struct link_plan *p, enum link_cell cell, uint64_t flags)
{
	static const char *const names[] = {"one", "two", "three"};
	uint64_t ram = 0x400000 + cell * 0x10000;

	memset(p, 0, sizeof(*p));
	plan_sections(p->memory, GUEST_SHARED, cell + 1, flags);
	p->memory[LINK_SECTIONS] = (struct blob_memory){ram, 0, 0x2000, RWX | BLOB_MEM_LOADABLE};
	p->memory[LINK_SECTIONS + 1] =
		(struct blob_memory){0, 0x100000, 0x1000, RW | BLOB_MEM_COMM_REGION};
	p->device = plan_device(cell + 1);
	p->plan = (struct cell_plan){
		.name = names[cell],
		.id = cell + 1,
		.flags = BLOB_CELL_PASSIVE_COMMREG,
		.cpus = 1ull << cpu_of(cell),
		.memory = p->memory,
		.num_memory = LINK_SECTIONS + 2,
		.devices = &p->device,
		.num_devices = 1,
	};
}

static inline int create_linked(enum link_cell cell, uint64_t flags)
{
	struct link_plan p;

	plan_linked(&p, cell, flags);
	return machine_create(&p.plan);
}

static inline int destroy_linked(enum link_cell cell)
{
	int err;

	do {
		err = machine_hypercall(HC_CELL_DESTROY, cell + 1, 0);
	} while (err == -EINPROGRESS);
	return err;
}

/* An end of root's, as peer 0, whose sections lie so far behind those of the others. */
static inline int add_root_end(uint16_t bdf, uint64_t offset, uint64_t bar)
{
	struct blob_memory memory[LINK_SECTIONS];
	struct blob_pci_device device = plan_device(0);
	const struct cell_plan plan = {
		.name = "link",
		.memory = memory,
		.num_memory = LINK_SECTIONS,
		.devices = &device,
		.num_devices = 1,
	};
	struct cell_desc *desc = (void *)(machine.ram + BLOB_PHYS);
	size_t size;

	device.bdf = bdf;
	plan_sections(memory, SHARED, 0, 0);
	for (unsigned int n = 0; n < LINK_SECTIONS; n++)
		memory[n].phys_start = memory[n].virt_start += offset;
	size = plan_write(&plan, desc);
	/* No CPUs: what follows comes nearer. */
	memmove(desc + 1, (uint8_t *)(desc + 1) + desc->cpu_set_size,
		size - sizeof(*desc) - desc->cpu_set_size);
	desc->cpu_set_size = 0;
	return machine_hypercall(HC_CV_LINK_ADD, BLOB_PHYS, bar);
}

static inline int add_root(uint64_t bar)
{
	return add_root_end(BDF, 0, bar);
}

/* Root's plan, with configuration space. */
static inline const struct cell_plan *linked_root(void)
{
	static const struct blob_memory memory[] = {
		{0, 0, RAM_SIZE, RWX | BLOB_MEM_DMA},
		{DEVICE, DEVICE, DEVICE_SIZE, RW | BLOB_MEM_IO},
	};
	static const struct blob_pio pio[] = {{0, 0x8000}, {0x8000, 0x8000}};
	static const struct blob_irqchip chip = {.address = IO_APIC, .pin_bitmap = {0xffffff}};
	static const struct cell_plan root = {
		.name = "RootCell",
		.cpus = (1u << MACHINE_CPUS) - 1,
		.memory = memory,
		.num_memory = 2,
		.pio = pio,
		.num_pio = 2,
		.irqchips = &chip,
		.num_irqchips = 1,
		.mmconfig = MMCONFIG,
	};

	return &root;
}

static inline void open_linked(void)
{
	apic_x2 = true;
	machine_open(linked_root());
	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		machine.cpus[n].regs[VCPU_CS_ATTRIBUTES] = 0x0a9b;
		cpu_by_id(n)->arch.apic_dfr = ~0u;
	}
}

/* What a CPU does. */

struct touch {
	uint64_t at;
	unsigned int width;
	bool write;
	uint64_t value;
	enum verdict verdict;
};

/* MOV of this width between RAX and what RDI points to. */
static inline int do_touch(uint64_t argument)
{
	struct touch *touch = (void *)argument;
	struct cpu *cpu = this_cpu();
	uint8_t *code = fake_cpu_of(cpu)->code;
	unsigned int n = 0;

	memset(code, 0x90, INSTRUCTION_MAX);
	if (touch->width == 2)
		code[n++] = 0x66;
	if (touch->width == 8)
		code[n++] = 0x48;
	code[n++] = (touch->write ? 0x88 : 0x8a) | (touch->width > 1);
	code[n] = 0x07;
	cpu_gprs(cpu)->rax = touch->write ? touch->value : 0;
	cpu_gprs(cpu)->rdi = touch->at;
	touch->verdict = machine_next(cpu, exit_memory(cpu, touch->at, touch->write, false, false));
	touch->value = cpu_gprs(cpu)->rax;
	return 0;
}

static inline int do_port(uint64_t argument)
{
	struct touch *touch = (void *)argument;
	struct cpu *cpu = this_cpu();

	cpu_gprs(cpu)->rax = touch->write ? touch->value : 0;
	touch->verdict = exit_port(cpu, touch->at, touch->width, !touch->write, false, 1);
	touch->value = cpu_gprs(cpu)->rax;
	return 0;
}

/* What is read; or what no device gives, where the access was not carried out. */
static inline uint64_t touch_read(unsigned int cpu, int (*how)(uint64_t), uint64_t at,
				  unsigned int width)
{
	struct touch touch = {.at = at, .width = width};

	machine_call(cpu, how, (uint64_t)&touch);
	return touch.verdict == VERDICT_HANDLED ? touch.value : 0xdeadull << 48;
}

static inline bool touch_write(unsigned int cpu, int (*how)(uint64_t), uint64_t at,
			       unsigned int width, uint64_t value)
{
	struct touch touch = {.at = at, .width = width, .write = true, .value = value};

	machine_call(cpu, how, (uint64_t)&touch);
	return touch.verdict == VERDICT_HANDLED;
}

static inline uint64_t load(unsigned int cpu, uint64_t at, unsigned int width)
{
	return touch_read(cpu, do_touch, at, width);
}

static inline bool store(unsigned int cpu, uint64_t at, unsigned int width, uint64_t value)
{
	return touch_write(cpu, do_touch, at, width, value);
}

static inline uint64_t port_read(unsigned int cpu, uint16_t port, unsigned int width)
{
	return touch_read(cpu, do_port, port, width);
}

static inline bool port_write(unsigned int cpu, uint16_t port, unsigned int width, uint32_t value)
{
	return touch_write(cpu, do_port, port, width, value);
}

/* As a driver does: registers, vector n is interrupt 0x40 + n of this CPU, all switched on. */
static inline void set_up(unsigned int cpu)
{
	store(cpu, FUNCTION + 0x10, 4, REGISTERS);
	store(cpu, FUNCTION + 0x14, 4, TABLE);
	store(cpu, FUNCTION + 4, 2, 0x6);
	for (unsigned int n = 0; n < VECTORS; n++) {
		store(cpu, TABLE + n * 16, 4, MESSAGE_TO(cpu));
		store(cpu, TABLE + n * 16 + 4, 4, 0);
		store(cpu, TABLE + n * 16 + 8, 4, 0x40 + n);
		store(cpu, TABLE + n * 16 + 12, 4, 0);
	}
	store(cpu, FUNCTION + IVSHMEM_MSIX_CAP + 2, 2, 0x8000);
	store(cpu, REGISTERS + IVSHMEM_INT_CONTROL, 4, 1);
}

/* Interrupts that went to the hardware since the last time. */
static struct {
	uint32_t id, command;
} sent[16];
static unsigned int num_sent;

static inline void on_wrmsr(uint32_t msr, uint64_t value)
{
	if (msr != MSR_X2APIC(APIC_ICR_LOW) || num_sent == 16)
		return;
	sent[num_sent].id = value >> 32;
	sent[num_sent++].command = value;
}

/* Since the last time: so many, of which one is this. */
static inline bool has_sent(unsigned int count, unsigned int cpu, unsigned int vector)
{
	bool found = false;

	for (unsigned int n = 0; n < num_sent; n++)
		found |= sent[n].id == machine_apic_ids[cpu] &&
			 sent[n].command == (vector | ICR_ASSERT);
	found = (found || !count) && num_sent == count;
	num_sent = 0;
	return found;
}

/* Whose the memory is. */

#define SECTION(n) (SHARED + ((n) < SHMEM_OUTPUT ? (n)*0x1000 : 0x2000 + ((n)-2) * 0x2000))
#define LINK_SIZE  (LINK_PAGES * 0x1000ull)
#define ROOT_RAM   (PTE_PRESENT | PTE_WRITE)

/* The rights of a cell to a section, or of root (NULL) at its own address. */
static inline uint64_t rights(unsigned int id, unsigned int section)
{
	uint64_t offset = SECTION(section) - SHARED;
	uint64_t entry = machine_lookup(id ? cell_by_id(id) : &root_cell,
					id ? GUEST_SHARED + offset : SHARED + offset);

	if (entry && (entry & PTE_ADDRESS) != SHARED + offset)
		machine_give_up("a section is somewhere else");
	return entry & (PTE_PRESENT | PTE_WRITE);
}

/* That peer's: reads all, writes the common section and its own. */
static inline bool rights_of_peer(unsigned int id)
{
	for (unsigned int n = 0; n < LINK_SECTIONS; n++) {
		bool write = n == SHMEM_READ_WRITE || n == SHMEM_OUTPUT + id;

		if (rights(id, n) != (PTE_PRESENT | (write ? PTE_WRITE : 0)))
			return false;
	}
	return true;
}

static inline bool root_rights(uint64_t wanted)
{
	for (unsigned int n = 0; n < LINK_SECTIONS; n++) {
		if (rights(0, n) != wanted)
			return false;
	}
	return true;
}

static inline void fill(uint8_t byte)
{
	memset(machine.ram + SHARED, byte, LINK_SIZE);
}

static inline bool filled(uint8_t byte)
{
	for (uint64_t n = 0; n < LINK_SIZE; n++) {
		if (machine.ram[SHARED + n] != byte)
			return false;
	}
	return true;
}

#endif /* LINKED_CELLS_H */
