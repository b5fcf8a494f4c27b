// SPDX-License-Identifier: GPL-2.0-only
#include "sim_guest.h"

#include <errno.h>
#include <string.h>

#include "blob.h"

#define BLOB_AT	     0x200000ull
#define LINK_AT	     0x1800000ull
#define LINK_PEERS   2
#define NPF_WRITTEN  0x100000006ull
#define EFER_LONG    0x1d01 /* with SVME, as the processor wants it */
#define ATTR_CODE64  0x0a9b
#define CR0_LONG     0x80050033
#define CR4_PAE	     0x20
#define ENTRY_TABLE  0x007
#define ENTRY_DEVICE 0x09f /* write-through, uncached, 2 MiB */

long sim_hypercall(unsigned int cpu, uint32_t code, uint64_t argument1, uint64_t argument2)
{
	struct vmcb *vmcb = sim_vmcb(cpu);

	vmcb->rax = code;
	sim.cpu[cpu].reg[SIM_RDI] = argument1;
	sim.cpu[cpu].reg[SIM_RSI] = argument2;
	if (!sim_exit(cpu, VMEXIT_VMMCALL, 0, 0))
		return -1000;
	return (long)(int32_t)vmcb->rax;
}

void sim_long_mode(unsigned int cpu, uint64_t memory)
{
	uint64_t *pml4 = sim_memory(memory + SIM_TABLES_AT, 0x5000), *pdpt = pml4 + 512;
	uint64_t *low = pdpt + 512, *high = low + 512;
	struct vmcb *vmcb = sim_vmcb(cpu);

	pml4[0] = (SIM_TABLES_AT + 0x1000) | ENTRY_TABLE;
	pdpt[0] = (SIM_TABLES_AT + 0x2000) | ENTRY_TABLE;
	pdpt[3] = (SIM_TABLES_AT + 0x3000) | ENTRY_TABLE;
	/* The first 2 MiB by 4 KiB pages: the longest walk. */
	low[0] = (SIM_TABLES_AT + 0x4000) | ENTRY_TABLE;
	for (unsigned int n = 0; n < 512; n++)
		high[512 + n] = n << 12 | ENTRY_TABLE;
	high[SIM_APIC >> 21 & 511] = (SIM_APIC & ~0x1fffffull) | ENTRY_DEVICE;
	vmcb->cr3 = SIM_TABLES_AT;
	vmcb->cr0 = CR0_LONG;
	vmcb->cr4 |= CR4_PAE;
	vmcb->efer |= EFER_LONG;
	vmcb->cs.attributes = ATTR_CODE64;
	vmcb->cpl = 0;
}

void sim_write_code(unsigned int cpu, uint64_t memory, const void *code, unsigned int size)
{
	memcpy(sim.cpu[cpu].code, code, size);
	sim.cpu[cpu].code_size = size;
	memcpy(sim_memory(memory + SIM_CODE_AT, size), code, size);
	sim_vmcb(cpu)->rip = SIM_CODE_AT;
}

bool sim_linked;

/* An end's sections, and the device behind them. Returns where they end. */
static uint8_t *write_end(struct cell_desc *blob, uint8_t *at, unsigned int peer, uint64_t flags)
{
	const struct blob_pci_device device = {
		.type = BLOB_PCI_IVSHMEM,
		.bdf = SIM_LINK_BDF,
		.bar_mask = {0xfffff000, 0xfffff000},
		.num_msix_vectors = 1,
		.shmem_regions_start = blob->num_memory_regions,
		.shmem_dev_id = peer,
		.shmem_peers = LINK_PEERS,
	};

	for (unsigned int n = 0; n < 2 + LINK_PEERS; n++) {
		const struct blob_memory section = {
			LINK_AT + n * 0x1000, LINK_AT + n * 0x1000, 0x1000,
			BLOB_MEM_READ | flags | (n == 1 || n == 2 + peer ? BLOB_MEM_WRITE : 0)};

		memcpy(at, &section, sizeof(section));
		at += sizeof(section);
	}
	memcpy(at, &device, sizeof(device));
	blob->num_memory_regions += 2 + LINK_PEERS;
	blob->num_pci_devices = 1;
	return at + sizeof(device);
}

/* As its guest does it, by MOV of 32 bits. */
static bool write_memory(unsigned int cpu, uint64_t address, uint32_t value)
{
	sim_write_code(cpu, cpu ? SIM_CELL_MEMORY : 0, "\x89\x07", 2);
	sim_vmcb(cpu)->rax = value;
	sim.cpu[cpu].reg[SIM_RDI] = address;
	return sim_exit(cpu, VMEXIT_NPF, NPF_WRITTEN, address) &&
	       sim_vmcb(cpu)->rip == SIM_CODE_AT + 2;
}

static bool set_up_end(unsigned int cpu, unsigned int vector)
{
	const uint64_t config = SIM_MMCONFIG + SIM_LINK_BDF * 0x1000ull;
	const uint64_t registers = SIM_REGISTERS + (cpu ? 0 : 0x10000), table = registers + 0x1000;

	return write_memory(cpu, config + 0x10, registers) &&
	       write_memory(cpu, config + 0x14, table) && write_memory(cpu, config + 4, 6) &&
	       write_memory(cpu, table, 0xfee00000 | cpu << 12) &&
	       write_memory(cpu, table + 8, vector) && write_memory(cpu, table + 12, 0) &&
	       write_memory(cpu, config + 0x60, 0x80000000) && write_memory(cpu, registers + 8, 1);
}

bool sim_link_up(unsigned int cpu, unsigned int vector)
{
	struct cell_desc *blob = sim_memory(BLOB_AT, 0x1000);

	memset(blob, 0, sizeof(*blob));
	memcpy(blob->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	blob->revision = BLOB_REVISION;
	strcpy(blob->name, "link");
	write_end(blob, (uint8_t *)(blob + 1), 0, 0);
	return sim_hypercall(0, HC_CV_LINK_ADD, BLOB_AT, SIM_REGISTERS + 0x10000) == 0 &&
	       set_up_end(0, vector) && set_up_end(cpu, vector);
}

long sim_start_cell(unsigned int cpu)
{
	const uint64_t rights = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE;
	const struct blob_memory regions[] = {
		{SIM_CELL_MEMORY, 0, SIM_CELL_SIZE, rights | BLOB_MEM_LOADABLE},
		{0, SIM_CELL_COMM, 0x1000, BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_COMM_REGION},
	};
	uint8_t *end;
	struct cell_desc *blob = sim_memory(BLOB_AT, 0x1000);
	uint64_t cpus = 1ull << cpu;
	long result;

	memset(blob, 0, sizeof(*blob));
	memcpy(blob->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	blob->revision = BLOB_REVISION;
	strcpy(blob->name, "cell");
	blob->id = SIM_CELL_ID;
	blob->flags = BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_PASSIVE_COMMREG;
	blob->cpu_set_size = sizeof(cpus);
	blob->num_memory_regions = 2;
	memcpy(blob + 1, &cpus, sizeof(cpus));
	end = (uint8_t *)(blob + 1) + sizeof(cpus);
	memcpy(end, regions, sizeof(regions));
	if (sim_linked)
		write_end(blob, end + sizeof(regions), 1, BLOB_MEM_ROOTSHARED);
	result = sim_hypercall(0, HC_CELL_CREATE, BLOB_AT, 0);
	if (result >= 0)
		result = sim_hypercall(0, HC_CELL_START, SIM_CELL_ID, 0);
	return result < 0 ? result : SIM_CELL_ID;
}

long sim_destroy_cell(void)
{
	long result = -EINPROGRESS;

	for (unsigned int tries = 0; tries < 100 && result == -EINPROGRESS; tries++)
		result = sim_hypercall(0, HC_CELL_DESTROY, SIM_CELL_ID, 0);
	return result;
}

const struct public_area *sim_public(void)
{
	const struct image_header *header = (const void *)IMAGE_BASE;

	return (const void *)(IMAGE_BASE + header->public_offset);
}

const struct public_cell *sim_record(void)
{
	const struct public_area *area = sim_public();

	for (unsigned int slot = 0; slot < PUBLIC_MAX_CELLS; slot++) {
		/* Behind the communication region's page. */
		const struct public_cell *cell =
			(const void *)(IMAGE_BASE + area->cells[slot] + 4096);

		if (area->cells[slot] && cell->id == SIM_CELL_ID)
			return cell;
	}
	return NULL;
}
