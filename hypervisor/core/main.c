// SPDX-License-Identifier: GPL-2.0-only
/* What happens, in order, when the partition opens. */
#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/page_pool.h"
#include "core/planted.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "image_build_id.h"

/* Defined by the linker script as absolute values. */
extern const char image_core_size[], boot_tables_offset[], public_area_offset[];

struct image_header image_header __attribute__((section(".header"))) = {
	.magic = IMAGE_MAGIC,
	.build_id = IMAGE_BUILD_ID,
	.release = CELLMGR_RELEASE,
	.core_size = (uint64_t)image_core_size,
	.percpu_size = CPU_BLOCK_SIZE,
	.entry = (uint64_t)arch_entry,
	.boot_tables_offset = (uint64_t)boot_tables_offset,
	.public_offset = (uint64_t)public_area_offset,
};

struct public_area public_area __attribute__((section(".public"), aligned(4096)));
const struct system_desc *system_desc;

/* Linux has stopped all its CPUs, so they come at once; the first one has some work. */
#define LAUNCH_MS   (5 * PATIENCE_MS)
#define LAUNCH_OPEN 1 /* no outcome yet */

static unsigned int cpus_arrived;
static bool partition_tried;
static unsigned int cpus_opened;
static int launch_outcome = LAUNCH_OPEN;

static int check_header(void)
{
	struct image_header *h = &image_header;

	if (h->size > IMAGE_MAX_SIZE || h->max_cpus > IMAGE_MAX_CPUS || h->num_cpus == 0 ||
	    h->core_size + h->max_cpus * (uint64_t)CPU_BLOCK_SIZE > h->system_blob_offset ||
	    h->system_blob_size > h->size ||
	    h->system_blob_offset + h->system_blob_size > h->page_pool_offset ||
	    h->page_pool_offset + 16 * PAGE_SIZE > h->size)
		return -EINVAL;
	return 0;
}

static int check_system(void)
{
	struct blob_error error;

	system_desc = (const void *)(IMAGE_BASE + image_header.system_blob_offset);
	if (blob_check_system(system_desc, image_header.system_blob_size, &error) < 0) {
		/* In words the module has said it before. */
		console_printf("system configuration refused: error %d, part %d, element %d\n",
			       error.code, error.part, error.index);
		return -EINVAL;
	}
	if (system_desc->hypervisor_memory.phys_start != image_header.phys_start ||
	    system_desc->hypervisor_memory.size != image_header.size)
		return -EINVAL;
	return 0;
}

/* What a machine that stands still here was at, for after its reset. */
static void come_to(enum image_step step)
{
	uint8_t *mine = &image_header.cpu_step[this_cpu()->id];

	*mine = step;
	arch_write_back(mine, sizeof(*mine));
	planted_step(step);
}

static int init_subsystems(void)
{
	come_to(IMAGE_STEP_SUBSYSTEMS);
	return subsystems_init();
}

static int init_root_cell(void)
{
	come_to(IMAGE_STEP_ROOT_CELL);
	return root_cell_init();
}

/* On the first CPU, alone. */
static int open_partition(void)
{
	int err;

	come_to(IMAGE_STEP_CHECKING);
	err = check_header();

	if (err)
		return err;
	page_pool_init((void *)(IMAGE_BASE + image_header.page_pool_offset),
		       (image_header.size - image_header.page_pool_offset) / PAGE_SIZE);
	err = check_system();
	if (err)
		return err;
	console_printf("cellvisor %s, %u CPUs, %u pages in the pool\n", image_header.release,
		       image_header.num_cpus, hv_info[HV_INFO_MEM_POOL_SIZE]);
	come_to(IMAGE_STEP_MACHINE);
	err = arch_init();
	if (!err)
		err = init_subsystems();
	return err ? err : init_root_cell();
}

static bool is_decided(void)
{
	return __atomic_load_n(&launch_outcome, __ATOMIC_SEQ_CST) != LAUNCH_OPEN;
}

/* The first outcome that is decided counts; an error on any CPU is everybody's. */
static void decide(int outcome)
{
	int undecided = LAUNCH_OPEN;

	__atomic_compare_exchange_n(&launch_outcome, &undecided, outcome, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
}

/* By the first CPU that arrives; the others wait for it. */
static void open_partition_once(void)
{
	struct patience patience = patience_begin(LAUNCH_MS);
	int err;

	if (__atomic_fetch_add(&cpus_arrived, 1, __ATOMIC_SEQ_CST) == 0) {
		err = open_partition();
		if (err)
			decide(err);
		__atomic_store_n(&partition_tried, true, __ATOMIC_RELEASE);
	}
	while (!__atomic_load_n(&partition_tried, __ATOMIC_ACQUIRE) && !is_decided()) {
		if (!patience_wait(&patience))
			decide(-EIO);
	}
}

/*
 * All CPUs are inside after this or none goes on: a CPU left behind would keep Linux' view of
 * memory. Where one does not come, those that are there go back, and so does it when it comes.
 */
static int wait_for_all(void)
{
	struct patience patience = patience_begin(LAUNCH_MS);

	if (!is_decided())
		come_to(IMAGE_STEP_WAITING);
	if (__atomic_add_fetch(&cpus_opened, 1, __ATOMIC_SEQ_CST) == image_header.num_cpus) {
		console_direct(false);
		decide(0);
	}
	while (!is_decided()) {
		if (!patience_wait(&patience))
			decide(-EIO);
	}
	if (!launch_outcome)
		come_to(IMAGE_STEP_OPEN);
	return launch_outcome;
}

int cpu_enter(struct cpu *cpu, unsigned int id)
{
	int err = 0;

	cpu->id = id;
	cpu->cell = &root_cell;
	come_to(IMAGE_STEP_INSIDE);
	open_partition_once();
	if (!is_decided()) {
		come_to(IMAGE_STEP_CPU);
		arch_cpu_init(cpu);
		err = subsystems_cpu_init(cpu);
	}
	if (err)
		decide(err);
	cpu->entered = true;
	return wait_for_all();
}
