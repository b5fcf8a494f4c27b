// SPDX-License-Identifier: GPL-2.0-only
/*
 * ivshmem 2.0 devices. What one says of itself is not believed: its memory may be none that Linux
 * itself uses, and no device's registers.
 */
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/slab.h>

#include "uio_ivshmem/device.h"

static void free_device(struct kref *references)
{
	kfree(container_of(references, struct ivshmem, references));
}

void device_put(struct ivshmem *device)
{
	kref_put(&device->references, free_device);
}

/* The peer that was here is gone: the others see it by its state. */
void device_fall_silent(struct ivshmem *device)
{
	writel(0, device->registers + IVSHMEM_INT_CONTROL);
	writel(0, device->registers + IVSHMEM_STATE);
}

static u64 read_config_u64(struct pci_dev *pci, int offset)
{
	u32 low = 0, high = 0;

	pci_read_config_dword(pci, offset, &low);
	pci_read_config_dword(pci, offset + 4, &high);
	return (u64)high << 32 | low;
}

int device_refuse(struct ivshmem *device, const char *what, u64 value)
{
	pci_err(device->pci, "refused, its %s cannot be right: 0x%llx\n", what, value);
	return -ENODEV;
}

static int read_layout(struct ivshmem *device)
{
	int capability = pci_find_capability(device->pci, PCI_CAP_ID_VNDR);
	struct layout *layout = &device->layout;
	const char *wrong;
	u8 length = 0;
	u32 size = 0;
	u64 value;

	if (capability)
		pci_read_config_byte(device->pci, capability + PCI_CAP_FLAGS, &length);
	if (length < IVSHMEM_CAP_SIZE || capability + IVSHMEM_CAP_SIZE > PCI_CFG_SPACE_SIZE)
		return device_refuse(device, "vendor capability's length", length);
	pci_read_config_dword(device->pci, capability + IVSHMEM_CAP_STATE, &size);
	layout->state_size = size;
	layout->common_size = read_config_u64(device->pci, capability + IVSHMEM_CAP_COMMON);
	layout->output_size = read_config_u64(device->pci, capability + IVSHMEM_CAP_OUTPUT);
	layout->base = read_config_u64(device->pci, capability + IVSHMEM_CAP_BASE);
	/* Each ring is an event, whatever the driver before wanted. */
	pci_write_config_byte(device->pci, capability + IVSHMEM_CAP_CONTROL, 0);
	layout->id = readl(device->registers + IVSHMEM_ID);
	layout->peers = readl(device->registers + IVSHMEM_MAX_PEERS);
	wrong = layout_check(layout, &value);
	return wrong ? device_refuse(device, wrong, value) : 0;
}

/* Memory that was taken from Linux is marked so; only that may be anybody's but Linux'. */
static bool all_taken_from_linux(phys_addr_t start, u64 size)
{
	for (u64 pfn = PHYS_PFN(start); pfn < PHYS_PFN(start + size); pfn++) {
		if (!pfn_valid(pfn) || !PageOffline(pfn_to_page(pfn)))
			return false;
		cond_resched();
	}
	return true;
}

static bool is_registers(phys_addr_t start, u64 size)
{
	struct resource range = DEFINE_RES_MEM(start, size);
	struct pci_dev *pci = NULL;

	for_each_pci_dev (pci) {
		for (unsigned int bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
			if (resource_type(&pci->resource[bar]) == IORESOURCE_MEM &&
			    resource_overlaps(&pci->resource[bar], &range)) {
				pci_dev_put(pci);
				return true;
			}
		}
	}
	return false;
}

static int claim_memory(struct ivshmem *device)
{
	bool allowed = false;

	switch (region_intersects(device->layout.base, device->layout.size, IORESOURCE_SYSTEM_RAM,
				  IORES_DESC_NONE)) {
	case REGION_INTERSECTS:
		allowed = all_taken_from_linux(device->layout.base, device->layout.size);
		break;
	case REGION_DISJOINT:
		/* Not where others' drivers are, or the processor has no addresses. */
		device->claimed = !is_registers(device->layout.base, device->layout.size) &&
				  request_mem_region(device->layout.base, device->layout.size,
						     pci_name(device->pci));
		allowed = device->claimed;
		break;
	}
	if (!allowed) {
		pci_err(device->pci, "refused, memory at 0x%llx, size 0x%llx is in use by Linux\n",
			device->layout.base, device->layout.size);
		return -EBUSY;
	}
	device->memory = memremap(device->layout.base, device->layout.size, MEMREMAP_WB);
	if (device->memory)
		return 0;
	if (device->claimed)
		release_mem_region(device->layout.base, device->layout.size);
	return -ENOMEM;
}

static void release_memory(struct ivshmem *device)
{
	memunmap(device->memory);
	if (device->claimed)
		release_mem_region(device->layout.base, device->layout.size);
}

static int map_registers(struct ivshmem *device)
{
	struct pci_dev *pci = device->pci;
	resource_size_t start = pci_resource_start(pci, IVSHMEM_BAR_REGISTERS);
	resource_size_t length = pci_resource_len(pci, IVSHMEM_BAR_REGISTERS);

	if (!(pci_resource_flags(pci, IVSHMEM_BAR_REGISTERS) & IORESOURCE_MEM) || !start ||
	    !PAGE_ALIGNED(start) || length < PAGE_SIZE)
		return device_refuse(device, "registers' address", start);
	device->registers = pci_iomap(pci, IVSHMEM_BAR_REGISTERS, 0);
	return device->registers ? 0 : -ENOMEM;
}

static struct ivshmem *allocate_device(struct pci_dev *pci)
{
	struct ivshmem *device = kzalloc(sizeof(*device), GFP_KERNEL);

	if (!device)
		return NULL;
	kref_init(&device->references);
	init_rwsem(&device->presence);
	mutex_init(&device->openers_lock);
	INIT_LIST_HEAD(&device->openers);
	device->pci = pci;
	return device;
}

static int ivshmem_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct ivshmem *device = allocate_device(pci);
	int err;

	if (!device)
		return -ENOMEM;
	err = pci_enable_device(pci);
	if (err)
		goto err_free;
	err = pci_request_regions(pci, DRIVER_NAME);
	if (err)
		goto err_disable;
	err = map_registers(device);
	if (err)
		goto err_regions;
	err = read_layout(device);
	if (!err)
		err = claim_memory(device);
	if (err)
		goto err_registers;
	pci_set_master(pci); /* interrupts are writes of the device */
	device_fall_silent(device);
	err = programs_add(device);
	if (err)
		goto err_memory;
	pci_set_drvdata(pci, device);
	return 0;

err_memory:
	release_memory(device);
err_registers:
	pci_iounmap(pci, device->registers);
err_regions:
	pci_release_regions(pci);
err_disable:
	pci_disable_device(pci);
err_free:
	device_put(device);
	return err;
}

static void ivshmem_remove(struct pci_dev *pci)
{
	struct ivshmem *device = pci_get_drvdata(pci);

	programs_remove(device);
	device_fall_silent(device);
	release_memory(device);
	pci_iounmap(pci, device->registers);
	pci_release_regions(pci);
	pci_disable_device(pci);
	device_put(device);
}

static const struct pci_device_id ivshmem_ids[] = {
	{PCI_DEVICE(IVSHMEM_VENDOR_ID, IVSHMEM_DEVICE_ID)},
	{},
};
MODULE_DEVICE_TABLE(pci, ivshmem_ids);

static struct pci_driver ivshmem_driver = {
	.name = DRIVER_NAME,
	.id_table = ivshmem_ids,
	.probe = ivshmem_probe,
	.remove = ivshmem_remove,
};
module_pci_driver(ivshmem_driver);

MODULE_AUTHOR("the cellmgr developers");
MODULE_DESCRIPTION("Shared memory between cells (ivshmem 2.0) for programs");
MODULE_LICENSE("GPL");
MODULE_VERSION(CELLMGR_RELEASE);
