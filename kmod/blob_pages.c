// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blobs on their way from a program to the hypervisor. They need no memory that is contiguous,
 * which a machine that has run for long may not have.
 */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "cellvisor.h"

void *blob_copy(const void __user *blob, u32 size)
{
	void *copy;

	if (size <= PAGE_SIZE)
		return memdup_user(blob, size);
	copy = vmalloc(size);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, blob, size)) {
		vfree(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}

int blob_call(u32 code, const struct cell_desc *desc, u64 arg2)
{
	u64 size = cell_desc_size(desc), *pages;
	int err;

	if (!is_vmalloc_addr(desc))
		return cellvisor_hypercall(code, virt_to_phys((void *)desc), arg2);
	pages = kmalloc_array(DIV_ROUND_UP(size, PAGE_SIZE), sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (u64 done = 0; done < size; done += PAGE_SIZE)
		pages[done / PAGE_SIZE] = PFN_PHYS(vmalloc_to_pfn((const void *)desc + done));
	err = cellvisor_hypercall(code, virt_to_phys(pages) | HC_BLOB_IN_PAGES, arg2);
	kfree(pages);
	return err;
}
