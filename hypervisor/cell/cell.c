// SPDX-License-Identifier: GPL-2.0-only
/* The cells that there are, root among them. */
#include "cell/cell.h"

#include <errno.h>

#include "core/console.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"
#include "pci/link.h"

struct cell root_cell;
struct cell *cells[PUBLIC_MAX_CELLS];
struct spinlock management_lock;

struct cell *cell_next(unsigned int slot)
{
	while (slot < PUBLIC_MAX_CELLS && !cells[slot])
		slot++;
	return slot < PUBLIC_MAX_CELLS ? cells[slot] : NULL;
}

struct cell *cell_by_id(uint32_t id)
{
	for_each_cell (cell) {
		if (cell->id == id)
			return cell;
	}
	return NULL;
}

int cell_state(struct cell *cell)
{
	uint32_t state = cell->comm->cell_state;

	if (cell->public->failed)
		return CELL_FAILED;
	return state <= CELL_FAILED_COMM_REV ? (int)state : CELL_FAILED;
}

struct cpu_set cell_desc_cpus(const struct cell_desc *desc)
{
	const uint8_t *bytes = cell_desc_cpu_set(desc);
	struct cpu_set cpus = cpus_none;

	for (uint32_t n = 0; n < desc->cpu_set_size; n++) {
		if (n < sizeof(cpus))
			cpus.word[n / 8] |= (uint64_t)bytes[n] << n % 8 * 8;
		else if (bytes[n])
			return cpus_none;
	}
	return cpus;
}

bool cell_lacks(const char *name, uint32_t claims)
{
	claims &= ~public_area.served;
	for (uint32_t rest = claims; rest; rest &= rest - 1)
		console_printf("cell %s: not served: %s\n", name,
			       blob_claim_text(__builtin_ctz(rest)));
	return claims;
}

int root_cell_init(void)
{
	struct cpu_set listed;
	int err;

	root_cell.desc = &system_desc->root_cell;
	listed = cell_desc_cpus(root_cell.desc);
	cells[0] = &root_cell;
	hv_info[HV_INFO_NUM_CELLS] = 1;
	/* Windows of fixed size for each CPU; nothing to run out of. */
	hv_info[HV_INFO_REMAP_POOL_SIZE] = image_header.num_cpus * ARCH_TEMPORARY_PAGES;
	hv_info[HV_INFO_REMAP_POOL_USED] = hv_info[HV_INFO_REMAP_POOL_SIZE];
	for (unsigned int n = 0; n < image_header.max_cpus; n++) {
		if (image_header.cpu_entering[n])
			cpu_set_add(&root_cell.cpus, n);
	}
	if (!cpu_set_covers(&listed, &root_cell.cpus)) {
		console_printf("root cell: configuration and entering CPUs differ\n");
		return -EINVAL;
	}
	public_area.served = subsystems_claims();
	/* It stays with root, unwatched. */
	cell_lacks(root_cell.desc->name, blob_claims_system(system_desc));
	err = subsystems_cell_create(&root_cell);
	if (!err)
		err = memory_root_init();
	return err ? err : link_root_init();
}
