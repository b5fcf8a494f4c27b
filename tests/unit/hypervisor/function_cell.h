/* SPDX-License-Identifier: GPL-2.0-only */
/* A function of the machine, the cell that has it, and what else stands beside it. */
#ifndef FUNCTION_CELL_H
#define FUNCTION_CELL_H

#include "linked_cells.h"
#include "pci/function.h"

#define NIC	    0x0018 /* 0000:00:03.0 */
#define OTHER	    0x0020 /* one that stays root's */
#define NIC_PAGE    (MMCONFIG + NIC * 0x1000ull)
#define OTHER_PAGE  (MMCONFIG + OTHER * 0x1000ull)
#define NIC_BAR0    DEVICE	      /* two pages */
#define NIC_TABLE   (DEVICE + 0x4000) /* BAR 1 and 2: one, with MSI-X */
#define NIC_SMALL   (DEVICE + 0x6100) /* BAR 4: 256 bytes */
#define NIC_PORTS   0xc000u	      /* BAR 3: 32 ports */
#define GUEST_BAR0  0x80000000ull
#define NIC_VECTORS 3u
#define CAP_AT_PM   0x40u
#define CAP_AT_MSI  0x48u
#define CAP_AT_MSIX 0x60u
#define CAP_AT_PCIE 0x70u
#define CAP_AT_VPD  0x90u
#define EXT_AT_AER  0x100u
#define EXT_AT_IOV  0x140u

#define EXT(id) (BLOB_PCI_CAP_EXTENDED | (id))

static inline void set_word(struct fake_function *fn, unsigned int at, uint32_t value,
			    uint32_t writable)
{
	fn->words[at / 4] = value;
	fn->writable[at / 4] = writable;
}

static inline uint32_t nic_word(unsigned int at)
{
	return machine.functions[0].words[at / 4];
}

static inline void build_nic(void)
{
	struct fake_function *nic = &machine.functions[0], *other = &machine.functions[1];

	nic->page = NIC_PAGE;
	set_word(nic, 0x00, 0x10d38086, 0);
	set_word(nic, 0x04, 0x00100406, 0x00000547);
	set_word(nic, 0x08, 0x02000003, 0);
	/* One of several functions; it can test itself, which is no cell's to begin. */
	set_word(nic, 0x0c, 0x00800000, 0xff00ffff);
	set_word(nic, 0x10, NIC_BAR0, 0xffffe000);
	set_word(nic, 0x14, NIC_TABLE | 4, 0xfffff000);
	set_word(nic, 0x18, 0, 0xffffffff);
	set_word(nic, 0x1c, NIC_PORTS | 1, 0xffffffe0);
	set_word(nic, 0x20, NIC_SMALL, 0xffffff00);
	set_word(nic, 0x2c, 0xa1b2c3d4, 0);
	set_word(nic, 0x30, 0xfc000001, 0xffff0001);
	set_word(nic, 0x34, CAP_AT_PM, 0);
	set_word(nic, 0x3c, 0x0000010b, 0xff);
	/* Two bits of the way to the next one are reserved. */
	set_word(nic, CAP_AT_PM, 0x00020301 | CAP_AT_MSI << 8, 0);
	set_word(nic, CAP_AT_PM + 4, 0, 0x00008103);
	/* 64-bit, two vectors, each can be masked. */
	set_word(nic, CAP_AT_MSI, 0x01820005 | CAP_AT_MSIX << 8, 0x00710000);
	set_word(nic, CAP_AT_MSI + 4, 0, ~3u);
	set_word(nic, CAP_AT_MSI + 8, 0, ~0u);
	set_word(nic, CAP_AT_MSI + 12, 0, 0xffff);
	set_word(nic, CAP_AT_MSI + 16, 0, 3);
	set_word(nic, CAP_AT_MSIX, 0x00000011 | CAP_AT_PCIE << 8 | (NIC_VECTORS - 1) << 16,
		 0xc0000000);
	set_word(nic, CAP_AT_MSIX + 4, 1, 0);
	set_word(nic, CAP_AT_MSIX + 8, 0x801, 0);
	set_word(nic, CAP_AT_PCIE, 0x00020010 | CAP_AT_VPD << 8, 0);
	set_word(nic, CAP_AT_PCIE + 8, 0x281f, 0xffff);
	set_word(nic, CAP_AT_VPD, 0x00000003, 0xffff0000);
	set_word(nic, EXT_AT_AER, 0x00010001 | EXT_AT_IOV << 20, 0);
	set_word(nic, EXT_AT_AER + 8, 0, ~0u);
	set_word(nic, EXT_AT_IOV, 0x00010010, 0);
	set_word(nic, EXT_AT_IOV + 8, 0, ~0u);
	other->page = OTHER_PAGE;
	set_word(other, 0x00, 0x12345678, 0);
	set_word(other, 0x10, 0, 0xfffff000);
	set_word(other, 0x40, 0, ~0u);
}

/* A plan and all that it points to; to be changed before it is made. */
struct nic_plan {
	struct blob_memory memory[5];
	struct blob_pci_device device;
	struct blob_pci_capability caps[6];
	struct blob_pio pio;
	struct cell_plan plan;
};

static inline void plan_nic(struct nic_plan *p, enum link_cell cell)
{
	static const char *const names[] = {"one", "two", "three"};
	uint64_t ram = 0x400000 + cell * 0x10000;

	*p = (struct nic_plan){
		.memory = {{ram, 0, 0x2000, RWX | BLOB_MEM_LOADABLE | BLOB_MEM_DMA},
			   {0, 0x100000, 0x1000, RW | BLOB_MEM_COMM_REGION},
			   {NIC_BAR0, GUEST_BAR0, 0x2000, RW | BLOB_MEM_IO},
			   {NIC_SMALL, NIC_SMALL, 0x100, RW | BLOB_MEM_IO}},
		.device = {.type = BLOB_PCI_DEVICE,
			   .bdf = NIC,
			   .bar_mask = {0xffffe000, 0xfffff000, 0xffffffff, 0xffffffe0, 0xffffff00},
			   .num_caps = 6,
			   .num_msi_vectors = 2,
			   .msi_flags = BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE,
			   .num_msix_vectors = NIC_VECTORS,
			   .msix_region_size = 0x1000,
			   .msix_address = NIC_TABLE},
		.caps = {{1, CAP_AT_PM, 8, BLOB_PCI_CAP_WRITABLE},
			 {5, CAP_AT_MSI, 0x18, BLOB_PCI_CAP_WRITABLE},
			 {0x11, CAP_AT_MSIX, 0xc, BLOB_PCI_CAP_WRITABLE},
			 {3, CAP_AT_VPD, 8, 0},
			 {EXT(1), EXT_AT_AER, 0x40, BLOB_PCI_CAP_WRITABLE},
			 {EXT(0x10), EXT_AT_IOV, 0x40, BLOB_PCI_CAP_WRITABLE}},
		.pio = {NIC_PORTS, 0x20},
	};
	p->plan = (struct cell_plan){
		.name = names[cell],
		.id = cell + 1,
		.flags = BLOB_CELL_PASSIVE_COMMREG,
		.cpus = 1ull << cpu_of(cell),
		.memory = p->memory,
		.num_memory = 4,
		.pio = &p->pio,
		.num_pio = 1,
		.devices = &p->device,
		.num_devices = 1,
		.caps = p->caps,
		.num_caps = 6,
	};
}

static inline int create_nic(enum link_cell cell)
{
	struct nic_plan p;

	plan_nic(&p, cell);
	return machine_create(&p.plan);
}

/* One that runs and has it. */
static inline void open_nic(void)
{
	open_linked();
	build_nic();
	if (create_nic(ONE) < 0 || machine_hypercall(HC_CELL_START, 1, 0) < 0)
		machine_give_up("the cell with the function cannot be made");
}

/* By ports. */
static inline uint64_t by_port(unsigned int cpu, uint32_t address, uint16_t port,
			       unsigned int width)
{
	if (cpu)
		port_write(cpu, 0xcf8, 4, address);
	else
		machine.pci_address = address;
	return port_read(cpu, port, width);
}

#endif /* FUNCTION_CELL_H */
