// SPDX-License-Identifier: GPL-2.0-only
/* How a cell is loaded: images out of a program's memory into the cell's. */
#include <linux/io.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellvisor.h"

#define LOAD_CHUNK SZ_1M
#define MAX_IMAGES 64

/* target_address becomes physical. */
static int find_place(const struct managed_cell *cell, struct jailhouse_preload_image *image)
{
	const struct blob_memory *region = cell_desc_memory(cell->desc);
	u64 offset;

	for (u32 n = 0; n < cell->desc->num_memory_regions; n++, region++) {
		offset = image->target_address - region->virt_start;
		if ((region->flags & BLOB_MEM_LOADABLE) &&
		    image->target_address >= region->virt_start && offset <= region->size &&
		    image->size <= region->size - offset) {
			image->target_address = region->phys_start + offset;
			return 0;
		}
	}
	pr_cell(err, "cell %s: image of %llu bytes at 0x%llx fits no loadable region\n",
		cell->desc->name, image->size, image->target_address);
	return -EINVAL;
}

/* Without the lock: what is to be loaded may be nowhere yet. */
static int copy_image(const struct jailhouse_preload_image *image)
{
	unsigned long left;
	u64 done = 0;
	size_t chunk;
	void *memory;

	while (done < image->size) {
		chunk = min_t(u64, image->size - done, LOAD_CHUNK);
		memory = memremap(image->target_address + done, chunk, MEMREMAP_WB);
		if (!memory)
			return -ENOMEM;
		left = copy_from_user(memory, u64_to_user_ptr(image->source_address + done), chunk);
		machine_write_back(memory, chunk);
		memunmap(memory);
		if (left)
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		done += chunk;
		cond_resched();
	}
	return 0;
}

/* The cell is kept as it is meanwhile, unless the machine ends. */
static int load(struct managed_cell *cell, u32 count, struct jailhouse_preload_image *images)
{
	u64 serial = cell->serial;
	int err = 0;

	for (u32 n = 0; n < count && !err; n++)
		err = find_place(cell, &images[n]);
	if (err || !count)
		return err;
	cell_set_busy(cell, true);
	mutex_unlock(&cellvisor_lock);
	for (u32 n = 0; n < count && !err; n++)
		err = copy_image(&images[n]);
	mutex_lock(&cellvisor_lock);
	cell = cells_find_serial(serial);
	if (!cell)
		return -ENOENT;
	cell_set_busy(cell, false);
	return err;
}

int cells_load(const struct jailhouse_cell_id *id, u32 count,
	       const struct jailhouse_preload_image __user *user_images)
{
	struct jailhouse_preload_image *images;
	struct managed_cell *cell;
	int err;

	if (count > MAX_IMAGES)
		return -E2BIG;
	images = memdup_user(user_images, count * sizeof(*images));
	if (IS_ERR(images))
		return PTR_ERR(images);
	err = mutex_lock_interruptible(&cellvisor_lock) ? -ERESTARTSYS : 0;
	if (!err) {
		err = cells_find_idle(id, &cell);
		if (!err)
			err = cell_ask_and_call(HC_CELL_SET_LOADABLE, cell);
		if (!err)
			err = load(cell, count, images);
		mutex_unlock(&cellvisor_lock);
	}
	kfree(images);
	return err;
}
