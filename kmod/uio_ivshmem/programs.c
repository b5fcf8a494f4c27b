// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs have of a device (uio_ivshmem.h). Maps are filled page by page when they are
 * touched, under a lock that tells whether the device is still there: a mapping that is being made
 * while it goes cannot outlive it.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "uio_ivshmem/device.h"

static_assert(UIO_IVSHMEM_MAP_COUNT <= MAX_UIO_MAPS);

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set, vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

static unsigned int rings_per_second = 25000;
module_param(rings_per_second, uint, 0644);
MODULE_PARM_DESC(rings_per_second, "rings of one link that interrupt Linux, at most");

static const char *const map_names[] = {UIO_IVSHMEM_MAPS(WORD_ENTRY)};

static void section_opened(struct vm_area_struct *vma)
{
	struct section *section = vma->vm_private_data;

	kref_get(&section->device->references);
}

static void section_closed(struct vm_area_struct *vma)
{
	struct section *section = vma->vm_private_data;

	device_put(section->device);
}

static vm_fault_t section_fault(struct vm_fault *fault)
{
	struct section *section = fault->vma->vm_private_data;
	struct ivshmem *device = section->device;
	vm_fault_t result = VM_FAULT_SIGBUS;
	u64 page = fault->pgoff - section->map;

	down_read(&device->presence);
	if (device->present && page < section->size >> PAGE_SHIFT)
		result =
			vmf_insert_pfn(fault->vma, fault->address, PHYS_PFN(section->start) + page);
	up_read(&device->presence);
	return result;
}

static const struct vm_operations_struct section_operations = {
	.open = section_opened,
	.close = section_closed,
	.fault = section_fault,
};

static bool may_write(const struct section *section)
{
	return section->what != UIO_IVSHMEM_STATE_TABLE && section->what != UIO_IVSHMEM_OUTPUTS;
}

/* UIO has found the map, and that it is as large as what is asked for. */
static int map_section(struct uio_info *info, struct vm_area_struct *vma)
{
	struct ivshmem *device = info->priv;
	struct section *section = &device->sections[vma->vm_pgoff];
	vm_flags_t never = VM_MAYEXEC | (may_write(section) ? 0 : VM_MAYWRITE);

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if ((vma->vm_flags & VM_EXEC) || ((vma->vm_flags & VM_WRITE) && !may_write(section)))
		return -EACCES;
	vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP, never);
	if (section->what == UIO_IVSHMEM_REGISTERS)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &section_operations;
	vma->vm_private_data = section;
	section_opened(vma);
	return 0;
}

/* A mapping holds its file open: the inodes are all that has to be known of mappings. */
static int device_opened(struct uio_info *info, struct inode *inode)
{
	struct opener *opener = kmalloc(sizeof(*opener), GFP_KERNEL);
	struct ivshmem *device = info->priv;

	if (!opener)
		return -ENOMEM;
	ihold(inode);
	opener->inode = inode;
	mutex_lock(&device->openers_lock);
	list_add(&opener->entry, &device->openers);
	mutex_unlock(&device->openers_lock);
	return 0;
}

static void forget_opener(struct opener *opener)
{
	list_del(&opener->entry);
	iput(opener->inode);
	kfree(opener);
}

static int device_released(struct uio_info *info, struct inode *inode)
{
	struct ivshmem *device = info->priv;
	struct opener *opener;

	mutex_lock(&device->openers_lock);
	list_for_each_entry (opener, &device->openers, entry) {
		if (opener->inode == inode) {
			forget_opener(opener);
			break;
		}
	}
	if (list_empty(&device->openers))
		device_fall_silent(device);
	mutex_unlock(&device->openers_lock);
	return 0;
}

static int control_interrupts(struct uio_info *info, s32 on)
{
	struct ivshmem *device = info->priv;

	if (on != 0 && on != 1)
		return -EINVAL;
	writel(on ? IVSHMEM_INT_ENABLE : 0, device->registers + IVSHMEM_INT_CONTROL);
	return 0;
}

static bool rung_too_often(struct ivshmem *device)
{
	unsigned long now = jiffies;
	unsigned int rings = READ_ONCE(device->tick) == now ? READ_ONCE(device->rings) + 1 : 1;

	WRITE_ONCE(device->tick, now);
	WRITE_ONCE(device->rings, rings);
	return rings >= max(READ_ONCE(rings_per_second) / HZ, 1u);
}

/*
 * A peer may ring in a loop, and this CPU would do nothing else. What comes while the interrupt is
 * disabled is kept as one, and told afterwards.
 */
static irqreturn_t vector_rung(int irq, void *data)
{
	struct vector *vector = data;

	uio_event_notify(&vector->info);
	if (rung_too_often(vector->info.priv)) {
		disable_irq_nosync(irq);
		mod_timer(&vector->pause, jiffies + 1);
	}
	return IRQ_HANDLED;
}

static void end_pause(struct timer_list *timer)
{
	struct vector *vector = from_timer(vector, timer, pause);
	struct ivshmem *device = vector->info.priv;

	enable_irq(pci_irq_vector(device->pci, vector - device->vectors));
}

static void add_section(struct ivshmem *device, enum uio_ivshmem_map what, phys_addr_t start,
			u64 size)
{
	unsigned int map = device->map_count;

	if (!size)
		return;
	device->sections[map] = (struct section){device, what, map, start, size};
	device->vectors[0].info.mem[map] = (struct uio_mem){
		.name = map_names[what],
		.addr = start,
		.size = size,
		.memtype = UIO_MEM_PHYS,
	};
	device->map_count++;
}

static void add_sections(struct ivshmem *device)
{
	const struct layout *layout = &device->layout;
	phys_addr_t common = layout->base + layout->state_size;
	phys_addr_t outputs = common + layout->common_size;

	add_section(device, UIO_IVSHMEM_REGISTERS,
		    pci_resource_start(device->pci, IVSHMEM_BAR_REGISTERS), PAGE_SIZE);
	add_section(device, UIO_IVSHMEM_STATE_TABLE, layout->base, layout->state_size);
	add_section(device, UIO_IVSHMEM_COMMON, common, layout->common_size);
	add_section(device, UIO_IVSHMEM_OUTPUTS, outputs, layout->output_size * layout->peers);
	add_section(device, UIO_IVSHMEM_OUTPUT, outputs + layout->output_size * layout->id,
		    layout->output_size);
}

static int add_vector(struct ivshmem *device, unsigned int n)
{
	struct vector *vector = &device->vectors[n];
	int err;

	snprintf(vector->name, sizeof(vector->name), UIO_IVSHMEM_VECTOR_NAME, n);
	snprintf(vector->irq_name, sizeof(vector->irq_name), DRIVER_NAME "-%s-%u",
		 pci_name(device->pci), n);
	vector->info.name = vector->name;
	vector->info.version = "2.0";
	vector->info.irq = device->vector_count ? UIO_IRQ_CUSTOM : UIO_IRQ_NONE;
	vector->info.priv = device;
	vector->info.mmap = map_section;
	vector->info.open = device_opened;
	vector->info.release = device_released;
	vector->info.irqcontrol = control_interrupts;
	timer_setup(&vector->pause, end_pause, 0);
	err = uio_register_device(&device->pci->dev, &vector->info);
	if (err || !device->vector_count)
		return err;
	/* What was rung in between is pending. */
	err = request_irq(pci_irq_vector(device->pci, n), vector_rung, 0, vector->irq_name, vector);
	if (err)
		uio_unregister_device(&vector->info);
	return err;
}

/*
 * UIO's read() looks whether the device is still there, and only then falls asleep: the wake-up on
 * removal may come too early for it. Wake it once more.
 */
static void remove_vector(struct ivshmem *device, unsigned int n)
{
	struct vector *vector = &device->vectors[n];
	struct device *node = &vector->info.uio_dev->dev;

	if (device->vector_count) {
		/* No pause begins from here on, and one that ends does not let it in. */
		disable_irq(pci_irq_vector(device->pci, n));
		del_timer_sync(&vector->pause);
		free_irq(pci_irq_vector(device->pci, n), vector);
	}
	get_device(node);
	uio_unregister_device(&vector->info);
	uio_event_notify(&vector->info);
	put_device(node);
}

static unsigned int uio_count(const struct ivshmem *device)
{
	return max(device->vector_count, 1u);
}

/* Nobody fills maps any more: whoever touches them from now on has SIGBUS. */
static void empty_maps(struct ivshmem *device)
{
	struct opener *opener;

	down_write(&device->presence);
	device->present = false;
	up_write(&device->presence);
	mutex_lock(&device->openers_lock);
	list_for_each_entry (opener, &device->openers, entry)
		unmap_mapping_range(opener->inode->i_mapping, 0, 0, 1);
	mutex_unlock(&device->openers_lock);
}

/* From this vector on; those before are not there yet. Who is woken finds his maps empty. */
static void remove_vectors(struct ivshmem *device, unsigned int first)
{
	struct opener *opener, *next;

	empty_maps(device);
	for (unsigned int n = first; n < uio_count(device); n++)
		remove_vector(device, n);
	list_for_each_entry_safe (opener, next, &device->openers, entry)
		forget_opener(opener);
}

int programs_add(struct ivshmem *device)
{
	int count = device->pci->msix_cap ? pci_msix_vec_count(device->pci) : 0;
	int err;

	if (count < 0 || count > (int)IVSHMEM_MAX_VECTORS)
		return device_refuse(device, "number of vectors", count);
	if (count) {
		err = pci_alloc_irq_vectors(device->pci, count, count, PCI_IRQ_MSIX);
		if (err < 0)
			return err;
	}
	device->vector_count = count;
	add_sections(device);
	device->present = true;
	for (unsigned int n = uio_count(device); n-- > 0;) {
		err = add_vector(device, n);
		if (err) {
			remove_vectors(device, n + 1);
			pci_free_irq_vectors(device->pci);
			return err;
		}
	}
	return 0;
}

void programs_remove(struct ivshmem *device)
{
	remove_vectors(device, 0);
	pci_free_irq_vectors(device->pci);
}
